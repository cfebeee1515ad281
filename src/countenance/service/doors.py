"""Keys of Rekognition's clients: their secret is derived where it is needed, and kept nowhere.

Such a client does not send its secret: it signs with it (SigV4), so that the service has to know it. It is derived from
the organisation's key, which lies in the vault under the key-encryption key, and the API key's number. Turning the
key-encryption key leaves it as it is; destroying the vault ends it. From the secret follows the program's signing key,
as for every API key (decision 0023), so that what it asks is signed and checked all the same.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import NotSignedIn, TooMany
from countenance.policy import delegating
from countenance.registry import schema as t
from countenance.vault.keyring import organisation_key

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.service.countenance import Countenance
    from countenance.service.programs import Entered

WINDOW = 300
"""Seconds by which a request's time may differ from ours."""
_MAKE = "`countenance keys api create --for rekognition` makes one."

_ACCESS = re.compile(r"CNTK([0-9]{12,18})")


def access_id(number: int) -> str:
    """The access key's id: the API key's number, which is no secret."""
    return f"CNTK{number:012d}"


def key_number(access: str) -> int:
    """The number in an access key's id; 0, which is no key's, for anything else."""
    found = _ACCESS.fullmatch(access)
    return int(found[1]) if found and access_id(int(found[1])) == access else 0


def secret_text(secret: bytes) -> str:
    """The secret access key as it is shown, and as the client signs with it."""
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")


def derived_secret(context: Context, organisation: int, number: int) -> bytes:
    """The secret of an organisation's key: 32 bytes, known to nobody who has not the vault and its key."""
    return context.keys.salt(organisation_key(organisation), f"rekognition secret, {context.desk.origin}, K{number}")


def knows(opened: Countenance, access: str) -> bool:
    """Whether this is the id of a live key: asked before a request's body is read. It proves nothing yet."""
    context = opened.context
    with context.registry.read() as connection:
        row = delegating.row_of(connection, key_number(access))
    return row is not None and row.door == "rekognition" and context.clock() < row.expires


def enter_signed(opened: Countenance, access: str, proof: Callable[[str], bool]) -> Entered:
    """Let a program in that has signed its request with the secret of its key.

    Args:
        opened: The gallery.
        access: The access key's id.
        proof: Told the secret that the id has; says whether the request was signed with it.

    Raises `NotSignedIn` in the same words for an id that is none, and for a signature by another secret.
    """
    from countenance.service.programs import REKOGNITION, enter

    context, number = opened.context, key_number(access)
    with context.registry.read() as connection:
        whose = connection.scalar(sa.select(t.api_keys.c.organisation).where(t.api_keys.c.id == number))
    secret = derived_secret(context, whose or context.organisation, number)
    if not proof(secret_text(secret)):
        raise NotSignedIn("The request is not signed by a live access key.", hint=_MAKE)
    return enter(opened, delegating.token_of(number, secret), REKOGNITION)


def only_once(entered: Entered, signature: str) -> None:
    """Note a request's signature, for all processes together; raise `TooMany` where it was seen before.

    A time in seconds is all that tells two equal requests apart. Told to slow down, an honest client signs anew, later.
    """
    context, now = entered.club.context, entered.club.context.clock()
    mark = hashlib.sha256(signature.encode()).hexdigest()
    c = t.presented.c
    with context.registry.write() as connection:
        connection.execute(sa.delete(t.presented).where(c.created < now - 2 * WINDOW))
        if connection.scalar(sa.select(c.id).where(c.api_key == entered.key, c.mark == mark)) is not None:
            raise TooMany("This very request was sent before.", hint="Sign each request anew, in another second.")
        values = {"organisation": context.party, "api_key": entered.key, "mark": mark, "created": now}
        connection.execute(sa.insert(t.presented).values(**values))
