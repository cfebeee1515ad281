"""Authorities' orders: what they say, and which steps they may take (P8). Pure: no record is read or written here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from countenance.errors import EmptyScope, InputError, OrderError
from countenance.policy.approving import Matter
from countenance.types import iso, reference_number

KINDS = {
    "stop": "nothing more is collected",
    "quarantine": "out of every search, and kept",
    "erase": "out of every search at once, erased by the deadline",
    "hold": "kept from erasure",
}
NAMES = {"stop-collecting": "stop"}
"""Other words for a kind, as authorities write them."""

TRANSITIONS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("proposed", "enter"): ("in-force",),
    ("proposed", "stay"): ("stayed",),
    ("in-force", "stay"): ("stayed",),
    ("stayed", "revive"): ("proposed", "in-force"),
    ("in-force", "comply"): ("complied",),
}
"""Where each step leads from each state. What is not here does not happen; ``complied`` is where it ends."""

_WORDS = {
    "enter": "approved",
    "stay": "stayed",
    "revive": "revived",
    "comply": "executed",
}


def after(kind: str, state: str, step: str, *, was_in_force: bool = False) -> str:
    """The state after a step. A revived order is again what it was before it was stayed.

    Args:
        kind: Only an order to erase is ever complied with; the others bind until they are stayed.
        state: Where it is.
        step: ``enter`` (the last approval), ``stay``, ``revive`` or ``comply`` (everything erased).
        was_in_force: Whether it had been in force when it was stayed.

    Raises `OrderError` for a step that this order cannot take.
    """
    leads = TRANSITIONS.get((state, step), ())
    if not leads or (step == "comply" and kind != "erase"):
        what = f"An order that is {state}" if leads == () else f"An order to {kind}"
        raise OrderError(f"{what} cannot be {_WORDS[step]}.")
    if step == "revive":
        return "in-force" if was_in_force else "proposed"
    return leads[0]


def kind_of(text: str) -> str:
    """The kind by this name. Raises `InputError`."""
    kind = NAMES.get(text, text)
    if kind not in KINDS:
        raise InputError(f"{text!r} is no kind of order.", hint=f"Give one of: {', '.join(KINDS)}.")
    return kind


@dataclass(frozen=True, slots=True)
class Scope:
    """What an order bears on: whatever any of these covers. At least one is named."""

    subject: int | None = None
    source: int | None = None
    territory: str | None = None
    supplier: str | None = None

    def __post_init__(self) -> None:
        if not self.kinds:
            raise EmptyScope("This order names nobody and nothing.")

    @property
    def kinds(self) -> list[str]:
        """What sort of thing is named, for the log: never who."""
        return [name for name in ("subject", "source", "territory", "supplier") if getattr(self, name) is not None]


@dataclass(frozen=True, slots=True)
class Instrument:
    """What an authority ordered, and by which document."""

    kind: str
    authority: str
    reference: str | None
    evidence_sha256: str
    scope: Scope
    deadline: int | None
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Event:
    """One step in an order's life, and the document that it rests on."""

    step: str
    at: int
    evidence_sha256: str | None = None

    def as_json(self) -> dict[str, Any]:
        """As it is kept and certified."""
        return {"step": self.step, "at": iso(self.at), "evidence_sha256": self.evidence_sha256}


def approval(number: int, instrument: Instrument, proposed_by: int | None, created: int) -> Matter:
    """What an approver signs: everything that the order says, so that an order changed later has no approvals."""
    scope = instrument.scope
    said = {
        "kind": instrument.kind,
        "authority": instrument.authority,
        "reference": instrument.reference,
        "evidence": instrument.evidence_sha256,
        "scope": {name: getattr(scope, name) for name in scope.kinds},
        "deadline": instrument.deadline,
        "proposed_by": proposed_by,
        "proposed": created,
    }
    return Matter(reference_number("O", number), "approve", said)


def turning(number: int, act: str, evidence_sha256: str, turn: int) -> Matter:
    """What is signed to stay or revive an order. ``turn`` counts these, so that no signature serves twice."""
    return Matter(reference_number("O", number), act, {"evidence": evidence_sha256, "round": turn})
