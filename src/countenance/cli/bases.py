"""``countenance basis``: why a person's face may be held, and who confirmed it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countenance.cli import consents
from countenance.cli.command import RECORDS, command, group
from countenance.cli.console import plural
from countenance.cli.options import (
    Collective,
    Condition,
    Evidence,
    Ground,
    NoticeName,
    Purposes,
    SubjectName,
    Until,
)
from countenance.cli.session import Session, listed
from countenance.errors import CountenanceError, InputError

if TYPE_CHECKING:
    from countenance.service.bases import Basis
    from countenance.service.countenance import Countenance

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The basis, such as B1.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    bases = group(app, "basis", "Why a person's face may be held.", panel=RECORDS)
    command(bases, "record", "countenance basis record anna --evidence form-17.pdf --notice notice-2026")(record)
    command(
        bases, "countersign",
        "countenance basis countersign B1 B2 --account ben@club.example",
        "countenance basis countersign --all-pending --account ben@club.example",
    )(countersign)  # fmt: skip
    command(bases, "confirm", "countenance basis confirm B1 --account anna@club.example")(confirm)
    command(bases, "notice", "countenance basis notice B1 notice-2026")(notice)
    command(
        bases, "list", "countenance basis list", "countenance basis list anna", "countenance basis list --ending 30"
    )(listing)
    command(bases, "expiring", "countenance basis expiring", "countenance basis expiring --days 60 --json")(expiring)
    consents.add_to(bases)


def record(
    session: Session,
    subject: SubjectName,
    evidence: Evidence = None,
    notice: NoticeName = None,
    purposes: Purposes = None,
    ground: Ground = "consent",
    condition: Condition = "explicit-consent",
    until: Until = None,
    collective: Collective = False,
) -> None:
    """Record why a person's face may be held. It finds nobody until it is confirmed.

    The person confirms it through a one-time link or with their own account, or a second account countersigns that it
    has seen the form.
    """
    if evidence is None:
        raise InputError("A basis needs its evidence.", hint="Give the signed form, or a scan: --evidence form.pdf.")
    with session.signed_in() as c:
        basis = c.bases.record(
            c.subjects.get(subject),
            ground=ground,
            condition=condition,
            purposes=listed(purposes) or listed([c.context.settings.gallery.purpose or ""]),
            evidence=evidence,
            notice=notice,
            until=until,
            collective=collective,
        )
        told = _told(c, [basis])[0]
    session.screen.done(f"{basis.id}: {subject} for {', '.join(basis.purposes)}, until {basis.ends[:10]}; pending.")
    if not basis.notice:
        session.screen.advise(f"Say what the person was told: `countenance basis notice {basis.id} NAME`.")
    session.screen.advise(
        "It finds nobody until a second account has countersigned it, or the person has confirmed it:"
    )
    session.screen.command(f"countenance basis countersign {basis.id} --account SECOND@EXAMPLE")
    session.screen.command(f"countenance basis link {basis.id}")
    session.screen.answer(told)


def countersign(
    session: Session,
    numbers: Annotated[
        list[str] | None, typer.Argument(metavar="NUMBERS", help="The bases, such as B1 B2.", show_default=False)
    ] = None,
    all_pending: Annotated[
        bool, typer.Option("--all-pending", "--all", help="Every pending basis that has not expired.")
    ] = False,
) -> None:
    """Confirm bases with a second account's own key: another person has seen the forms.

    The account that recorded a basis cannot countersign it. Name the second one with --account.
    """
    if bool(numbers) == all_pending:
        raise InputError("Which bases?", hint="Name them (B1 B2 …), or say --all-pending.")
    with session.signed_in() as c:
        waiting = numbers or [each.id for each in c.bases.pending()]
        signed: list[Basis] = []
        faults: list[tuple[str, CountenanceError]] = []
        for number in waiting:
            try:
                signed.append(c.bases.countersign(number))
            except CountenanceError as fault:
                faults.append((number, fault))
        told = _told(c, signed)
    _report(session, told, faults)


def _report(session: Session, told: list[dict[str, Any]], faults: list[tuple[str, CountenanceError]]) -> None:
    if faults and not told:
        raise faults[0][1]
    screen = session.screen
    screen.answer(
        {"countersigned": told, "failed": [{"basis": number, **fault.diagnostics()} for number, fault in faults]}
    )
    if not told:
        screen.say("No basis is pending.")
        return
    signed = ", ".join(f"{each['id']} ({each['subject']})" for each in told)
    screen.done(f"{plural(len(told), 'basis', 'bases')} countersigned: {signed}.")
    for number, fault in faults:
        screen.warn(f"{number}: {fault.message}")
    unnoticed = [each["id"] for each in told if not each["notice"]]
    if unnoticed:
        screen.advise(
            f"{plural(len(unnoticed), 'basis', 'bases')} still without a notice: {', '.join(unnoticed)}. "
            "They find nobody until `countenance basis notice` records it."
        )
    if faults:
        raise typer.Exit(1)


def confirm(session: Session, number: Number) -> None:
    """Confirm your own consent: your account's e-mail address is the contact on the person's record."""
    with session.signed_in() as c:
        told = _told(c, [c.bases.confirm(number)])[0]
    session.screen.done(f"{told['id']} is confirmed by {told['subject']}'s own key.")
    session.screen.answer(told)


def notice(
    session: Session,
    number: Number,
    name: Annotated[str, typer.Argument(metavar="NOTICE", help="The notice, as `notice list` shows it.")],
) -> None:
    """Record that the person was given a notice; without one a basis finds nobody."""
    with session.signed_in() as c:
        told = _told(c, [c.bases.give_notice(number, name)])[0]
    session.screen.done(f"{told['id']}: {told['subject']} was given {name}.")
    session.screen.answer(told)


def listing(
    session: Session,
    subject: Annotated[str | None, typer.Argument(metavar="SUBJECT", help="Of this person alone.")] = None,
    ending: Annotated[
        int | None, typer.Option(metavar="DAYS", help="Only those in force that end within so many days.")
    ] = None,
) -> None:
    """Show all bases, or those of one person, and why one finds nobody; `basis show` says it in full."""
    with session.open() as c:
        told = _told(c, c.bases.list(c.subjects.get(subject) if subject else None, ending=ending))
        for each in told:
            each["lacks"] = [lack.what for lack in c.bases.why_not(each["id"])]
    rows = (
        (
            each["id"],
            each["subject"],
            each["life"],
            ", ".join(each["purposes"]),
            each["notice"] or "none yet",
            each["ends"][:10],
            each["confirmed_how"],
            "; ".join(each["lacks"]) or "finds",
        )
        for each in told
    )
    columns = ("basis", "subject", "state", "purposes", "notice", "until", "confirmed", "finds nobody because")
    session.screen.table(columns, rows, empty="No basis ends so soon." if ending else "There are no bases.")
    session.screen.answer(told)


def expiring(
    session: Session,
    days: Annotated[int, typer.Option("--days", metavar="N", help="How far to look ahead.")] = 30,
) -> None:
    """Show whose consent ends soon, and who was written to: whom to ask again. The first to end comes first.

    Whoever has agreed anew, for the same purposes and longer, is not among them. `countenance serve` writes to each
    once, at the contact on record, where the configuration has [mail].
    """
    with session.open() as c:
        found = c.reminders.expiring(days)
    rows = (
        (
            each.basis,
            each.subject,
            ", ".join(each.purposes),
            each.ends[:10],
            plural(each.days_left, "day"),
            each.way,
            each.reminded[:10] if each.reminded else "not yet",
        )
        for each in found
    )
    columns = ("basis", "subject", "purposes", "until", "left", "reached by", "reminded")
    session.screen.table(columns, rows, empty="No consent ends so soon.")
    session.screen.answer([asdict(each) for each in found])


def _told(c: Countenance, bases: list[Basis]) -> list[dict[str, Any]]:
    """Bases as data, with the person's handle instead of a number."""
    handles = {subject.id: subject.handle for subject in c.subjects.list()}
    return [asdict(basis) | {"subject": handles.get(basis.subject), "life": basis.life} for basis in bases]
