"""Long work that programs and browsers begin: what is under way, how far it is, what came of it.

The records outlive a process. Counts are kept, and no path of a photo: nothing stays behind of somebody who is erased.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import Busy, CountenanceError, NotFound
from countenance.gallery.only_one import OnlyOne
from countenance.registry import schema as t
from countenance.types import DAY, SourceId, iso, parse_number, reference_number

if TYPE_CHECKING:
    from countenance.service.context import Context

KEPT = 30 * DAY
"""A job that has ended is told of for so long."""
AT_ONCE = 4
"""Jobs that are under way in one gallery at one time: each takes every core."""


@dataclass(frozen=True, slots=True)
class Job:
    """An ingest of a source, or a sweep of one or of all.

    ``state``: running, done, failed, cancelled, or interrupted: the process that did it is gone, or was told to stop.
    Begun anew, an ingest or a sweep goes on where it was. ``step`` grows with each change.
    """

    id: str
    kind: str
    source: str | None
    state: str
    account: str
    again: bool
    detect: str | None
    started: str
    ended: str | None
    cancelling: bool
    step: int
    progress: dict[str, Any] | None
    report: dict[str, Any] | None
    error: dict[str, Any] | None

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


class Jobs:
    """List, look, cancel; and what a `Runner` writes."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self) -> list[Job]:
        """All that are told of still, oldest first."""
        self._context.own()
        self._bury()
        with self._context.registry.read() as connection:
            return [self._read(row) for row in connection.execute(self._query().order_by(t.jobs.c.id))]

    def get(self, job: str) -> Job:
        """One job. Raises `NotFound`: absent, or not yours."""
        self._context.own()
        number = parse_number("J", job, "job")
        found = self._one(number)
        if found.state == "running" and self._bury():
            found = self._one(number)
        return found

    def cancel(self, job: str) -> Job:
        """Have a running job stop: after the photos that are being looked at; what was kept before stays.

        Needs the role operator. Raises `NotFound`, also for a job that has ended.
        """
        context, number = self._context, parse_number("J", job, "job")
        c = t.jobs.c
        mine = (c.id == number, c.organisation == context.organisation, c.state == "running")
        if self.get(job).state != "running":
            raise NotFound(f"Job {reference_number('J', number)} is not running.")
        with context.registry.write() as connection:
            context.desk.record(connection, "job-cancelled", "operator", facts={"job": reference_number("J", number)})
            connection.execute(sa.update(t.jobs).where(*mine).values(cancelled=context.clock(), step=c.step + 1))
        return self._one(number)

    # --- for whoever does the work -----------------------------------------------------------------------------------

    def begin(self, kind: str, source: SourceId | None, runner: str, *, again: bool, detect: str | None) -> Job:
        """Write that it is begun. Raises `Busy` where the same is under way, or too much is."""
        context, now, c = self._context, self._context.clock(), t.jobs.c
        self._bury()
        with context.registry.write() as connection:
            mine = c.organisation == context.organisation
            connection.execute(sa.delete(t.jobs).where(mine, c.ended < now - KEPT))
            running = connection.execute(sa.select(t.jobs).where(mine, c.state == "running")).all()
            for each in running:
                if each.source == source and each.kind == kind:
                    name = reference_number("J", each.id)
                    raise Busy(f"Job {name} is doing this.", hint=f"Follow it: /v1/jobs/{name}/events.")
            if len(running) >= AT_ONCE:
                raise Busy(f"{AT_ONCE} jobs are under way.", hint="Wait for one of them to end.")
            values = {"organisation": context.organisation, "account": context.account, "source": source, "kind": kind}
            made = connection.execute(
                sa.insert(t.jobs).values(
                    **values, state="running", again=again, detect=detect, runner=runner, step=0, created=now
                )
            )
            number = int((made.inserted_primary_key or (0,))[0])
        return self._one(number)

    def note(self, job: Job, progress: dict[str, Any]) -> bool:
        """Write how far it is. Whether it is to go on: it was not cancelled."""
        c, number = t.jobs.c, parse_number("J", job.id, "job")
        with self._context.registry.write() as connection:
            changed = {"progress": json.dumps(progress), "step": c.step + 1}
            connection.execute(sa.update(t.jobs).where(c.id == number).values(**changed))
            return connection.scalar(sa.select(c.cancelled).where(c.id == number)) is None

    def end(
        self, job: Job, state: str, *, report: dict[str, Any] | None = None, error: CountenanceError | None = None
    ) -> None:
        """Write what came of it."""
        c, number = t.jobs.c, parse_number("J", job.id, "job")
        values = {
            "state": state, "step": c.step + 1, "ended": self._context.clock(),
            "report": None if report is None else json.dumps(report),
            "error": None if error is None else json.dumps(error.diagnostics()),
        }  # fmt: skip
        with self._context.registry.write() as connection:
            connection.execute(sa.update(t.jobs).where(c.id == number).values(**values))

    def lock(self, runner: str) -> OnlyOne:
        """Held by a process for as long as it works; the operating system lets go of it with the process."""
        return OnlyOne(self.lock_file(runner), "It is working.")

    def lock_file(self, runner: str) -> Path:
        """Where that lock lies."""
        return self._context.settings.data / "locks" / f"runner-{runner}.lock"

    # --- inside ------------------------------------------------------------------------------------------------------

    def _bury(self) -> bool:
        """Write of the jobs of processes that are gone that they were interrupted. Whether there were any."""
        context, c = self._context, t.jobs.c
        mine = (c.organisation == context.organisation, c.state == "running")
        with context.registry.read() as connection:
            runners = connection.scalars(sa.select(c.runner).distinct().where(*mine)).all()
        gone = [runner for runner in runners if self._gone(runner)]
        if gone:
            ended = {"state": "interrupted", "ended": context.clock(), "step": c.step + 1}
            with context.registry.write() as connection:
                connection.execute(sa.update(t.jobs).where(*mine, c.runner.in_(gone)).values(**ended))
            for runner in gone:
                self.lock_file(runner).unlink(missing_ok=True)
        return bool(gone)

    def _gone(self, runner: str) -> bool:
        try:
            with self.lock(runner):
                return True
        except Busy:
            return False

    def _query(self) -> sa.Select[Any]:
        return (
            sa.select(t.jobs, t.accounts.c.email, t.sources.c.name.label("source_name"))
            .join(t.accounts, t.jobs.c.account == t.accounts.c.id)
            .outerjoin(t.sources, t.jobs.c.source == t.sources.c.id)
            .where(t.jobs.c.organisation == self._context.organisation)
        )

    def _one(self, number: int) -> Job:
        with self._context.registry.read() as connection:
            row = connection.execute(self._query().where(t.jobs.c.id == number)).first()
        if row is None:
            raise NotFound(f"There is no job {reference_number('J', number)}.")
        return self._read(row)

    def _read(self, row: sa.Row[Any]) -> Job:
        opened: Callable[[str | None], Any] = lambda text: None if text is None else json.loads(text)  # noqa: E731
        return Job(
            reference_number("J", row.id), row.kind, row.source_name, row.state, row.email, row.again, row.detect,
            iso(row.created), None if row.ended is None else iso(row.ended), row.cancelled is not None, row.step,
            opened(row.progress), opened(row.report), opened(row.error),
        )  # fmt: skip
