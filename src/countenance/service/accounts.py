"""Accounts: one named person each, with a key of their own (P3, P18, P21)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import AlreadyExists, InputError, NotFound
from countenance.policy.facts import ROLES
from countenance.registry import schema as t
from countenance.vault.accounts import create_account_key

if TYPE_CHECKING:
    from countenance.service.context import Context

_EMAIL = re.compile(r"""[^@\s/\\"]{1,64}@[^@\s/\\"]{1,190}""")


@dataclass(frozen=True, slots=True)
class Account:
    """A named person's account."""

    email: str
    roles: tuple[str, ...]
    revoked: bool

    def __str__(self) -> str:
        return self.email


class Accounts:
    """Add, revoke and list accounts."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def add(self, email: str, *, roles: Iterable[str], passphrase: str, trial: bool = False) -> Account:
        """Add a named person and make their key file, which only their passphrase opens.

        Args:
            email: The person's address; one account a person (P21).
            roles: Some of: controller, operator, reviewer, officer.
            passphrase: Chosen by that person.
            trial: For trying out: it can sign in, and is refused every act on real people (P21).
        """
        context = self._context
        wanted = check_account(email, roles)
        with context.registry.read() as connection:
            if connection.scalar(sa.select(sa.exists().where(t.accounts.c.email == email))):
                raise AlreadyExists(f"There is an account {email} already.", hint="One account a person (P21).")
        file = context.settings.account_key(email)
        public = create_account_key(file, passphrase)
        facts = {"roles": list(wanted), "trial": trial, "key": hashlib.sha256(public).hexdigest()}
        try:
            with context.registry.write() as connection:
                insert_account(connection, context, email, wanted, public, trial=trial)
                context.desk.record(connection, "account", "controller", facts=facts)
        except BaseException:
            file.unlink(missing_ok=True)  # the key of no account would be in the way of the real one
            raise
        context.book.publish()
        return Account(email, wanted, revoked=False)

    def revoke(self, email: str) -> None:
        """End an account at once: its key signs nothing any more. Raises `NotFound`."""
        context = self._context
        with context.registry.write() as connection:
            mine = (t.accounts.c.email == email, t.accounts.c.organisation == context.organisation)
            changed = connection.execute(
                sa.update(t.accounts).where(*mine, t.accounts.c.revoked.is_(None)).values(revoked=context.clock())
            )
            if not changed.rowcount:
                raise NotFound(f"There is no live account {email}.")
            context.desk.record(connection, "account-revoked", "controller")
        context.book.publish()

    def list(self) -> list[Account]:
        """All accounts of this organisation."""
        query = sa.select(t.accounts).where(t.accounts.c.organisation == self._context.organisation)
        with self._context.registry.read() as connection:
            rows = connection.execute(query.order_by(t.accounts.c.id)).all()
        return [Account(row.email, tuple(row.roles.split()), row.revoked is not None) for row in rows]


def check_account(email: str, roles: Iterable[str]) -> tuple[str, ...]:
    """The roles in the order of the list. Raises `InputError` for an address that is none or an unknown role."""
    if not _EMAIL.fullmatch(email) or not email.isprintable():
        raise InputError(f"{email!r} is no e-mail address.", hint="An account is one named person: name@organisation.")
    wanted = set(roles)
    if not wanted or wanted - set(ROLES):
        raise InputError("An account needs roles from the list.", hint=f"Some of: {', '.join(ROLES)}.")
    return tuple(role for role in ROLES if role in wanted)


def insert_account(
    connection: sa.Connection,
    context: Context,
    email: str,
    roles: tuple[str, ...],
    public: bytes,
    *,
    trial: bool = False,
) -> int:
    """Write the account's row; returns its number."""
    row = connection.execute(
        sa.insert(t.accounts).values(
            organisation=context.organisation,
            email=email,
            roles=" ".join(roles),
            public_key=public,
            trial=trial,
            created=context.clock(),
        )
    )
    return int((row.inserted_primary_key or (0,))[0])
