"""``countenance request``: people's rights: what is held of me, erase me, I object, put it right."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.command import RIGHTS, command, group
from countenance.cli.console import plural
from countenance.cli.options import SubjectName
from countenance.cli.session import Session
from countenance.errors import InputError

if TYPE_CHECKING:
    from countenance.service.answering import Answered
    from countenance.service.requests import Request

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The request, such as R1.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FOLDER", help="Where the access answer goes in clear, for sending; yours alone."),
]


def register(app: typer.Typer) -> None:
    """Add the group."""
    about = "People's rights: access, erasure, objection, restriction, rectification."
    requests = group(app, "request", about, panel=RIGHTS)
    command(
        requests, "open",
        "countenance request open --kind access --contact anna@example.org",
        "countenance request open --kind objection --receipt receipt.json",
        "countenance request open --kind erasure --subject anna",
    )(request_open)  # fmt: skip
    command(requests, "list", "countenance request list", "countenance request list --overdue")(request_list)
    command(requests, "show", "countenance request show R1")(request_show)
    command(requests, "assign", "countenance request assign R1 anna")(request_assign)
    command(
        requests, "answer",
        "countenance request answer R1 --out ~/for-anna",
        "countenance request answer R2 --territory DE --contact anna@example.org",
        "countenance request answer R3 --refuse not-identified",
    )(request_answer)  # fmt: skip
    command(requests, "extend", "countenance request extend R1 --reason complex")(request_extend)
    command(requests, "export", "countenance request export R1 --out ~/for-anna")(request_export)
    command(requests, "done", "countenance request done R1")(request_done)
    command(requests, "lift", "countenance request lift anna")(request_lift)


# --- in --------------------------------------------------------------------------------------------------------------


def request_open(
    session: Session,
    kind: Annotated[
        str, typer.Option("--kind", metavar="K", help="access, erasure, objection, restriction or rectification.")
    ],
    receipt: Annotated[Path | None, typer.Option("--receipt", metavar="FILE", help="The person's receipt.")] = None,
    contact: Annotated[str | None, typer.Option("--contact", help="The contact on record, such as an address.")] = None,
    subject: Annotated[
        str | None, typer.Option("--subject", metavar="SUBJECT", help="Whom the officer at the counter knows it to be.")
    ] = None,
    words: Annotated[str | None, typer.Option("--words", help="The person's own words, if they add any.")] = None,
    photo: Annotated[
        Path | None,
        typer.Option("--photo", metavar="FILE", help="An option: helps the officer find the record; nothing is kept."),
    ] = None,
) -> None:
    """Record a request. It needs no account of theirs, no fee and no photo; the month begins now.

    An objection or a restriction takes effect with the next search. What the person is told is the same whether or not
    anything is held of them.
    """
    from countenance.service.receipts import read_receipt

    with session.open() as c:
        if subject is not None or photo is not None:
            c.sign_in()
        made = c.requests.open(
            kind,
            receipt=read_receipt(receipt) if receipt else None,
            contact=contact,
            subject=subject,
            details=words,
            photo=photo,
        )
    screen = session.screen
    numbers = " and ".join((made.id, *made.also))
    screen.done(f"{numbers} is recorded; the answer is due by {made.deadline}.")
    for one in made.candidates:
        screen.say(f"  The photo may show {one.name} ({one.subject}), {one.score:.3f}, {one.band} band.")
    if photo is not None and not made.candidates:
        screen.say("  The photo shows nobody who is held here, or cannot be used.")
    if photo is not None and made.subject is None:
        screen.advise("For your eyes alone. If you know who it is, say so:")
        screen.command(f"countenance request assign {made.id} SUBJECT")
    screen.answer(asdict(made))


# --- looking ---------------------------------------------------------------------------------------------------------


def request_list(
    session: Session,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those past their deadline.")] = False,
) -> None:
    """Show all requests with the days that are left: overdue ones first."""
    with session.open() as c:
        found = c.requests.list(overdue=overdue)
    rows = ((each.id, each.kind, each.subject or "not on record", each.channel, _left(each)) for each in found)
    session.screen.table(
        ("request", "kind", "whose", "by", "state"), rows, empty="No request is overdue." if overdue else "No requests."
    )
    session.screen.answer([asdict(each) for each in found])


def _left(request: Request) -> str:
    if request.state != "open":
        return f"{request.state} {(request.answered or '')[:10]}"
    if request.overdue:
        return f"OVERDUE by {plural(-request.days_left, 'day')}"
    return f"{plural(request.days_left, 'day')} left"


def request_show(session: Session, number: Number) -> None:
    """Show one request with what the person wrote. That you looked is logged."""
    from countenance.service.requests import EXTENSIONS, KINDS, REFUSALS

    with session.signed_in() as c:
        told = c.requests.show(number)
    session.screen.facts(
        (name, value)
        for name, value in (
            ("Request", f"{told.id}, {told.kind}: {KINDS[told.kind]}"),
            ("Whose", told.subject or "nobody on record"),
            ("Came by", told.channel),
            ("Contact given", told.contact),
            ("In their words", told.words),
            ("Asked", told.opened[:10]),
            ("Due by", told.deadline),
            ("State", _left(told)),
            ("Put off because", EXTENSIONS.get(told.extension or "")),
            ("Refused because", REFUSALS.get(told.reason or "")),
        )
        if value
    )
    session.screen.answer(asdict(told))


# --- out -------------------------------------------------------------------------------------------------------------


def request_assign(session: Session, number: Number, subject: SubjectName) -> None:
    """Say whose request it is, once you know. A photo alone never says so."""
    with session.signed_in() as c:
        told = c.requests.assign(number, subject)
    session.screen.done(f"{told.id} is {subject}'s.")
    session.screen.answer(asdict(told))


def request_answer(
    session: Session,
    number: Number,
    refuse: Annotated[
        str | None,
        typer.Option("--refuse", metavar="REASON", help="Why not: not-identified, unfounded, excessive or duty."),
    ] = None,
    out: Out = None,
    nobody: Annotated[
        bool, typer.Option("--nobody", help="Nobody on record asks: the answer is that nothing is held.")
    ] = False,
    name: Annotated[str | None, typer.Option("--name", help="Rectification: the right name.")] = None,
    contact: Annotated[str | None, typer.Option("--contact", help="Rectification: the right contact.")] = None,
    born: Annotated[
        int | None, typer.Option("--born", metavar="YEAR", help="Rectification: the year of birth.")
    ] = None,
    territory: Annotated[
        str | None, typer.Option("--territory", metavar="CODE", help="Rectification: where they live.")
    ] = None,
) -> None:
    """Answer a request: signed and logged. What is asked for is carried out, or refused with a reason.

    An access answer is kept sealed, and written in clear only where --out says. It goes to the contact on record and
    to nobody else. An erasure comes with its certificate.
    """
    with session.signed_in() as c:
        corrections = {"name": name, "contact": contact, "birth_year": born, "territory": territory}
        done = c.requests.answer(number, refuse=refuse, out=out, nobody=nobody, **corrections)
        folder = c.context.settings.folder
    _tell(session, done, folder)
    session.screen.answer(done.as_json())


def _tell(session: Session, done: Answered, folder: Path) -> None:
    screen = session.screen
    screen.done(f"{done.id} is {done.outcome}.")
    screen.say(f'  What they are told: "{done.told}"')
    if done.certified is not None:
        place = folder / "certificates" / f"{done.certified.certificate['body']['number']}.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        screen.say(f"  Certificate: {done.certified.save(place)}")
        for original in done.certified.originals:
            screen.say(f"  Your own file that remains: {original}")
    for file in done.files:
        screen.say(f"  In clear: {file}")
    if done.contact:
        screen.advise(f"Tell {done.contact}, and nobody else.")
    if done.kind == "access" and done.outcome == "answered":
        if not done.files:
            screen.command(f"countenance request export {done.id} --out FOLDER", "to send it")
        screen.command(f"countenance request done {done.id}", "once it is sent")


def request_extend(
    session: Session,
    number: Number,
    reason: Annotated[
        str, typer.Option("--reason", metavar="REASON", help="complex (it takes long to find out) or many (requests).")
    ],
) -> None:
    """Take two further months for an answer, once, before the first is over; the person is told why now."""
    with session.signed_in() as c:
        done = c.requests.extend(number, reason)
    session.screen.done(f"{done.id} is due by {done.deadline}.")
    session.screen.say(f'  What they are told: "{done.told}"')
    if done.contact:
        session.screen.advise(f"Tell {done.contact}, and nobody else, before the first month is over.")
    session.screen.answer(asdict(done))


def request_export(session: Session, number: Number, out: Out = None) -> None:
    """Write a kept access answer in clear, to be sent to the contact on record. Logged."""
    if out is None:
        raise InputError("Where to?", hint="Name a folder: --out FOLDER.")
    with session.signed_in() as c:
        files = c.requests.export(number, out)
    for file in files:
        session.screen.done(f"{file}")
    session.screen.advise("Delete both once they are sent.")
    session.screen.answer({"files": [str(file) for file in files]})


def request_done(session: Session, number: Number) -> None:
    """The answer is sent: the kept copy and what the person wrote are removed."""
    with session.signed_in() as c:
        told = c.requests.done(number)
    session.screen.done(f"{told.id}: nothing of the answer is kept.")
    session.screen.answer(asdict(told))


def request_lift(session: Session, subject: SubjectName) -> None:
    """Let a person be found again who had restricted their record. Tell them first."""
    with session.signed_in() as c:
        c.requests.lift(subject)
    session.screen.done(f"{subject} is no longer restricted.")
    session.screen.answer({"subject": subject, "restricted": False})
