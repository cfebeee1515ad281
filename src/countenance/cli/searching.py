"""``countenance search`` and ``countenance verify``: who resembles the face, said so that nobody takes it for proof."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.command import MAIN_JOB, command
from countenance.cli.console import plural
from countenance.cli.options import Case, Face, Gate, Purpose
from countenance.cli.session import Session
from countenance.cli.sheets import Sheet, write_sheet
from countenance.errors import InputError

if TYPE_CHECKING:
    from countenance.service.finding import Found
    from countenance.types import Candidate

Photo = Annotated[Path, typer.Argument(metavar="PHOTO", help="The photo to search for. Held in memory only.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(
        app, "search",
        'countenance search who.jpg --purpose photo-library --case "press 12"',
        'countenance search who.jpg --purpose photo-library --case "press 12" --page found.html',
        panel=MAIN_JOB,
    )(search)  # fmt: skip
    command(
        app, "verify", 'countenance verify badge.jpg door.jpg --purpose visitor-check-in --case "front desk"',
        panel=MAIN_JOB,
    )(verify)  # fmt: skip


def search(
    session: Session,
    photo: Photo,
    purpose: Purpose = None,
    case: Case = None,
    face: Face = None,
    gate: Gate = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, max=1000, help="How many candidates at most.")] = None,
    threshold: Annotated[
        str | None,
        typer.Option("--threshold", metavar="X", help="The least cosine of a candidate; off ranks everybody."),
    ] = None,
    on_behalf_of: Annotated[
        str | None,
        typer.Option(
            "--on-behalf-of", metavar="SUBJECT", help="For find-my-photos: the person whom this search is for."
        ),
    ] = None,
    page: Annotated[
        Path | None, typer.Option("--page", metavar="FILE.html", help="Write a contact sheet too, strangers covered.")
    ] = None,
) -> None:
    """Find who resembles the face in a photo: candidates, best first, with their score, source and basis.

    A search has a purpose and belongs to a case; the log records it, a refused one too. Finding nobody is an answer,
    not an error.
    """
    with session.signed_in() as c:
        found = c.search(
            photo,
            purpose=purpose,
            case=case,
            face=face,
            limit=limit,
            threshold=_threshold(threshold),
            on_behalf_of=on_behalf_of,
            gate=gate,
        )
        if page is not None:
            write_sheet(c, Sheet(page, photo, found, purpose=purpose or "", case=case or "", face=face))
    _tell(session, found)
    if page is not None:
        session.screen.advise(f"The contact sheet is in {page}.")
    session.screen.answer(found.as_json())


def verify(
    session: Session,
    first: Annotated[Path, typer.Argument(metavar="A", help="A photo of one face.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another photo of one face.")],
    purpose: Purpose = None,
    case: Case = None,
    gate: Gate = None,
) -> None:
    """Compare two faces, 1:1. The same rules as a search, and at most twenty a day in a case."""
    with session.signed_in() as c:
        seen = c.verify(first, second, purpose=purpose, case=case, gate=gate)
    told = seen.as_json()
    screen = session.screen
    screen.facts(
        [
            ("Score", f"{told['score']:.3f} {told['scale']} (threshold {seen.threshold:g})"),
            ("Band", _band(seen.scale.meaning(seen.band), seen.band)),
            ("Log entry", seen.log_index),
        ]
    )
    screen.say(told["caution"], "italic")
    screen.answer(told)


def _tell(session: Session, found: Found) -> None:
    screen, told = session.screen, found.as_json()
    if not found:
        screen.say("Nobody: no one who may be found in this gallery resembles this face closely enough.", "bold")
    else:
        rows = (
            (
                each.rank,
                f"{each.name} ({each.subject})",
                f"{each.score:.3f} {told['scale']}",
                _band(found.meaning.get(each.band, ""), each.band),
                _photos(each),
                f"{each.basis}, {each.confirmed_how}",
            )
            for each in found
        )
        screen.table(("#", "candidate", "score", "band", "best photo", "basis"), rows, empty="")
        tell_cautions(session, ((each.subject, each.cautions) for each in found))
    threshold = "off" if found.threshold is None else f"{found.threshold:g}"
    screen.say(
        f"Threshold {threshold} · {plural(found.gallery_size, 'template')} in the gallery · "
        f"{plural(told['faces_in_probe'], 'face')} in the probe · log entry {told['log']['index']}",
        "dim",
    )
    if found.answer.rejected:
        count = plural(found.answer.rejected, "person", "people")
        screen.advise(f"{count} not shown: a reviewer of yours said of this very face that it is not theirs.")
    screen.say(found.scale.says(found.asked), "dim")
    if found.pending:
        live = "is not live yet, and finds" if found.pending == 1 else "are not live yet, and find"
        screen.advise(
            f"{plural(found.pending, 'basis', 'bases')} for this purpose {live} nobody: `countenance basis list`."
        )
    if found:
        screen.say(told["caution"], "italic")


def tell_cautions(session: Session, carried: Iterable[tuple[str, Sequence[str]]]) -> None:
    """Say what each candidate is cautioned of, and that it needs one reviewer more where reviews are due."""
    from countenance.service.reviewed import in_words

    for subject, codes in carried:
        for says in in_words(codes):
            session.screen.say(f"Caution, {subject}: {says}.", "yellow")


def _band(meaning: str, band: str) -> str:
    return f"{band}: {meaning}" if meaning else band


def _photos(candidate: Candidate) -> str:
    best = candidate.best
    if best is None:
        return "enrolled only: in no photo yet"
    others = len(candidate.appearances) - 1
    origin = f", from {best.photo.origin}" if best.photo.origin else ""
    return f"{best.photo.path} ({best.photo.source}{origin})" + (f" and {others} more" if others else "")


def _threshold(text: str | None) -> float | str | None:
    if text is None or text == "off":
        return text
    try:
        value = float(text)
    except ValueError:
        value = 2.0
    if not -1 <= value <= 1:
        raise InputError(f"{text!r} is no threshold.", hint="Give a cosine from -1 to 1, such as 0.415, or off.")
    return value
