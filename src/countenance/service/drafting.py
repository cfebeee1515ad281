"""A new order in two steps: its document and what it says, counted before anything is recorded, then recorded (P8).

What the first step has read is handed to the browser sealed, and comes back as it was: the document's hash above all.
Nothing is kept in between.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from countenance.errors import InputError
from countenance.service.evidence import Seen
from countenance.service.handed_out import sealed, unsealed
from countenance.service.instruments import document

if TYPE_CHECKING:
    from countenance.rights.reach import Reach
    from countenance.service.context import Context
    from countenance.service.executing import Executing
    from countenance.service.order import Order

HOURS = 8
"""For which a draft waits to be recorded."""
_WHAT = "order"


@dataclass(frozen=True, slots=True)
class Said:
    """What an authority ordered, as it was typed. See `countenance.service.orders.Orders.propose`."""

    kind: str
    authority: str
    reference: str | None = None
    subject: str | None = None
    source: str | None = None
    territory: str | None = None
    supplier: str | None = None
    deadline: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """An order that is not recorded yet: what it says, its document's hash, what it would bear on; and that sealed."""

    said: Said
    evidence_sha256: str
    reach: Reach
    sealed: str


def draft(context: Context, orders: Executing, evidence: bytes, said: Said) -> Draft:
    """Read a document and count what the order would bear on. Raises what `propose` would, and records nothing."""
    digest = document(evidence)
    reach = orders.foresee(**asdict(said), evidence=Seen(digest))
    content = {"evidence": digest, "said": asdict(said), "by": context.account}
    return Draft(said, digest, reach, sealed(context, _WHAT, content, patience=HOURS * 3600))


def propose(context: Context, orders: Executing, text: str) -> Order:
    """Record a draft as it was counted. Raises `InputError` for what is none of this account's, or too old."""
    content = unsealed(context, _WHAT, text)
    if content is None or content["by"] != context.account:
        raise InputError("This draft is not yours, or too old.", hint="Give the document again.")
    return orders.propose(**content["said"], evidence=Seen(content["evidence"]))
