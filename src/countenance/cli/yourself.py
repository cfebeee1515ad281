"""You, in your own gallery: the words that you agree to, your record, your basis, your template."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from countenance.cli.session import Session
from countenance.errors import NoBasis

if TYPE_CHECKING:
    from countenance.service.bases import Basis
    from countenance.service.countenance import Countenance
    from countenance.service.subjects import Subject

PURPOSE, NOTICE = "photo-library", "notice-start"
NOTICE_TEXT = """\
This machine looks for your face in your own folder of pictures, because
you asked it to. It keeps one template of your face, encrypted, and where you
appear. Everybody else's face is forgotten at once. Nothing leaves this
machine. `countenance withdraw` stops it, `countenance erase` erases it,
whenever you like.
"""
CONSENT_TEXT = """\
I, {name} ({email}),
agree that a template of my face is made from a photo that I give, and that
my own pictures are searched for it, on my own machine, so that I find the
ones I am in (purpose: photo-library). I know that I can withdraw this at any
time, and that everything about my face is then erased.
"""


@dataclass(frozen=True, slots=True)
class You:
    """Who starts, and with what. ``yes``: said on the line; ``agreed``: the words were shown and agreed to."""

    name: str
    email: str
    photo: Path
    territory: str
    yes: bool = False
    agreed: bool = False

    @property
    def consent(self) -> str:
        """The words that you agree to."""
        return CONSENT_TEXT.format(name=self.name, email=self.email)


def person_by(c: Countenance, email: str) -> Subject | None:
    """The person with this contact on record."""
    return next((each for each in c.subjects.list() if each.contact == email), None)


def enrolled(session: Session, c: Countenance, place: Path, you: You) -> tuple[Subject, bool]:
    """You, with a consent that you confirmed yourself, and a template. Whether the template is new is said too."""
    known = person_by(c, you.email)
    standing = _standing(c, known) if known else []
    if known and standing and standing[-1].state == "live" and c.look(known).references:
        session.screen.done(f"You are enrolled already, as {known.handle}.")
        return known, False
    if not standing and not you.agreed:
        agree(session, you)
    person = known or c.subjects.add(you.name, territory=you.territory, contact=you.email)
    basis = standing[-1] if standing else _basis(c, place, person, you)
    if basis.state == "pending":
        basis = c.bases.confirm(basis)
    c.enrol(person, you.photo, basis=basis)
    session.screen.done(f"You are enrolled as {person.handle}, on your own consent ({basis.id}), signed with your key.")
    return person, True


def agree(session: Session, you: You) -> None:
    """Show the words first; without a yes nothing is recorded."""
    session.screen.say()
    for line in you.consent.splitlines():
        session.screen.say(f"  {line}", "italic")
    session.screen.say()
    if not you.yes and not session.agreed("Do you agree?"):
        raise NoBasis(
            "Without your agreement nothing is done.",
            requirement="P1",
            hint="Read the text above, and say yes or --yes.",
        )


def _standing(c: Countenance, person: Subject) -> list[Basis]:
    return [each for each in c.bases.list(person) if each.state in {"pending", "live"} and not each.expired]


def _basis(c: Countenance, place: Path, person: Subject, you: You) -> Basis:
    """Your consent as a basis. The words that you agreed to are its evidence."""
    consent = place / "papers" / "my-consent.txt"
    _write(consent, you.consent)
    if NOTICE not in {notice.name for notice in c.notices.list()}:
        text = place / "papers" / f"{NOTICE}.txt"
        _write(text, NOTICE_TEXT)
        c.notices.add(NOTICE, text=text, channel="screen")
    return c.bases.record(
        person, ground="consent", condition="explicit-consent", purposes=[PURPOSE], evidence=consent, notice=NOTICE
    )


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
