"""Saying who is who: not this person, this person after all, the same person, different ones, and a split.

Each is signed by a reviewer's own key and stands in the log. None of it moves a template, widens a basis or makes
anybody searchable. See `countenance.gallery.correcting` for what each means, and decision 0018 for why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import AlreadyExists, Held, InputError, NotFound
from countenance.gallery import correcting
from countenance.gallery.appearing import appearances_of
from countenance.gallery.batch import PhotoFile
from countenance.gallery.eligible import standing, subject_stands
from countenance.ingest.report import Report, Told
from countenance.ingest.sweep import Sweeping
from countenance.policy import bearing
from countenance.policy.desk import Ask
from countenance.policy.purposes import PURPOSES, mask
from countenance.registry import schema as t
from countenance.service.refusing import recording
from countenance.service.sources import Source, Sources
from countenance.types import SourceId, SubjectId, Sweep, parse_number, reference_number
from countenance.vault.keyring import subject_key

if TYPE_CHECKING:
    from countenance.ingest.parts import Parts
    from countenance.service.context import Context

GROUPING = mask(each.name for each in PURPOSES.values() if each.groups)
"""The purposes for which people are grouped."""
_PHOTOS = "`countenance people show SUBJECT` lists the photos in which somebody is kept."


@dataclass(frozen=True, slots=True)
class Said:
    """What was said and what came of it.

    Attributes:
        subject: About whom.
        photos: In which photos; none where two records were compared.
        removed: How many kept faces went by it, those in copies of the photos as well.
        now: Who is kept in these photos since, where they were looked at again; None where they were not.
        skipped: Photos that could not be looked at again, and why.
        log_index: The log entry.
    """

    subject: str
    photos: tuple[str, ...]
    removed: int
    log_index: int
    now: tuple[str, ...] | None = None
    skipped: tuple[tuple[str, str], ...] = ()


class Saying:
    """What people say about who is who. ``hands`` opens what it takes to go through a source."""

    def __init__(
        self, context: Context, hands: Callable[[Context, Source, str | None], AbstractContextManager[Parts]]
    ) -> None:
        self._context = context
        self._hands = hands

    def not_this(self, subject: str, photos: Sequence[str]) -> Said:
        """Say that the face kept of somebody in these photos is not theirs. It is forgotten, and never kept again.

        Raises:
            NotFound: no such person, or nothing is kept of them in one of these photos that may be shown.
            Held: an authority's hold keeps what there is of the person.
            RoleRefused: not a reviewer of the gallery's owner.
        """
        context, numbers = self._context, _numbers(photos)
        with recording(context, "people-not") as connection:
            records = self._records(connection, subject)
            self._check_kept(connection, subject, records, numbers)
            if any(bearing.holds_on(connection, each) for each in records):
                raise Held("An authority's hold forbids taking a face off this person.", requirement="P8")
            contents = _contents(connection, context, numbers)
            removed = sum(
                correcting.say(connection, correcting.NOT, each, contents, self._values()) for each in records
            )
            return self._said(connection, "people-not", records, subject, numbers, removed)

    def is_this(self, subject: str, photos: Sequence[str]) -> Said:
        """Say that a photo does show somebody: a doubt is put aside, or "not this person" taken back.

        What was taken off comes back only as at any ingest: when the photo is looked at again. Raises as `not_this`.
        """
        context, numbers = self._context, _numbers(photos)
        with recording(context, "people-is") as connection:
            records = self._records(connection, subject)
            contents = _contents(connection, context, numbers)
            off = {content for content, each in correcting.said_not_in(connection, contents) if each in records}
            left = [number for number, each in zip(numbers, contents, strict=True) if each not in off]
            self._check_kept(connection, subject, records, left)
            for each in records:
                correcting.say(connection, correcting.IS, each, contents, self._values())
            return self._said(connection, "people-is", records, subject, numbers, 0)

    def split(self, subject: str, photos: Sequence[str], *, engine: str | None = None) -> Said:
        """`not_this`, and these photos are looked at again at once: whoever else agreed and is in them is kept.

        As at any ingest, a face goes to whom it resembles most, of those who agreed, or to nobody; no hand assigns it.
        Raises as `not_this`, and `Refused` where the photos may not be looked at: nothing is said then.
        """
        context, numbers = self._context, _numbers(photos)
        with context.registry.read() as connection:
            files = _files(connection, context, numbers)
        for number, wanted in files.items():
            context.desk.decide(Sweep, Ask(source=number, facts={"photos": len(wanted)}))
        said = self.not_this(subject, photos)
        now, report = set[int](), Report()
        for source in (each for each in Sources(context).list() if each.id in files):
            told = Told()
            told.begin(len(files[source.id]), len(files[source.id]), report)
            try:
                with self._hands(context, source, engine) as parts:
                    sweeping = Sweeping(parts, told=told, report=report)
                    sweeping.run(source.id, files=files[source.id])
                    now |= sweeping.people
            except InputError as error:  # what was said stands; who else is in them is found by the next ingest
                for file in files[source.id]:
                    report.skip(file.path.decode("utf-8", "backslashreplace"), error.code, error.message)
        context.book.publish()
        with context.registry.read() as connection:
            handles = tuple(sorted(self._handle(connection, each) for each in now))
        skipped = tuple((each.path, each.reason) for each in report.skipped)
        return Said(said.subject, said.photos, said.removed, said.log_index, handles, skipped)

    def merge(self, one: str, other: str) -> Said:
        """Say that two records are of the same person. Each keeps its bases, faces, receipts and rights.

        Raises:
            NotFound: no such person, or one who may not be shown: withdrawn, restricted, under an order.
            AlreadyExists: it was said before.
            InputError: twice the same record, or somebody said that two who would be joined are different.
            RoleRefused: not a reviewer of the gallery's owner.
        """
        context = self._context
        with recording(context, "people-same") as connection:
            pair = self._two(connection, one, other)
            decided = correcting.pairs(connection)
            joined = correcting.person_of(pair[0], decided) | correcting.person_of(pair[1], decided)
            if pair[1] in correcting.person_of(pair[0], decided):
                raise AlreadyExists("These records are of the same person already.", hint="Nothing was changed.")
            against = [each for each in decided if set(each) <= joined and decided[each] == correcting.DIFFERENT]
            if [each for each in against if set(each) != set(pair)]:
                raise InputError(
                    "Somebody said that two records that would be joined by this are of different people.",
                    hint="Look at them again: `countenance people show`, then `part` or `merge` those two first.",
                )
            correcting.pair(connection, correcting.SAME, *pair, self._values())
            return self._said(connection, "people-same", pair, one, (), 0)

    def part(self, one: str, other: str) -> Said:
        """Say that two records are of different people: it is not proposed again, and a merge is taken back.

        Raises as `merge`; `InputError` too where the two are joined through a third record.
        """
        context = self._context
        with recording(context, "people-different") as connection:
            pair = self._two(connection, one, other)
            decided = correcting.pairs(connection)
            first, second = sorted(pair)
            if decided.pop((first, second), None) == correcting.DIFFERENT:
                raise AlreadyExists("These records are of different people already.", hint="Nothing was changed.")
            if second in correcting.person_of(first, decided):
                raise InputError(
                    "These two are the same person through another record.",
                    hint="`countenance people show` lists the records; part the one that is wrong.",
                )
            correcting.pair(connection, correcting.DIFFERENT, *pair, self._values())
            return self._said(connection, "people-different", pair, one, (), 0)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _records(self, connection: sa.Connection, handle: str) -> tuple[SubjectId, ...]:
        """A person's record and every other that is the same person; none that may not be used."""
        number = self._context.subject_row(connection, handle).id
        every = sorted(self._person_of(connection, SubjectId(number)))
        query = sa.select(t.subjects.c.id).where(t.subjects.c.id.in_(every), subject_stands())
        return tuple(map(SubjectId, connection.scalars(query.order_by(t.subjects.c.id))))

    def _person_of(self, connection: sa.Connection, subject: int) -> set[int]:
        return correcting.person_of(subject, correcting.pairs(connection))

    def _values(self) -> dict[str, int | None]:
        context = self._context
        return {"organisation": context.organisation, "account": context.account, "created": context.clock()}

    def _said(
        self,
        connection: sa.Connection,
        act: str,
        subjects: tuple[SubjectId, ...],
        subject: str,
        numbers: Sequence[int],
        removed: int,
    ) -> Said:
        photos = tuple(reference_number("P", each) for each in numbers)
        facts = {"photos": list(photos), "removed": removed} if photos else {}
        written = self._context.desk.record(connection, act, "reviewer", subjects=subjects, facts=facts)
        return Said(subject, photos, removed, written.index)

    def _two(self, connection: sa.Connection, one: str, other: str) -> tuple[SubjectId, SubjectId]:
        context, now = self._context, self._context.clock()
        first, second = (SubjectId(context.subject_row(connection, each).id) for each in (one, other))
        if first == second:
            raise InputError("This is twice the same record.", hint="Name two records: `countenance subject list`.")
        rows = standing(connection, context.vision.contract, now, subjects=[first, second])
        here = {row.subject for row in rows if row.permits(GROUPING, context.organisation, now)}
        for handle, number in ((one, first), (other, second)):
            if number not in here:
                raise NotFound(f"There is no subject {handle!r} who may be shown.", hint=_PHOTOS)
        return first, second

    def _check_kept(
        self, connection: sa.Connection, handle: str, records: Sequence[int], numbers: Sequence[int]
    ) -> None:
        """Raise `NotFound` unless the person is kept in each of these photos, and may be shown there now."""
        context = self._context
        shown = appearances_of(connection, records, mask(PURPOSES), context.clock(), context.desk)
        kept = {parse_number("P", each.photo.id, "photo") for every in shown.values() for each in every}
        for number in numbers:
            if number not in kept:
                photo = reference_number("P", number)
                raise NotFound(f"No face of {handle!r} is kept in {photo}, or it may not be shown.", hint=_PHOTOS)

    def _handle(self, connection: sa.Connection, subject: int) -> str:
        sealed = connection.scalar(sa.select(t.subjects.c.handle_sealed).where(t.subjects.c.id == subject))
        return self._context.keys.unseal_text(subject_key(subject), sealed, "handle") or ""


def _numbers(photos: Sequence[str]) -> list[int]:
    if not photos:
        raise InputError("No photo was named.", hint=_PHOTOS)
    return sorted({parse_number("P", each, "photo") for each in photos})


def _rows(connection: sa.Connection, context: Context, numbers: Sequence[int]) -> list[sa.Row[tuple[object, ...]]]:
    """The records of these photos. Raises `NotFound` for one that is not there, or was never looked at."""
    c = t.photos.c
    found = []
    for number in numbers:
        wanted = (c.id == number, c.organisation == context.organisation, c.sha256.is_not(None))
        row = connection.execute(sa.select(t.photos).where(*wanted)).first()
        if row is None:
            raise NotFound(f"There is no photo {reference_number('P', number)}.", hint=_PHOTOS)
        found.append(row)
    return found


def _contents(connection: sa.Connection, context: Context, numbers: Sequence[int]) -> list[str]:
    return [str(row.sha256) for row in _rows(connection, context, numbers)]


def _files(connection: sa.Connection, context: Context, numbers: Sequence[int]) -> dict[SourceId, list[PhotoFile]]:
    """These photos' files, by source."""
    found: dict[SourceId, list[PhotoFile]] = {}
    for row in _rows(connection, context, numbers):
        file = PhotoFile(bytes(row.path), row.bytes, row.modified_ns, row.sha256)
        found.setdefault(SourceId(row.source), []).append(file)
    return found
