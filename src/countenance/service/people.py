"""People: who is in an organisation's own pictures, record by record, and whether the records are right.

It looks at the photos again in which somebody is kept, compares those faces and all references with one another, and
proposes: two records that may be of one person, faces that may be of somebody else. That is a comparison like any
other, for a purpose, in a case, by a named account (P3). What people then say is a record of its own: see `Saying`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import InputError
from countenance.gallery.appearing import appearances_of, shown_path
from countenance.gallery.matching import Terms
from countenance.gallery.peopling import Alike, Doubt, Grouped, Sighting, permitted
from countenance.ingest.kept import KeptPhoto, Missed, Placed, look_again, photos_with
from countenance.ingest.parts import Parts
from countenance.policy.desk import Ask
from countenance.policy.purposes import PURPOSES
from countenance.registry import schema as t
from countenance.service.engines import at_hand
from countenance.service.grouped import KeptFace, PeopleFound, Person, Proposal, Record
from countenance.service.saying import Saying
from countenance.service.sources import Source, Sources
from countenance.types import Appearance, Grant, People, SubjectId, parse_number, reference_number
from countenance.vault.keyring import subject_key

if TYPE_CHECKING:
    from countenance.service.cases import Cases
    from countenance.service.context import Context

Hands = Callable[["Context", Source, str | None], AbstractContextManager[Parts]]
"""Opens what it takes to go through a source."""
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question: the grant of the first decision, and whose faces are wanted; everybody's where it is empty."""

    ask: Ask
    grant: Grant[People]
    only: tuple[SubjectId, ...]


class Peopling(Saying):
    """List and show people, and say who is who."""

    def __init__(self, context: Context, cases: Cases, hands: Hands = at_hand) -> None:
        super().__init__(context, hands)
        self._cases = cases

    def list(
        self, *, purpose: str | None, case: str | None, engine: str | None = None, progress: Tell | None = None
    ) -> PeopleFound:
        """Everybody who may be shown for this purpose, with the faces kept of them, and what is proposed.

        Args:
            purpose: Why, from the closed list; ``photo-library`` is the only one that groups faces.
            case: The reference that this belongs to; a new one opens a case.
            engine: What looks at the photos: ``local`` or ``ray``; as configured when None.
            progress: Told how many photos were looked at again, and of how many.

        Raises:
            Refused, TooMany: with the requirement that refuses and the log entry.
            RoleRefused, NotFound: not an operator of the gallery's owner.
        """
        return self._found(purpose, case, (), engine, progress)

    def show(
        self,
        subject: str,
        *,
        purpose: str | None,
        case: str | None,
        engine: str | None = None,
        progress: Tell | None = None,
    ) -> PeopleFound:
        """One person, and whoever is the same or resembles them. Only their own photos are looked at. See `list`."""
        with self._context.registry.read() as connection:
            number = SubjectId(self._context.subject_row(connection, subject).id)
        return self._found(purpose, case, (number,), engine, progress)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _found(
        self,
        purpose: str | None,
        case: str | None,
        only: tuple[SubjectId, ...],
        engine: str | None,
        progress: Tell | None,
    ) -> PeopleFound:
        context = self._context
        number = self._cases.for_search(case, purpose)
        ask = Ask(purpose=purpose, case_named=bool(case), case=number, facts={"named": len(only)})
        asked = _Asked(ask, context.desk.decide(People, ask), only)  # before a photo is opened
        kept = self._kept(asked)
        faces, missed = self._look(kept, engine, progress or (lambda _done, _total: None))
        # Looking takes its time: what was withdrawn, ended or ordered meanwhile binds the comparison itself.
        grouped = context.gallery.people(faces, only, grant=context.desk.decide(People, ask))
        context.book.publish()
        return self._told(grouped, kept, missed)

    def _kept(self, asked: _Asked) -> dict[int, tuple[Appearance, ...]]:
        """What is kept of everybody who may be compared, or of these people and who is the same person."""
        context, now, grant = self._context, self._context.clock(), asked.grant
        mask = PURPOSES[grant.purpose].mask
        terms = Terms(context.vision.contract, mask, context.organisation, now, territories=grant.terms.territories)
        with context.registry.read() as connection:
            subjects = sorted({row.subject for row in permitted(connection, terms)})
            if asked.only:
                wanted = {each for one in asked.only for each in self._person_of(connection, one)}
                subjects = [each for each in subjects if each in wanted]
            return appearances_of(connection, subjects, mask, now, context.desk)

    def _look(
        self, kept: dict[int, tuple[Appearance, ...]], engine: str | None, tell: Tell
    ) -> tuple[Sequence[Sighting], Sequence[Missed]]:
        context = self._context
        places: dict[int, list[Placed]] = {}
        for subject, appearances in kept.items():
            for each in appearances:
                places.setdefault(parse_number("P", each.photo.id, "photo"), []).append((subject, each.box))
        with context.registry.read() as connection:
            photos = photos_with(connection, places)
        faces: list[Sighting] = []
        missed: list[Missed] = []
        done, total = 0, sum(map(len, photos.values()))

        def seen(count: int) -> None:
            nonlocal done
            done += count
            tell(done, total)

        for source in Sources(context).list():
            for found in self._of_source(source, photos.get(source.id, []), engine, seen):
                if isinstance(found, Sighting):
                    faces.append(found)
                else:
                    missed.append(found)
        return faces, missed

    def _of_source(
        self, source: Source, photos: Sequence[KeptPhoto], engine: str | None, tell: Callable[[int], None]
    ) -> Sequence[Sighting | Missed]:
        if not photos:
            return []
        try:
            with self._hands(self._context, source, engine) as parts:
                parts.store.check()
                return list(look_again(parts.engines, parts.store, photos, tell))
        except InputError as error:  # its photos lie nowhere just now: its faces are listed, and not compared
            return [Missed(each.number, each.file.path, error.message) for each in photos]

    def _told(self, grouped: Grouped, kept: dict[int, tuple[Appearance, ...]], missed: Sequence[Missed]) -> PeopleFound:
        with self._context.registry.read() as connection:
            named = {subject: self._record(connection, subject) for person in grouped.persons for subject in person}
            persons = [self._person(person, named, kept, grouped) for person in grouped.persons]
        return PeopleFound(
            tuple(sorted(persons, key=lambda person: person.records[0].subject)),
            (
                *(_same(each, named) for each in grouped.alike),
                *(_not(each, named) for each in grouped.doubts),
                *(_references(named[each]) for each in grouped.apart),
            ),
            tuple((reference_number("P", each.number), shown_path(each.path), each.reason) for each in missed),
            grouped.threshold,
            grouped.log.index,
            grouped.log.root,
        )

    def _record(self, connection: sa.Connection, subject: int) -> Record:
        row = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == subject)).one()
        text, key = self._context.keys.unseal_text, subject_key(subject)
        handle = text(key, row.handle_sealed, "handle") or ""
        return Record(handle, text(key, row.name_sealed, "name") or handle)

    def _person(
        self,
        person: tuple[int, ...],
        named: dict[int, Record],
        kept: dict[int, tuple[Appearance, ...]],
        grouped: Grouped,
    ) -> Person:
        faces = [
            KeptFace(
                named[subject].subject,
                each.photo,
                each.box,
                grouped.scores.get((subject, parse_number("P", each.photo.id, "photo"))),
            )
            for subject in person
            for each in kept.get(subject, ())
        ]
        return Person(
            tuple(sorted((named[subject] for subject in person), key=lambda record: record.subject)), tuple(faces)
        )


def _same(pair: Alike, named: dict[int, Record]) -> Proposal:
    one, other = sorted((named[pair.one].subject, named[pair.other].subject))
    commands = (f"countenance people merge {one} {other}", f"countenance people part {one} {other}")
    return Proposal("same", one, other, (), pair.score, commands)


def _not(doubt: Doubt, named: dict[int, Record]) -> Proposal:
    subject, photos = named[doubt.subject].subject, tuple(reference_number("P", each) for each in doubt.photos)
    other = named[doubt.other].subject if doubt.other is not None else None
    verb = "not" if other is None else "split"
    commands = tuple(f"countenance people {each} {subject} {' '.join(photos)}" for each in (verb, "is"))
    return Proposal("not", subject, other, photos, doubt.score, commands)


def _references(record: Record) -> Proposal:
    return Proposal("references", record.subject, None, (), None, (f"countenance subject show {record.subject}",))
