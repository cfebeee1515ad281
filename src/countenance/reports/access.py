"""The access answer as one page that stands alone: everything that is held of a person, in words for that person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from countenance.reports.page import CAUTION, Photo, environment


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """One photo that shows the person: what is recorded of it, and the picture; or why there is none."""

    told: dict[str, Any]
    photo: Photo | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class AccessPage:
    """What the page is made from: the answer as it goes out as JSON, and the pictures."""

    answer: dict[str, Any]
    sights: tuple[Sight, ...] = ()

    @property
    def title(self) -> str:
        """What the page is called."""
        subject = self.answer["held"]["subject"]
        return "Nothing is held" if subject is None else f"What is held of {subject['name'] or subject['handle']}"

    @property
    def made(self) -> str:
        """The last line."""
        return f"Answer to request {self.answer['answer_to']}, made on {self.answer['made'][:10]}."


def render_access(page: AccessPage) -> str:
    """The answer as one HTML file."""
    return environment().get_template("access.html").render(page=page, answer=page.answer, caution=CAUTION)
