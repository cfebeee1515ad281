"""People made ready for a page: each with their kept faces, cut out close, everybody else marked to be covered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from countenance.errors import InputError, NotFound
from countenance.reports.gathered import PeopleCard
from countenance.reports.page import Framed, Photo
from countenance.types import Appearance

if TYPE_CHECKING:
    from countenance.service.grouped import KeptFace, PeopleFound, Person
    from countenance.service.pictures import Pictures

FACES_EACH = 24
"""Faces shown of a person; the others are counted. Those that are proposed to be of somebody else come first."""
_SIDE = 1600


def shown_people(pictures: Pictures, found: PeopleFound) -> tuple[PeopleCard, ...]:
    """Everybody as a page shows them."""
    doubted = {(each.subject, photo) for each in found.proposals for photo in each.photos}
    return tuple(_card(pictures, person, doubted) for person in found.persons)


def _card(pictures: Pictures, person: Person, doubted: set[tuple[str, str]]) -> PeopleCard:
    def unlike(face: KeptFace) -> tuple[bool, float]:
        return (face.subject, face.photo.id) not in doubted, -2.0 if face.score is None else face.score

    faces = sorted(person.faces, key=unlike)
    photos = [
        photo
        for face in faces[:FACES_EACH]
        if (photo := _photo(pictures, face, (face.subject, face.photo.id) in doubted)) is not None
    ]
    return PeopleCard(
        " and ".join(dict.fromkeys(record.name for record in person.records)),
        ", ".join(record.subject for record in person.records),
        len(faces),
        tuple(photos),
    )


def _photo(pictures: Pictures, face: KeptFace, doubted: bool) -> Photo | None:
    """One face; None where the operator moved or removed the file: it is counted, and has no picture."""
    try:
        seen = pictures.of(Appearance(face.photo, face.box, face.score or 0.0)).within(_SIDE)
    except (InputError, NotFound):
        return None
    score = "" if face.score is None else f", {face.score:.3f}"
    return Photo(
        seen.pixels,
        f"The face kept of {face.subject} in {face.photo.path}; all other faces are covered",
        (Framed(seen.known[0], band="low" if doubted else ""),),
        seen.strangers,
        caption=f"{'Look again: ' if doubted else ''}{face.photo.id}, {face.photo.path}{score}",
        close=True,
    )
