"""Which person of the organisation's directory an account is: signed by the account's own key, once.

The directory is a second lock beside the key (decision 0032). It opens nothing by itself: what it proves is that
somebody signed in there, and whose account that is the account's own key has said.
"""

from __future__ import annotations

from typing import Any

import rfc8785
import sqlalchemy as sa

from countenance.errors import BadSignature
from countenance.policy.delegating import Row
from countenance.registry.schema import accounts, bindings
from countenance.types import iso
from countenance.vault.accounts import verify_signature


def statement(account: int, issuer: str, person_hash: str, created: int) -> bytes:
    """What the account's own key signs at the first use of the directory (RFC 8785)."""
    content: dict[str, Any] = {"v": 1, "act": "directory", "account": account, "issuer": issuer, "person": person_hash}
    return rfc8785.dumps(content | {"created": iso(created)})


def binding_of(connection: sa.Connection, account: int, issuer: str) -> Row | None:
    """The account's binding to this directory, if its own key has signed exactly this one."""
    c = bindings.c
    mine = (c.account == account, c.issuer == issuer, c.ended.is_(None))
    row = connection.execute(sa.select(bindings).where(*mine).order_by(c.id.desc())).first()
    if row is None:
        return None
    key = connection.scalar(sa.select(accounts.c.public_key).where(accounts.c.id == account)) or b""
    try:
        verify_signature(key, row.signature, statement(account, issuer, row.person_hash, row.created))
    except (BadSignature, ValueError, OverflowError):  # a row from outside may hold what is not even a date
        return None
    return row
