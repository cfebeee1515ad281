"""What a confirmation and a notice sign, and the check that they did.

A basis is live because somebody signed exactly this (P1): an account with its own key, or, where the person agreed
through a one-time link or by stills and has no account, the gallery with the key of its log. Whoever records that a
notice was given signs that as well (P2). Both signatures are checked again before a candidate is shown, so that a row
that was made live, widened, prolonged or given a notice with a database tool finds nobody.

The first release signed a statement without the beginning, the recorder and the notice (``"v": 1``). A basis that bears
such a signature still stands; what verifies says which of the two it is, and neither can pass for the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import rfc8785
import sqlalchemy as sa

from countenance.errors import BadSignature, Tampered
from countenance.policy import delegating, in_person, sessions
from countenance.policy.purposes import names
from countenance.registry.schema import accounts, bases, links, notices
from countenance.types import iso, reference_number
from countenance.vault.accounts import verify_signature

if TYPE_CHECKING:
    from countenance.policy.desk import Desk

COUNTERSIGNED = "countersigned by a second account"
ON_GUARDIANS_FORM = "countersigned by a second account on the guardian's form"
OWN_KEY = "confirmed by the person's own key"
BY_LINK = "confirmed by the person through a one-time link"
BY_GUARDIAN = "confirmed by the guardian through a one-time link"
BY_STILLS = "confirmed by stills in the poses asked"
BY_BEARER = {"person": BY_LINK, "guardian": BY_GUARDIAN, "stills": BY_STILLS}
"""How a basis is confirmed by a link of each kind. The log's key signs these: their person has no account."""
BY_A_GUARDIAN = frozenset({ON_GUARDIANS_FORM, BY_GUARDIAN})
"""What confirms a minor's basis, and nobody else's."""

Row = sa.Row[tuple[object, ...]]


def statement(basis: Row, how: str, *, link: str | None = None) -> bytes:
    """The bytes to sign (RFC 8785): all that this basis says, and how it is confirmed; ``link``: its token's hash."""
    content = _first(basis, how) | {
        "v": 2,
        "starts": iso(basis.starts),
        "recorded_by": basis.recorded_by,
    }
    return rfc8785.dumps(content if link is None else content | {"link": link})


def notice_statement(basis: Row, notice: Row, at: int) -> bytes:
    """The bytes to sign (RFC 8785): that this person was given this text, by this channel, by this time."""
    content = {
        "v": 1,
        "basis": basis.id,
        "subject": basis.subject,
        "notice": {
            "name": notice.name,
            "sha256": notice.sha256,
            "channel": notice.channel,
            "given": iso(notice.given),
        },
        "at": iso(at),
    }
    return rfc8785.dumps(content)


def check_confirmed(connection: sa.Connection, numbers: Iterable[int], desk: Desk) -> None:
    """Raise `Tampered` unless each of these live bases bears the signatures of its confirmation and of its notice."""
    for number in sorted(set(numbers)):
        basis = connection.execute(sa.select(bases).where(bases.c.id == number)).one()
        try:
            sound = _confirmed(connection, basis, desk)
        except (ValueError, OverflowError):  # what it says is not even a date
            sound = False
        if not sound:
            raise Tampered(
                f"Basis {reference_number('B', number)} is marked live, but no signature confirms what it says.",
                hint="The registry was changed from outside. Withdraw this basis; check the log against a checkpoint.",
            )


def _confirmed(connection: sa.Connection, basis: Row, desk: Desk) -> bool:
    signature, how = basis.confirmation or b"", basis.confirmed_how or ""
    if how in BY_BEARER.values():
        link = _used_link(connection, basis)
        sound = link is not None and _signed(desk.log_key, signature, statement(basis, how, link=link))
        return sound and _noticed(connection, basis, desk)
    who, at = basis.confirmed_by, basis.confirmed or 0
    if in_person.signed(connection, who, signature, statement(basis, how), at):
        return _noticed(connection, basis, desk)
    first = _signed(_key_of(connection, who), signature, rfc8785.dumps(_first(basis, how)))
    return first and (basis.notice_signature is None or _noticed(connection, basis, desk))


def _noticed(connection: sa.Connection, basis: Row, desk: Desk) -> bool:
    """Whether the account that recorded the notice signed it as it stands. A basis without a notice finds nobody."""
    if basis.notice is None:
        return True
    notice = connection.execute(sa.select(notices).where(notices.c.id == basis.notice)).one()
    public, at = _key_of(connection, basis.noticed_by), basis.noticed or 0
    said, signature = notice_statement(basis, notice, at), basis.notice_signature or b""
    if basis.noticed_by is None and basis.confirmed_how == BY_STILLS:
        return _signed(desk.log_key, signature, said)  # a guest read it on their own page, and no account gave it
    if _signed(public, signature, said):
        return True
    lent = (*delegating.keys_of(connection, basis.noticed_by, at), *sessions.keys_of(connection, basis.noticed_by, at))
    return any(_signed(each, signature, said) for each in lent)


def _first(basis: Row, how: str) -> dict[str, Any]:
    """What the first release signed."""
    return {
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


def _used_link(connection: sa.Connection, basis: Row) -> str | None:
    """The hash of the token that this basis was confirmed with. The newest: an older one was used up in vain."""
    (kind,) = (kind for kind, how in BY_BEARER.items() if how == basis.confirmed_how)
    query = sa.select(links.c.token_hash).where(
        links.c.basis == basis.id, links.c.kind == kind, links.c.used.is_not(None)
    )
    found: str | None = connection.scalar(query.order_by(links.c.id.desc()).limit(1))
    return found


def _key_of(connection: sa.Connection, account: int | None) -> bytes:
    return connection.scalar(sa.select(accounts.c.public_key).where(accounts.c.id == account)) or b""


def _signed(public: bytes, signature: bytes, data: bytes) -> bool:
    try:
        verify_signature(public, signature, data)
    except BadSignature:
        return False
    return True
