"""Who is at the desk: a named account, and the means to sign with its own key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from countenance.errors import RoleRefused
from countenance.types import AccountId, OrganisationId


@dataclass(frozen=True, slots=True)
class Actor:
    """One account in one session. ``sign`` opens the key on first use, and raises `NotSignedIn` when it cannot."""

    account: AccountId
    organisation: OrganisationId
    email: str
    sign: Callable[[bytes], bytes] = field(repr=False)
    program: int | None = None
    """The number of the API key that acts in the account's name, and signs with a key of its own."""

    def sign_in_person(self, statement: bytes) -> bytes:
        """What only the named person signs, with their own key: an approval, a review, a confirmation (P18).

        Raises `RoleRefused` for a program's key, and `NotSignedIn` when the key does not open.
        """
        if self.program is not None:
            raise RoleRefused(
                "An API key cannot approve, review or confirm: a person does, with their own key.",
                requirement="P18", hint="Do it with the command line, or in the browser, signed in as yourself.",
            )  # fmt: skip
        return self.sign(statement)
