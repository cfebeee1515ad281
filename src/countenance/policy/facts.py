"""What the rules look at: plain, frozen facts. Unknown is ``None``, and ``None`` never permits anything (DESIGN §4)."""

from __future__ import annotations

from dataclasses import dataclass

from countenance.types import AccountId, Action, BasisId, CaseId, OrganisationId, SourceId, SubjectId

ROLES = {
    "controller": "keeps the records: subjects, bases, notices, agreements, cases, sources, accounts",
    "operator": "enrols, ingests, searches and verifies",
    "reviewer": "decides about candidates",
    "officer": "withdraws and erases, answers requests and authorities",
    "system": "a timer: purges and backs up, and never searches",
}
FOUNDER_ROLES = ("controller", "operator", "reviewer", "officer")
"""What the account that founds a gallery may do."""


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """Who asks. ``signed``: the account's own key signed exactly this question."""

    id: AccountId
    organisation: OrganisationId
    roles: frozenset[str]
    trial: bool
    revoked: bool
    signed: bool


@dataclass(frozen=True, slots=True)
class AgreementFacts:
    """What lets the account's organisation search this gallery."""

    owner: OrganisationId
    party: OrganisationId
    purposes: int
    starts: int
    ends: int
    ended: bool


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """The case that a search belongs to."""

    id: CaseId
    organisation: OrganisationId
    purpose: str
    closed: bool
    verified_today: int


@dataclass(frozen=True, slots=True)
class SubjectFacts:
    """The person. ``holds``: orders in force that forbid erasing; ``stops``: that forbid collecting."""

    id: SubjectId
    organisation: OrganisationId
    state: str
    territory: str
    birth_year: int | None
    holds: int
    stops: int


@dataclass(frozen=True, slots=True)
class BasisFacts:
    """Why the person's face may be held."""

    id: BasisId
    subject: SubjectId
    purposes: int
    state: str
    starts: int
    ends: int


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """Where photographs come from."""

    id: SourceId
    organisation: OrganisationId
    purposes: int
    state: str
    reason: str | None
    statement: str
    unknown_faces: str
    stops: int


@dataclass(frozen=True, slots=True)
class DataSetFacts:
    """What an evaluation measures on: the operator's statement of what it is, and how many people are in it."""

    statement: str
    people: int


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that one decision is made from."""

    action: type[Action]
    now: int
    gallery: OrganisationId
    account: AccountFacts | None = None
    purpose: str | None = None
    case_named: bool = False
    agreement: AgreementFacts | None = None
    case: CaseFacts | None = None
    subject: SubjectFacts | None = None
    basis: BasisFacts | None = None
    source: SourceFacts | None = None
    on_behalf_of: SubjectFacts | None = None
    data_set: DataSetFacts | None = None
