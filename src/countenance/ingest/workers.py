"""One process that looks at photos, from outside: started, asked, given up on when it is late, and ended.

What it answers is checked like anything from outside, for it has had a stranger's bytes in its hands.
"""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import select
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from countenance.errors import Unavailable, Unreadable
from countenance.ingest.marks import Marks
from countenance.ingest.wire import HEAD, Answer, Made, unpack, unpack_error
from countenance.ingest.worker import QUESTION
from countenance.vision.decode import Limits, spawn
from countenance.vision.pace import PACES, STANDARD
from countenance.vision.packs import cache_folder

_START_SECONDS = 120.0
_MOST_ANSWER = 64 << 20
_KEPT = 8 << 20
"""Bytes of the buffer that stay with us between photos; what a larger one took is given back."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What every process of an engine is started with; see `Vision`. ``models``: the ids of recogniser and detector."""

    backend: str = "auto"
    gate: str = "standard"
    limits: Limits = field(default_factory=Limits)
    cache: Path | None = None
    detect: str = STANDARD
    models: tuple[str, str] = ("sface", "yunet")
    made: Made = Made()  # noqa: RUF009 (frozen)
    flip: bool = False

    @property
    def seconds(self) -> float:
        """What a photo may take to be looked at."""
        return self.limits.seconds * PACES[self.detect].patience


class Died(Exception):
    """The process ended over a photo, or answered nonsense. ``late``: it was ended, for it took too long."""

    def __init__(self, *, late: bool) -> None:
        super().__init__()
        self.late = late


class Worker:
    """One process and the buffer that it shares with us. For one thread, which must outlive it.

    Raises `Unavailable` when the process cannot be started, and what it says when the models cannot be loaded.
    """

    def __init__(self, setup: Setup) -> None:
        self._seconds = setup.seconds
        self._made = setup.made
        self._buffer, handle = _buffer(setup.limits.max_bytes)
        told = {
            "parent": os.getpid(),
            "buffer": handle,
            "limits": asdict(setup.limits),
            "backend": setup.backend,
            "gate": setup.gate,
            # It knows nothing of our environment, which may say where models are kept.
            "cache": str(cache_folder(setup.cache)),
            "detect": setup.detect,
            "seconds": setup.seconds,
            "models": setup.models,
            "flip": setup.flip,
            "contract": setup.made.contract,
        }
        try:
            self._process = spawn("countenance.ingest.worker", json.dumps(told), share=(handle,))
        finally:
            os.close(handle)
        assert self._process.stdin is not None  # noqa: S101 (asked for)
        assert self._process.stdout is not None  # noqa: S101
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._poll = select.poll()
        self._poll.register(self._stdout, select.POLLIN)
        try:
            refusal, _ = self._answer(_START_SECONDS)
            if refusal:
                raise unpack_error(refusal)
        except Died as error:
            self.stop()
            raise Unavailable("A process that looks at photos could not be started.") from error
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        """The process' number."""
        return self._process.pid

    def look(self, data: bytes, path: bytes, *, scraped: bool) -> Answer:
        """Have one photo looked at. Raises `Died`, after which there is nothing left to do but `stop`."""
        self._buffer[: len(data)] = data
        question = QUESTION.pack(len(data), len(path), scraped) + path
        try:
            self._stdin.write(question)
        except OSError:
            raise Died(late=False) from None
        packed, templates = self._answer(self._seconds)
        if len(data) > _KEPT:
            self._buffer.madvise(mmap.MADV_REMOVE, _KEPT, len(self._buffer) - _KEPT)
        try:
            return unpack(packed, templates, self._made)
        except ValueError:
            raise Died(late=False) from None

    def kill(self) -> None:
        """End the process, whatever it does; safe to call from another thread, and a `look` under way raises `Died`."""
        self._process.kill()

    def stop(self) -> None:
        """End the process and let go of all that it shared with us."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._stdin, self._stdout):
            with suppress(OSError):
                pipe.close()
        self._buffer.close()

    def _answer(self, seconds: float) -> tuple[bytearray, bytearray]:
        end = time.monotonic() + seconds
        length, more = HEAD.unpack(self._bytes(HEAD.size, end))
        if max(length, more) > _MOST_ANSWER:
            raise Died(late=False)
        return self._bytes(length, end), self._bytes(more, end)

    def _bytes(self, count: int, end: float) -> bytearray:
        data = bytearray(count)
        view = memoryview(data)
        while view:
            left = end - time.monotonic()
            if left <= 0 or not self._poll.poll(left * 1000):
                raise Died(late=True)
            got = os.readv(self._stdout.fileno(), [view])
            if not got:
                raise Died(late=False)
            view = view[got:]
        return data


class Looking:
    """A `Worker` that is started when it is first needed and replaced when it dies. For one thread, as that is.

    Args:
        setup: What every process is started with.
        workers: Where those that live are noted, for whoever may have to end them from outside.
    """

    def __init__(self, setup: Setup, workers: set[Worker]) -> None:
        self._setup = setup
        self._workers = workers
        self._worker: Worker | None = None

    def look(self, data: bytes, path: bytes, *, scraped: bool, go_on: Callable[[], None] = lambda: None) -> Answer:
        """Have one photo looked at; one that a process dies of, or is late with, is faulty.

        Where the process dies another is asked once: it may not have been the photo. ``go_on`` is called before, and
        raises when nobody wants to know any more.
        """
        for last in (False, True):
            try:
                return self.started().look(data, path, scraped=scraped)
            except Died as died:
                self.end()
                if died.late:
                    seconds = f"{self._setup.seconds:g} seconds"
                    return Answer(Marks(), fault=Unreadable(f"The picture was not looked at within {seconds}."))
                if not last:
                    go_on()
        message = "The picture stopped the process that looked at it: it is damaged, or made to do harm."
        return Answer(Marks(), fault=Unreadable(message))

    def started(self) -> Worker:
        """The process as it is now."""
        if self._worker is None:
            self._worker = Worker(self._setup)
            self._workers.add(self._worker)
        return self._worker

    def end(self) -> None:
        """End the process, if there is one."""
        worker, self._worker = self._worker, None
        if worker is not None:
            self._workers.discard(worker)
            worker.stop()


def _buffer(size: int) -> tuple[mmap.mmap, int]:
    """Memory that has no name in any file system, so that nothing is left of it when we are killed.

    Nobody can make it smaller under our hands: that would end us as well.
    """
    if not hasattr(os, "memfd_create"):
        raise Unavailable(
            "Photos are looked at in anonymous shared memory, which this system does not have.",
            hint="Ingest runs on Linux; a virtual machine or a container will do.",
        )
    handle = os.memfd_create("countenance-photo", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(handle, size)
    fcntl.fcntl(handle, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    return mmap.mmap(handle, size), handle
