"""What a confirmation signs, and the check that it did.

A basis is live because somebody signed exactly this with their own key (P1). The signature is checked again before a
candidate is shown, so that a row that was made live, widened or prolonged with a database tool finds nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import rfc8785
import sqlalchemy as sa

from countenance.errors import BadSignature, Tampered
from countenance.policy.purposes import names
from countenance.registry.schema import accounts, bases
from countenance.types import iso, reference_number
from countenance.vault.accounts import verify_signature


def statement(basis: sa.Row[tuple[object, ...]], how: str) -> bytes:
    """The bytes to sign (RFC 8785): this basis, its evidence, its purposes, its end, and how it is confirmed."""
    content: dict[str, Any] = {
        "v": 1,
        "basis": basis.id,
        "subject": basis.subject,
        "ground": basis.ground,
        "condition": basis.condition,
        "purposes": names(basis.purposes),
        "evidence": basis.evidence_sha256,
        "collective": basis.collective,
        "ends": iso(basis.ends),
        "how": how,
    }
    return rfc8785.dumps(content)


def check_confirmed(connection: sa.Connection, numbers: Iterable[int]) -> None:
    """Raise `Tampered` unless each of these live bases bears its confirming account's signature."""
    for number in sorted(set(numbers)):
        basis = connection.execute(sa.select(bases).where(bases.c.id == number)).one()
        public = connection.scalar(sa.select(accounts.c.public_key).where(accounts.c.id == basis.confirmed_by))
        try:
            verify_signature(public or b"", basis.confirmation or b"", statement(basis, basis.confirmed_how or ""))
        except (BadSignature, ValueError, OverflowError):  # or what it says is not even a date
            raise Tampered(
                f"Basis {reference_number('B', number)} is marked live, but no signature confirms what it says.",
                hint="The registry was changed from outside. Withdraw this basis; check the log against a checkpoint.",
            ) from None
