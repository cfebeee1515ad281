"""Does the long work that programs and browsers begin: in threads of the process that serves, until told to stop."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from countenance.errors import CountenanceError, NotSignedIn, Unavailable
from countenance.service.jobs import Job, Jobs
from countenance.service.progress import as_event
from countenance.service.signing_in import club_of

if TYPE_CHECKING:
    from countenance.ingest.report import Progress, Report, Swept
    from countenance.service.countenance import Countenance

OFTEN = 1.0
"""Seconds between two writes of how far a job is."""
_NAMES = ("skipped", "near")
"""What of a report names photos: it is shown on the machine that has them, and is not kept."""
Work = Callable[[Callable[["Progress"], None]], "Report | Swept"]


def at_work(opened: Countenance, club: Countenance) -> Countenance:
    """The gallery as whoever asks has it, for work that outlives their request.

    A browser's session may rest meanwhile; that it is ended, or its account revoked, ends the work at its next batch.
    """
    actor = club.context.actor
    if actor is None:
        raise NotSignedIn("No account is asking.")
    return club_of(opened, replace(actor, moment=None, in_person=None, working=actor.session is not None))


class _Stopped(Exception):
    """The work is left where it is. ``state``: why, as the job's record has it."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class Runner:
    """The jobs of one process.

    Args:
        opened: The gallery that is served; it writes the records. Each job acts as whoever began it.
        stopping: Set when the process is told to stop: then each job stops after the photos in hand.
    """

    def __init__(self, opened: Countenance, stopping: threading.Event) -> None:
        self._jobs = Jobs(opened.context)
        self._stopping = stopping
        self._name = secrets.token_hex(8)
        self._held = ExitStack()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._working = False

    def ingest(self, club: Countenance, source: str, *, again: bool = False, detect: str | None = None) -> Job:
        """Begin an ingest. Raises `NotFound` for no such source, `Busy` where it is under way."""
        wanted = club.sources.get(source)
        job = self._begin(club, "ingest", wanted.id, again=again, detect=detect)
        self._start(job, lambda tell: club.ingest(wanted.name, again=again, detect=detect, progress=tell))
        return job

    def sweep(self, club: Countenance, source: str | None = None) -> Job:
        """Begin a sweep of a source, or of all that are collected from."""
        wanted = None if source is None else club.sources.get(source)
        job = self._begin(club, "sweep", None if wanted is None else wanted.id)
        self._start(job, lambda tell: club.sweep(None if wanted is None else wanted.name, progress=tell))
        return job

    def stop(self, seconds: float) -> None:
        """Wait for the jobs to stop, at most so long; ``stopping`` is set. Those that do not are found interrupted."""
        until = time.monotonic() + seconds
        with self._lock:
            threads, self._threads = self._threads, []
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        if self._working:
            self._held.close()
            self._jobs.lock_file(self._name).unlink(missing_ok=True)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _begin(
        self, club: Countenance, kind: str, source: Any, *, again: bool = False, detect: str | None = None
    ) -> Job:
        if self._stopping.is_set():
            raise Unavailable("The service is stopping.", hint="Ask again when it is back.")
        with self._lock:
            if not self._working:
                self._held.enter_context(self._jobs.lock(self._name))
                self._working = True
            self._threads = [each for each in self._threads if each.is_alive()]
        return club.jobs.begin(kind, source, self._name, again=again, detect=detect)

    def _start(self, job: Job, work: Work) -> None:
        thread = threading.Thread(target=self._run, args=(job, work), name=job.id, daemon=True)
        with self._lock:
            self._threads.append(thread)
        thread.start()

    def _run(self, job: Job, work: Work) -> None:
        try:
            report = work(self._teller(job))
        except _Stopped as stopped:
            self._jobs.end(job, stopped.state)
        except CountenanceError as error:
            self._jobs.end(job, "failed", error=error)
        except Exception:  # noqa: BLE001 - the last resort: its text could carry what must not be shown
            fault = CountenanceError("Something went wrong inside Countenance.", hint="Please report this.")
            self._jobs.end(job, "failed", error=fault)
        else:
            self._jobs.end(job, "done", report=_counts(report))

    def _teller(self, job: Job) -> Callable[[Progress], None]:
        last = 0.0

        def tell(now: Progress) -> None:
            nonlocal last
            if self._stopping.is_set():
                raise _Stopped("interrupted")
            if last and time.monotonic() - last < OFTEN:
                return
            last = time.monotonic()
            if not self._jobs.note(job, as_event(now, sweeping=job.kind == "sweep")):
                raise _Stopped("cancelled")

        return tell


def _counts(report: Report | Swept) -> dict[str, Any]:
    from dataclasses import asdict

    told = asdict(report)
    named = {name: len(told.pop(name)) for name in _NAMES if name in told}
    return told | named
