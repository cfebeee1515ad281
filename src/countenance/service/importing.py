"""People taken over from a CompreFace database: their names and photos, under a basis that its new operator records.

Nothing of CompreFace's own embeddings is taken: each photo goes through decoder, quality gate and embedder as any
enrolment does. Everybody is pending until a person confirms their bases; whom nobody confirms is erased after seven
days (P3). It can be broken off and run again: what is here already is passed over.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import CountenanceError, InputError, StorageFull, TooLarge, Unavailable, Unreadable
from countenance.ingest.compreface import Database, Example, Person, Service, Survey, reading
from countenance.policy.purposes import mask
from countenance.registry import schema as t
from countenance.service.evidence import digest_of
from countenance.types import reference_number

if TYPE_CHECKING:
    from countenance.service.bases import Bases, Basis
    from countenance.service.context import Context
    from countenance.service.enrolling import Enrolling
    from countenance.service.examples import Examples
    from countenance.service.names import Names
    from countenance.service.subjects import Subject

__all__ = ["Form", "Imported", "Importing", "Skipped", "Survey", "survey_as_json"]
RECOGNITION = "R"
"""The kind of service in which CompreFace keeps people."""
_SHOWN = 80
"""Characters of a name that a report shows."""


@dataclass(frozen=True, slots=True)
class Form:
    """Why the people may be held: what every basis that is recorded says. ``evidence``: the signed form."""

    evidence: Path
    purposes: tuple[str, ...]
    notice: str | None = None
    ground: str = "consent"
    condition: str = "explicit-consent"
    until: str | None = None
    collective: bool = False


@dataclass(frozen=True, slots=True)
class Skipped:
    """A person or a photo that was not taken over, and why. ``photo``: the example's number there."""

    name: str
    photo: str | None
    code: str
    reason: str


@dataclass(slots=True)
class Imported:
    """What an import found and did. ``already``: photos that were here before."""

    survey: Survey
    service: Service
    people: int = 0
    new_people: int = 0
    enrolled: int = 0
    already: int = 0
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Photos that were looked at, or passed over."""
        return self.enrolled + self.already + sum(1 for each in self.skipped if each.photo)

    def as_json(self) -> dict[str, Any]:
        """The machine-readable report (``countenance import compreface --json``)."""
        return {
            "service": self.service.name,
            "people": self.people,
            "new_people": self.new_people,
            "enrolled": self.enrolled,
            "already_here": self.already,
            "skipped": [
                {"name": each.name, "example": each.photo, "code": each.code, "reason": each.reason}
                for each in self.skipped
            ],
            "skipped_by": dict(Counter(each.code for each in self.skipped)),
            "database": survey_as_json(self.survey),
        }


class Importing:
    """Looks into the database, and takes people over."""

    def __init__(self, context: Context, names: Names, bases: Bases, enrolling: Enrolling, examples: Examples) -> None:
        self._context = context
        self._names = names
        self._bases = bases
        self._enrolling = enrolling
        self._examples = examples

    def survey(self, url: str) -> Survey:
        """What is in the database; nothing is taken over. Raises what `reading` raises."""
        with reading(url) as database:
            return database.survey()

    def compreface(
        self,
        url: str,
        form: Form,
        *,
        service: str | None = None,
        territory: str = "unknown",
        progress: Callable[[int, int], None] | None = None,
    ) -> Imported:
        """Take over the people of one recognition service.

        Args:
            url: ``postgresql://ROLE@HOST/DATABASE``; the database is read in one transaction that can write nothing.
            form: Why they may be held.
            service: The service's name; may be left out where only one keeps people.
            territory: Where they live, if that is known of all of them.
            progress: Told how many photos are done, of how many.

        Raises `InputError` where several services keep people and none is named; what is wrong with the form, before
        anybody is recorded; `Unavailable` when the database or our own registry goes away: run it again then.
        """
        self._bases.check(
            ground=form.ground, condition=form.condition, purposes=form.purposes, evidence=form.evidence,
            until=form.until,
        )  # fmt: skip
        with reading(url) as database:
            survey = database.survey()
            chosen = _chosen(survey, service)
            imported, taken = Imported(survey, chosen), set[str]()
            for person in database.people(chosen.number):
                self._person(database, person, form, territory, imported, taken)
                if progress:
                    progress(imported.done, chosen.photos + chosen.without)
        return imported

    # --- inside ------------------------------------------------------------------------------------------------------

    def _person(
        self, database: Database, person: Person, form: Form, territory: str, imported: Imported, taken: set[str]
    ) -> None:
        imported.people += 1
        examples, name = database.examples(person.id), (person.name or "").strip()
        shown = _plain(name) or f"(no name, {person.id})"
        known = unicodedata.normalize("NFC", name)
        if known in taken:
            fault: CountenanceError = InputError("two people of this service have the same name")
            imported.skipped.append(Skipped(shown, None, "same-name", fault.message))
            return
        taken.add(known)
        try:
            subject, fresh = self._subject(database, name, examples, territory)
        except (Unavailable, StorageFull):
            raise
        except CountenanceError as error:
            imported.skipped.append(Skipped(shown, None, error.code, error.message))
            return
        imported.new_people += fresh
        for example in examples:
            self._example(database, subject, example, form, imported, shown)

    def _subject(self, database: Database, name: str, examples: list[Example], territory: str) -> tuple[Subject, bool]:
        """The person's record, and whether it is new. One by this name is theirs if it shares a photo, or has none."""
        known = self._names.find(name)
        if known is None:
            return self._names.add(name, territory=territory), True
        held = self._examples.digests(known)
        if held and not any(
            _digest(self._content(database, each)) in held for each in examples if _fits(each, self._most)
        ):
            raise InputError("Somebody else who is here already is called so: nobody can say that it is one person.")
        return known, False

    def _example(
        self, database: Database, subject: Subject, example: Example, form: Form, imported: Imported, shown: str
    ) -> None:
        try:
            photo = self._content(database, example)
            if self._examples.of_photo(subject, _digest(photo)) is not None:
                imported.already += 1
                return
            self._enrolling.enrol(subject, photo, self._basis(subject, form))
        except (Unavailable, StorageFull):
            raise
        except CountenanceError as error:
            imported.skipped.append(Skipped(shown, str(example.id), error.code, error.message))
        else:
            imported.enrolled += 1

    def _basis(self, subject: Subject, form: Form) -> Basis:
        """A basis for one photo: that of one that could not be enrolled, or a new one."""
        unused = sa.select(t.bases.c.id).where(
            t.bases.c.subject == subject.id,
            t.bases.c.state == "pending",
            t.bases.c.evidence_sha256 == digest_of(form.evidence),
            t.bases.c.purposes == mask(form.purposes),
            ~sa.exists().where(t.references.c.basis == t.bases.c.id),
        )
        with self._context.registry.read() as connection:
            number = connection.scalar(unused)
        if number is not None:
            return self._bases.get(reference_number("B", number))
        return self._bases.record(
            subject, ground=form.ground, condition=form.condition, purposes=form.purposes, evidence=form.evidence,
            notice=form.notice, until=form.until, collective=form.collective,
        )  # fmt: skip

    @property
    def _most(self) -> int:
        return self._context.settings.vision.max_bytes

    def _content(self, database: Database, example: Example) -> bytes:
        """A photo's bytes, if they are there and not too many."""
        if example.photo is None or not example.size:
            raise Unreadable("Only an embedding of another model is kept there, and no photo.")
        if example.size > self._most:
            raise TooLarge(f"This photo is larger than {self._most:,} bytes.")
        return database.photo(example.photo)


def survey_as_json(survey: Survey) -> dict[str, Any]:
    """What a database holds, as plain data; no key of a service is in it."""
    return {
        "services": [
            {
                "name": _plain(each.name), "application": _plain(each.app), "kind": each.kind, "people": each.people,
                "photos": each.photos, "without_photo": each.without,
            }
            for each in survey.services
        ],
        "orphaned_photos": survey.orphans,
        "orphaned_bytes": survey.orphan_bytes,
        "examples_of_nobody": survey.of_nobody,
        "people_of_no_service": survey.of_no_service,
        "embeddings_by_model": dict(survey.calculators),
    }  # fmt: skip


def _chosen(survey: Survey, name: str | None) -> Service:
    keeping = [each for each in survey.services if each.kind == RECOGNITION and (each.people or each.name == name)]
    found = [each for each in keeping if name in {None, each.name}]
    if len(found) == 1:
        return found[0]
    told = ", ".join(f"{_plain(each.name)!r}" for each in keeping) or "none"
    if not found:
        raise InputError("There is no such recognition service, or nobody in it.", hint=f"Those with people: {told}.")
    raise InputError(
        "Several recognition services keep people: one person may be in more than one of them.",
        hint=f"Import one at a time, with --service: {told}.",
    )


def _plain(name: str) -> str:
    """A name for a report: on one line, no sign that a terminal would obey, not without end."""
    kept = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in name)
    return kept if len(kept) <= _SHOWN else kept[: _SHOWN - 1] + "…"


def _digest(photo: bytes) -> str:
    return hashlib.sha256(photo).hexdigest()


def _fits(example: Example, most: int) -> bool:
    return example.photo is not None and 0 < (example.size or 0) <= most
