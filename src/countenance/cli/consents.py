"""``countenance basis``: one basis in full, the person's own answer, their receipt, and forms for many people."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.command import command
from countenance.cli.session import Session

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The basis, such as B1.")]


def add_to(bases: typer.Typer) -> None:
    """Add the commands to the group."""
    command(bases, "show", "countenance basis show B1")(show)
    command(bases, "link", "countenance basis link B1 --base-url https://faces.club.example")(link)
    command(bases, "collective", "countenance basis collective form-everybody.pdf")(collective)
    command(bases, "receipt", "countenance basis receipt B1 --out anna-receipt.json")(receipt)


def show(session: Session, number: Number) -> None:
    """Show one basis: its life with its dates, how it was confirmed, and why it finds nobody yet."""
    with session.open() as c:
        basis = c.bases.get(number)
        lacks = c.bases.why_not(basis)
        handles = {subject.id: subject.handle for subject in c.subjects.list()}
    dates = (("recorded", basis.recorded), ("notice given", basis.noticed), ("confirmed", basis.confirmed))
    session.screen.facts(
        [
            ("basis", basis.id),
            ("subject", handles.get(basis.subject)),
            ("state", basis.life),
            ("purposes", ", ".join(basis.purposes)),
            ("ground", f"{basis.ground}, {basis.condition}"),
            ("notice", basis.notice or "none yet"),
            ("confirmed how", basis.confirmed_how or "not yet"),
            *((what, day[:10] if day else "not yet") for what, day in dates),
            ("in force from", basis.starts[:10]),
            ("until", basis.ends[:10]),
            *((("withdrawn", basis.withdrawn[:10]),) if basis.withdrawn else ()),
        ]
    )
    if lacks:
        session.screen.say("It finds nobody:", "bold")
        for lack in lacks:
            session.screen.say(f"  {lack.what} ({lack.requirement}). What would do: {lack.remedy}.")
    else:
        session.screen.say("It finds its person, for whoever may search for its purposes.")
    told = asdict(basis) | {"subject": handles.get(basis.subject), "life": basis.life}
    session.screen.answer(told | {"finds": not lacks, "lacks": [asdict(lack) for lack in lacks]})


def link(
    session: Session,
    number: Number,
    base_url: Annotated[
        str, typer.Option("--base-url", metavar="URL", help="Where people reach this gallery's page (`serve`). Needed.")
    ] = "",
) -> None:
    """Make a one-time link, by which the person confirms their own consent, or a minor's guardian does.

    Nothing is sent: send the text yourself, to the address on record and to no other. It serves once, for 14 days.
    """
    with session.signed_in() as c:
        made = c.bases.link(number, base_url=base_url)
    session.screen.done(f"A link for {made.basis}, for {made.to} alone, until {made.expires[:10]}.")
    session.screen.say()
    for line in made.text.split("\n"):
        session.screen.say(line, wrap=line != made.address)
    session.screen.say()
    session.screen.advise("Whoever holds this link can answer it. It is shown this once, and not stored.")
    session.screen.answer(asdict(made))


def collective(
    session: Session,
    evidence: Annotated[Path, typer.Argument(metavar="FILE", help="The form that many people have signed.")],
) -> None:
    """Declare that a file is one form for more than 30 people. Two accounts declare it, each with its own key."""
    with session.signed_in() as c:
        signed = c.bases.declare_collective(evidence)
    needed = max(0, 2 - signed)
    session.screen.done(f"{evidence.name} is declared a collective form by {signed} of 2 accounts.")
    if needed:
        session.screen.advise("Another account declares it as well:")
        session.screen.command(f"countenance basis collective {evidence} --account SECOND@EXAMPLE")
    session.screen.answer({"evidence": str(evidence), "declared_by": signed, "still_needed": needed})


def receipt(
    session: Session,
    number: Number,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where it goes; receipt-B1.json if left out.")
    ] = None,
) -> None:
    """Write the person's consent receipt (ISO/IEC TS 27560, signed) and a page that says it in words, to give to them.

    With it they withdraw or are erased without an account, a name or a photo. It carries the log's signed checkpoint,
    which makes them a witness: `countenance-check certificate FILE` checks it offline.
    """
    from countenance.cli.sheets import write_page
    from countenance.reports.receipt import render_receipt
    from countenance.service.receipts import save_receipt

    with session.signed_in() as c:
        basis = c.bases.get(number)
        made = c.receipts.issue(basis)
    place = save_receipt(made, out or Path(f"receipt-{basis.id}.json"))
    page = place.with_name(f"{place.name.removesuffix('.json')}.html")
    write_page(page, render_receipt(made, place.name))
    session.screen.done(f"The receipt of {basis.id} is in {place}, valid until {made['body']['expires'][:10]}.")
    session.screen.say(f"The same in words, to be read: {page}")
    session.screen.advise(
        f"Give both to the person, and keep no copy: whoever holds {place.name} can withdraw and erase."
    )
    session.screen.answer({"basis": basis.id, "file": str(place), "page": str(page), "receipt": made})
