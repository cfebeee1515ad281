"""A consent receipt as one page in words, for the person: the signed file beside it is what proves anything (P14)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from countenance.reports import sections
from countenance.reports.papers import Paper, Part, Table, render_paper
from countenance.reports.words import day, joined, witnessed

_ARTICLE = re.compile(r"eu-gdpr:A(\d+)-(\d)(?:-([a-z]))?")
_RIGHTS = {
    "A7-3": "Withdraw what you agreed to, at any time and without a reason: the next search does not find you.",
    "A15": "Be told what is held of you, who saw it and why.",
    "A16": "Have it corrected.",
    "A17": "Have it erased, with a certificate.",
    "A18": "Have it restricted: kept, and not used.",
    "A21": "Object.",
    "A77": "Complain to a supervisory authority.",
}


def render_receipt(receipt: Mapping[str, Any], file: str = "receipt.json") -> str:
    """The receipt as one HTML file. ``file``: what the signed receipt beside it is called."""
    return render_paper(receipt_paper(receipt["body"], file))


def receipt_paper(body: Mapping[str, Any], file: str) -> Paper:
    """What a receipt's body says, in words for its person. It is no proof, and opens nothing."""
    record = body["record"]
    process = record["dpv:hasProcess"][0]
    named = {key: each["dpv:hasName"] for key, each in record["dpv:hasEntity"].items()}
    holder = named["_:controller"]
    others = [name for key, name in named.items() if key != "_:controller"]
    status = process["dpv:hasProcess"][0].get("dpv:hasConsentStatus", [None])[0]
    until = process["dpv:hasStorageCondition"][1]["dpv:hasDuration"]["rdf:value"]
    parts = (
        _purposes(process, status),
        Part(
            "What is held", tuple(f"{each['skos:prefLabel'].capitalize()}." for each in process["dpv:hasPersonalData"])
        ),
        _told(record["dpv:hasNotice"][0]),
        Part("Who may find you", (f"{holder}, which holds it.", *(f"{name}, by agreement." for name in others))),
        Part("Until when", facts=(("In force until", day(until)), ("This receipt serves until", day(body["expires"])))),
        _leaving(file),
        Part(
            "Your rights", tuple(_RIGHTS[right] for right in map(_short, process["dpv:hasRight"]) if right in _RIGHTS)
        ),
        Part(
            "The record of it",
            (f"`countenance-check certificate {file}` checks the signed file without a network.",),
            facts=(
                ("Receipt", record["dpv:hasIdentifier"]),
                ("Log entry", f"{body['log']['leaf']['index']}"),
                ("Held outside", witnessed(body["witness"])),
            ),
            code=body["log"]["checkpoint"],
        ),
    )
    return Paper(
        "Your receipt",
        holder,
        f"What {holder} may do with your face, in words. The signed file {file} proves it: keep both.",
        (("State", _state(status)), ("In force until", day(until)), ("Handed out", day(body["issued"]))),
        parts,
        f"Handed out on {day(body['issued'])}. This page proves nothing; {file} does.",
        sections.solo(body),
    )


def _purposes(process: Mapping[str, Any], status: Mapping[str, Any] | None) -> Part:
    listed = [each["dpv:hasPurpose"][0] for each in process["dpv:hasProcess"]]
    rows = tuple((each["dpv:hasIdentifier"], each["skos:prefLabel"]) for each in listed)
    bases = [_article(found) for each in process["dpv:hasLegalBasis"] if (found := _ARTICLE.fullmatch(each))]
    how = () if status is None else (("How it was confirmed", status["dpv:isExercisedAt"]),)
    heading = "What your face is searched for" if status is None else "What you agreed to"
    return Part(heading, facts=(("Lawful basis", joined(bases)), *how), table=Table(("purpose", "that is"), rows))


def _told(notice: Mapping[str, Any]) -> Part:
    if "dct:date" not in notice:
        return Part("What you were told", ("No notice is recorded yet; until there is one, no search finds you.",))
    given = (("Notice", notice["dpv:hasIdentifier"]), ("By", notice["dct:format"]), ("Since", day(notice["dct:date"])))
    return Part("What you were told", facts=(*given, ("SHA-256", notice["rdf:value"].removeprefix("sha256:"))))


def _leaving(file: str) -> Part:
    return Part(
        "To leave",
        (
            f"Show {file} to the organisation, or send it on its page “Your rights”. No account or photo is needed.",
            f"Keep {file} to yourself: whoever holds it can withdraw and erase.",
        ),
    )


def _state(status: Mapping[str, Any] | None) -> str:
    if status is None:
        return "recorded"
    return "you agreed" if "dpv:ConsentGiven" in status["@type"] else "not confirmed yet"


def _short(right: str) -> str:
    return right.removeprefix("eu-gdpr:")


def _article(found: re.Match[str]) -> str:
    article, paragraph, letter = found.groups()
    return f"GDPR Art {article}({paragraph})" + (f"({letter})" if letter else "")
