"""The words that all rooms share: ids, faces, templates, candidates and the grant. All of them frozen."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, NewType, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from countenance.errors import GrantRefused, NotFound

OrganisationId = NewType("OrganisationId", int)
AccountId = NewType("AccountId", int)
SubjectId = NewType("SubjectId", int)
BasisId = NewType("BasisId", int)
SourceId = NewType("SourceId", int)
PhotoId = NewType("PhotoId", int)
ReferenceId = NewType("ReferenceId", int)
CaseId = NewType("CaseId", int)
AgreementId = NewType("AgreementId", int)
SearchId = NewType("SearchId", int)

DAY = 86_400
"""Seconds."""

Clock = Callable[[], int]
"""Tells the time in whole seconds since 1970-01-01 UTC. Passed by hand, so that tests can move it."""


def system_clock() -> int:
    """The time of this machine, in whole seconds since 1970-01-01 UTC."""
    return int(datetime.now(UTC).timestamp())


def iso(at: int) -> str:
    """``at`` (seconds since 1970) as an RFC 3339 time in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def reference_number(letter: str, number: int) -> str:
    """A record's number as people write it: ``B12`` is basis 12."""
    return f"{letter}{number}"


def parse_number(letter: str, text: str, what: str) -> int:
    """The number in ``B12``. Raises `NotFound` for anything else: a number that cannot exist does not exist."""
    found = re.fullmatch(rf"{letter}([1-9][0-9]{{0,17}})", text.strip(), re.IGNORECASE)
    if found is None:
        raise NotFound(f"There is no {what} {text!r}.", hint=f"A {what} is written like {letter}12.")
    return int(found[1])


# --- pictures and faces ----------------------------------------------------------------------------------------------

Pixels = NDArray[np.uint8]
"""A decoded picture: height × width × 3, RGB, upright."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where a face is, in pixels of the upright photo: left, top, width, height."""

    x: float
    y: float
    w: float
    h: float

    def as_list(self) -> list[int]:
        """``[x, y, w, h]``, whole pixels, as the JSON output has it."""
        return [round(self.x), round(self.y), round(self.w), round(self.h)]


@dataclass(frozen=True, slots=True)
class Quality:
    """How far a face may be relied on. ``reasons`` is empty when it passes the gate that it was measured against.

    ``clipped``: the share of the face that is black or white without detail. ``nose``: how far down from the eyes to
    the mouth it is, about 0.57 of a head held level. ``apart``: degrees between the lines of eyes and mouth.
    """

    width: float
    sharpness: float
    brightness: float
    yaw: float
    roll: float
    reasons: tuple[str, ...] = ()
    clipped: float = 0.0
    nose: float = 0.57
    apart: float = 0.0
    cut_off: bool = False


@dataclass(frozen=True, slots=True)
class Face:
    """One detection in one photo. ``landmarks`` is 5 × 2: right eye, left eye, nose, right and left mouth corner."""

    box: Box
    landmarks: tuple[tuple[float, float], ...]
    score: float
    quality: Quality


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """The biometric reference of one face: an L2-normalised float32 vector and the contract it was made under.

    Never printed: ``repr`` shows the contract alone.
    """

    vector: NDArray[np.float32] = field(repr=False)
    contract: str

    def to_bytes(self) -> bytes:
        """The vector as little-endian float32, for sealing."""
        return self.vector.astype("<f4").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes, contract: str) -> Template:
        """The opposite of `to_bytes`."""
        return cls(np.frombuffer(data, "<f4").astype(np.float32), contract)


@dataclass(frozen=True, slots=True)
class Probe:
    """What is searched for: one face, its template, and a salted commitment to the photo. In memory only.

    ``content`` says which face of which photo it is (`countenance.gallery.rejecting.content_of`); ``taken_at`` when the
    photo says that it was taken.
    """

    face: Face
    template: Template
    commitment: str
    faces_in_photo: int = 1
    content: str = field(default="", repr=False)
    taken_at: str | None = None


# --- results ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PhotoRef:
    """Where a photograph lies: its number, path in the source, the source's name and the recorded origin.

    ``taken_at``: when, as it or its supplier's manifest says.
    """

    id: str
    path: str
    source: str
    origin: str | None = None
    taken_at: str | None = None


@dataclass(frozen=True, slots=True)
class Appearance:
    """A kept face in a photo."""

    photo: PhotoRef
    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """One ranked result of a search: one subject, never a confirmation that it is the person.

    ``asserted_by`` said that this face is this person's, by recording the basis, at ``asserted_at``. ``cautions``: why
    such models fail here, as codes of `countenance.policy.cautions`. ``reviewers``: how many people must confirm it.
    ``reference``: the enrolment that resembles the probe most.
    """

    rank: int
    subject: str
    name: str
    score: float
    band: str
    basis: str
    confirmed_how: str
    asserted_by: str
    asserted_at: str
    appearances: tuple[Appearance, ...] = ()
    review: str | None = None
    cautions: tuple[str, ...] = ()
    reviewers: int = 0
    reference: ReferenceId = ReferenceId(0)

    @property
    def best(self) -> Appearance | None:
        """The best appearance; none when the subject is only enrolled."""
        return self.appearances[0] if self.appearances else None


# --- the grant -------------------------------------------------------------------------------------------------------


class Action:
    """What a grant permits. Each subclass is one act; the class itself is only a name."""


class Enrol(Action):
    """Store a subject's template."""


class Ingest(Action):
    """Match the faces of a batch of photos, keep the known, forget the others."""


class Sweep(Action):
    """Look again at photos that were ingested, for people who came since."""


class Search(Action):
    """Compare a probe with the gallery (1:N)."""


class Verify(Action):
    """Compare two faces (1:1)."""


class People(Action):
    """Compare the kept faces of people who agreed with one another and with all references, to see who is who."""


class Withdraw(Action):
    """Make a basis' templates unsearchable."""


class Erase(Action):
    """Erase a subject."""


class Locate(Action):
    """Find a person's own record from a photo of them, for a request at the counter."""


class Confirm(Action):
    """Compare camera stills with the one person's own enrolment, to confirm their consent."""


class Reindex(Action):
    """Build the index anew, compare it with the registry, or fill that of another engine."""


class Remodel(Action):
    """Make people's templates anew with another model, or switch to that model."""


class Export(Action):
    """Hand out names that reviewers confirmed, with what says so."""


class Evaluate(Action):
    """Measure a model on a data set, in memory, outside the gallery."""


class Calibrate(Action):
    """Fit what a threshold means to a data set, in memory, outside the gallery."""


A = TypeVar("A", bound=Action)


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the agreement that a comparison is made under demands of it; a grant carries it to the gallery.

    ``territories``: where those live who may be shown, None for everywhere. ``reviewers``: how many different people
    must confirm a candidate. ``quota``: comparisons a day, None for any number.
    """

    agreement: AgreementId
    territories: frozenset[str] | None
    reviewers: int
    quota: int | None


_MINT = object()
"""The desk's seal. Only ``countenance.policy.desk`` may import it; an architecture test holds that."""


class Grant(Generic[A]):
    """The inside permission for one act: one action, scope, purpose and expiry, spent once (or ``uses`` times).

    Minted by ``policy.desk`` alone, after the decision has been written to the log. It cannot be copied or pickled.
    """

    __slots__ = (
        "__account",
        "__action",
        "__case",
        "__expires",
        "__lock",
        "__log_index",
        "__purpose",
        "__scope",
        "__terms",
        "__uses",
    )

    def __init__(
        self,
        seal: object,
        action: type[A],
        *,
        scope: str,
        purpose: str,
        expires: int,
        log_index: int,
        uses: int = 1,
        case: CaseId | None = None,
        account: AccountId | None = None,
        terms: Agreed | None = None,
    ) -> None:
        if seal is not _MINT:
            raise GrantRefused("Only the policy desk mints a grant.")
        self.__action = action
        self.__scope = scope
        self.__purpose = purpose
        self.__expires = expires
        self.__log_index = log_index
        self.__uses = uses
        self.__case = case
        self.__account = account
        self.__terms = terms
        self.__lock = threading.Lock()

    @property
    def purpose(self) -> str:
        """The purpose that the decision was made for."""
        return self.__purpose

    @property
    def scope(self) -> str:
        """What the act is bound to, such as ``organisation:1`` or ``subject:7``."""
        return self.__scope

    @property
    def case(self) -> CaseId | None:
        """The case that the decision was made for."""
        return self.__case

    @property
    def account(self) -> AccountId | None:
        """Who asked."""
        return self.__account

    @property
    def terms(self) -> Agreed:
        """What the agreement demands. Raises `GrantRefused` for an act that no agreement covers."""
        if self.__terms is None:
            raise GrantRefused("A grant was shown for a comparison that no agreement covers.")
        return self.__terms

    @property
    def log_index(self) -> int:
        """The log entry of the decision."""
        return self.__log_index

    def spend(self, action: type[Action], *, scope: str, now: int) -> None:
        """Use the grant up by one. Raises `GrantRefused` unless action, scope, time and count all fit."""
        with self.__lock:
            if self.__action is not action:
                raise GrantRefused(f"A grant for {self.__action.__name__} was shown for {action.__name__}.")
            if self.__scope != scope:
                raise GrantRefused("A grant was shown outside its scope.")
            if now >= self.__expires:
                raise GrantRefused("A grant was shown after it had expired.")
            if self.__uses < 1:
                raise GrantRefused("A grant was shown again after it had been spent.")
            self.__uses -= 1

    def __repr__(self) -> str:
        return f"<Grant {self.__action.__name__} {self.__scope} log {self.__log_index}>"

    def __copy__(self) -> NoReturn:
        raise GrantRefused("A grant cannot be copied.")

    def __deepcopy__(self, memo: dict[int, Any]) -> NoReturn:
        raise GrantRefused("A grant cannot be copied.")

    def __reduce__(self) -> NoReturn:
        raise GrantRefused("A grant cannot be pickled.")
