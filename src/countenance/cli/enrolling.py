"""``countenance enrol``: one person from one photo, or many from a folder or a CSV file under one form."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countenance.cli.command import MAIN_JOB, command
from countenance.cli.console import plural
from countenance.cli.options import (
    Collective,
    Condition,
    Evidence,
    Face,
    Gate,
    Ground,
    NoticeName,
    Purposes,
    Territory,
    Until,
)
from countenance.cli.session import Session, listed
from countenance.errors import InputError, NoNotice

if TYPE_CHECKING:
    from countenance.service.bases import Basis
    from countenance.service.countenance import Countenance
    from countenance.service.enrolling import Enrolled, Outcome
    from countenance.service.subjects import Subject


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app, "enrol",
        "countenance enrol anna anna.jpg --basis B1",
        "countenance enrol --from people/ --evidence form.pdf --notice notice-2026 --territory GB",
        "countenance enrol --from people.csv --evidence form.pdf --notice notice-2026 --collective",
        panel=MAIN_JOB,
    )(enrol)  # fmt: skip


def enrol(
    session: Session,
    subject: Annotated[str | None, typer.Argument(metavar="SUBJECT", help="The person's handle.")] = None,
    photo: Annotated[Path | None, typer.Argument(metavar="PHOTO", help="A photo of them alone.")] = None,
    basis: Annotated[str | None, typer.Option("--basis", metavar="B1", help="Why their face may be held.")] = None,
    face: Face = None,
    gate: Gate = None,
    receipt: Annotated[
        Path | None,
        typer.Option("--receipt", metavar="FILE", help="Write their receipt, to be given to them (no operator may)."),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="PLACE", help="Many: a folder with NAME.jpg or NAME/1.jpg, or a .csv (photo,name)."
        ),
    ] = None,
    evidence: Evidence = None,
    notice: NoticeName = None,
    purposes: Purposes = None,
    territory: Territory = "unknown",
    ground: Ground = "consent",
    condition: Condition = "explicit-consent",
    until: Until = None,
    collective: Collective = False,
) -> None:
    """Enrol a person from a photo under a recorded basis, or many people at once under one form.

    With --from, everybody new gets a record and a basis of their own, made from --evidence, --notice and --purposes.
    Nobody is found before their basis is confirmed; the last line says how a second person countersigns them all.
    """
    if source is None:
        if subject is None or photo is None or basis is None:
            raise InputError(
                "Who is to be enrolled, from which photo, and on which basis?",
                hint="countenance enrol SUBJECT PHOTO --basis B1, or --from FOLDER for many.",
            )
        with session.signed_in() as c:
            enrolled = c.enrol(subject, photo, basis=basis, face=face, gate=gate)
            handed = _hand_out(c, enrolled, receipt) if receipt else None
        _one(session, enrolled, handed)
        return
    if subject or photo or basis or receipt or evidence is None:
        raise InputError(
            "With --from, give the form that they signed, and no single person, photo, basis or receipt.",
            hint="countenance enrol --from people/ --evidence form.pdf --notice notice-2026",
        )
    form: dict[str, Any] = {
        "ground": ground, "condition": condition, "evidence": evidence, "notice": notice, "until": until,
        "collective": collective, "gate": gate,
    }  # fmt: skip
    _many(session, source, form, listed(purposes), territory)


def _hand_out(c: Countenance, enrolled: Enrolled, receipt: Path) -> Path:
    from countenance.service.receipts import save_receipt

    return save_receipt(c.receipts.issue(enrolled.basis), receipt)


def _one(session: Session, enrolled: Enrolled, receipt: Path | None) -> None:
    screen = session.screen
    screen.done(f"{enrolled.subject} is enrolled from {enrolled.photo} under {enrolled.basis}.")
    if enrolled.waits_for:
        screen.advise(f"Not found yet: {enrolled.waits_for}.")
        screen.command(f"countenance basis countersign {enrolled.basis} --account SECOND@EXAMPLE")
    if receipt:
        screen.say(f"  Their receipt, to be given to them: {receipt}")
    if enrolled.advice:
        screen.advise(enrolled.advice)
    screen.answer(enrolled.as_json() | {"receipt": str(receipt) if receipt else None})


def _many(session: Session, source: Path, form: dict[str, Any], purposes: list[str], territory: str) -> None:
    from countenance.service.enrolling import rows_from

    rows, gate = rows_from(source, territory=territory), form.pop("gate")
    with session.signed_in() as c:
        form["purposes"] = purposes or listed([c.context.settings.gallery.purpose or ""])
        _check_form(c, form)

        def make_basis(subject: Subject) -> Basis:
            return c.bases.record(subject, **form)

        told = partial(_line, session)
        outcomes = c.enrol_many(rows, make_basis, evidence=form["evidence"], gate=gate, progress=told)
    _summary(session, outcomes)


def _check_form(c: Countenance, form: dict[str, Any]) -> None:
    """What is wrong with the form is wrong for everybody: say it once, before anybody is recorded."""
    c.bases.check(**{key: form[key] for key in ("ground", "condition", "purposes", "evidence", "until")})
    if form["notice"] is not None and form["notice"] not in {notice.name for notice in c.notices.list()}:
        raise NoNotice(
            f"There is no notice {form['notice']!r} on record.", requirement="P2",
            hint=f"Record it: `countenance notice add {form['notice']} --text FILE --channel form`.",
        )  # fmt: skip


def _line(session: Session, outcome: Outcome) -> None:
    row = outcome.row
    if outcome.enrolled is None:
        reason = outcome.fault.message if outcome.fault else "not enrolled"
        session.screen.warn(f"{row.name} ({row.photo.name}): {reason}")
    elif not session.quiet:
        session.screen.done(f"{row.name} ({row.photo.name}): enrolled under {outcome.enrolled.basis}")


def _summary(session: Session, outcomes: list[Outcome]) -> None:
    screen = session.screen
    enrolled = [outcome.enrolled for outcome in outcomes if outcome.enrolled]
    failed = [(outcome.row, outcome.fault) for outcome in outcomes if outcome.fault]
    pending = list(dict.fromkeys(each.basis for each in enrolled if not each.searchable))
    people = len({each.subject for each in enrolled})
    waiting = f"; {plural(len(pending), 'basis', 'bases')} not live yet" if pending else ""
    screen.say()
    photos = plural(len(enrolled), "photo")
    screen.say(
        f"{plural(people, 'person', 'people')} enrolled from {photos}, {len(failed)} not enrolled{waiting}.", "bold"
    )
    sign = "countenance basis countersign --all-pending --account SECOND@EXAMPLE"
    if pending:
        screen.advise(
            "They are found by nobody until a second account, which has seen the form, countersigns them all:"
        )
        screen.command(sign)
    if enrolled and enrolled[-1].advice:
        screen.advise(enrolled[-1].advice)
    screen.answer(
        {
            "enrolled": [each.as_json() for each in enrolled],
            "failed": [
                {"photo": str(row.photo), "name": row.name, **(fault.diagnostics() if fault else {})}
                for row, fault in failed
            ],
            "pending": pending,
            "countersign": sign if pending else None,
        }
    )
    if failed:
        raise typer.Exit(1)
