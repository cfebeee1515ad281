"""What an impact assessment switches on, and the closed list of purposes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.command import RECORDS, command, group
from countenance.cli.session import Session

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Such as X3.")]


def register(app: typer.Typer) -> None:
    """Add the groups."""
    assessments = group(app, "dpia", "What a data protection impact assessment switches on.", panel=RECORDS)
    command(
        assessments, "propose",
        'countenance dpia propose purpose archive-cataloguing --dpia dpia.pdf --signatory "D. Lee"',
        'countenance dpia propose territory DE --dpia dpia.pdf --signatory "D. Lee"',
        'countenance dpia propose model --dpia dpia.pdf --signatory "D. Lee"',
    )(propose)  # fmt: skip
    command(assessments, "approve", "countenance dpia approve X3")(approve)
    command(assessments, "end", "countenance dpia end X3")(end)
    command(assessments, "list", "countenance dpia list")(list_all)
    purposes = group(app, "purpose", "The closed list of what a search may be for.", panel=RECORDS)
    command(purposes, "list", "countenance purpose list")(purpose_list)


def propose(
    session: Session,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="purpose, territory, model or archive.")],
    dpia: Annotated[Path, typer.Option("--dpia", metavar="FILE", help="The document. Only its SHA-256 is kept.")],
    signatory: Annotated[str, typer.Option("--signatory", metavar="NAME", help="Who signed it.")],
    value: Annotated[
        str | None, typer.Argument(metavar="VALUE", help="Which one; the model that is installed when left out.")
    ] = None,
) -> None:
    """Propose to switch something on, naming its impact assessment.

    A territory or a model is on at once. A purpose or an archive waits for two others: `countenance dpia approve`.
    """
    with session.signed_in() as c:
        proposed = c.activations.propose(kind, value, dpia=dpia, signatory=signatory)
    session.screen.done(f"{proposed.id}: the {proposed.kind} {proposed.value} is {proposed.state}.")
    if proposed.state == "proposed":
        session.screen.command(f"countenance dpia approve {proposed.id} --account …", "two others, each with their key")
    session.screen.answer(asdict(proposed))


def approve(session: Session, activation: Number) -> None:
    """Approve a proposed activation with your own key. Two people must, neither of them the one who proposed it."""
    with session.signed_in() as c:
        approved = c.activations.approve(activation)
    session.screen.done(f"{approved.id}: {approved.signed} of {approved.needed} have approved; it is {approved.state}.")
    session.screen.answer(asdict(approved))


def end(session: Session, activation: Number) -> None:
    """Switch something off again, at once."""
    with session.signed_in() as c:
        ended = c.activations.end(activation)
    session.screen.done(f"{ended.id} has ended.")
    session.screen.answer(asdict(ended))


def list_all(session: Session) -> None:
    """Show what was switched on or proposed, with the assessment of each."""
    with session.open() as c:
        found = c.activations.list()
    rows = (
        (
            each.id,
            each.kind,
            each.value[:40],
            f"{each.dpia[:12]}…, {each.signatory}" if each.dpia else "founded with it",
            f"{each.signed} of {each.needed}" if each.needed else "",
            each.state,
        )
        for each in found
    )
    columns = ("activation", "kind", "what", "assessment", "signed", "state")
    session.screen.table(columns, rows, empty="Nothing was switched on.")
    session.screen.answer([asdict(each) for each in found])


def purpose_list(session: Session) -> None:
    """Show every purpose: what it is for, who may ask, how many must review, and whether it is on here and why."""
    with session.open() as c:
        found = c.activations.purposes()
    rows = (
        (
            each.name,
            each.means,
            ", ".join(each.roles),
            each.reviewers,
            "on" if each.on else "off",
            each.why,
            each.iri,
        )
        for each in found
    )
    columns = ("purpose", "what for", "roles", "reviewers", "here", "why", "DPV term")
    session.screen.table(columns, rows, empty="")
    session.screen.answer([asdict(each) for each in found])
