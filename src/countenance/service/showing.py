"""A search's answer made ready for a page: the probe beside its candidates, strangers marked to be covered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from countenance.errors import InputError
from countenance.reports.page import Card, Finding, Framed, Photo
from countenance.service.reviewed import in_words

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.service.finding import Found
    from countenance.service.pictures import Pictures
    from countenance.service.reviewed import Review, Reviewed
    from countenance.types import Appearance, Candidate

PHOTOS_EACH = 2
"""Appearances shown of a candidate; the others are counted."""
PHOTO_SIDE = 1000
"""Pixels: more than a page draws, so that frames and covers stay sharp."""


def shown_finding(
    pictures: Pictures,
    found: Found,
    probe: str | Path | bytes,
    *,
    face: int | None = None,
    photos_each: int = PHOTOS_EACH,
    note: str = "",
    own: str = "",
) -> Finding:
    """The answer as a page shows it. Everybody but the searched face and the candidate is covered.

    ``own``: whose own photo the probe is. That it resembles their template says nothing, so it gets no score.
    """
    return Finding(
        probe=shown_probe(pictures, probe, face),
        candidates=tuple(_card(pictures, candidate, photos_each, own, found.meaning) for candidate in found),
        threshold=found.threshold or 0.0,
        gallery_size=found.gallery_size,
        note=note,
        rate=found.scale.says(found.asked),
    )


def shown_review(context: Context, pictures: Pictures, review: Review, probe: bytes) -> Finding:
    """A review as a page shows it: the searched face, as it was sealed for its reviewers, beside each candidate."""
    alt, scale = "The face that was searched for; all other faces are covered", context.scale
    cards = tuple(
        Card(
            rank=place,
            name=each.name,
            subject=each.subject,
            score=each.score,
            band=each.band,
            basis="",
            confirmed_how="",
            photos=tuple(_photos(pictures, each, (each.appearances or ())[:PHOTOS_EACH])),
            review="; ".join((each.state, *(f"{who}: {what}" for who, what, _ in each.reviews))),
            cautions=in_words(each.cautions),
            meaning=scale.meaning(each.band),
        )
        for place, each in enumerate(review.candidates, start=1)
    )
    return Finding(Photo(context.vision.decode(probe).pixels, alt), cards, scale.threshold, rate=scale.says())


def shown_probe(pictures: Pictures, probe: str | Path | bytes, face: int | None = None) -> Photo:
    """The searched face alone, cut out close."""
    seen = pictures.probe(probe, face)
    return Photo(
        seen.pixels, "The face that was searched for", tuple(map(Framed, seen.known)), seen.strangers, close=True
    )


def shown_choice(pictures: Pictures, photo: bytes) -> tuple[Photo, tuple[Photo, ...]]:
    """A photo with several faces, to choose one from: each framed with its number, and each cut out close.

    Whoever sent the photo sees their own picture; nobody is compared with anybody by this.
    """
    seen = pictures.every_face(photo)
    small = seen.within(PHOTO_SIDE)
    numbered = tuple(Framed(box, str(number)) for number, box in enumerate(small.known, 1))
    close = tuple(
        Photo(seen.pixels, f"Face {number}", (Framed(box),), close=True) for number, box in enumerate(seen.known, 1)
    )
    return Photo(small.pixels, "The photo, each face with its number", numbered), close


def shown_appearance(pictures: Pictures, appearance: Appearance, name: str) -> Photo:
    """One photo in which a person may appear, framed in the band of its own score, with everybody else covered.

    Raises `InputError` or `NotFound` for a photo that is gone or was changed.
    """
    where = f"{appearance.photo.source}, {appearance.photo.path}"
    seen = pictures.of(appearance).within(PHOTO_SIDE)
    return Photo(
        seen.pixels,
        f"{name} in the photo {appearance.photo.path}; all other faces are covered",
        (Framed(seen.known[0], name, pictures.band(appearance.score)),),
        seen.strangers,
        caption=where,
        score=appearance.score,
    )


def _card(pictures: Pictures, candidate: Candidate, photos_each: int, own: str, meaning: Mapping[str, str]) -> Card:
    best = candidate.best
    shown = candidate.appearances[:photos_each]
    more = len(candidate.appearances) - len(shown)
    path = ", ".join(each.photo.path for each in shown) + (f" and {more} more" if more else "")
    return Card(
        rank=candidate.rank,
        name=candidate.name,
        subject=candidate.subject,
        score=None if candidate.subject == own else candidate.score,
        band=candidate.band,
        basis=candidate.basis,
        confirmed_how=candidate.confirmed_how,
        asserted=f"{candidate.asserted_by}, {candidate.asserted_at[:10]}",
        photos=tuple(_photos(pictures, candidate, shown)),
        source=best.photo.source if best else "",
        path=path,
        origin=(best.photo.origin or "") if best else "",
        review=candidate.review or "",
        cautions=in_words(candidate.cautions),
        meaning=meaning.get(candidate.band, ""),
    )


def _photos(pictures: Pictures, candidate: Candidate | Reviewed, shown: tuple[Appearance, ...]) -> list[Photo]:
    photos = []
    for each in shown:
        try:
            photos.append(shown_appearance(pictures, each, candidate.name))
        except InputError:  # the operator moved or removed the file: the candidate stands, without its picture
            continue
    return photos
