"""``countenance start``: your own folder, on your own machine. Enrol yourself, find yourself, forget everybody else."""

from __future__ import annotations

import re
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countenance.cli.command import BEGIN, command
from countenance.cli.console import plural
from countenance.cli.ingesting import tell
from countenance.cli.options import Territory
from countenance.cli.progressing import following
from countenance.cli.session import Session
from countenance.cli.sheets import Sheet, write_sheet
from countenance.cli.yourself import PURPOSE, You, agree, enrolled, person_by
from countenance.errors import InputError

if TYPE_CHECKING:
    from countenance.service.countenance import Countenance
    from countenance.service.finding import Found
    from countenance.service.subjects import Subject

CASE = "start"
PHOTOS_EACH = 200
"""Photos on the page; the others are counted."""


@dataclass(frozen=True, slots=True)
class _Given:
    """What stood on the command's line."""

    name: str | None
    email: str | None
    photo: Path | None
    territory: str
    threshold: float | None
    yes: bool


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app, "start", "countenance start ~/Pictures",
        'countenance start ~/Pictures --name "Anna" --email anna@home.example --photo me.jpg --statement "mine" --yes',
        panel=BEGIN,
    )(start)  # fmt: skip


def start(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Your pictures. They stay where they are.")],
    name: Annotated[str | None, typer.Option("--name", help="Your name.")] = None,
    email: Annotated[
        str | None, typer.Option("--email", help="Your e-mail address; it names your account here.")
    ] = None,
    photo: Annotated[Path | None, typer.Option("--photo", metavar="FILE", help="A photo of you alone.")] = None,
    territory: Territory = "unknown",
    statement: Annotated[
        str | None, typer.Option("--statement", metavar="TEXT", help="What entitles you to these pictures.")
    ] = None,
    gallery: Annotated[
        Path | None, typer.Option("--gallery", metavar="FOLDER", help="Where it is kept; ~/Countenance if left out.")
    ] = None,
    keys: Annotated[Path | None, typer.Option("--keys", metavar="FOLDER", help="Where the keys lie.")] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            "--threshold",
            min=-1,
            max=1,
            metavar="X",
            help="A fixed least cosine; without it, it follows from the size.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="You have read what you agree to, and you agree.")] = False,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the page.")] = False,
) -> None:
    """Find yourself in your own pictures: you are enrolled by your own consent, everybody else is forgotten.

    It asks for what is not given, makes a gallery, goes through the folder, and opens a page of the pictures that you
    are in, everybody else covered. Run it again with another folder, or after a stop: it goes on where it was.
    """
    place = (gallery or Path("~/Countenance")).expanduser().absolute()
    folder = folder.expanduser().absolute()
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder that can be read.", hint="Give the folder of your pictures.")
    with _gallery(session, place, keys, _Given(name, email, photo, territory, threshold, yes)) as (c, you):
        c.sign_in()
        person, fresh = enrolled(session, c, place, you)
        source = _source(session, c, folder, statement)
        with following(session, str(folder)) as progress:
            report = c.ingest(source, again=fresh, progress=progress)
        tell(session, report)
        found = c.search(you.photo, purpose=PURPOSE, case=CASE)
        page = place / "my-pictures.html"
        title = f"The pictures that {person.name} may be in"
        sheet = Sheet(page, you.photo, found, PURPOSE, CASE, photos_each=PHOTOS_EACH, title=title, own=person.handle)
        write_sheet(c, sheet)
    _end(session, place, person, found, page)
    session.screen.answer(_answer(place, person, report, found, page))
    if not (no_open or session.json):
        webbrowser.open(page.as_uri())


# --- the steps -------------------------------------------------------------------------------------------------------


@contextmanager
def _gallery(session: Session, place: Path, keys: Path | None, given: _Given) -> Iterator[tuple[Countenance, You]]:
    """The gallery that is there already, or a new one, which is made only after you have agreed; and who you are."""
    from countenance.config import FILE_NAME

    if (place / FILE_NAME).exists():
        with replace(session, config=place, account=given.email or session.account).open() as c:
            _same_threshold(c, given.threshold)
            yield c, _known(session, c, given)
        return
    from countenance.service.founding import Plan
    from countenance.wiring import found_gallery

    session.screen.say(
        "Countenance finds you in your own pictures, on this machine, and forgets everybody else.", "bold"
    )
    name = given.name or session.ask("Your name", "--name")
    email = given.email or session.account or session.ask("Your e-mail address (it names your account here)", "--email")
    you = You(name, email, _photo(session, given.photo), given.territory, given.yes)
    agree(session, you)
    passphrase = session.new_passphrase("your key (your signature here)")
    organisation = f"{name.replace(chr(34), '')} at home"
    plan = Plan(place, organisation, email, passphrase, [PURPOSE], keys)
    if given.threshold is not None:
        plan = replace(plan, threshold=given.threshold)
    with found_gallery(plan) as c:
        session.screen.done(f"Your gallery is in {place}; its keys are in {c.context.settings.kek_path.parent}.")
        yield c, replace(you, agreed=True)


def _same_threshold(c: Countenance, wanted: float | None) -> None:
    there = c.context.scale.threshold
    if wanted is None or wanted == there:
        return
    raise InputError(
        f"This gallery has a threshold already: {there:g}.",
        hint="Change it in its countenance.toml, under [search]; then `countenance ingest SOURCE --again`.",
    )


def _known(session: Session, c: Countenance, given: _Given) -> You:
    """Who you are in a gallery that is there already."""
    email = c.context.actor.email if c.context.actor else ""
    person = person_by(c, email)
    name = person.name if person else given.name or c.context.settings.gallery.organisation.removesuffix(" at home")
    return You(name, email, _photo(session, given.photo), given.territory, given.yes)


def _photo(session: Session, photo: Path | None) -> Path:
    # A file that is dragged onto a terminal comes with quotation marks.
    photo = (photo or Path(session.ask("A photo of you alone (a file)", "--photo").strip("'\""))).expanduser()
    if not photo.is_file():
        raise InputError(f"There is no file {photo}.", hint="Give a photo of yourself: --photo me.jpg.")
    return photo


def _source(session: Session, c: Countenance, folder: Path, statement: str | None) -> str:
    """The folder as a source, with your own statement; the one that is there already if it is."""
    sources = c.sources.list()
    for source in sources:
        if source.root == folder:
            return source.name
    statement = statement or session.ask("What entitles you to these pictures (such as: I took them)", "--statement")
    word = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-") or "pictures"
    taken = {source.name for source in sources}
    name = next(each for each in (word, *(f"{word}-{n}" for n in range(2, len(taken) + 3))) if each not in taken)
    return c.sources.add(name, folder, statement=statement, purposes=[PURPOSE]).name


# --- the end ---------------------------------------------------------------------------------------------------------


def _end(session: Session, place: Path, person: Subject, found: Found, page: Path) -> None:
    screen = session.screen
    count = _pictures_of(person, found)
    others = sum(1 for each in found if each.subject != person.handle)
    screen.done(f"You may be in {plural(count, 'picture')}." + (f" {others} others resemble you." if others else ""))
    screen.say(f"The page: {page}", "bold")
    screen.advise(
        "Candidates are not proof: look yourself. The page holds copies of your pictures; it is yours to delete."
    )
    screen.command(
        f"countenance erase {person.handle} --reason withdrawn --config {place}", "erase yourself, with a certificate"
    )
    screen.command(f"countenance log check --config {place}", "check the record of all this")


def _pictures_of(person: Subject, found: Found) -> int:
    return next((len(each.appearances) for each in found if each.subject == person.handle), 0)


def _answer(place: Path, person: Subject, report: Any, found: Found, page: Path) -> dict[str, Any]:
    from countenance.service.ingesting import report_json

    return {
        "gallery": str(place),
        "subject": person.handle,
        "pictures": _pictures_of(person, found),
        "ingest": report_json(report),
        "search": found.as_json(),
        "page": str(page),
    }
