"""``countenance status``: what is here."""

from __future__ import annotations

from typing import Any

import typer

from countenance.cli.command import CHECK, command
from countenance.cli.console import plural
from countenance.cli.session import Session


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "status", "countenance status", "countenance status --json", panel=CHECK)(status)


def status(session: Session) -> None:
    """Show what is here and in what state: version, models, backend, counts, index, the log's checkpoint."""
    with session.open() as c:
        told = c.status()
    screen, counts, search = session.screen, told["counts"], told["search"]
    solo = " (solo: fewer than three named people, so purposes with two reviewers are off)" if told["solo"] else ""
    screen.facts(
        [
            ("Countenance", told["version"]),
            ("Gallery", f"{told['gallery']} of {told['organisation']}{solo}"),
            ("Account", told["account"] or "none"),
            ("Search", f"threshold {search['threshold']:g}, high from {search['high']:g} ({search['scale']})"),
            ("Its rate", _rate(search["rate"])),
            ("Index", f"{told['index']['engine']}, at change {told['index']['sequence']}"),
            ("Backend", told["backend"]),
            *(("Model", _model(each)) for each in told["models"]),
            ("Log", f"{told['log']['size']} entries, {_witness(told['log']['witness'])}"),
        ]
    )
    screen.say()
    screen.facts((name.replace("_", " "), count) for name, count in counts.items() if count)
    if told["unfinished_erasures"]:
        left = plural(told["unfinished_erasures"], "erasure is", "erasures are")
        screen.warn(f"{left} unfinished, and carried on at the next command.")
    requests = told["requests"]
    if requests["overdue"]:
        late = plural(requests["overdue"], "request is past its month", "requests are past their month")
        screen.warn(f"{late}: `countenance request list --overdue`.")
    elif requests["open"]:
        waiting = plural(requests["open"], "request waits", "requests wait")
        screen.advise(f"{waiting} for an answer: `countenance request list`.")
    if counts["bases_pending"]:
        pending = plural(counts["bases_pending"], "basis waits", "bases wait")
        screen.advise(f"{pending} for a second account: `countenance basis list`.")
    if counts["bases_ending_soon"]:
        ending = plural(counts["bases_ending_soon"], "basis ends", "bases end")
        screen.advise(f"{ending} within 30 days: `countenance basis list --ending 30`.")
    screen.answer(told)


def _witness(held: str | dict[str, Any]) -> str:
    if isinstance(held, str):
        return held
    return f"witnessed: {held['size']} of them by {held['name']}, {held['at'][:10]}"


def _model(model: dict[str, Any]) -> str:
    here = "" if model["present"] else "; NOT HERE: `countenance models fetch`"
    return f"{model['name']}, {model['role']}, {model['licence']}, SHA-256 {model['sha256'][:12]}…{here}"


def _rate(rate: dict[str, Any]) -> str:
    by = {"rate": "set by the rate that [search] fpir asks for", "configuration": "a fixed cosine"}[rate["set_by"]]
    share = f"{rate['fpir']:.2%}" if rate["fpir"] >= 0.00005 else "less than 0.01%"
    about = ", extrapolated" if rate["extrapolated"] else ""
    return (
        f"{by}: {share} of searches for a stranger among {rate['counted_as']:,} templates show "
        f"anybody{about}; measured on {rate['measured_on']}"
    )
