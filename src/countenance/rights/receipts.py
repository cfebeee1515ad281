"""Consent receipts: what a person holds of what they agreed to, and may show to withdraw or be erased (P14).

The record inside follows ISO/IEC TS 27560 in the JSON-LD profile of the W3C Data Privacy Vocabularies Community Group
(DPV 2); `receipt.schema.json` beside this file says what it must hold. Around it lies the signed envelope of our
certificates, so ``countenance-check`` checks a receipt offline, and with its checkpoint the person is a witness (P19).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

import rfc8785

from countenance.errors import ReceiptRefused
from countenance.log.book import Book, Written
from countenance.policy.purposes import PURPOSES
from countenance.rights.certificates import log_part, sign
from countenance.types import DAY, iso
from countenance.version import VERSION

LASTS_LONGER = 30 * DAY
"""A receipt can still be shown for so long after its basis has ended: what was stored is erased only then."""
MAX_BYTES = 256 * 1024
_GDPR, _TERM = "eu-gdpr:", {"@type": "@id"}
_CONTROLLER = "_:controller"
_CONTEXT: dict[str, Any] = {
    "@version": 1.1,
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "dpv-27560": "https://w3id.org/dpv/schema/dpv-27560#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "loc": "https://w3id.org/dpv/loc#",
    "pd": "https://w3id.org/dpv/pd#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dpv:hasEntity": {"@container": "@id"},
} | dict.fromkeys(
    (
        "dct:conformsTo", "dct:creator", "dpv:hasDataController", "dpv:hasJurisdiction", "dpv:hasLegalBasis",
        "dpv:hasLocation", "dpv:hasPersonalData", "dpv:hasProcessing", "dpv:hasRecipient", "dpv:hasRight",
        "skos:broader",
    ),
    _TERM,
)  # fmt: skip
_GROUNDS = {
    "consent": "A6-1-a",
    "contract": "A6-1-b",
    "legal-obligation": "A6-1-c",
    "vital-interests": "A6-1-d",
    "public-task": "A6-1-e",
}
_CONDITIONS = {
    "explicit-consent": "A9-2-a",
    "vital-interests": "A9-2-c",
    "substantial-public-interest": "A9-2-g",
    "archiving": "A9-2-j",
}
_RIGHTS = ("A7-3", "A15", "A16", "A17", "A18", "A21", "A77")
"""To withdraw, of access, rectification, erasure, restriction, objection, and to complain to an authority."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a receipt says. Times are seconds since 1970; ``confirmed`` is None while the basis is pending."""

    record: str
    subject: str
    organisation: str
    ground: str
    condition: str
    purposes: tuple[str, ...]
    territory: str
    notice: tuple[str, str, str, int] | None
    recipients: tuple[str, ...]
    recorded: int
    ends: int
    confirmed: int | None
    confirmed_how: str | None


def make_receipt(
    book: Book, agreed: Agreed, written: Written, *, now: int, solo: bool, witness: str | dict[str, Any]
) -> dict[str, Any]:
    """The signed receipt. ``written`` is the log entry that issued it."""
    body = {
        "v": 1,
        "kind": "receipt",
        "issued": iso(now),
        "expires": iso(agreed.ends + LASTS_LONGER),
        "record": _record(agreed, now),
        "solo": solo,
        "witness": witness,
        "program": {"version": VERSION},
        "log": log_part(book, written),
    }
    return sign(book, body)


def signed_bytes(receipt: dict[str, Any]) -> bytes:
    """The bytes of a receipt's body that were signed (RFC 8785)."""
    return rfc8785.dumps(receipt["body"])


def open_receipt(book: Book, content: bytes) -> dict[str, Any]:
    """The receipt in a file, once this gallery's own signature on it was checked.

    Raises `ReceiptRefused` for whatever is no receipt that this gallery has signed.
    """
    try:
        receipt = json.loads(content[: MAX_BYTES + 1].decode())
        ours = sign(book, receipt["body"])
        if receipt == ours and receipt["body"]["kind"] == "receipt":
            return cast("dict[str, Any]", receipt)
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    raise refused()


def refused() -> ReceiptRefused:
    """The one refusal of every receipt that proves nothing: it says no more to whoever made it up."""
    return ReceiptRefused("This receipt proves nothing here.")


# --- the record ------------------------------------------------------------------------------------------------------


def _record(agreed: Agreed, now: int) -> dict[str, Any]:
    consent = agreed.ground == "consent"
    name, digest, channel, given = agreed.notice or ("none yet", "", "", agreed.recorded)
    notice = {"@type": ["dpv:ConsentNotice" if consent else "dpv:PrivacyNotice"], "dpv:hasIdentifier": name}
    if agreed.notice is not None:
        notice |= {"dct:date": iso(given), "dct:format": channel, "rdf:value": f"sha256:{digest}"}
    others = {f"_:recipient{number}": each for number, each in enumerate(agreed.recipients, start=1)}
    entities = {_CONTROLLER: agreed.organisation} | others
    return {
        "@context": _CONTEXT,
        "@type": ["dpv:ConsentReceipt" if consent else "dpv:DataProcessingRecord"],
        "dct:conformsTo": "dpv-27560:receipt-eu-gdpr",
        "dpv:hasIdentifier": f"urn:uuid:{agreed.record}",
        "dct:created": iso(now),
        "dct:creator": _CONTROLLER,
        "dct:language": "en",
        "dpv:hasDataSubject": {"@type": ["dpv:DataSubject"], "dpv:hasIdentifier": f"urn:uuid:{agreed.subject}"},
        "dpv:hasNotice": [notice],
        "dpv:hasProcess": [_process(agreed, [*others])],
        "dpv:hasEntity": {
            key: {"@type": ["dpv:Organisation"], "dpv:hasName": entity} for key, entity in entities.items()
        },
    }


def _process(agreed: Agreed, recipients: list[str]) -> dict[str, Any]:
    """What all purposes share, and inside it one process for each of them with its own consent status."""
    unknown = agreed.territory == "unknown"
    return {
        "@type": ["dpv:Process"],
        "dpv:hasPersonalData": [
            {
                "@type": ["dpv:SpecialCategoryPersonalData"],
                "skos:broader": ["pd:Biometric"],
                "skos:prefLabel": "a template made from an enrolment photo, by which the face is found again",
            }
        ],
        "dpv:hasProcessing": ["dpv:Collect", "dpv:Store", "dpv:Use", "dpv:Erase"],
        "dpv:hasDataController": [_CONTROLLER],
        "dpv:hasDataSource": [{"@type": ["dpv:DataSubjectDataSource"]}],
        "dpv:hasStorageCondition": [
            {"@type": ["dpv:StorageLocation"], "dpv:hasLocation": "dpv:LocalLocation"},
            {"@type": ["dpv:StorageDuration"], "dpv:hasDuration": _until(agreed.ends)},
            {"@type": ["dpv:StorageDeletion"], "dpv:hasDuration": _until(agreed.ends + LASTS_LONGER)},
        ],
        "dpv:hasRecipient": [_CONTROLLER, *recipients],
        "dpv:hasLegalBasis": _legal_basis(agreed),
        "dpv:hasJurisdiction": ["dpv:Jurisdiction" if unknown else f"loc:{agreed.territory}"],
        "dpv:hasRight": [f"{_GDPR}{right}" for right in _RIGHTS],
        "dpv:hasConsentControl": [
            {
                "@type": ["dpv:WithdrawConsent"],
                "dpv:isExercisedAt": "Show this file to the organisation, at any time and without a reason: "
                "`countenance withdraw --receipt FILE`, or the contact in the notice. Keep it to yourself: "
                "whoever holds it can withdraw and erase.",
            }
        ],
        "dpv:hasProcess": [_for_one_purpose(agreed, each) for each in agreed.purposes],
    }


def _for_one_purpose(agreed: Agreed, name: str) -> dict[str, Any]:
    purpose = PURPOSES[name]
    status = "dpv:ConsentRequested" if agreed.confirmed is None else "dpv:ConsentGiven"
    told: dict[str, Any] = {
        "@type": ["dpv:Process"],
        "dpv:hasPurpose": [
            {
                "@type": ["dpv:Purpose"],
                "dpv:hasIdentifier": name,
                "skos:broader": [f"dpv:{purpose.term}"],
                "skos:prefLabel": purpose.means,
            }
        ],
    }
    if agreed.ground == "consent":
        told["dpv:hasConsentStatus"] = [
            {
                "@type": [status, "dpv:ExplicitlyExpressedConsent"],
                "dpv:isIndicatedAtTime": iso(agreed.recorded if agreed.confirmed is None else agreed.confirmed),
                "dpv:isExercisedAt": agreed.confirmed_how or "recorded by the organisation, and not confirmed yet",
                "dpv:hasDuration": _until(agreed.ends),
            }
        ]
    return told


def _legal_basis(agreed: Agreed) -> list[str]:
    found = [f"{_GDPR}{_GROUNDS[agreed.ground]}", f"{_GDPR}{_CONDITIONS[agreed.condition]}"]
    return ["dpv:ExplicitlyExpressedConsent", *found] if agreed.ground == "consent" else found


def _until(at: int) -> dict[str, Any]:
    return {"@type": ["dpv:UntilTimeDuration"], "rdf:value": iso(at)}
