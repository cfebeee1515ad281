"""What the rules look at: plain, frozen facts. Unknown is ``None``, and ``None`` never permits anything (DESIGN §4)."""

from __future__ import annotations

from dataclasses import dataclass

from countenance.types import (
    AccountId,
    Action,
    AgreementId,
    BasisId,
    CaseId,
    OrganisationId,
    SourceId,
    SubjectId,
)

ROLES = {
    "controller": "keeps the records: subjects, bases, notices, agreements, cases, sources, accounts",
    "operator": "enrols, ingests, searches and verifies",
    "reviewer": "decides about candidates",
    "officer": "withdraws and erases, answers requests and authorities",
    "system": "a timer: purges, sweeps and backs up, and never searches",
}
FOUNDER_ROLES = ("controller", "operator", "reviewer", "officer")
"""What the account that founds a gallery may do."""


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """Who asks. ``signed``: the account's own key signed exactly this question, or an API key that it has made.

    ``purposes``: those that the API key is for, as a mask; None where the person asks.
    """

    id: AccountId
    organisation: OrganisationId
    roles: frozenset[str]
    trial: bool
    revoked: bool
    signed: bool
    purposes: int | None = None


@dataclass(frozen=True, slots=True)
class AgreementFacts:
    """What lets the account's organisation search this gallery.

    ``signed``: an account of each side has signed exactly what it says. ``territories``: where those live whom it
    covers, None for everywhere. ``quota``: comparisons a day, of which ``made_today`` were made. ``assessed``: it names
    a data protection impact assessment and who signed that.
    """

    id: AgreementId
    owner: OrganisationId
    party: OrganisationId
    purposes: int
    starts: int
    ends: int
    ended: bool
    signed: bool
    territories: frozenset[str] | None
    quota: int | None
    made_today: int
    assessed: bool

    @property
    def own(self) -> bool:
        """Whether the owner of the gallery made it with itself."""
        return self.owner == self.party


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """The case that a search belongs to. ``verified_today``: distinct comparisons of it or of the account, if more."""

    id: CaseId
    organisation: OrganisationId
    purpose: str
    closed: bool
    verified_today: int


@dataclass(frozen=True, slots=True)
class SubjectFacts:
    """The person. ``holds``: orders in force that forbid erasing; ``stops``: that forbid collecting.

    ``restricted``: by their own request the record is kept and not used.
    """

    id: SubjectId
    organisation: OrganisationId
    state: str
    territory: str
    birth_year: int | None
    holds: int
    stops: int
    restricted: bool = False


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """People who are to be erased together: how many were named, how many of them are here, and how many are held."""

    named: int
    here: int
    held: int


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
class LinkFacts:
    """A one-time link, or a request for stills, that somebody without an account has answered."""

    basis: BasisId
    kind: str
    expires: int
    used: bool


@dataclass(frozen=True, slots=True)
class GuestFacts:
    """Who came in by an invitation. ``stands``: the invitation, its event and the agreement do, as they were signed."""

    subject: SubjectId
    basis: BasisId
    stands: bool


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """A consent receipt whose signature was checked, as this gallery recorded it when it was handed out."""

    subject: SubjectId
    basis: BasisId
    expires: int


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """A visit that was recorded here, whose signature was checked: whose, and under which basis."""

    subject: SubjectId
    basis: BasisId


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that one decision is made from.

    ``solo``: the asking organisation has fewer than three named people here. ``purposes_on``: a mask of the purposes
    that are in use. ``model_on``: the model that templates are made with is in use. ``territory_on``: the subject's
    residence is one that this gallery was founded or activated for. ``recipient_named``: it is
    said who receives what is handed out.
    """

    action: type[Action]
    now: int
    gallery: OrganisationId
    account: AccountFacts | None = None
    purpose: str | None = None
    case_named: bool = False
    agreement: AgreementFacts | None = None
    case: CaseFacts | None = None
    subject: SubjectFacts | None = None
    group: GroupFacts | None = None
    due: str | None = None
    basis: BasisFacts | None = None
    source: SourceFacts | None = None
    on_behalf_of: SubjectFacts | None = None
    data_set: DataSetFacts | None = None
    link: LinkFacts | None = None
    receipt: ReceiptFacts | None = None
    guest: GuestFacts | None = None
    visit: VisitFacts | None = None
    solo: bool = True
    recipient_named: bool = False
    purposes_on: int = 0
    model_on: bool = False
    territory_on: bool = False
