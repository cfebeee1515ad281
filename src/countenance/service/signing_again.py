"""Signing in person from a browser: exactly what an act needs, by password or passkey, at the moment (P18).

An act that needs the person's own signature is tried without one, and undone; what it needed signed is shown, and its
hash is the passkey's challenge. The same form is then sent again with the answer.
"""

from __future__ import annotations

import json
from dataclasses import replace

import sqlalchemy as sa

from countenance.errors import BadSignature, NotSignedIn, SignAgain
from countenance.policy import in_person
from countenance.registry import schema as t
from countenance.service.guessing import open_key
from countenance.service.handed_out import encoded, sealed, unsealed
from countenance.service.signing_in import Asked, Place, Visit, answered


def ask_again(visit: Visit, error: SignAgain, place: Place | None) -> Asked:
    """What the person is to sign now: exactly the bytes that the act needs, and the passkeys that can."""
    context, actor = visit.opened.context, visit.actor
    digest = in_person.challenge_of(error.statement)
    content = {"session": actor.session, "hash": digest.hex(), "moment": actor.moment}
    known: tuple[str, ...] = ()
    if place is not None:
        c = t.passkeys.c
        mine = (c.account == actor.account, c.site == place.site, c.revoked.is_(None))
        with context.registry.read() as connection:
            known = tuple(encoded(each) for each in connection.scalars(sa.select(c.credential).where(*mine)))
    text = json.dumps(json.loads(error.statement), indent=2, ensure_ascii=False)
    return Asked(encoded(digest), sealed(context, "sign-again", content), known, text)


def by_password(visit: Visit, passphrase: str) -> None:
    """What this request asks the person to sign, their own key signs. Raises `NotSignedIn` or `TooMany`."""
    _, key = open_key(visit.opened.context, visit.actor.email, passphrase)
    visit.act_as(replace(visit.actor, in_person=key.sign))


def by_passkey(visit: Visit, given: str, answer: str, place: Place) -> None:
    """What this request asks the person to sign, their passkey has signed: that alone. Raises `NotSignedIn`."""
    context, actor = visit.opened.context, visit.actor
    wrong = NotSignedIn("This passkey did not sign what was asked.", hint="Go back and try again.")
    content = unsealed(context, "sign-again", given)
    if content is None or content["session"] != actor.session:
        raise wrong
    digest, (at, nonce) = bytes.fromhex(content["hash"]), content["moment"]
    with context.registry.write() as connection:
        try:
            _, packed = answered(connection, context, answer, digest, place, content["once"], actor.account)
        except BadSignature:
            raise wrong from None

    def sign(statement: bytes) -> bytes:
        if in_person.challenge_of(statement) != digest:
            raise SignAgain("Something else is to be signed now than was signed.", statement=statement)
        return packed

    visit.act_as(replace(actor, in_person=sign, moment=(at, nonce)))
