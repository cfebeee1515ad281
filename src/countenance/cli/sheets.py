"""The contact sheet of a search as a file: the probe beside its candidates, everybody else covered."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from countenance.errors import InputError, StorageFull

if TYPE_CHECKING:
    from countenance.config import Settings
    from countenance.service.context import Context
    from countenance.service.countenance import Countenance
    from countenance.service.finding import Found
    from countenance.service.reviewed import Review

PHOTOS_EACH = 12


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a contact sheet is made of, and where it is written. ``own``: whose own photo the probe is."""

    file: Path
    probe: Path
    found: Found
    purpose: str
    case: str
    face: int | None = None
    photos_each: int = PHOTOS_EACH
    title: str = ""
    own: str = ""


def write_sheet(c: Countenance, sheet: Sheet) -> None:
    """Write the page, whole or not at all. Raises `InputError` or `StorageFull` when it cannot be written."""
    from countenance.reports.page import ContactSheet, render_contact_sheet
    from countenance.service.showing import shown_finding

    now = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")
    finding = shown_finding(
        c.pictures, sheet.found, sheet.probe, face=sheet.face, photos_each=sheet.photos_each, own=sheet.own
    )
    context, actor = c.context, c.context.actor
    facts = (
        *whose(context),
        ("Purpose", sheet.purpose),
        ("Case", sheet.case),
        ("Asked by", actor.email if actor else ""),
        ("Log entry", str(sheet.found.answer.log.index)),
    )
    html = render_contact_sheet(
        ContactSheet(sheet.title or f"Who resembles {sheet.probe.name}?", finding, facts, made=now)
    )
    write_page(sheet.file, html)


def write_review(c: Countenance, file: Path, review: Review) -> None:
    """Write the page of a review. Raises as `write_sheet`, and `NotFound` once the searched face is gone."""
    from countenance.reports.page import ContactSheet, render_contact_sheet
    from countenance.service.showing import shown_review

    finding = shown_review(c.context, c.pictures, review, c.reviewing.probe(review.id))
    facts = (
        *whose(c.context),
        ("Purpose", review.purpose),
        ("Case", review.case),
        ("Searched by", review.searched_by),
        ("Searched", review.at[:10]),
    )
    write_page(file, render_contact_sheet(ContactSheet(f"Review {review.id}: who is this?", finding, facts)))


def whose(context: Context) -> tuple[tuple[str, str], ...]:
    """Which organisation asks, and in whose gallery."""
    asking, holder = ("Organisation", context.party_name), context.settings.gallery.organisation
    return (asking,) if asking[1] == holder else (asking, ("In the gallery of", holder))


def check_place(file: Path | None, settings: Settings | None) -> None:
    """Raise `InputError` where no page can be written: long work should not end with that. No gallery, no settings."""
    if file is None:
        return
    for folder in (settings.data, settings.vault_path.parent) if settings else ():
        if file.resolve().is_relative_to(folder.resolve()):
            raise InputError(
                f"{file} lies in {folder}, among the gallery's own files.", hint="Write the page somewhere else."
            )
    if file.is_dir() or not file.absolute().parent.is_dir():
        raise InputError(f"The page cannot be written to {file}.", hint="Name a file in a folder that is there.")


def write_page(file: Path, html: str) -> None:
    """Write a page, whole or not at all. Raises `InputError` or `StorageFull` when it cannot be written."""
    fresh = file.with_name(file.name + ".new")
    try:
        fresh.write_text(html, encoding="utf-8", errors="replace")
        fresh.replace(file)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        kind = StorageFull if error.errno == 28 else InputError
        raise kind(f"The page cannot be written to {file}: {error.strerror}.") from None
