"""Who is at the desk: a named account, and the means to sign with its own key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from countenance.errors import RoleRefused, SignAgain
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
    session: int | None = None
    """The number of the browser's session that acts for the account, and signs with a key of its own."""
    in_person: Callable[[bytes], bytes] | None = field(default=None, repr=False)
    """How the person signs from a browser, where they were just asked to."""
    moment: tuple[int, str] | None = None
    """Time and number of what the person is asked to sign from a browser: the same when it is asked again."""
    working: bool = False
    """Work that a browser began goes on while the browser rests, until its session ends."""

    def sign_in_person(self, statement: bytes) -> bytes:
        """What only the named person signs, with their own key: an approval, a review, a confirmation (P18).

        Raises `RoleRefused` for a program's key, `SignAgain` for a browser whose person has not signed exactly this
        just now, and `NotSignedIn` when the key does not open.
        """
        if self.program is not None:
            raise RoleRefused(
                "An API key cannot approve, review or confirm: a person does, with their own key.",
                requirement="P18", hint="Do it with the command line, or in the browser, signed in as yourself.",
            )  # fmt: skip
        if self.session is None:
            return self.sign(statement)
        if self.in_person is None:
            raise SignAgain("This needs your own signature, now.", statement=statement)
        return self.in_person(statement)
