"""Leaving: withdraw a basis, or be erased altogether, with a certificate."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import InputError, NotFound
from countenance.gallery.erasing import Erased
from countenance.gallery.only_one import OnlyOne
from countenance.log.book import Written
from countenance.policy.desk import Ask
from countenance.policy.gather import is_solo
from countenance.registry import schema as t
from countenance.rights.certificates import certify_erasure
from countenance.types import BasisId, Erase, SubjectId, Withdraw

if TYPE_CHECKING:
    from countenance.service.bases import Basis
    from countenance.service.context import Context

_PATIENCE = 30.0
"""Seconds to wait for another process' erasure."""
REASONS = ("withdrawn", "objection", "request", "expired", "order", "mistake")


@dataclass(frozen=True, slots=True)
class Certified:
    """An erasure and its certificate. ``originals`` are the operator's own files that remain; for the screen only."""

    certificate: dict[str, Any]
    faces_erased: int
    originals: tuple[str, ...]
    log: Written

    def save(self, file: str | Path) -> Path:
        """Write the certificate to a file, whole or not at all."""
        target = Path(file)
        fresh = target.with_name(target.name + ".new")
        try:
            fresh.write_text(json.dumps(self.certificate, indent=2) + "\n", encoding="utf-8")
            fresh.replace(target)
        except OSError as error:
            raise InputError(f"The certificate cannot be written to {target}: {error.strerror}.") from None
        return target

    def as_json(self) -> dict[str, Any]:
        """The machine-readable answer (``countenance erase --json``)."""
        return {
            "certificate": self.certificate,
            "faces_erased": self.faces_erased,
            "residuals": self.certificate["body"]["residuals"],
            "log": {"index": self.log.index, "root": self.log.root},
        }


class Leaving:
    """Withdrawal and erasure."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def withdraw(self, handle: str, bases: Sequence[Basis] | None = None) -> int:
        """Withdraw some of a person's bases, or all. The next search does not find them. Returns the log's index."""
        context = self._context
        with context.registry.read() as connection:
            person = SubjectId(context.subject_row(connection, handle).id)
            query = sa.select(t.bases.c.id).where(t.bases.c.subject == person, t.bases.c.state.in_(("pending", "live")))
            standing = [BasisId(number) for number in connection.scalars(query)]
        wanted = standing if bases is None else [basis.number for basis in bases]
        if not wanted or set(wanted) - set(standing):
            raise NotFound(f"{handle!r} has no such basis to withdraw.", hint="`countenance basis list` shows them.")
        grant = context.desk.decide(Withdraw, Ask(subject=person, facts={"bases": len(wanted)}))
        written = context.gallery.withdraw(person, wanted, grant=grant)
        context.book.publish()
        return written.index

    def erase(self, handle: str, reason: str) -> Certified:
        """Erase a person: rows, index, key; every file of ours searched for their bytes; a certificate at the end.

        Args:
            handle: The subject.
            reason: One of `REASONS`; never free text, which could carry the very data that is to go.

        Raises:
            Held: an authority's hold forbids it.
            Unavailable: another process keeps reading, so erased bytes cannot be cleared; the erasure goes on at the
                next start.
        """
        context = self._context
        if reason not in REASONS:
            raise InputError(f"{reason!r} is no reason for an erasure.", hint=f"Give one of: {', '.join(REASONS)}.")
        with context.registry.read() as connection:
            person = SubjectId(context.subject_row(connection, handle).id)
        with self._only_one(wait=_PATIENCE):
            before = context.book.checkpoint()
            grant = context.desk.decide(Erase, Ask(subject=person, facts={"reason": reason}))
            erased = context.gallery.erase(person, reason, grant=grant)
            return self._certify(erased, reason, before)

    def finish(self) -> list[Certified]:
        """Carry erasures to their end that a crash cut short. Called whenever a gallery is opened."""
        context = self._context
        mine = (t.erasures.c.organisation == context.organisation, t.erasures.c.state != "done")
        with context.registry.read() as connection:
            rows = connection.execute(sa.select(t.erasures).where(*mine).order_by(t.erasures.c.id)).all()
        return [each for row in rows if (each := self._finish_one(row))]

    def _finish_one(self, row: sa.Row[tuple[object, ...]]) -> Certified | None:
        """None when another process is at it, or was: an erasure has one certificate."""
        context, subject = self._context, SubjectId(row.subject)
        with self._only_one(wait=0):
            with context.registry.read() as connection:
                state = connection.scalar(sa.select(t.erasures.c.state).where(t.erasures.c.id == row.id))
            if state == "done":
                return None
            before = context.book.checkpoint()
            erased = context.gallery.resume_erasure(subject, row.id, grant=context.desk.resume(subject))
            return self._certify(erased, row.reason, before)

    def _only_one(self, wait: float) -> OnlyOne:
        """One erasure at a time, and none carried on by one process while another is in the middle of it."""
        return OnlyOne(self._context.settings.data / "locks" / "erasure.lock", "Another process is erasing.", wait=wait)

    def _certify(self, erased: Erased, reason: str, before: str) -> Certified:
        context = self._context
        with context.registry.write() as connection:
            facts = {"step": "done", "erasure": f"E{erased.number}", "faces": erased.faces}
            written = context.desk.effect(connection, "erase", erased.decision, facts=facts)
            solo = is_solo(connection, context.organisation)
        certificate = certify_erasure(
            context.book,
            erased,
            reason=reason,
            now=context.clock(),
            before=before,
            written=written,
            solo=solo,
        )
        with context.registry.write() as connection:
            connection.execute(
                sa.update(t.erasures)
                .where(t.erasures.c.id == erased.number)
                .values(state="done", certificate=json.dumps(certificate))
            )
        context.book.publish()
        return Certified(certificate, erased.faces, erased.originals, written)
