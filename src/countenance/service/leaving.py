"""Leaving: withdraw a basis, or be erased altogether, with a certificate."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import InputError, NotFound
from countenance.gallery.erasing import Erased, follow, forget_markers
from countenance.gallery.only_one import OnlyOne
from countenance.gallery.originals import is_original
from countenance.log.book import Written
from countenance.log.witness import witness
from countenance.photos.opening import is_bucket
from countenance.policy.desk import Ask
from countenance.policy.gather import is_solo
from countenance.registry import schema as t
from countenance.rights.certificates import Circumstances, erasure_body, sign
from countenance.types import BasisId, Erase, Grant, SubjectId, Withdraw, parse_number, reference_number

if TYPE_CHECKING:
    from countenance.service.bases import Basis
    from countenance.service.context import Context

_PATIENCE = 30.0
"""Seconds to wait for another process' erasure."""
REASONS = ("withdrawn", "objection", "request", "expired", "order", "mistake")
"""Why an officer erases."""
RETENTION = "retention"
"""Why the purge does."""


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
        with self._context.registry.read() as connection:
            person = SubjectId(self._context.subject_row(connection, handle).id)
        return self.erase_many([person], reason)

    def erase_many(
        self,
        subjects: Sequence[SubjectId],
        reason: str,
        *,
        under: int | None = None,
        due: str | None = None,
        grant: Callable[[], Grant[Erase]] | None = None,
    ) -> Certified:
        """Erase many people in one pass, with one certificate. Raises what `erase` does.

        Args:
            subjects: The people.
            reason: One of `REASONS`.
            under: The number of the authority's order that it is done under.
            due: By what it is due where no officer but a timer asks: ``retention`` or ``order``.
            grant: Makes the permission, where the desk has another way to it than to decide anew (an order).
        """
        facts = {"reason": reason, "subjects": len(subjects)}
        one = len(subjects) == 1  # the log's entry on one person commits to them; on many, to how many they are
        ask = (
            Ask(subject=subjects[0], due=due, facts=facts)
            if one
            else Ask(subjects=tuple(subjects), due=due, facts=facts)
        )
        with self._erasing(reason) as before:
            permitted = grant() if grant else self._context.desk.decide(Erase, ask)
            erased = self._context.gallery.erase(subjects, reason, under=under, grant=permitted)
            return self._certify(erased, before)

    def erase_bases(
        self, bases: Sequence[BasisId], reason: str, *, under: int | None = None, due: str | None = None
    ) -> Certified:
        """Erase what was kept under these bases, and the bases; their people stay. One pass, one certificate."""
        context = self._context
        ask = Ask(bases=tuple(bases), due=due, facts={"reason": reason, "bases": len(bases)})
        with self._erasing(reason) as before:
            erased = context.gallery.erase_bases(ask.bases, reason, under=under, grant=context.desk.decide(Erase, ask))
            return self._certify(erased, before)

    def finish(self) -> list[Certified]:
        """Carry erasures to their end that a crash cut short. Called whenever a gallery is opened."""
        context = self._context
        batch = sa.func.coalesce(t.erasures.c.batch, t.erasures.c.id)
        mine = (t.erasures.c.organisation == context.organisation, t.erasures.c.state != "done")
        with context.registry.read() as connection:
            numbers = connection.scalars(sa.select(batch).where(*mine).distinct().order_by(batch)).all()
        follow(context.tools)
        done = [each for number in numbers if (each := self._finish_one(number))]
        forget_markers(context.tools)
        return done

    def is_original(self, erasure: str, path: str | Path) -> bool:
        """Whether a file is one of the originals that an erasure left: certificates have only salted hashes (P12).

        A file in an archive is named as if the archive were a folder; an object of a bucket as ``s3://bucket/key``.
        """
        context, number = self._context, parse_number("E", erasure, "erasure")
        context.own()
        with context.registry.read() as connection:
            query = sa.select(t.erasures.c.residuals, t.erasures.c.log_index)
            mine = (t.erasures.c.id == number, t.erasures.c.organisation == context.organisation)
            row = connection.execute(query.where(*mine)).first()
        kept = json.loads(row.residuals).get("residuals", []) if row else []
        if row is None or not kept:
            raise NotFound(f"There is no erasure {erasure}.")
        named = str(path) if is_bucket(str(path)) else os.path.abspath(path)  # noqa: PTH100 - without the dots, as it was kept
        return is_original(context.keys, context.organisation, kept[0], row.log_index, named)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _finish_one(self, number: int) -> Certified | None:
        """None when another process is at it, or was: an erasure has one certificate."""
        context = self._context
        with self._only_one(wait=0):
            with context.registry.read() as connection:
                state = connection.scalar(sa.select(t.erasures.c.state).where(t.erasures.c.id == number))
            if state == "done":
                return None
            before = context.book.checkpoint()
            erased = context.gallery.resume_erasure(number, grant=context.desk.resume(number))
            return self._certify(erased, before)

    @contextmanager
    def _erasing(self, reason: str) -> Iterator[str]:
        """One erasure at a time. Yields the log's checkpoint from before it."""
        if reason not in {*REASONS, RETENTION}:
            raise InputError(f"{reason!r} is no reason for an erasure.", hint=f"Give one of: {', '.join(REASONS)}.")
        with self._only_one(wait=_PATIENCE):
            yield self._context.book.checkpoint()

    def _only_one(self, wait: float) -> OnlyOne:
        """One erasure at a time, and none carried on by one process while another is in the middle of it."""
        return OnlyOne(self._context.settings.data / "locks" / "erasure.lock", "Another process is erasing.", wait=wait)

    def _certify(self, erased: Erased, before: str) -> Certified:
        context, number = self._context, reference_number("E", erased.number)
        with context.registry.write() as connection:
            facts = {"step": "done", "erasure": number, "faces": erased.faces}
            written = context.desk.effect(connection, "erase", erased.decision, facts=facts)
            said = Circumstances(context.clock(), is_solo(connection, context.organisation), witness(connection))
        certificate = sign(context.book, erasure_body(context.book, erased, before, written, said))
        with context.registry.write() as connection:
            mine = sa.func.coalesce(t.erasures.c.batch, t.erasures.c.id) == erased.number
            connection.execute(sa.update(t.erasures).where(mine).values(state="done"))
            first = t.erasures.c.id == erased.number
            connection.execute(sa.update(t.erasures).where(first).values(certificate=json.dumps(certificate)))
        context.book.publish()
        forget_markers(context.tools)
        return Certified(certificate, erased.faces, erased.originals, written)
