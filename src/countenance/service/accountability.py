"""The accountability report: what Colorado's SB22-113 (C.R.S. 24-18-302) and Washington's RCW 43.386.020 ask for (P28).

What the program is and cannot do is said here in words; everything else is read from the gallery as it is now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.log.witness import witness
from countenance.policy.activating import purposes_on
from countenance.policy.gather import is_solo
from countenance.policy.purposes import PURPOSES
from countenance.rights.requests import KINDS
from countenance.service import counting
from countenance.service.agreements import Agreements
from countenance.service.finding import CAUTION
from countenance.service.located import PURPOSE as REQUESTED
from countenance.types import iso
from countenance.version import VERSION

if TYPE_CHECKING:
    from countenance.service.context import Context

LAWS = ("Colorado SB22-113 (C.R.S. 24-18-302)", "Washington RCW 43.386.020")
NAME, VENDOR = "Countenance", "the Countenance project (Apache-2.0); run by the organisation itself"

CAPABILITIES = (
    "finds the faces in photographs that the organisation is entitled to hold",
    "keeps a template of people who agreed, and forgets every other face at once",
    "answers a search with candidates, each with its score, its source and the basis that lets it be shown",
    "compares two faces, twenty pairs a day in a case at the most",
    "compares the faces kept of people who agreed with one another, and proposes which records to look at again",
)
LIMITATIONS = (
    "a score never proves who somebody is: people who resemble one another, kin above all, score alike",
    "error rates differ between groups of people and grow with the size of the gallery",
    "children, photographs many years apart, turned, blurred and small faces are recognised worse",
    "the default recogniser learned from photographs of people who were not asked; its card says so",
)
BEYOND = (
    (
        "collecting photographs of strangers",
        "no crawler, no network client; marks of scraping pause a source (P25, P26)",
    ),
    ("identifying passers-by", "no camera or stream input, no watchlist, no alert, no stored query (P25)"),
    ("recognising everybody in a photograph", "a face that matches nobody who agreed leaves no template or box (P27)"),
    ("searching for one's own purposes", "an agreement, a purpose from a closed list, a case, a named account (P3)"),
    ("guessing age, sex, origin or mood", "there is no such model, and a test looks for the words (P25)"),
    ("following one person over time", "no profile: a candidate carries nothing of any other case (P17)"),
)
GENERATED = (
    "templates of enrolled people, sealed under a key of each person's own",
    "appearances: a photo, a box and a score, without a template, for people who agreed",
    "a record of every search and every decision in a tamper-evident log, as salted commitments",
)
DECISIONS = (
    "It supports decisions and makes none: candidates only, and a person has to look.",
    "Where the purpose demands it, different people review a candidate, each with their own key, before it leaves.",
    "Another organisation's searches are reviewed by two people whatever their purpose.",
)
SECURITY = (
    "templates, names, contacts and case references are encrypted, under a key a person or organisation",
    "keys lie apart from the data and in no backup; destroying a person's key makes every copy unreadable",
    "every decision is written to a log whose checkpoints can be held outside",
)
ACCESS = (
    "each account is one named person with a key of their own; shared and trial accounts cannot search real people",
    "an order, a release, an activation and a review that counts need signatures by different people",
)
DELETION = (
    "a withdrawal binds the next search; an erasure deletes rows, log openings and key, and then scans every file",
    "a timer erases what its basis, its purpose or three years of silence have ended",
    "an authority's order is carried out whole, with a certificate that is checked offline",
)
IMPACT = (
    "Being searched for is felt as being watched: so nobody is searchable who was not told and did not agree.",
    "A wrong candidate can harm somebody: so scores and cautions are shown, and where most is at stake two review.",
    "Groups may be recognised worse: figures are told by group where testers stated theirs; groups are never guessed.",
)
FEEDBACK = (
    "Anybody may ask what is held of them, object, restrict, correct or be erased: no account, fee or photo needed.",
    "A request is answered within a month; the count of late ones is in this report.",
)


def accountability(context: Context) -> dict[str, Any]:
    """The report as plain data, from live state."""
    with context.registry.read() as connection:
        return {
            "report": "accountability",
            "made": iso(context.clock()),
            "laws": list(LAWS),
            "service": _service(context),
            "holder": holder(connection, context),
            "capabilities": {
                "does": list(CAPABILITIES),
                "limitations": list(LIMITATIONS),
                "beyond_the_use": [{"capability": what, "prevented_by": how} for what, how in BEYOND],
            },
            "inputs": {
                "sources": counting.sources(connection, context),
                "probes": "one photograph a search, in memory; sealed for at most 14 days where a review is due",
                "generated": list(GENERATED),
            },
            "purposes": purposes(connection, context),
            "decisions": {"how": list(DECISIONS), "caution": CAUTION, "reviews": counting.reviews(connection, context)},
            "policy": {
                "people": counting.people(connection, context),
                "security": list(SECURITY),
                "access": list(ACCESS),
                "deletion": list(DELETION),
                "erasures": counting.erasures(connection, context),
            },
            "testing": _testing(connection, context),
            "use": {
                "agreements": agreements(context),
                "searches": counting.searches_by_month(connection, context),
                "exports": counting.exports_by_month(connection),
            },
            "orders": counting.orders(connection, context),
            "requests": counting.requests(connection, context),
            "impact": list(IMPACT),
            "feedback": {"how": list(FEEDBACK), "kinds": dict(KINDS)},
            "log": log(connection, context),
        }


def holder(connection: sa.Connection, context: Context) -> dict[str, Any]:
    """Whose gallery it is."""
    gallery = context.settings.gallery
    solo = is_solo(connection, context.organisation)
    return {"organisation": gallery.organisation, "gallery": gallery.id, "solo": solo}


def purposes(connection: sa.Connection, context: Context) -> list[dict[str, Any]]:
    """The closed list, with what is in use here, and how many people have a live basis for each.

    ``on``: nothing more needs to be activated. ``in_use``: somebody may search for it under an agreement in force, or
    a live basis permits it. ``by_law``: what people ask for is answered under no agreement (P14).
    """
    on, held = purposes_on(connection, context.desk), counting.held(connection, context)
    agreed = {name for each in Agreements(context).list() if each.state == "in-force" for name in each.purposes}
    return [
        {
            "purpose": name,
            "iri": each.iri,
            "means": each.means,
            "on": bool(each.mask & on),
            "in_use": bool(each.mask & on) and (name in agreed or name in held),
            "by_law": name == REQUESTED,
            "reviewers": each.reviewers,
            "kept_days": each.days,
            "people": held.get(name, 0),
        }
        for name, each in PURPOSES.items()
    ]


def agreements(context: Context) -> list[dict[str, Any]]:
    """Who may search here, for what, where and until when. The owner's own use says that it is a self-agreement."""
    return [
        {
            "agreement": each.id,
            "party": each.party,
            "self_agreement": each.self_agreement,
            "purposes": list(each.purposes),
            "territories": list(each.territories),
            "quota": each.quota,
            "dpia": each.dpia,
            "mandate": each.mandate,
            "starts": each.starts,
            "ends": each.ends,
            "ended_at": each.ended_at,
            "state": each.state,
        }
        for each in Agreements(context).list()
    ]


def log(connection: sa.Connection, context: Context) -> dict[str, Any]:
    """The log's newest signed checkpoint, and who outside holds one."""
    return {
        "size": context.book.size(),
        "checkpoint": context.book.checkpoint(),
        "key": context.book.verifier_key,
        "witness": witness(connection),
    }


def _service(context: Context) -> dict[str, Any]:
    told = ("name", "role", "sha256", "licence", "trained_on")
    return {
        "name": NAME,
        "vendor": VENDOR,
        "version": VERSION,
        "models": [{name: getattr(card, name) for name in told} for card in reversed(context.vision.cards)],
        "embedding_contract": context.vision.contract,
        "index": context.settings.index.engine,
    }


def _testing(connection: sa.Connection, context: Context) -> dict[str, Any]:
    scale = context.scale
    return {
        "scale": "cosine",
        "threshold": scale.threshold,
        "high_from": scale.high,
        "stated_false_accept_rate": scale.stated,
        "stated_on": scale.calibration.measured_on,
        "rate": scale.as_json(),
        "quality_floor": context.settings.vision.gate,
        "last_evaluation": counting.last_evaluation(connection),
    }
