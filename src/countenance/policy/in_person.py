"""What a named person signs themselves, and the check that they did: with their own key, or with a passkey (P18).

A passkey signs a challenge. Here the challenge is the SHA-256 of exactly what is signed, so that the assertion is a
signature of it, which anybody can check later: against the passkey's public half, which the account's own key has
signed together with the host that it is for (W3C Web Authentication, level 3).
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import rfc8785
import sqlalchemy as sa

from countenance.errors import BadSignature
from countenance.policy.delegating import Row
from countenance.registry.schema import accounts, passkeys
from countenance.types import iso
from countenance.vault.accounts import verify_signature

_MARK = b"passkey "
"""How a passkey's signature begins; an account key's has 64 bytes of its own."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """What an authenticator answered: its data, the browser's, and the signature over both."""

    credential: bytes
    authenticator: bytes
    client: bytes
    signature: bytes


def read_assertion(text: str) -> Assertion:
    """What the browser's script sends: the fields in base64url, as JSON. Raises `BadSignature`."""
    try:
        content = json.loads(text)
        parts = (_unpadded(str(content[name])) for name in ("id", "authenticatorData", "clientDataJSON", "signature"))
        return Assertion(*parts)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise BadSignature("This is no answer of a passkey.") from None


def challenge_of(data: bytes) -> bytes:
    """What a passkey is asked to sign for ``data``: 32 bytes."""
    return hashlib.sha256(data).digest()


def passkey_statement(row: Row) -> bytes:
    """What the account's own key signs when a passkey is added (RFC 8785)."""
    content = {
        "v": 1,
        "act": "passkey",
        "account": row.account,
        "credential": row.credential.hex(),
        "public": row.public_key.hex(),
        "site": row.site,
        "created": iso(row.created),
    }
    return rfc8785.dumps(content)


def passkey_of(connection: sa.Connection, number: int, account: int, at: int) -> Row | None:
    """The passkey's row, if this account's own key has signed it and it stood at a time (seconds since 1970)."""
    row = connection.execute(sa.select(passkeys).where(passkeys.c.id == number)).first()
    if row is None or row.account != account or at < row.created or (row.revoked is not None and at >= row.revoked):
        return None
    try:
        verify_signature(_key_of(connection, account), row.signature, passkey_statement(row))
    except (BadSignature, ValueError, OverflowError):  # a row from outside may hold what is not even a date
        return None
    return row


def pack(number: int, given: Assertion) -> bytes:
    """A passkey's assertion as a signature: which passkey, and what it takes to check it."""
    content: dict[str, Any] = {
        "passkey": number,
        "authenticator": given.authenticator.hex(),
        "client": given.client.hex(),
        "signature": given.signature.hex(),
    }
    return _MARK + rfc8785.dumps(content)


def signed(connection: sa.Connection, account: int | None, signature: bytes, data: bytes, at: int) -> bool:
    """Whether the account signed ``data``: with its own key, or with a passkey that stood ``at`` that time."""
    if account is None:
        return False
    if signature.startswith(_MARK):
        return _by_passkey(connection, account, signature[len(_MARK) :], data, at)
    try:
        verify_signature(_key_of(connection, account), signature, data)
    except BadSignature:
        return False
    return True


def check_assertion(row: Row, given: Assertion, challenge: bytes, origins: list[str], count: int) -> int:
    """Check an assertion by the passkey of this row: the challenge, the page it was made on, the person's presence.

    ``count``: its counter must have gone on since. Returns the counter. Raises `BadSignature`.
    """
    from webauthn import verify_authentication_response
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.exceptions import WebAuthnException
    from webauthn.helpers.structs import AuthenticationCredential, AuthenticatorAssertionResponse

    answer = AuthenticatorAssertionResponse(
        client_data_json=given.client, authenticator_data=given.authenticator, signature=given.signature
    )
    try:
        checked = verify_authentication_response(
            credential=AuthenticationCredential(bytes_to_base64url(row.credential), row.credential, answer),
            expected_challenge=challenge,
            expected_rp_id=row.site,
            expected_origin=origins,
            credential_public_key=row.public_key,
            credential_current_sign_count=count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        raise BadSignature("This passkey's answer does not fit what was asked.") from None
    return checked.new_sign_count


def _by_passkey(connection: sa.Connection, account: int, text: bytes, data: bytes, at: int) -> bool:
    try:
        content = json.loads(text)
        row = passkey_of(connection, int(content["passkey"]), account, at)
        if row is None:
            return False
        parts = (bytes.fromhex(content[name]) for name in ("authenticator", "client", "signature"))
        given = Assertion(row.credential, *parts)
        # Its port may be another one today; what was signed for another host was never one of ours.
        origin = str(json.loads(given.client)["origin"])
        if origin.partition("://")[2].partition(":")[0] != row.site:
            return False
        check_assertion(row, given, challenge_of(data), [origin], 0)
    except (BadSignature, ValueError, TypeError, KeyError, RecursionError):
        return False
    return True


def _unpadded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _key_of(connection: sa.Connection, account: int) -> bytes:
    found: Any = connection.scalar(sa.select(accounts.c.public_key).where(accounts.c.id == account))
    return found or b""
