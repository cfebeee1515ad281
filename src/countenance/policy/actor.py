"""Who is at the desk: a named account, and the means to sign with its own key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from countenance.types import AccountId, OrganisationId


@dataclass(frozen=True, slots=True)
class Actor:
    """One account in one session. ``sign`` opens the key on first use, and raises `NotSignedIn` when it cannot."""

    account: AccountId
    organisation: OrganisationId
    email: str
    sign: Callable[[bytes], bytes] = field(repr=False)
