"""Routes of the records: people, why their faces may be held, their enrolment photos, and how they leave."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from countenance.http.route import Answer, Call, Fields, Paging, Route, paged
from countenance.service.bases import Basis
from countenance.service.cases import Case
from countenance.service.reviewed import Review
from countenance.service.sources import Source
from countenance.service.subjects import Subject
from countenance.types import parse_number


class NewSubject(Fields):
    """A person. Nothing of their face is stored by this."""

    name: str
    territory: str
    handle: str | None = None
    contact: str | None = None
    birth_year: int | None = None
    guardian: str | None = None


class NewBasis(Fields):
    """Why a person's face may be held. ``purposes``: names, separated by commas; ``evidence`` is the signed form."""

    ground: str
    condition: str
    purposes: str
    notice: str | None = None
    until: str | None = None
    collective: bool = False


class NewReference(Fields):
    """A photo of the person alone, under one of their bases; ``face``: its number where there are several."""

    basis: str
    face: int | None = None


class Withdrawal(Fields):
    """Which bases; all that the person has, when left out."""

    bases: list[str] | None = None


class Erasure(Fields):
    """Why: ``withdrawn``, ``objection``, ``request``, ``expired``, ``order`` or ``mistake``."""

    reason: str


# --- people ----------------------------------------------------------------------------------------------------------


def subjects(call: Call) -> Answer:
    """Everybody who is here."""
    return paged(call.club.subjects.list(), lambda each: int(each.id), call.query, _subject)


def subject(call: Call) -> Answer:
    """One person's record."""
    return Answer(_subject(call.club.subjects.get(call.params["handle"])))


def add_subject(call: Call) -> Answer:
    """Record a person."""
    asked: NewSubject = call.fields
    given = asked.model_dump()
    made = call.club.subjects.add(given.pop("name"), **given)
    return Answer(_subject(made), about=made.handle)


def withdraw(call: Call) -> Answer:
    """Withdraw bases: the next search does not find the person by them."""
    asked: Withdrawal = call.fields
    return Answer({"log": {"index": call.club.withdraw(call.params["handle"], asked.bases)}})


def erase(call: Call) -> Answer:
    """Erase the person, with a certificate, which names nobody."""
    asked: Erasure = call.fields
    return Answer(call.club.erase(call.params["handle"], reason=asked.reason).as_json())


# --- bases and references --------------------------------------------------------------------------------------------


def bases(call: Call) -> Answer:
    """A person's bases, each with what keeps it from finding them now."""
    person = call.club.subjects.get(call.params["handle"])
    return paged(
        call.club.bases.list(person), lambda each: int(each.number), call.query, lambda each: _basis(call, each)
    )


def add_basis(call: Call) -> Answer:
    """Record why a person's face may be held. It finds nobody until a person has confirmed it."""
    asked: NewBasis = call.fields
    person = call.club.subjects.get(call.params["handle"])
    purposes = [each.strip() for each in asked.purposes.split(",") if each.strip()]
    given = asked.model_dump(exclude={"purposes"})
    made = call.club.bases.record(person, purposes=purposes, evidence=call.photo("evidence"), **given)
    return Answer(_basis(call, made), about=person.handle)


def enrol(call: Call) -> Answer:
    """Enrol the person from a photo. The photo is held in memory only."""
    asked: NewReference = call.fields
    enrolled = call.club.enrol(call.params["handle"], call.photo(), basis=asked.basis, face=asked.face)
    return Answer(enrolled.as_json(), about=enrolled.subject)


# --- other records ---------------------------------------------------------------------------------------------------


def sources(call: Call) -> Answer:
    """The sources, without where they lie."""
    return paged(call.club.sources.list(), lambda each: int(each.id), call.query, _source)


def cases(call: Call) -> Answer:
    """The organisation's own cases."""
    return paged(call.club.cases.list(), lambda each: parse_number("C", each.id, "case"), call.query, _case)


def reviews(call: Call) -> Answer:
    """Reviews of the organisation's own searches. A person decides them with their own key; a program reads them."""
    return paged(call.club.reviewing.list(), lambda each: parse_number("R", each.id, "review"), call.query, _review)


def _subject(each: Subject) -> dict[str, Any]:
    told = asdict(each)
    told.pop("id")
    return told


def _basis(call: Call, basis: Basis) -> dict[str, Any]:
    told = asdict(basis)
    told.pop("subject")
    lacks = [{"what": lack.what, "requirement": lack.requirement} for lack in call.club.bases.why_not(basis)]
    return told | {"waits_for": lacks}


def _source(each: Source) -> dict[str, Any]:
    return {
        "name": each.name, "state": each.state, "reason": each.reason, "purposes": list(each.purposes),
        "territory": each.territory, "unknown_faces": each.unknown_faces, "origin": each.origin,
    }  # fmt: skip


def _case(each: Case) -> dict[str, Any]:
    return asdict(each)


def _review(each: Review) -> dict[str, Any]:
    return each.as_json()


_ANYBODY = ("controller", "operator", "officer")
_ANNA = {
    "handle": "anna", "name": "Anna", "territory": "GB", "state": "active", "contact": "anna@home.example",
    "birth_year": None, "guardian": None,
}  # fmt: skip
_B1 = {
    "id": "B1", "ground": "consent", "condition": "explicit-consent", "purposes": ["photo-library"], "state": "pending",
    "notice": "notice-2026", "starts": "2026-11-22T10:00:00Z", "ends": "2027-11-22T10:00:00Z", "confirmed_how": None,
    "expired": False, "recorded": "2026-11-22T10:00:00Z", "noticed": "2026-11-22T10:00:00Z", "confirmed": None,
    "withdrawn": None, "collective": False, "waits_for": [{"what": "nobody has confirmed it", "requirement": "P1"}],
}  # fmt: skip
_CERTIFICATE = {"body": {"v": 1, "kind": "erasure", "residuals": []}, "signature": "…"}
ROUTES = (
    Route(
        "GET", "/v1/subjects", "read-records", _ANYBODY, subjects, "List the people.",
        {"items": [_ANNA], "next": None}, query=Paging,
    ),
    Route(
        "POST", "/v1/subjects", "record", ("controller",), add_subject, "Record a person.", _ANNA,
        takes="json", fields=NewSubject, asked={"name": "Anna", "territory": "GB"}, status=201, repeats=True,
    ),
    Route("GET", "/v1/subjects/{handle}", "read-records", _ANYBODY, subject, "One person's record.", _ANNA),
    Route(
        "GET", "/v1/subjects/{handle}/bases", "read-records", _ANYBODY, bases, "A person's bases.",
        {"items": [_B1], "next": None}, query=Paging,
    ),
    Route(
        "POST", "/v1/subjects/{handle}/bases", "record", ("controller",), add_basis,
        "Record why a person's face may be held; a person has to confirm it.", _B1, takes="form", fields=NewBasis,
        files=("evidence",), status=201, repeats=True,
        asked={"evidence": "(a file)", "ground": "consent", "condition": "explicit-consent",
               "purposes": "photo-library", "notice": "notice-2026"},
    ),
    Route(
        "POST", "/v1/subjects/{handle}/references", "enrol", ("operator",), enrol, "Enrol a person from a photo.",
        {"subject": "anna", "basis": "B1", "photo": "uploaded-4f1c", "searchable": False,
         "waits_for": "nobody has confirmed it (P1)", "earlier_photos": {}, "advice": None, "log": {"index": 20}},
        takes="form", fields=NewReference, files=("photo",), asked={"photo": "(a file)", "basis": "B1"}, status=201,
        repeats=True,
    ),
    Route(
        "POST", "/v1/subjects/{handle}/withdraw", "withdraw", ("officer",), withdraw,
        "Withdraw a person's bases: the next search does not find them.", {"log": {"index": 30}},
        takes="json", fields=Withdrawal, asked={"bases": ["B1"]}, repeats=True,
    ),
    Route(
        "POST", "/v1/subjects/{handle}/erase", "erase", ("officer",), erase, "Erase a person, with a certificate.",
        {"certificate": _CERTIFICATE, "faces_erased": 1, "residuals": [], "log": {"index": 31, "root": "pG3JIs=…"}},
        takes="json", fields=Erasure, asked={"reason": "withdrawn"}, repeats=True,
    ),
    Route(
        "GET", "/v1/sources", "read-records", _ANYBODY, sources, "List the sources of photographs.",
        {"items": [{"name": "summer-party", "state": "active", "reason": None, "purposes": ["photo-library"],
                    "territory": "GB", "unknown_faces": "forget", "origin": None}], "next": None}, query=Paging,
    ),
    Route(
        "GET", "/v1/cases", "read-cases", _ANYBODY, cases, "List the organisation's own cases.",
        {"items": [{"id": "C1", "reference": "press 12", "purpose": "photo-library", "opened": "2026-11-22T10:00:00Z",
                    "closed": False}], "next": None}, query=Paging, party=True,
    ),
    Route(
        "GET", "/v1/reviews", "read-cases", ("operator",), reviews,
        "List the reviews of the organisation's own searches; people decide them, with their own keys.",
        {"items": [{"id": "R4", "search": "S4", "purpose": "archive-research", "demanded": 1, "open": True,
                    "candidates": [{"subject": "anna", "state": "open", "score": 0.71}]}], "next": None},
        query=Paging, party=True,
    ),
)  # fmt: skip
