"""API keys: what a named person lets a program do in their name, and the check that they did (P3, P18).

A key has a secret of 256 random bits, of which nothing is kept: the program's own signing key is derived from it, and
only the public half of that is on record, under a signature of the person's own key over all that the program may do.
So a stolen registry opens nothing, a row that is written or widened with a database tool opens nothing, and a program
signs its questions to the desk with a key that no approval, review or confirmation is ever checked against.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import rfc8785
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from countenance.errors import BadSignature
from countenance.policy.purposes import names
from countenance.registry.schema import accounts, api_keys, basis_forms, notices
from countenance.types import iso
from countenance.vault.accounts import verify_signature

if TYPE_CHECKING:
    from countenance.policy.facts import AccountFacts

SECRET = 32
"""Bytes."""
_TOKEN = re.compile(r"cnt_K([1-9][0-9]{0,17})_([A-Za-z0-9_-]{43})")
Row = sa.Row[tuple[object, ...]]


def token_of(number: int, secret: bytes) -> str:
    """What the program sends: the key's number, which is no secret, and the secret."""
    return f"cnt_K{number}_{base64.urlsafe_b64encode(secret).decode().rstrip('=')}"


def parse_token(text: str) -> tuple[int, bytes] | None:
    """The number and the secret; None of what is no token."""
    found = _TOKEN.fullmatch(text)
    if found is None:
        return None
    secret = base64.urlsafe_b64decode(found[2] + "=")
    return (int(found[1]), secret) if token_of(int(found[1]), secret) == text else None


def signing_key(secret: bytes, origin: str, what: str = "api key") -> Ed25519PrivateKey:
    """The key of a program, or of ``what`` else was made with a secret, in one gallery."""
    seed = HKDF(SHA256(), 32, None, f"countenance {what}, {origin}".encode()).derive(secret)
    return Ed25519PrivateKey.from_private_bytes(seed)


def statement(row: Row) -> bytes:
    """What the person signs (RFC 8785): all that the key may do, and until when. A revocation needs no signature."""
    content = {
        "v": 1,
        "act": "api-key",
        "account": row.account,
        "public": row.public_key.hex(),
        "roles": row.roles,
        "purposes": names(row.purposes),
        "purpose": row.purpose,
        "case_until": None if row.case_until is None else iso(row.case_until),
        "quota": row.quota,
        "created": iso(row.created),
        "expires": iso(row.expires),
    }
    if row.door is not None:  # a key of /v1 is stated as it was before there were others
        content["door"] = row.door
    return rfc8785.dumps(content)


def form_statement(public: bytes, form: Row, notice_sha256: str) -> bytes:
    """What the person signs of a key's basis form (RFC 8785): why the people may be held whom its program records."""
    content = {
        "v": 1,
        "act": "basis-form",
        "public": public.hex(),
        "ground": form.ground,
        "condition": form.condition,
        "purposes": names(form.purposes),
        "notice": notice_sha256,
        "evidence": form.evidence_sha256,
        "collective": bool(form.collective),
        "until": form.until,
        "created": iso(form.created),
    }
    return rfc8785.dumps(content)


def form_of(connection: sa.Connection, number: int) -> Row | None:
    """The basis form of a live key, if the person whose key it is has signed exactly this; else None."""
    key = row_of(connection, number)
    form = connection.execute(sa.select(basis_forms).where(basis_forms.c.api_key == number)).first()
    if key is None or form is None:
        return None
    told = connection.scalar(sa.select(notices.c.sha256).where(notices.c.id == form.notice)) or ""
    return form if _signed(connection, key.account, form, lambda: form_statement(key.public_key, form, told)) else None


def row_of(connection: sa.Connection, number: int) -> Row | None:
    """The key's row, if the person whose it is has signed exactly this and it was not revoked; else None."""
    row = connection.execute(sa.select(api_keys).where(api_keys.c.id == number)).first()
    return row if row is not None and row.revoked is None and _proven(connection, row) else None


def narrowed(connection: sa.Connection, whole: AccountFacts, number: int) -> AccountFacts:
    """The account as far as the key reaches: roles that both have. A key that does not stand is nobody's."""
    row = row_of(connection, number)
    if row is None or row.account != whole.id:
        return replace(whole, roles=frozenset(), revoked=True, purposes=0)
    return replace(whole, roles=whole.roles & frozenset(row.roles.split()), purposes=row.purposes)


def public_of(connection: sa.Connection, account: int, number: int, now: int) -> bytes | None:
    """The key by which a program's question is checked now; None where it may ask nothing (any more)."""
    row = row_of(connection, number)
    return row.public_key if row is not None and row.account == account and now < row.expires else None


def keys_of(connection: sa.Connection, account: int | None, at: int) -> list[bytes]:
    """The keys of the programs that could record something in the account's name at a time, revoked since or not."""
    c = api_keys.c
    stood = (c.account == account, c.created <= at, c.expires > at, sa.or_(c.revoked.is_(None), c.revoked >= at))
    rows = connection.execute(sa.select(api_keys).where(*stood)).all()
    return [row.public_key for row in rows if "controller" in row.roles.split() and _proven(connection, row)]


def _proven(connection: sa.Connection, row: Row) -> bool:
    return _signed(connection, row.account, row, lambda: statement(row))


def _signed(connection: sa.Connection, account: int, row: Row, said: Callable[[], bytes]) -> bool:
    """Whether the account's own key signed what the row says."""
    public = connection.scalar(sa.select(accounts.c.public_key).where(accounts.c.id == account))
    try:
        verify_signature(public or b"", row.signature, said())
    except (BadSignature, ValueError, OverflowError):  # a row from outside may hold what is not even a date
        return False
    return True
