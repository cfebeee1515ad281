"""Agreements and cases: what lets an organisation search, and the reference that a search belongs to."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.command import RECORDS, command, group
from countenance.cli.options import Purpose, Purposes
from countenance.cli.session import Session, listed

Reference = Annotated[str, typer.Argument(metavar="REF", help="The case's reference, such as 'press 12'.")]


Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Such as A1.")]
Days = Annotated[int, typer.Option("--days", min=1, max=3660, help="How long it lasts.")]
Territories = Annotated[
    list[str] | None,
    typer.Option("--territories", "--territory", metavar="CODE", help="Where people live: GB, DE …; * for everywhere."),
]
Signatory = Annotated[str, typer.Option("--signatory", metavar="NAME", help="Who signed the impact assessment.")]


def register(app: typer.Typer) -> None:
    """Add the groups."""
    agreements = group(app, "agreement", "What lets an organisation search this gallery.", panel=RECORDS)
    command(agreements, "add", "countenance agreement add --purposes photo-library --days 365")(agreement_add)
    command(
        agreements, "propose",
        'countenance agreement propose "County Police Records" --purposes photo-library --territories GB --quota 20 '
        '--dpia dpia.pdf --signatory "D. Lee, data protection officer"',
    )(agreement_propose)  # fmt: skip
    command(agreements, "sign", "countenance agreement sign A2")(agreement_sign)
    command(agreements, "end", "countenance agreement end A1")(agreement_end)
    command(agreements, "list", "countenance agreement list")(agreement_list)
    command(agreements, "searches", "countenance agreement searches A2")(agreement_searches)
    cases = group(app, "case", "The references that searches belong to.", panel=RECORDS)
    command(cases, "open", 'countenance case open "press 12" --purpose photo-library')(case_open)
    command(cases, "close", 'countenance case close "press 12" --purpose photo-library')(case_close)
    command(cases, "list", "countenance case list")(case_list)


def agreement_add(
    session: Session,
    purposes: Purposes = None,
    days: Days = 365,
    territories: Territories = None,
    dpia: Annotated[
        Path | None, typer.Option("--dpia", metavar="FILE", help="The data protection impact assessment.")
    ] = None,
    signatory: Signatory = "",
) -> None:
    """Agree with yourselves on the purposes that your own people may search for. It is signed at once."""
    with session.signed_in() as c:
        wanted = listed(purposes) or listed([c.context.settings.gallery.purpose or ""])
        agreement = c.agreements.add(
            wanted, days=days, territories=listed(territories) or None, dpia=dpia, signatory=signatory
        )
    session.screen.done(
        f"{agreement.id}: {', '.join(agreement.purposes)}, until {agreement.ends[:10]} (self-agreement)."
    )
    session.screen.answer(asdict(agreement))


def agreement_propose(
    session: Session,
    party: Annotated[str, typer.Argument(metavar="ORGANISATION", help="Whose people may search here.")],
    quota: Annotated[int, typer.Option("--quota", min=1, help="How many comparisons it may make a day.")],
    dpia: Annotated[Path, typer.Option("--dpia", metavar="FILE", help="The data protection impact assessment.")],
    signatory: Signatory,
    purposes: Purposes = None,
    territories: Territories = None,
    days: Days = 365,
    mandate: Annotated[
        str | None, typer.Option("--mandate", metavar="TEXT", help="What gives it its task, where that is needed.")
    ] = None,
) -> None:
    """Propose that another organisation may search here. In force once an account of each side has signed it.

    Its searches need a case, stay within the quota, show only people who live in the territories (an unknown residence
    is in none), and every candidate is reviewed by two of its people besides the one who searched.
    """
    with session.signed_in() as c:
        agreement = c.agreements.propose(
            party, listed(purposes), territories=listed(territories), days=days, quota=quota, dpia=dpia,
            signatory=signatory, mandate=mandate,
        )  # fmt: skip
    session.screen.done(f"{agreement.id} is proposed. In force once both have signed it, each with their own key:")
    session.screen.command(f"countenance agreement sign {agreement.id}", agreement.owner)
    session.screen.command(f"countenance agreement sign {agreement.id} --account …", agreement.party)
    session.screen.answer(asdict(agreement))


def agreement_sign(session: Session, agreement: Number) -> None:
    """Sign an agreement for your own side, with your own key: exactly what it says now."""
    with session.signed_in() as c:
        signed = c.agreements.sign(agreement)
    waits = f" It waits for {' and '.join(signed.waits_for)}." if signed.waits_for else " It is in force."
    session.screen.done(f"{signed.id} is signed.{waits}")
    session.screen.answer(asdict(signed))


def agreement_end(session: Session, agreement: Number) -> None:
    """End an agreement at once, by either side: the next search under it is refused."""
    with session.signed_in() as c:
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
            "everywhere" if "*" in each.territories else ", ".join(each.territories),
            each.quota,
            each.ends[:10],
            each.state + (f", waits for {' and '.join(each.waits_for)}" if each.state == "proposed" else ""),
        )
        for each in agreements
    )
    columns = ("agreement", "party", "purposes", "people in", "a day", "until", "state")
    session.screen.table(columns, rows, empty="There are no agreements.")
    session.screen.answer([asdict(each) for each in agreements])


def agreement_searches(session: Session, agreement: Number) -> None:
    """Show every comparison that was made under an agreement, and what its reviews have come to."""
    with session.open() as c:
        searches = c.agreements.searches(agreement)
    rows = (
        (
            each.id,
            each.at,
            each.account,
            each.case,
            each.purpose,
            each.shown,
            f"{each.confirmed} confirmed, {each.rejected} rejected of {each.shown}" if each.reviewers else "not needed",
        )
        for each in searches
    )
    columns = ("search", "when", "account", "case", "purpose", "shown", "review")
    session.screen.table(columns, rows, empty="Nobody has searched under this agreement.")
    session.screen.answer([asdict(each) for each in searches])


def case_open(session: Session, reference: Reference, purpose: Purpose = None) -> None:
    """Open a case for one purpose. A search that names a new reference opens it by itself."""
    with session.signed_in() as c:
        case = c.cases.open(reference, purpose=purpose or c.context.settings.gallery.purpose or "")
    session.screen.done(f"{case.id} is open: {case.reference}, for {case.purpose}.")
    session.screen.answer(asdict(case))


def case_close(session: Session, reference: Reference, purpose: Purpose = None) -> None:
    """Close a case: searches under it are refused from here on."""
    with session.signed_in() as c:
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
