"""What `countenance people` answers: people with the faces that are kept of them, and what it proposes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from countenance.gallery.scale import NAME
from countenance.types import Box, PhotoRef

NOTICE = "A proposal is not a finding: a person must look, and the score alone decides nothing."


@dataclass(frozen=True, slots=True)
class Record:
    """A subject, as it was recorded."""

    subject: str
    name: str


@dataclass(frozen=True, slots=True)
class KeptFace:
    """A face kept of a person. ``score``: its mean cosine to their references; None where it was not seen again."""

    subject: str
    photo: PhotoRef
    box: Box
    score: float | None


@dataclass(frozen=True, slots=True)
class Person:
    """One person: their record, or several that were said to be of the same person, and the faces kept of them."""

    records: tuple[Record, ...]
    faces: tuple[KeptFace, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something for a person to look at.

    Attributes:
        kind: ``same`` (two records, perhaps of one person), ``not`` (faces that are perhaps of somebody else), or
            ``references`` (enrolment photos of one record that do not resemble one another).
        subject: The record that it is about.
        other: The other record; of faces, whom they resemble, if anybody.
        photos: The numbers of the photos.
        score: Mean cosine: of the two records' references, or of the faces to the record's. None for references.
        commands: What to type once somebody has looked: to agree, and to disagree.
    """

    kind: str
    subject: str
    other: str | None
    photos: tuple[str, ...]
    score: float | None
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PeopleFound:
    """Who is here and what is proposed. ``skipped``: (photo, path, reason) of faces that were not seen again."""

    persons: tuple[Person, ...]
    proposals: tuple[Proposal, ...]
    skipped: tuple[tuple[str, str, str], ...]
    threshold: float
    log_index: int
    log_root: str

    def as_json(self) -> dict[str, Any]:
        """The machine-readable answer (``countenance people list --json``)."""
        return {
            "people": [_person(each) for each in self.persons],
            "proposals": [asdict(each) | {"score": _rounded(each.score)} for each in self.proposals],
            "skipped": [{"photo": photo, "path": path, "reason": reason} for photo, path, reason in self.skipped],
            "threshold": self.threshold,
            "scale": NAME,
            "caution": NOTICE,
            "log": {"index": self.log_index, "root": self.log_root},
        }


def _person(person: Person) -> dict[str, Any]:
    return {
        "records": [asdict(each) for each in person.records],
        "faces": [
            {
                "subject": each.subject,
                "photo": asdict(each.photo),
                "box": each.box.as_list(),
                "score": _rounded(each.score),
            }
            for each in person.faces
        ],
    }


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 4)
