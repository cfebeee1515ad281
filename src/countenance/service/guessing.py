"""A person's password opens their key file, and how often it may be tried: counted in the registry, for all processes.

An address without an account is counted, answered and taken as long over as one that has one.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import NotSignedIn, TooMany
from countenance.policy.delegating import Row
from countenance.registry import schema as t
from countenance.types import DAY
from countenance.vault.accounts import AccountKey, try_in_vain

if TYPE_CHECKING:
    from countenance.service.context import Context

MOST = 5
"""Wrong passwords of one address in a stretch of time, before the right one does not open either."""
STRETCH = 15 * 60


def account_by(context: Context, email: str) -> Row | None:
    """The live account of a person by this address; a timer's account signs in nowhere."""
    live = (t.accounts.c.email == email, t.accounts.c.revoked.is_(None), t.accounts.c.roles != "system")
    with context.registry.read() as connection:
        return connection.execute(sa.select(t.accounts).where(*live)).first()


def open_key(context: Context, email: str, passphrase: str) -> tuple[Row, AccountKey]:
    """The account and its own key, opened. Raises `TooMany`, and `NotSignedIn` in the same words for all else."""
    row = account_by(context, email)
    _count(context, email, row)
    wrong = NotSignedIn("This address and this password open nothing here.", hint="Check both, or use a passkey.")
    if row is None or not context.settings.account_key(email).is_file():
        try_in_vain(passphrase)
        raise wrong
    try:
        key = AccountKey.open(context.settings.account_key(email), passphrase)
    except NotSignedIn:
        raise wrong from None
    if not hmac.compare_digest(key.public, row.public_key):
        raise wrong
    with context.registry.write() as connection:
        mine = (t.guesses.c.organisation == context.organisation, t.guesses.c.who_hash == _who(context, email))
        connection.execute(sa.delete(t.guesses).where(*mine))
    return row, key


def _count(context: Context, email: str, row: Row | None) -> None:
    """Count a guess before it is made, so that guesses side by side are counted too."""
    c, now = t.guesses.c, context.clock()
    starts = now - now % STRETCH
    mine = (c.organisation == context.organisation, c.who_hash == _who(context, email), c.starts == starts)
    with context.registry.write() as connection:
        made = connection.scalar(sa.select(c.count).where(*mine)) or 0
        if made >= MOST:
            left = starts + STRETCH - now
            raise TooMany(
                "This address was tried too often.", hint=f"Try again in {left // 60 + 1} minutes, or use a passkey.",
                requirement="P21", after=left,
            )  # fmt: skip
        if made == 0:
            connection.execute(sa.delete(t.guesses).where(c.starts < now - DAY))
            values = {"organisation": context.organisation, "who_hash": _who(context, email), "starts": starts}
            connection.execute(sa.insert(t.guesses).values(**values, count=1))
            return
        connection.execute(sa.update(t.guesses).where(*mine).values(count=made + 1))
        if made + 1 == MOST and row is not None:
            nobody = context.acting(None).desk
            nobody.write(connection, "sign-in", facts={"account": row.id, "tried": MOST}, outcome="refused")
    context.book.publish()


def _who(context: Context, email: str) -> str:
    return context.find_hash("sign-in", email)
