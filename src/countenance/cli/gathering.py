"""``countenance people``: who is in your own pictures, whether the records are right, and saying so."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.command import MAIN_JOB, command, group
from countenance.cli.console import plural
from countenance.cli.options import Case, Engine, Purpose, SubjectName
from countenance.cli.session import Session
from countenance.cli.sheets import check_place, whose, write_page

if TYPE_CHECKING:
    from countenance.service.countenance import Countenance
    from countenance.service.grouped import PeopleFound, Proposal
    from countenance.service.saying import Said

Page = Annotated[
    Path | None, typer.Option("--page", metavar="FILE.html", help="Write a page too: the kept faces, others covered.")
]
Photos = Annotated[list[str], typer.Argument(metavar="PHOTO", help="One or more photos, such as P12.")]
Other = Annotated[str, typer.Argument(metavar="SUBJECT", help="The other record's handle.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    people = group(app, "people", "Who is in your own pictures, and whether the records are right.", panel=MAIN_JOB)
    why = '--purpose photo-library --case "library 2027"'
    command(people, "list", f"countenance people list {why}", f"countenance people list {why} --page people.html")(
        people_list
    )
    command(people, "show", f"countenance people show anna-berg {why} --page anna.html")(people_show)
    command(people, "not", "countenance people not anna-berg P12", "countenance people not anna-berg P12 P15")(
        people_not
    )
    command(people, "is", "countenance people is anna-berg P12")(people_is)
    command(people, "split", "countenance people split anna-berg P12 P15")(people_split)
    command(people, "merge", "countenance people merge anna-berg anna-b")(people_merge)
    command(people, "part", "countenance people part anna-berg anna-b")(people_part)


def people_list(
    session: Session, purpose: Purpose = None, case: Case = None, page: Page = None, engine: Engine = None
) -> None:
    """Show everybody in your own pictures, and what to look at: records alike, faces that may be of somebody else.

    The photos in which somebody is kept are looked at again, in memory, and compared. It is a comparison as a search
    is one: for a purpose, in a case, by an operator, in the log. It decides nothing: people do.
    """
    _show(session, None, purpose, case, page, engine)


def people_show(
    session: Session,
    subject: SubjectName,
    purpose: Purpose = None,
    case: Case = None,
    page: Page = None,
    engine: Engine = None,
) -> None:
    """Show one person, and whoever is the same or resembles them. Only their own photos are looked at again."""
    _show(session, subject, purpose, case, page, engine)


def people_not(session: Session, subject: SubjectName, photos: Photos) -> None:
    """Say, as a reviewer, that the face kept of somebody in a photo is not theirs.

    It is forgotten, and never kept as theirs again: not when the photo is ingested again, moved, copied or swept.
    """
    with session.signed_in() as c:
        said = c.people.not_this(subject, photos)
    _say(session, said, f"{plural(said.removed, 'face')} taken off {subject}.")


def people_is(session: Session, subject: SubjectName, photos: Photos) -> None:
    """Say, as a reviewer, that a photo does show somebody: puts a doubt aside, or takes back "not this person"."""
    with session.signed_in() as c:
        said = c.people.is_this(subject, photos)
    _say(session, said, f"It is noted that {', '.join(said.photos)} may show {subject}.")
    session.screen.advise("A face that was taken off comes back when the photo is looked at again:")
    session.screen.command("countenance ingest SOURCE --again")


def people_split(session: Session, subject: SubjectName, photos: Photos, engine: Engine = None) -> None:
    """Take faces off a person, and look at their photos again for whoever else is in them.

    As at any ingest, a face goes to the person who agreed and whom it resembles most, or to nobody.
    """
    with session.signed_in() as c:
        said = c.people.split(subject, photos, engine=engine)
    now = f"Kept in their place: {', '.join(said.now)}." if said.now else "Nobody else is kept in their place."
    _say(session, said, f"{plural(said.removed, 'face')} taken off {subject}. {now}")
    for path, reason in said.skipped:
        session.screen.warn(f"{path} was not looked at again: {reason}")


def people_merge(session: Session, subject: SubjectName, other: Other) -> None:
    """Say, as a reviewer, that two records are of the same person. They are shown as one from here on.

    Each keeps its own bases, faces and receipts: either may still be withdrawn or erased by itself, and neither is
    found for a purpose that its own basis does not name.
    """
    with session.signed_in() as c:
        said = c.people.merge(subject, other)
    _say(session, said, f"{subject} and {other} are shown as one person. Each record keeps what it has.")


def people_part(session: Session, subject: SubjectName, other: Other) -> None:
    """Say, as a reviewer, that two records are of different people. Takes a merge back; it is not proposed again."""
    with session.signed_in() as c:
        said = c.people.part(subject, other)
    _say(session, said, f"{subject} and {other} are different people.")


def _show(
    session: Session, subject: str | None, purpose: str | None, case: str | None, page: Path | None, engine: str | None
) -> None:
    check_place(page, session.settings)
    with session.signed_in() as c:
        with session.bar("Looking at photos") as bar:
            asked = {"purpose": purpose, "case": case, "engine": engine}
            found = (
                c.people.list(**asked, progress=bar)
                if subject is None
                else c.people.show(subject, **asked, progress=bar)
            )
        if page is not None:
            _write(c, page, found, subject, (("Purpose", purpose or ""), ("Case", case or "")))
    _tell(session, found)
    if page is not None:
        session.screen.advise(f"The page is in {page}. It shows faces: delete it once you have looked.")


def _tell(session: Session, found: PeopleFound) -> None:
    screen = session.screen
    rows = (
        (
            " and ".join(dict.fromkeys(record.name for record in each.records)),
            ", ".join(record.subject for record in each.records),
            len(each.faces),
            ", ".join(face.photo.path for face in each.faces[:3]),
        )
        for each in found.persons
    )
    screen.table(("person", "records", "faces", "photos"), rows, empty="Nobody may be shown for this purpose.")
    for each in found.proposals:
        screen.say(sentence(each), "bold")
        for line in each.commands:
            screen.command(line)
    for _, path, reason in found.skipped:
        screen.warn(f"{path} was not compared: {reason}")
    if found.proposals:
        screen.say(found.as_json()["caution"], "italic")
    screen.say(f"Threshold {found.threshold:g} · log entry {found.log_index}", "dim")
    screen.answer(found.as_json())


def sentence(proposal: Proposal) -> str:
    """A proposal in words."""
    if proposal.kind == "same":
        return f"{proposal.subject} and {proposal.other} may be one person ({proposal.score:.3f}). If so, if not:"
    if proposal.kind == "references":
        return f"The enrolment photos of {proposal.subject} do not resemble one another. Look at their record:"
    who = "somebody else" if proposal.other is None else proposal.other
    many, is_ = ("The faces", "are") if len(proposal.photos) > 1 else ("The face", "is")
    return (
        f"{many} in {', '.join(proposal.photos)} {is_} kept as {proposal.subject} ({proposal.score:.3f}) and may be "
        f"of {who}. If so, if not:"
    )


def _write(
    c: Countenance, file: Path, found: PeopleFound, subject: str | None, facts: tuple[tuple[str, str], ...]
) -> None:
    from countenance.reports.gathered import Line, PeoplePage, render_people
    from countenance.service.grouped import NOTICE
    from countenance.service.showing_people import shown_people

    page = PeoplePage(
        f"Who is {subject}?" if subject else "Who is in our pictures?",
        NOTICE,
        shown_people(c.pictures, found),
        tuple(Line(sentence(each), each.commands) for each in found.proposals),
        (*whose(c.context), *facts, ("Log entry", str(found.log_index))),
    )
    write_page(file, render_people(page))


def _say(session: Session, said: Said, line: str) -> None:
    session.screen.done(line)
    session.screen.answer(asdict(said))
