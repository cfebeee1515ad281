"""The page of `countenance people`: each person with their kept faces, and what is proposed."""

from __future__ import annotations

from dataclasses import dataclass

from countenance.reports.page import Photo, environment


@dataclass(frozen=True, slots=True)
class PeopleCard:
    """A person: name, the handles of their records, how many faces are kept, and some of them."""

    name: str
    subjects: str
    count: int
    photos: tuple[Photo, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A proposal in a sentence, with the commands to agree and to disagree."""

    sentence: str
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """What the page is made from."""

    title: str
    caution: str
    cards: tuple[PeopleCard, ...]
    proposals: tuple[Line, ...]
    facts: tuple[tuple[str, str], ...] = ()
    made: str = ""


def render_people(page: PeoplePage) -> str:
    """The page as one HTML file."""
    return environment().get_template("people.html").render(page=page, caution=page.caution)
