"""Agreements and cases: what lets an organisation search, and the reference that a search belongs to."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from countenance.cli.command import RECORDS, command, group
from countenance.cli.options import Purpose, Purposes
from countenance.cli.session import Session, listed

Reference = Annotated[str, typer.Argument(metavar="REF", help="The case's reference, such as 'press 12'.")]


def register(app: typer.Typer) -> None:
    """Add the groups."""
    agreements = group(app, "agreement", "What lets an organisation search this gallery.", panel=RECORDS)
    command(agreements, "add", "countenance agreement add --purposes photo-library --days 365")(agreement_add)
    command(agreements, "end", "countenance agreement end A1")(agreement_end)
    command(agreements, "list", "countenance agreement list")(agreement_list)
    cases = group(app, "case", "The references that searches belong to.", panel=RECORDS)
    command(cases, "open", 'countenance case open "press 12" --purpose photo-library')(case_open)
    command(cases, "close", 'countenance case close "press 12" --purpose photo-library')(case_close)
    command(cases, "list", "countenance case list")(case_list)


def agreement_add(
    session: Session,
    purposes: Purposes = None,
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="How long it lasts.")] = 365,
    dpia: Annotated[
        str | None, typer.Option("--dpia", metavar="REF", help="The data protection impact assessment.")
    ] = None,
) -> None:
    """Agree with yourselves on the purposes that your own people may search for."""
    with session.open() as c:
        c.sign_in()
        wanted = listed(purposes) or listed([c.context.settings.gallery.purpose or ""])
        agreement = c.agreements.add(wanted, days=days, dpia=dpia)
    session.screen.done(
        f"{agreement.id}: {', '.join(agreement.purposes)}, until {agreement.ends[:10]} (self-agreement)."
    )
    session.screen.answer(asdict(agreement))


def agreement_end(
    session: Session, agreement: Annotated[str, typer.Argument(metavar="NUMBER", help="Such as A1.")]
) -> None:
    """End an agreement at once: the next search under it is refused."""
    with session.open() as c:
        c.sign_in()
        ended = c.agreements.end(agreement)
    session.screen.done(f"{ended.id} has ended.")
    session.screen.answer(asdict(ended))


def agreement_list(session: Session) -> None:
    """Show all agreements of this gallery."""
    with session.open() as c:
        agreements = c.agreements.list()
    rows = (
        (
            each.id,
            f"{each.party} (self-agreement)" if each.self_agreement else each.party,
            ", ".join(each.purposes),
            each.ends[:10],
            "ended" if each.ended else "in force",
        )
        for each in agreements
    )
    session.screen.table(("agreement", "party", "purposes", "until", "state"), rows, empty="There are no agreements.")
    session.screen.answer([asdict(each) for each in agreements])


def case_open(session: Session, reference: Reference, purpose: Purpose = None) -> None:
    """Open a case for one purpose. A search that names a new reference opens it by itself."""
    with session.open() as c:
        c.sign_in()
        case = c.cases.open(reference, purpose=purpose or c.context.settings.gallery.purpose or "")
    session.screen.done(f"{case.id} is open: {case.reference}, for {case.purpose}.")
    session.screen.answer(asdict(case))


def case_close(session: Session, reference: Reference, purpose: Purpose = None) -> None:
    """Close a case: searches under it are refused from here on."""
    with session.open() as c:
        c.sign_in()
        case = c.cases.close(reference, purpose=purpose or c.context.settings.gallery.purpose or "")
    session.screen.done(f"{case.id} is closed: {case.reference}.")
    session.screen.answer(asdict(case))


def case_list(session: Session) -> None:
    """Show all cases."""
    with session.open() as c:
        cases = c.cases.list()
    rows = (
        (each.id, each.reference, each.purpose, each.opened[:10], "closed" if each.closed else "open") for each in cases
    )
    session.screen.table(("case", "reference", "purpose", "opened", "state"), rows, empty="There are no cases.")
    session.screen.answer([asdict(each) for each in cases])
