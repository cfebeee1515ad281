"""Passkeys: added by their person, with their own key; listed; removed at once (P18)."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import AlreadyExists, BadSignature, InputError, NotFound, NotSignedIn
from countenance.policy import in_person
from countenance.policy.facts import ROLES
from countenance.registry import schema as t
from countenance.service.guessing import open_key
from countenance.service.handed_out import decoded, encoded, sealed, unsealed
from countenance.service.refusing import recording
from countenance.types import iso, parse_number, reference_number

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.service.signing_in import Place

MOST = 20
"""Passkeys of one account."""


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as it is listed. ``site``: the host that it is for."""

    id: str
    label: str
    account: str
    site: str
    created: str
    used: str | None
    state: str

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class Options:
    """What a browser makes a passkey from; in base64url but for the names. ``known``: those that there are already."""

    challenge: str
    sealed: str
    user: str
    name: str
    site: str
    known: tuple[str, ...]


class Passkeys:
    """Add, list, remove."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def options(self, place: Place) -> Options:
        """What a new passkey of the asking account is made from, on this page."""
        context, challenge, c = self._context, secrets.token_bytes(32), t.passkeys.c
        content = {"account": context.account, "challenge": challenge.hex()}
        with context.registry.read() as connection:
            mine = sa.select(c.credential).where(c.account == context.account, c.revoked.is_(None))
            known = tuple(encoded(each) for each in connection.scalars(mine))
        user = bytes.fromhex(context.find_hash("passkey", str(context.account)))
        name = context.actor.email if context.actor else ""
        return Options(encoded(challenge), sealed(context, "passkey", content), encoded(user), name, place.site, known)

    def add(self, label: str, passphrase: str, given: str, answer: str, place: Place) -> Passkey:
        """Add what the browser made: the account's own key signs it, so that the passkey may sign for it.

        Args:
            label: What it is, such as ``my phone``.
            passphrase: Of the account's key.
            given: What `options` had sealed.
            answer: What the browser's script sends, as JSON.
            place: Where the page is open.

        Raises `InputError`, `NotSignedIn`, `TooMany`, and `AlreadyExists` for one that is there already.
        """
        context, content = self._context, unsealed(self._context, "passkey", given)
        label = label.strip()
        if not label or len(label) > 60 or not label.isprintable():
            raise InputError("A passkey needs a name.", hint="Such as: my phone. At most 60 letters.")
        if content is None or content["account"] != context.account or context.actor is None:
            raise NotSignedIn("This passkey was made too long ago, or for somebody else.", hint="Make it again.")
        _, key = open_key(context, context.actor.email, passphrase)
        values = _made(answer, bytes.fromhex(content["challenge"]), place) | {
            "organisation": context.party, "account": context.account, "label": label, "site": place.site,
            "created": context.clock(), "signature": b"",
        }  # fmt: skip
        c = t.passkeys.c
        with recording(context, "passkey") as connection:
            if connection.scalar(sa.select(sa.exists().where(c.credential == values["credential"]))):
                raise AlreadyExists("There is this passkey already.", hint="Sign in with it.")
            every = sa.select(sa.func.count()).where(c.account == context.account, c.revoked.is_(None))
            if (connection.scalar(every) or 0) >= MOST:
                raise InputError(f"There are {MOST} passkeys already.", hint="Remove one first.")
            made = connection.execute(sa.insert(t.passkeys).values(**values))
            number = int((made.inserted_primary_key or (0,))[0])
            row = connection.execute(sa.select(t.passkeys).where(c.id == number)).one()
            signature = key.sign(in_person.passkey_statement(row))
            connection.execute(sa.update(t.passkeys).where(c.id == number).values(signature=signature))
            facts = {"passkey": reference_number("W", number)}
            context.desk.write(connection, "passkey", facts=facts, signature=signature)
        return self._get(number)

    def list(self) -> list[Passkey]:
        """The account's own passkeys; a controller of the gallery's owner sees everybody's."""
        with self._context.registry.read() as connection:
            mine = self._mine(connection, sa.select(t.passkeys.c.id)).order_by(t.passkeys.c.id)
            return [self._read(connection, number) for number in connection.scalars(mine).all()]

    def remove(self, passkey: str | Passkey) -> Passkey:
        """End a passkey at once, and the sessions that it opened. Raises `NotFound`: absent, or not yours."""
        context, number, now = self._context, parse_number("W", str(passkey), "passkey"), self._context.clock()
        with recording(context, "passkey-removed") as connection:
            mine = self._mine(connection, sa.select(t.passkeys.c.id).where(t.passkeys.c.id == number))
            if connection.scalar(mine.where(t.passkeys.c.revoked.is_(None))) is None:
                raise NotFound(f"There is no passkey {reference_number('W', number)}.")
            connection.execute(sa.update(t.passkeys).where(t.passkeys.c.id == number).values(revoked=now))
            opened = (t.sessions.c.passkey == number, t.sessions.c.ended.is_(None))
            connection.execute(sa.update(t.sessions).where(*opened).values(ended=now))
            facts = {"passkey": reference_number("W", number)}
            context.desk.record(connection, "passkey-removed", *ROLES, facts=facts, party=context.party)
        return self._get(number)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _mine(self, connection: sa.Connection, query: sa.Select[Any]) -> sa.Select[Any]:
        context = self._context
        roles = connection.scalar(sa.select(t.accounts.c.roles).where(t.accounts.c.id == context.account)) or ""
        if "controller" in roles.split() and context.party == context.organisation:
            return query
        return query.where(t.passkeys.c.account == context.account)

    def _get(self, number: int) -> Passkey:
        with self._context.registry.read() as connection:
            return self._read(connection, number)

    def _read(self, connection: sa.Connection, number: int) -> Passkey:
        query = sa.select(t.passkeys, t.accounts.c.email).join(t.accounts, t.passkeys.c.account == t.accounts.c.id)
        row = connection.execute(query.where(t.passkeys.c.id == number)).one()
        used = None if row.used is None else iso(row.used)
        state = "live" if row.revoked is None else "removed"
        return Passkey(reference_number("W", row.id), row.label, row.email, row.site, iso(row.created), used, state)


def _made(answer: str, challenge: bytes, place: Place) -> dict[str, Any]:
    """The columns of what the browser made. Raises `BadSignature`."""
    from webauthn import verify_registration_response
    from webauthn.helpers.exceptions import WebAuthnException
    from webauthn.helpers.structs import AuthenticatorAttestationResponse, RegistrationCredential

    try:
        content = json.loads(answer)
        client, attestation = decoded(str(content["clientDataJSON"])), decoded(str(content["attestationObject"]))
        given = RegistrationCredential(
            str(content["id"]), decoded(str(content["id"])), AuthenticatorAttestationResponse(client, attestation)
        )
        made = verify_registration_response(
            credential=given, expected_challenge=challenge, expected_rp_id=place.site,
            expected_origin=[place.origin], require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, TypeError, KeyError, RecursionError):
        raise BadSignature("This is no passkey that was made on this page.", hint="Make it again.") from None
    return {
        "credential": made.credential_id,
        "public_key": made.credential_public_key,
        "sign_count": made.sign_count,
    }
