"""Signing in with a browser: a password or a passkey opens a session, whose key signs for some hours (P3, P18, P21).

Whoever serves the gallery lends nobody a key. The secret of a session is made here, anew for each, and given to the
browser alone; what a browser is asked before it has signed in is sealed and handed out, so that asking writes nothing.
"""

from __future__ import annotations

import re
import secrets
from contextlib import ExitStack
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import BadSignature, NotSignedIn
from countenance.policy import in_person, sessions
from countenance.policy.actor import Actor
from countenance.policy.delegating import SECRET, Row, signing_key
from countenance.registry import schema as t
from countenance.service import directory
from countenance.service.guessing import open_key
from countenance.service.handed_out import decoded, encoded, sealed, unsealed
from countenance.types import DAY, AccountId, OrganisationId

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.service.countenance import Countenance

NOTED = 60
"""A session's last request is written down at most once in so many seconds."""
_COOKIE = re.compile(r"([1-9][0-9]{0,17})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a browser has the page open: the host that passkeys are for, and the whole origin."""

    site: str
    origin: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a passkey is to answer: the challenge, and what comes back with the answer, sealed. All in base64url.

    ``credentials``: the passkeys that may answer; any, where none is named. ``text``: what is signed, for reading.
    """

    challenge: str
    sealed: str
    credentials: tuple[str, ...] = ()
    text: str = ""


@dataclass(slots=True)
class Visit:
    """One request of a browser that is signed in. ``club`` is its account's own; close it."""

    opened: Countenance = field(repr=False)
    actor: Actor
    secret: str = field(repr=False)
    _club: Countenance | None = field(default=None, repr=False)

    @property
    def club(self) -> Countenance:
        """The gallery, opened by the account; index and vision are shared."""
        if self._club is None:
            self._club = club_of(self.opened, self.actor)
        return self._club

    def act_as(self, actor: Actor) -> None:
        """From here on the request acts with what this actor can sign."""
        self.close()
        self.actor = actor

    def close(self) -> None:
        """Give back what the request had opened."""
        if self._club is not None:
            self._club.close()
            self._club = None


def club_of(opened: Countenance, actor: Actor) -> Countenance:
    """The gallery for one account, for one request."""
    from countenance.service.countenance import Countenance
    from countenance.service.entrance import guarded

    return guarded(Countenance(opened.context.acting(actor), ExitStack()))


# --- signing in ------------------------------------------------------------------------------------------------------


def ask(opened: Countenance, *, seen: str | None = None) -> Asked:
    """What a passkey is to sign to open a session. It names nobody: the passkey says whose it is.

    ``seen``: what the directory said, as it was handed out: the session ends no later than it says.
    """
    context, secret = opened.context, secrets.token_bytes(SECRET)
    expires = _ends(context, directory.seen(context, seen) if seen else None)
    statement = sessions.statement(_public(context, secret), expires)
    content = {"secret": secret.hex(), "expires": expires}
    return Asked(encoded(in_person.challenge_of(statement)), sealed(context, "sign-in", content))


def by_password(opened: Countenance, email: str, passphrase: str, *, seen: str | None = None) -> str:
    """Open a session; returns the cookie. Raises `TooMany`, and `NotSignedIn` in the same words for all else.

    ``seen``: what the directory said, as it was handed out. Where it is required, no password is tried without it.
    """
    context = opened.context
    found = directory.seen(context, seen)
    account, key = open_key(context, email, passphrase)
    secret, expires = secrets.token_bytes(SECRET), _ends(context, found)
    proof = key.sign(sessions.statement(_public(context, secret), expires))
    with context.registry.write() as connection:
        told = directory.admit(connection, context, account, found, key)
        cookie = _open(connection, context, account, secret, expires, {"how": "password", "proof": proof}, told)
    context.book.publish()
    return cookie


def by_passkey(opened: Countenance, given: str, answer: str, place: Place, *, seen: str | None = None) -> str:
    """Open a session that a passkey has signed; returns the cookie. Raises `NotSignedIn`, in the same words always.

    ``seen``: as for `by_password`.
    """
    context = opened.context
    found = directory.seen(context, seen)
    wrong = NotSignedIn("This passkey opens nothing here.", hint="Try again, or use your password.")
    content = unsealed(context, "sign-in", given)
    if content is None or content["expires"] > _ends(context, found):
        raise wrong
    secret, expires = bytes.fromhex(content["secret"]), content["expires"]
    challenge = in_person.challenge_of(sessions.statement(_public(context, secret), expires))
    with context.registry.write() as connection:
        try:
            row, packed = answered(connection, context, answer, challenge, place, content["once"])
        except BadSignature:
            raise wrong from None
        account = connection.execute(sa.select(t.accounts).where(t.accounts.c.id == row.account)).one()
        if account.revoked is not None:
            raise wrong
        how = {"how": "passkey", "passkey": row.id, "proof": packed}
        told = directory.admit(connection, context, account, found, None)
        cookie = _open(connection, context, account, secret, expires, how, told)
    context.book.publish()
    return cookie


def answered(
    connection: sa.Connection,
    context: Context,
    answer: str,
    challenge: bytes,
    place: Place,
    once: str,
    account: int | None = None,
) -> tuple[Row, bytes]:
    """Take a passkey's answer to a challenge, once: its row, and its signature. Raises `BadSignature`.

    ``once``: the number of what was handed out for it. ``account``: whose passkey it must be, where that is known.
    """
    given, now = in_person.read_assertion(answer), context.clock()
    found = connection.execute(sa.select(t.passkeys).where(t.passkeys.c.credential == given.credential)).first()
    row = None if found is None else in_person.passkey_of(connection, found.id, found.account, now)
    if row is None or row.revoked is not None or row.site != place.site or account not in (None, row.account):
        raise BadSignature("There is no such passkey.")
    count = in_person.check_assertion(row, given, challenge, [place.origin], row.sign_count)
    c = t.answered.c
    if connection.scalar(sa.select(sa.exists().where(c.once == once))):
        raise BadSignature("This was answered already.")
    connection.execute(sa.delete(t.answered).where(c.created < now - DAY))
    connection.execute(sa.insert(t.answered).values(organisation=context.organisation, once=once, created=now))
    connection.execute(sa.update(t.passkeys).where(t.passkeys.c.id == row.id).values(sign_count=count, used=now))
    return row, in_person.pack(row.id, given)


def _open(
    connection: sa.Connection,
    context: Context,
    account: Row,
    secret: bytes,
    expires: int,
    how: dict[str, Any],
    told: dict[str, Any],
) -> str:
    now, public = context.clock(), _public(context, secret)
    values = {"organisation": account.organisation, "account": account.id, "public_key": public} | how
    made = connection.execute(sa.insert(t.sessions).values(**values, created=now, seen=now, expires=expires))
    number = int((made.inserted_primary_key or (0,))[0])
    if sessions.row_of(connection, number) is None:
        raise NotSignedIn("What was signed opens no session.")
    private = signing_key(secret, context.desk.origin, sessions.LABEL)
    actor = Actor(AccountId(account.id), OrganisationId(account.organisation), account.email, private.sign)
    facts = {"session": f"N{number}", "how": how["how"]} | told
    context.acting(actor).desk.write(connection, "sign-in", facts=facts)
    return f"{number}.{encoded(secret)}"


def _ends(context: Context, found: directory.Seen | None) -> int:
    """When a session ends that is opened now: after its hours, or before, where the directory says so."""
    usual = context.clock() + sessions.HOURS * 3600
    return usual if found is None else min(usual, found.person.until)


def _public(context: Context, secret: bytes) -> bytes:
    return signing_key(secret, context.desk.origin, sessions.LABEL).public_key().public_bytes_raw()


# --- being signed in -------------------------------------------------------------------------------------------------


def enter(opened: Countenance, cookie: str, *, used: bool = True) -> Visit:
    """Let a browser in by its cookie. Raises `NotSignedIn`, in the same words for whatever does not open.

    ``used``: somebody is there, and the session rests anew from now on.
    """
    context, found = opened.context, _COOKIE.fullmatch(cookie)
    number, secret = (int(found[1]), decoded(found[2])) if found else (0, bytes(SECRET))
    private, now = signing_key(secret, context.desk.origin, sessions.LABEL), context.clock()
    with context.registry.read() as connection:
        row = sessions.row_of(connection, number)
        public = sessions.public_of(connection, row.account, number, now) if row is not None else None
        live = (t.accounts.c.id == (row.account if row else 0), t.accounts.c.revoked.is_(None))
        owner = connection.execute(sa.select(t.accounts).where(*live)).first()
    if row is None or owner is None or not compare_digest(private.public_key().public_bytes_raw(), public or b""):
        raise NotSignedIn("This browser is not signed in.", hint="Sign in again.")
    if used and now - row.seen >= NOTED:
        with context.registry.write() as connection:
            connection.execute(sa.update(t.sessions).where(t.sessions.c.id == number).values(seen=now))
    actor = Actor(
        AccountId(owner.id), OrganisationId(owner.organisation), owner.email, private.sign, session=number,
        moment=(now, secrets.token_hex(8)),
    )  # fmt: skip
    return Visit(opened, actor, cookie)
