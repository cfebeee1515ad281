"""``countenance withdraw`` and ``countenance erase``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.command import MAIN_JOB, command
from countenance.cli.console import plural
from countenance.cli.session import Session
from countenance.errors import CountenanceError, InputError

if TYPE_CHECKING:
    from countenance.service.leaving import Certified


Somebody = Annotated[
    str | None, typer.Argument(metavar="SUBJECT", help="The person's handle, as `subject list` shows it.")
]
Receipt = Annotated[
    Path | None, typer.Option("--receipt", metavar="FILE", help="Instead of a name: the receipt that they were given.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(
        app, "withdraw",
        "countenance withdraw anna",
        "countenance withdraw anna --basis B1",
        "countenance withdraw --receipt receipt-B1.json",
        panel=MAIN_JOB,
    )(withdraw)  # fmt: skip
    command(
        app, "erase",
        "countenance erase anna --reason withdrawn --certificate anna-gone.json",
        "countenance erase --receipt receipt-B1.json",
        panel=MAIN_JOB,
    )(erase)  # fmt: skip


def withdraw(
    session: Session,
    subject: Somebody = None,
    basis: Annotated[
        list[str] | None, typer.Option("--basis", metavar="B1", help="Only this one; several times for several.")
    ] = None,
    receipt: Receipt = None,
) -> None:
    """Withdraw a person's bases, all or some: the next search does not find them.

    A receipt withdraws the basis that it was handed out for; its holder needs no account and says no name.
    """
    if receipt is not None:
        _by_receipt_alone(subject, basis)
        _withdraw_by_receipt(session, receipt)
        return
    subject = _somebody(subject)
    with session.signed_in() as c:
        index = c.withdraw(subject, basis)
        left = [each.id for each in c.bases.list(c.subjects.get(subject)) if each.state in {"pending", "live"}]
    screen = session.screen
    if left:
        screen.done(f"Withdrawn (log entry {index}). {subject} is still held on {', '.join(left)}.")
    else:
        screen.done(f"Withdrawn (log entry {index}): the next search does not find {subject}.")
        screen.advise("To erase what is stored as well, with a certificate:")
        screen.command(f"countenance erase {subject} --reason withdrawn")
    screen.answer({"subject": subject, "bases_left": left, "log": {"index": index}})


def erase(
    session: Session,
    subject: Somebody = None,
    reason: Annotated[
        str | None,
        typer.Option("--reason", metavar="R", help="withdrawn, objection, request, expired, order or mistake."),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(
            "--certificate", metavar="FILE", help="Where the certificate goes; the gallery's certificates/ if left out."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    receipt: Receipt = None,
) -> None:
    """Erase a person: records, template and key; every file of ours searched for their bytes; a certificate at the end.

    It cannot be undone. Your own original photographs stay where they are: the last lines name them, on screen only.
    A receipt erases the person whom it was handed out to; its holder needs no account and says no name.
    """
    from countenance.service.receipts import read_receipt

    if receipt is not None:
        _by_receipt_alone(subject, reason)
    with session.open() as c:
        if receipt is not None:
            holder = read_receipt(receipt)
            _ask(session, "Erase the person whose receipt this is for good?", yes=yes)
            certified = c.erase_by_receipt(holder)
        else:
            person = c.subjects.get(_somebody(subject))
            if reason is None:
                raise InputError("An erasure needs a reason, and none was given.", hint="--reason withdrawn, request …")
            _ask(session, f"Erase {person.name} ({person.handle}) for good?", yes=yes)
            c.sign_in()
            certified = c.erase(person, reason=reason)
        place = (
            certificate
            or c.context.settings.folder / "certificates" / f"{certified.certificate['body']['number']}.json"
        )
    _tell(session, subject or "Whose receipt this was", certified, _save(session, certified, place))
    session.screen.answer(certified.as_json())


def _withdraw_by_receipt(session: Session, receipt: Path) -> None:
    from countenance.service.receipts import read_receipt

    with session.open() as c:
        index = c.withdraw_by_receipt(read_receipt(receipt))
    session.screen.done(f"Withdrawn (log entry {index}): no search finds anybody under this consent any more.")
    session.screen.advise("To erase what is stored as well, with a certificate:")
    session.screen.command(f"countenance erase --receipt {receipt}")
    session.screen.answer({"receipt": str(receipt), "log": {"index": index}})


def _by_receipt_alone(*others: object) -> None:
    if any(others):
        raise InputError(
            "A receipt says by itself whose it is.", hint="Give --receipt alone, without a name or reason."
        )


def _somebody(subject: str | None) -> str:
    if subject is None:
        raise InputError("Who?", hint="Name the subject, or show a receipt: --receipt FILE.")
    return subject


def _ask(session: Session, question: str, *, yes: bool) -> None:
    if session.interactive and not yes and not session.agreed(question):
        raise InputError("Nothing was erased.", hint="Say yes, or give --yes.")


def _save(session: Session, certified: Certified, place: Path) -> Path | None:
    """The person is gone whatever happens to the file, so a full disk must not look like a failed erasure."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        return certified.save(place)
    except (CountenanceError, OSError) as error:
        session.screen.warn(f"Erased, but the certificate could not be written to {place}: {_reason(error)}")
        return None


def _reason(error: Exception) -> str:
    return error.message if isinstance(error, CountenanceError) else str(getattr(error, "strerror", "") or error)


def _tell(session: Session, subject: str, certified: Certified, place: Path | None) -> None:
    screen, body = session.screen, certified.certificate["body"]
    scan = body["scan"]
    screen.done(
        f"{subject} is erased: {plural(body['counts']['references'], 'template')} and "
        f"{plural(body['counts']['appearances'], 'appearance')} gone, their key destroyed."
    )
    searched = f"{plural(scan['files'], 'file')} of ours ({scan['bytes']:,} bytes)"
    screen.say(f"  {searched} searched for {scan['markers']} marks of them: {scan['found'] or 'none'} found.")
    if place is not None:
        screen.say(f"  Certificate {body['number']}: {place}")
        screen.advise("Anybody can check it, offline and without us:")
        screen.command(f"countenance-check certificate {place}")
    if certified.originals:
        screen.say(
            "Your own files that remain, and are yours to keep or delete (shown here only, never stored):", "bold"
        )
        for original in certified.originals:
            screen.say(f"  {original}")
    for residual in body["residuals"]:
        if "count" not in residual:
            screen.say(f"Not ours to clear: {residual['what']}.", "dim")
