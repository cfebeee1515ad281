"""Accounts: one named person each, of the owner or another organisation, with a key of their own (P3, P18, P21)."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import rfc8785
import sqlalchemy as sa

from countenance.errors import AlreadyExists, InputError, NotFound, NotSignedIn, RoleRefused
from countenance.policy.facts import ROLES
from countenance.registry import schema as t
from countenance.service.refusing import recording
from countenance.types import OrganisationId, iso
from countenance.vault.accounts import AccountKey, change_passphrase, check_public_key, create_account_key

if TYPE_CHECKING:
    from countenance.service.context import Context

FOR_OTHERS = ("controller", "operator", "reviewer")
"""What an account of another organisation may be: it signs and ends its agreements, searches, and reviews."""
_OFFICES = """
abuse accounts admin administrator all archive billing board casework club contact control crew data desk dpo
duty editor editors enquiries enquiry everyone feedback group hello help helpdesk hi hq hr info inquiries it
kontakt legal mail mailbox management manager media noreply no-reply office operations operator ops police
postmaster press privacy reception records register registrar root sales secretary security service services
shared shift staff station sales support sysadmin system team test trial user users volunteers webmaster
"""
SHARED = frozenset(_OFFICES.split())
"""Addresses of an office, not of a person: nobody knows who sat there (P21)."""
_EMAIL = re.compile(r"""[^@\s/\\"]{1,64}@[^@\s/\\"]{1,190}""")


@dataclass(frozen=True, slots=True)
class Account:
    """A named person's account."""

    email: str
    roles: tuple[str, ...]
    revoked: bool
    organisation: str = ""
    trial: bool = False

    def __str__(self) -> str:
        return self.email


class Accounts:
    """Add, revoke and list accounts."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def add(
        self,
        email: str,
        *,
        roles: Iterable[str],
        passphrase: str | None = None,
        public_key: str | None = None,
        organisation: str | None = None,
        trial: bool = False,
    ) -> Account:
        """Add a named person: their key file is made here, or they made it and give its public half.

        Args:
            email: The person's address; one account a person, and no shared one (P21).
            roles: Some of: controller, operator, reviewer, officer, system.
            passphrase: Chosen by that person, for a key file that is made here.
            public_key: In hexadecimal, of a key that the person made elsewhere (`make_key`); no file is made here.
            organisation: Whose account it is; the gallery's owner's when left out.
            trial: For trying out: it can sign in, and is refused every act on real people (P21).

        Raises:
            RoleRefused: a shared address, one that differs from another account's only by capitals, a +tag or the
                form of its letters, a role that is not for another organisation, or not a controller (P21).
            AlreadyExists: the address or the key has an account already.
        """
        context = self._context
        wanted, number = check_account(email, roles), context.organisation
        if (passphrase is None) == (public_key is None):
            raise InputError(
                "An account needs a passphrase or a public key, and not both.",
                hint="Give the public key that `countenance account key FILE` printed, or choose a passphrase here.",
            )
        file = context.settings.account_key(email)
        with context.registry.read() as connection:
            if organisation is not None:
                number = _organisation(connection, organisation)
            if connection.scalar(sa.select(sa.exists().where(t.accounts.c.email == email))):
                raise AlreadyExists(f"There is an account {email} already.", hint="One account a person (P21).")
        made = passphrase is not None
        public = create_account_key(file, passphrase) if passphrase is not None else check_public_key(public_key or "")
        facts = {"roles": list(wanted), "trial": trial, "key": hashlib.sha256(public).hexdigest()}
        try:
            with recording(context, "account") as connection:
                if number != context.organisation:
                    _check_for_others(wanted)
                    facts["organisation"] = number
                if connection.scalar(sa.select(sa.exists().where(t.accounts.c.public_key == public))):
                    raise RoleRefused(
                        "This key belongs to an account already.", requirement="P21",
                        hint="Each person makes a key of their own: `countenance account key FILE`.",
                    )  # fmt: skip
                _check_one_person(connection, email, wanted)
                insert_account(connection, context, email, wanted, public, trial=trial, organisation=number)
                context.desk.record(connection, "account", "controller", facts=facts)
        except BaseException:
            if made:
                file.unlink(missing_ok=True)  # the key of no account would be in the way of the real one
            raise
        return self._get(email)

    def revoke(self, email: str) -> None:
        """End an account at once: its key signs nothing any more. Raises `NotFound`."""
        context = self._context
        with recording(context, "account-revoked") as connection:
            changed = connection.execute(
                sa.update(t.accounts)
                .where(t.accounts.c.email == email, t.accounts.c.revoked.is_(None))
                .values(revoked=context.clock())
                .returning(t.accounts.c.id)
            ).scalar()
            if changed is None:
                raise NotFound(f"There is no live account {email}.")
            context.desk.record(connection, "account-revoked", "controller", facts={"account": changed})

    def change_passphrase(self, passphrase: str, wanted: str) -> int:
        """Put the asking account's key file under another passphrase, which is its password in the browser as well.

        Every browser that it has signed in is signed out. Returns how many.

        Raises `NotSignedIn` when the old passphrase does not open the file, `InputError` for a new one that is none.
        """
        context, now = self._context, self._context.clock()
        actor = context.actor
        if actor is None or actor.program is not None or actor.session is not None:
            raise NotSignedIn("A passphrase is changed on the machine where the key file lies.")
        file = context.settings.account_key(actor.email)
        signature = AccountKey.open(file, passphrase).sign(
            rfc8785.dumps({"v": 1, "act": "password", "account": actor.account, "at": iso(now)})
        )
        change_passphrase(file, passphrase, wanted)
        c = t.sessions.c
        with recording(context, "password") as connection:
            mine = (c.account == actor.account, c.ended.is_(None), c.expires > now)
            ended = connection.execute(sa.update(t.sessions).where(*mine).values(ended=now)).rowcount
            context.desk.write(connection, "password", facts={"account": actor.account}, signature=signature)
        return int(ended)

    def list(self) -> list[Account]:
        """All accounts that there are here, of other organisations too."""
        query = (
            sa.select(t.accounts, t.organisations.c.name.label("whose"))
            .join(t.organisations, t.accounts.c.organisation == t.organisations.c.id)
            .order_by(t.accounts.c.id)
        )
        with self._context.registry.read() as connection:
            rows = connection.execute(query).all()
        return [
            Account(row.email, tuple(row.roles.split()), row.revoked is not None, row.whose, row.trial) for row in rows
        ]

    def mine(self) -> Account | None:
        """The account that asks; none where nobody does."""
        actor = self._context.actor
        return None if actor is None else self._get(actor.email)

    def _get(self, email: str) -> Account:
        return next(each for each in self.list() if each.email == email)


def make_key(file: Path, passphrase: str) -> str:
    """A key pair for an account that somebody else will add: the file stays with its person.

    Returns the public half in hexadecimal, which is no secret.
    """
    return create_account_key(file, passphrase).hex()


def check_account(email: str, roles: Iterable[str]) -> tuple[str, ...]:
    """The roles in the order of the list.

    Raises `InputError` for an address that is none or an unknown role, `RoleRefused` for an office's address.
    """
    if not _EMAIL.fullmatch(email) or not email.isprintable():
        raise InputError(f"{email!r} is no e-mail address.", hint="An account is one named person: name@organisation.")
    wanted = set(roles)
    if not wanted or wanted - set(ROLES):
        raise InputError("An account needs roles from the list.", hint=f"Some of: {', '.join(ROLES)}.")
    if wanted != {"system"} and is_shared(email):
        raise RoleRefused(
            f"{email} is the address of an office, not of a person: nobody would know who searched.",
            requirement="P21", hint="Add one account for each person, under their own address.",
        )  # fmt: skip
    return tuple(role for role in ROLES if role in wanted)


def is_shared(email: str) -> bool:
    """Whether an address is one that several people answer: ``info@``, ``team-2@``, ``press.office@``."""
    local = email.partition("@")[0].lower().partition("+")[0]
    parts = [part for part in re.split(r"[._-]|\d+", local) if part]
    return local in SHARED or (bool(parts) and all(part in SHARED for part in parts))


def _check_for_others(roles: tuple[str, ...]) -> None:
    if set(roles) - set(FOR_OTHERS):
        raise RoleRefused(
            "These roles act on the gallery's own records, which are its owner's alone.",
            requirement="P21", hint=f"Another organisation's account may have: {', '.join(FOR_OTHERS)}.",
        )  # fmt: skip


def _check_one_person(connection: sa.Connection, email: str, roles: tuple[str, ...]) -> None:
    """Refuse a second address of one person, who would be two people by it. A timer's account is nobody's."""
    if roles == ("system",):
        return
    people = sa.select(t.accounts.c.email).where(t.accounts.c.roles != "system")
    for other in connection.scalars(people):
        if _person(other) == _person(email):
            raise RoleRefused(
                f"{email} reaches whoever has the account {other}: one person is not two.", requirement="P21",
                hint="One account a person. Another person gives their own address.",
            )  # fmt: skip


def _person(email: str) -> str:
    """An address without what does not tell people apart: capitals, a +tag, another form of the same letters."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email).casefold())
    local, _, domain = plain.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _organisation(connection: sa.Connection, name: str) -> OrganisationId:
    number = connection.scalar(sa.select(t.organisations.c.id).where(t.organisations.c.name == name.strip()))
    if number is None:
        raise NotFound(f"There is no organisation {name!r}.", hint="`countenance organisation add` records one.")
    return OrganisationId(number)


def insert_account(
    connection: sa.Connection,
    context: Context,
    email: str,
    roles: tuple[str, ...],
    public: bytes,
    *,
    trial: bool = False,
    organisation: OrganisationId | None = None,
) -> int:
    """Write the account's row; returns its number."""
    row = connection.execute(
        sa.insert(t.accounts).values(
            organisation=organisation or context.organisation,
            email=email,
            roles=" ".join(roles),
            public_key=public,
            trial=trial,
            created=context.clock(),
        )
    )
    return int((row.inserted_primary_key or (0,))[0])
