"""The four reports as papers: accountability, the register of processing, what is public, and orphans."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from countenance.reports import sections
from countenance.reports.papers import Paper, Part, Table
from countenance.reports.sections import Told
from countenance.reports.words import joined, plainly, share


def paper_of(told: Told) -> Paper:
    """The paper of a report, whichever it is."""
    return _PAPERS[told["report"]](told)


def accountability(told: Told) -> Paper:
    """Colorado SB22-113, Washington RCW 43.386."""
    policy, holder = told["policy"], told["holder"]
    parts = (
        *_what_it_is(told["service"], told["capabilities"]),
        sections.sources("Data that goes in", told["inputs"]["sources"]),
        Part("Data that it makes", (*told["inputs"]["generated"], f"A probe is {told['inputs']['probes']}.")),
        sections.purposes(told["purposes"]),
        Part(
            "How decisions are made",
            (*told["decisions"]["how"], told["decisions"]["caution"]),
            facts=sections.counted(told["decisions"]["reviews"], "Candidates"),
        ),
        Part("Who may use it", tuple(policy["access"]), sections.counted(policy["people"], "Accounts with the role")),
        Part("How it is kept safe", tuple(policy["security"])),
        Part("How it is erased", tuple(policy["deletion"]), sections.counted(policy["erasures"], "Erased:")),
        _how_often_wrong(told["testing"]),
        *sections.now_and_before("Who may search", told["use"]["agreements"]),
        sections.searches(told["use"]["searches"]),
        sections.exports(told["use"]["exports"]),
        sections.orders(told["orders"]),
        sections.requests(told["requests"]),
        Part("What it means for people", tuple(told["impact"])),
        Part("How to be heard", tuple(told["feedback"]["how"])),
        sections.log(told["log"]),
    )
    return Paper(
        "Accountability report",
        holder["organisation"],
        f"How {holder['organisation']} uses face search: what it can do, what it is used for, how often it is wrong, "
        f"and what people can do about it. Fields as in {' and '.join(told['laws'])}.",
        sections.figures(told["use"]["searches"], told["orders"], told["requests"], sum(policy["erasures"].values())),
        parts,
        sections.made(told),
        sections.solo(holder),
    )


def _what_it_is(service: Told, capabilities: Told) -> tuple[Part, ...]:
    models = service["models"]
    return (
        Part(
            "What it is",
            facts=(
                ("Name", f"{service['name']} {service['version']}"),
                ("Vendor", service["vendor"]),
                *((f"Model: {each['role']}", f"{each['name']}, {each['licence']}") for each in models),
                *((f"Learned from: {each['role']}", each["trained_on"]) for each in models),
                ("Index", f"{service['index']}; it learns nothing from the gallery"),
            ),
        ),
        Part("What it does", tuple(capabilities["does"])),
        Part("What it does not do well", tuple(capabilities["limitations"])),
        Part(
            "What such a service could also do, and what prevents it",
            table=Table(
                ("beyond the proposed use", "prevented by"),
                tuple((each["capability"], each["prevented_by"]) for each in capabilities["beyond_the_use"]),
            ),
        ),
    )


def _how_often_wrong(testing: Told) -> Part:
    evaluated = testing["last_evaluation"]
    return Part(
        "How often it is wrong",
        facts=(
            ("Threshold", f"{testing['threshold']:g} {testing['scale']}; high from {testing['high_from']:g}"),
            ("A stranger passes", f"{share(testing['stated_false_accept_rate'])} comparisons, says the model's card"),
            ("Measured on", testing["stated_on"]),
            ("Quality floor", testing["quality_floor"]),
            *(
                sections.evaluation(evaluated)
                if evaluated
                else (("Last evaluation here", "none: `countenance evaluate`"),)
            ),
        ),
    )


def register(told: Told) -> Paper:
    """GDPR Article 30."""
    controller = told["controller"]
    own, others = ([each for each in told["recipients"] if each["self_agreement"] is mine] for mine in (True, False))
    parts = (
        _responsible(controller),
        sections.purposes(told["purposes"]),
        _table(
            "Lawful bases in use",
            ("ground", "condition", "live"),
            ((each["ground"], each["condition"], str(each["live"])) for each in told["bases"]),
            "No basis is live.",
        ),
        Part("Whose data", tuple(told["categories_of_subjects"])),
        Part("Which data", tuple(told["categories_of_data"])),
        sections.sources("Where photographs come from", told["sources"]),
        sections.agreements("Its own use", own, f"None: {controller['organisation']} has no agreement with itself."),
        *sections.now_and_before(
            "Who else receives it, under which agreement", others, f"Nobody outside {controller['organisation']}."
        ),
        Part("Sent elsewhere, and to other countries", tuple(told["transfers"])),
        Part("Until when", ("The earliest end counts: the basis' own, each of its purposes', and these.",)),
        _table("What else ends", ("what", "days"), ((each["what"], f"{each['days']:,}") for each in told["retention"])),
        Part("How it is kept safe", tuple(told["security"])),
        _table(
            "Impact assessments",
            ("number", "kind", "what", "signed by", "state"),
            (
                (each["id"], each["kind"], each["value"], each["signatory"] or "", plainly(each["state"]))
                for each in told["assessments"]
            ),
            "Nothing was switched on that needs one of its own.",
        ),
    )
    return Paper(
        "Record of processing",
        controller["organisation"],
        f"What {controller['organisation']} does with faces, why, for how long, and who receives it. Fields as in "
        f"{told['law']}.",
        (
            ("Live bases", str(sum(each["live"] for each in told["bases"]))),
            ("Sources", str(len(told["sources"]))),
            ("Recipients outside", str(len({each["party"] for each in others if each["state"] == "in-force"}))),
        ),
        parts,
        sections.made(told),
        sections.solo(controller),
    )


def _responsible(controller: Told) -> Part:
    return Part(
        "Who is responsible",
        facts=(
            ("Controller", controller["organisation"]),
            ("Postal address", controller["address"] or _NOT_STATED.format(key="address")),
            ("Officers' accounts", joined(controller["contact"])),
            ("Data protection officer", controller["dpo"] or _NOT_STATED.format(key="dpo")),
            ("Gallery", controller["gallery"]),
        ),
    )


_NOT_STATED = "not stated; it is stated in countenance.toml, as `{key}` under [gallery]"


def _table(heading: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]], empty: str = "None.") -> Part:
    return Part(heading, table=Table(columns, tuple(rows), empty))


def public(told: Told) -> Paper:
    """What anybody may see."""
    holder = told["holder"]
    parts = (
        *sections.now_and_before("Who may search", told["organisations"]),
        sections.purposes(told["purposes"]),
        sections.searches(told["searches"]),
        sections.orders(told["orders"]),
        sections.requests(told["requests"]),
        sections.counts("Erased so far, by reason", told["erasures"]),
        sections.counts("How live consents were confirmed", told["confirmations"]),
        _table(
            "Photographs with marks of collection that were released",
            ("source", "who holds the rights", "in spite of"),
            (
                (each["source"], each["released_for"] or "", joined(each["released_in_spite_of"]))
                for each in told["released_sources"]
            ),
        ),
        _table(
            "Closed archives",
            ("source", "right", "photos"),
            ((each["source"], each["right"], str(each["photos"])) for each in told["closed_archives"]),
            "None: the faces of all who did not agree are forgotten.",
        ),
        sections.log(told["log"]),
    )
    return Paper(
        "Who searches here, and how often",
        holder["organisation"],
        f"{holder['organisation']} finds people in its own photographs, by permission.{_others(told)} These are the "
        "counts; nobody is named in them.",
        sections.figures(told["searches"], told["orders"], told["requests"], sum(told["erasures"].values())),
        parts,
        sections.made(told),
        sections.solo(holder),
    )


def _others(told: Told) -> str:
    named = dict.fromkeys(
        each["party"] for each in told["organisations"] if each["state"] == "in-force" and not each["self_agreement"]
    )
    return f" By agreement, these search there too: {joined(list(named))}." if named else ""


def orphans(told: Told) -> Paper:
    """What nobody owns: always nothing."""
    found = told["found"]
    warning = f"{len(found)} things are held of nobody, or without a reason. Find out why before anything else."
    return Paper(
        "Orphans",
        "Check",
        "Everything that is held belongs to somebody who is here, under a basis of their own; every key is somebody's.",
        (("Found", str(len(found))),),
        (_table("What was found", ("held of nobody",), ((each,) for each in found), "Nothing, as it must be."),),
        sections.made(told),
        warning if found else "",
    )


_PAPERS: dict[str, Callable[[Told], Paper]] = {
    "accountability": accountability,
    "register": register,
    "public": public,
    "orphans": orphans,
}
