"""The organisation's directory as a second lock: who was just seen there, and whose account that is (decision 0032).

What the directory said is sealed and handed to the browser, as all that it is asked before it is signed in; it comes
back with the password or the passkey. The directory alone opens nothing.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import NotSignedIn
from countenance.policy import directory as policy
from countenance.policy.actor import Actor
from countenance.registry import schema as t
from countenance.service.handed_out import sealed, unsealed
from countenance.types import DAY, AccountId, OrganisationId

if TYPE_CHECKING:
    from countenance.policy.delegating import Row
    from countenance.service.context import Context
    from countenance.vault.accounts import AccountKey

_SENT, _SEEN = "sent to the directory", "seen by the directory"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the directory has seen. ``until``: when a session that it opens with has to end."""

    issuer: str
    subject: str
    email: str | None
    """Their address, where the directory says that it is theirs."""
    until: int


@dataclass(frozen=True, slots=True)
class Sent:
    """What a browser takes along to the directory, and what is kept of it, sealed, in the browser itself."""

    state: str
    nonce: str
    verifier: str
    sealed: str = ""
    once: str = ""


def send(context: Context) -> Sent:
    """What a browser is sent with. It names nobody, and nothing is written."""
    made = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    return Sent(**made, sealed=sealed(context, _SENT, made))


def come_back(context: Context, given: str, state: str) -> Sent:
    """What this browser was sent with, once. Raises `NotSignedIn`: another browser's, too late, or a second time."""
    content = unsealed(context, _SENT, given)
    if content is None or not hmac.compare_digest(content["state"].encode(), state.encode()):
        raise NotSignedIn("This browser did not come from the directory just now.", hint="Begin anew from there.")
    with context.registry.write() as connection:
        _once(connection, context, content["once"])
    return Sent(content["state"], content["nonce"], content["verifier"])


def hand_out(context: Context, person: Person) -> str:
    """That the directory has seen somebody, sealed, for the sign-in form: good for five minutes."""
    content = {"issuer": person.issuer, "subject": person.subject, "email": person.email, "ends": person.until}
    return sealed(context, _SEEN, content)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a sign-in form brought back of the directory."""

    person: Person
    once: str


def seen(context: Context, given: str | None) -> Seen | None:
    """Whom the directory has seen just now; None where it is not asked.

    Raises `NotSignedIn` where the configuration demands it and the form brings nothing that holds.
    """
    section = context.settings.http.oidc
    if section is None or not (section.required or given):
        return None
    content = unsealed(context, _SEEN, given or "")
    if content is None or content["issuer"] != section.issuer or content["ends"] <= context.clock():
        raise NotSignedIn("The directory has not seen you just now.", hint="Sign in there first, then here.")
    person = Person(content["issuer"], content["subject"], content["email"], content["ends"])
    return Seen(person, content["once"])


def still_seen(context: Context, given: str | None) -> Person | None:
    """Whom the form shows as seen: nobody where nothing was handed out, or too long ago."""
    try:
        found = seen(context, given) if given else None
    except NotSignedIn:
        return None
    return found.person if found else None


def admit(
    connection: sa.Connection, context: Context, account: Row, found: Seen | None, key: AccountKey | None
) -> dict[str, Any]:
    """Let an account pass that the directory has seen, or bind it to the person, once; what the log says of it.

    Args:
        connection: The transaction that opens the session.
        context: The gallery.
        account: Whose password or passkey was right.
        found: Whom the directory has seen, as `seen` told.
        key: The account's own key, where the password has opened it: it signs the binding at the first use.

    Raises `NotSignedIn` where the directory has seen somebody else.
    """
    if found is None:
        return {}
    _once(connection, context, found.once)
    person, number = found.person, _hash(context, found.person)
    bound = policy.binding_of(connection, account.id, person.issuer)
    if bound is None:
        _bind(connection, context, account, person, number, key)
    elif not hmac.compare_digest(bound.person_hash, number):
        raise NotSignedIn("The directory has seen somebody else.", hint="Sign in there as yourself.")
    return {"directory": True}


def ended(context: Context) -> bool:
    """End what the asking account said of the directory: its next sign-in by password binds it anew."""
    c = t.bindings.c
    mine = (c.account == context.account, c.ended.is_(None))
    with context.registry.write() as connection:
        gone = connection.execute(sa.update(t.bindings).where(*mine).values(ended=context.clock())).rowcount
        if gone:
            context.desk.write(connection, "directory-ended")
    context.book.publish()
    return bool(gone)


# --- inside ----------------------------------------------------------------------------------------------------------


def _bind(
    connection: sa.Connection, context: Context, account: Row, person: Person, number: str, key: AccountKey | None
) -> None:
    if key is None:
        raise NotSignedIn(
            "The directory has not seen this account before.",
            hint="Sign in with your password this once: your own key then signs who you are there.",
        )
    if person.email is None or person.email != account.email.lower():
        raise NotSignedIn(
            "The directory has seen somebody else, or does not say that this address is theirs.",
            hint="The address of the account and the one that the directory has verified must be the same.",
        )
    now = context.clock()
    values = {
        "organisation": account.organisation, "account": account.id, "issuer": person.issuer, "person_hash": number,
        "signature": key.sign(policy.statement(account.id, person.issuer, number, now)), "created": now,
    }  # fmt: skip
    connection.execute(sa.insert(t.bindings).values(**values))
    actor = Actor(AccountId(account.id), OrganisationId(account.organisation), account.email, key.sign)
    context.acting(actor).desk.write(connection, "directory-bound", signature=values["signature"])


def _once(connection: sa.Connection, context: Context, once: str) -> None:
    c, now = t.answered.c, context.clock()
    if connection.scalar(sa.select(sa.exists().where(c.once == once))):
        raise NotSignedIn("This was answered already.", hint="Begin anew from the sign-in page.")
    connection.execute(sa.delete(t.answered).where(c.created < now - DAY))
    connection.execute(sa.insert(t.answered).values(organisation=context.organisation, once=once, created=now))


def _hash(context: Context, person: Person) -> str:
    return context.find_hash("directory", f"{person.issuer} {person.subject}")
