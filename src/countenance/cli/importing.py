"""``countenance import``: people taken over from another program's database."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.command import MAIN_JOB, command, group
from countenance.cli.console import plural
from countenance.cli.options import Collective, Condition, Ground, NoticeName, Purposes, Territory, Until
from countenance.cli.session import Session, listed
from countenance.errors import InputError, NoNotice

if TYPE_CHECKING:
    from countenance.service.importing import Imported, Survey

_LINES = 20
"""Skipped people and photos that the screen names; ``--json`` names all."""


def register(app: typer.Typer) -> None:
    """Add the group."""
    imports = group(app, "import", "Take people over from another program's database.", panel=MAIN_JOB)
    command(
        imports, "compreface",
        "countenance import compreface postgresql://frs@127.0.0.1/frs --dry-run",
        "countenance import compreface postgresql://frs@127.0.0.1/frs --evidence form.pdf --notice notice-2027",
    )(compreface)  # fmt: skip


def compreface(
    session: Session,
    url: Annotated[str, typer.Argument(metavar="URL", help="postgresql://ROLE@HOST/DATABASE, without the password.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is in the database.")] = False,
    service: Annotated[
        str | None,
        typer.Option("--service", metavar="NAME", help="Which recognition service, where several keep people."),
    ] = None,
    evidence: Annotated[
        Path | None,
        typer.Option("--evidence", metavar="FILE", help="The form that they signed. Only its SHA-256 is kept."),
    ] = None,
    notice: NoticeName = None,
    purposes: Purposes = None,
    territory: Territory = "unknown",
    ground: Ground = "consent",
    condition: Condition = "explicit-consent",
    until: Until = None,
    collective: Collective = False,
) -> None:
    """Take over the people and photos of a CompreFace database (0.6 or later). It is read, and never written.

    The role's password comes from COUNTENANCE_IMPORT_PASSWORD. Each photo is looked at anew, and enrolled under a basis
    of its own. Nobody is found before a second person countersigns; whom nobody confirms is erased after seven days.

    Photos that CompreFace kept of people who were deleted there are counted, and not taken over. Broken off, run it
    again: what is here already is passed over.
    """
    if dry_run:
        with session.open() as c:
            found = c.importing.survey(url)
        _say_survey(session, found)
        from countenance.service.importing import survey_as_json

        session.screen.answer({"dry_run": True, "database": survey_as_json(found)})
        return
    if evidence is None or notice is None:
        raise InputError(
            "Which form did these people sign, and which notice were they given?",
            hint="Give --evidence FILE and --notice NAME, or look first: --dry-run.",
        )
    from countenance.service.importing import Form

    with session.signed_in() as c, session.bar("importing") as tick:
        if notice not in {each.name for each in c.notices.list()}:
            raise NoNotice(
                f"There is no notice {notice!r} on record.", requirement="P2",
                hint=f"Record it: `countenance notice add {notice} --text FILE --channel form`.",
            )  # fmt: skip
        wanted = tuple(listed(purposes) or listed([c.context.settings.gallery.purpose or ""]))
        form = Form(evidence, wanted, notice, ground, condition, until, collective)
        imported = c.importing.compreface(url, form, service=service, territory=territory, progress=tick)
    _say_survey(session, imported.survey)
    _say_imported(session, imported)


def _say_survey(session: Session, found: Survey) -> None:
    screen = session.screen
    rows = [
        (each.name, each.app, {"R": "recognition", "D": "detection", "V": "verification"}.get(each.kind, each.kind),
         f"{each.people:,}", f"{each.photos:,}", f"{each.without:,}")
        for each in found.services
    ]  # fmt: skip
    columns = ("service", "application", "kind", "people", "photos", "without a photo")
    screen.table(columns, rows, empty="There is no service in this database.")
    if found.orphans:
        screen.warn(
            f"{plural(found.orphans, 'photo')} ({found.orphan_bytes / 2**20:,.1f} MiB) in that database "
            f"{'belongs' if found.orphans == 1 else 'belong'} to nobody: CompreFace keeps the photos of people who are "
            "deleted. They are not taken over. Delete them there."
        )
    if found.of_nobody or found.of_no_service:
        screen.warn(f"Examples of nobody: {found.of_nobody:,}; people of no service: {found.of_no_service:,}.")


def _say_imported(session: Session, imported: Imported) -> None:
    screen = session.screen
    for each in imported.skipped[:_LINES]:
        screen.warn(f"{each.name}{f' ({each.photo})' if each.photo else ''}: {each.reason}")
    if len(imported.skipped) > _LINES:
        counts = Counter(each.code for each in imported.skipped)
        screen.warn(f"{len(imported.skipped):,} in all: {', '.join(f'{n:,} {code}' for code, n in counts.items())}.")
    screen.say()
    screen.say(
        f"{plural(imported.enrolled, 'photo')} enrolled of {plural(imported.people, 'person', 'people')} "
        f"({imported.new_people:,} new), {imported.already:,} here already, {len(imported.skipped):,} skipped.",
        "bold",
    )
    sign = "countenance basis countersign --all-pending --account SECOND@EXAMPLE"
    if imported.enrolled:
        screen.advise(
            "They are found by nobody until a second account, which has seen the form, countersigns them all; whom "
            "nobody confirms is erased after seven days:"
        )
        screen.command(sign)
    screen.answer(imported.as_json() | {"countersign": sign if imported.enrolled else None})
    if imported.skipped:
        raise typer.Exit(1)
