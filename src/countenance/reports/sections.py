"""Sections that several reports have, made from the same plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from countenance.reports.papers import Part, Table
from countenance.reports.words import day, joined, plainly, share, witnessed

Told = Mapping[str, Any]


def purposes(told: list[Told]) -> Part:
    """The closed list, and what of it is in use."""
    rows = tuple(
        (
            each["purpose"],
            each["means"],
            _use(each),
            str(each["reviewers"]),
            f"{each['kept_days']:,}",
            str(each["people"]),
        )
        for each in told
    )
    return Part("What it is used for", table=Table(("purpose", "means", "state", "reviewers", "days", "people"), rows))


def _use(each: Told) -> str:
    if each["in_use"]:
        return "in use"
    if each["by_law"]:
        return "whenever somebody asks, by law"
    return "possible, not agreed" if each["on"] else "off"


def sources(heading: str, told: list[Told]) -> Part:
    """Where photographs come from."""
    rows = tuple(
        (
            each["source"],
            each["right"] + (f"; supplied by {each['supplier']}" if each["supplier"] else ""),
            joined(each["purposes"]),
            plainly(each["state"]),
            f"{each['photos']:,}",
            "kept (closed archive)" if each["unknown_faces"] == "keep" else "forgotten",
            f"{each['retention_days']:,}",
        )
        for each in told
    )
    columns = ("source", "right", "purposes", "state", "photos", "strangers", "days")
    return Part(heading, table=Table(columns, rows, "No source is recorded."))


def agreements(heading: str, told: list[Told], empty: str = "Nobody: there is no agreement.") -> Part:
    """Who may search, or could; an agreement that was ended says when."""
    rows = tuple(
        (
            each["party"] + (" (self-agreement)" if each["self_agreement"] else ""),
            joined(each["purposes"]),
            "everywhere" if each["territories"] == ["*"] else joined(each["territories"]),
            f"{each['quota']} a day" if each["quota"] is not None else "",
            f"{day(each['starts'])} to {day(each['ends'])}",
            plainly(each["state"]) + (f" on {day(each['ended_at'])}" if each["ended_at"] else ""),
        )
        for each in told
    )
    columns = ("organisation", "purposes", "people of", "quota", "term", "state")
    return Part(heading, table=Table(columns, rows, empty))


def now_and_before(heading: str, told: list[Told], empty: str = "Nobody: there is no agreement.") -> tuple[Part, ...]:
    """The agreements in force or to come under the heading, those that are over under one of their own."""
    over = [each for each in told if each["state"] in ("ended", "expired")]
    standing = agreements(heading, [each for each in told if each not in over], empty)
    return (standing, agreements("Agreements that are over", over)) if over else (standing,)


def searches(told: list[Told]) -> Part:
    """Comparisons by month."""
    rows = tuple(
        (
            each["month"],
            each["organisation"],
            each["purpose"],
            str(each["searches"]),
            str(each["comparisons"]),
            str(each["candidates_shown"]),
        )
        for each in told
    )
    columns = ("month", "organisation", "purpose", "searches", "comparisons", "candidates shown")
    return Part("Searches by month", table=Table(columns, rows, "No search was made."))


def exports(told: list[Told]) -> Part:
    """Confirmed names that were handed out, by month."""
    rows = tuple((each["month"], each["purpose"], str(each["exports"]), str(each["names"])) for each in told)
    note = "Two people have confirmed each of these names."
    columns = ("month", "purpose", "exports", "names")
    return Part("Names handed out, by month", (note,), table=Table(columns, rows, "No names were handed out."))


def orders(told: list[Told]) -> Part:
    """Authorities' orders."""
    rows = tuple(
        (
            each["order"],
            plainly(each["kind"]),
            joined(each["authorities"]) + (f" ({each['reference']})" if each["reference"] else ""),
            joined(each["scope"]),
            plainly(each["state"]),
            "; ".join(f"{plainly(step['step'])} {day(step['at'])}" for step in each["history"]),
        )
        for each in told
    )
    columns = ("order", "kind", "authority", "bears on", "state", "steps")
    return Part("Authorities' orders", table=Table(columns, rows, "No order was recorded."))


def requests(told: Told) -> Part:
    """What people asked for, and whether it was answered in time."""
    columns = ("kind", "received", "in time", "late", "open", "overdue")
    keys = ("received", "in_time", "late", "open", "overdue")
    rows = tuple((kind, *(str(counts[key]) for key in keys)) for kind, counts in told.items())
    note = "A request is forgotten with the person who made it, so erasures are counted apart."
    return Part(
        "Requests by people, and whether they were answered within the month", (note,), table=Table(columns, rows)
    )


def log(told: Told) -> Part:
    """The log's checkpoint."""
    facts = (("Entries", f"{told['size']:,}"), ("Witness outside", witnessed(told["witness"])), ("Key", told["key"]))
    return Part("The log", facts=facts, code=told["checkpoint"] or "")


def evaluation(told: Told) -> tuple[tuple[str, str], ...]:
    """What was measured last."""
    when = f"{day(told['at'])}, log entry {told['log_entry']}, {told['images']:,} pictures ({told['statement']})"
    tar = ", ".join(f"{share(rate)} at {far}" for far, rate in told["tar"].items())
    fnir = ", ".join(f"{share(rate)} at {fpir}" for fpir, rate in told["fnir"].items())
    return (
        ("Last evaluation here", when),
        ("Own photo in first place", f"{share(told['rank1'])}, gallery of {told['gallery']:,}"),
        ("Recognised (TAR at FAR)", tar),
        ("Missed (FNIR at FPIR)", fnir),
    )


def figures(searches: list[Told], orders: list[Told], requests: Told, erased: int) -> tuple[tuple[str, str], ...]:
    """The numbers at a report's head."""
    made = sum(each["searches"] + each["comparisons"] for each in searches)
    complied = sum(each["state"] in ("in-force", "complied") for each in orders)
    late = sum(each["late"] + each["overdue"] for each in requests.values())
    return (
        ("Searches", f"{made:,}"),
        ("Orders obeyed", str(complied)),
        ("Requests late", str(late)),
        ("Erasures", f"{erased:,}"),
    )


def counted(counts: Told, before: str = "") -> tuple[tuple[str, str], ...]:
    """Counts as facts."""
    return tuple((f"{before} {name}".strip(), f"{count:,}") for name, count in counts.items())


def counts(heading: str, counts: Told) -> Part:
    """Counts as a section of their own."""
    return Part(heading, () if counts else ("None.",), facts=counted(counts))


def solo(holder: Told) -> str:
    """The warning of a gallery that too few people run."""
    return (
        "Solo: fewer than three named people run this gallery, so nobody outside checks them." if holder["solo"] else ""
    )


def made(told: Told) -> str:
    """The last line."""
    return f"Made from the gallery's state on {told['made'][:16].replace('T', ' ')} UTC."
