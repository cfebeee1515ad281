"""The tables of people who sign in with a browser: their passkeys, their sessions, and how often somebody guessed."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, String, UniqueConstraint

from countenance.registry.columns import blob, one_of, table, text, time, to

passkeys = table(
    "passkeys",
    to("organisations"),
    to("accounts"),
    text("label"),
    Column("credential", LargeBinary, nullable=False, unique=True),
    blob("public_key"),
    text("site"),
    Column("sign_count", Integer, nullable=False),
    blob("signature"),
    time("created"),
    time("used", null=True),
    time("revoked", null=True),
)
"""A passkey of an account: its public half (COSE), and the host that it is for. ``signature`` is of the account's own
key, over all of that; a row without one, or with another one, signs nothing. ``sign_count``: told by the authenticator
when it was last used."""

sessions = table(
    "sessions",
    to("organisations"),
    to("accounts"),
    Column("public_key", LargeBinary, nullable=False, unique=True),
    *one_of("how", "password", "passkey"),
    to("passkeys", null=True),
    blob("proof"),
    time("created"),
    time("seen"),
    time("expires"),
    time("ended", null=True),
)
"""A browser that an account has signed in. Its secret is the browser's alone: ``public_key`` is what it derives to.
``proof`` is a signature over that key and its end, by the account's own key or by its passkey."""

bindings = table(
    "bindings",
    to("organisations"),
    to("accounts"),
    text("issuer"),
    Column("person_hash", String(64), nullable=False),
    blob("signature"),
    time("created"),
    time("ended", null=True),
)
"""Which person of the organisation's directory an account is: the keyed hash of their number there, under a signature
of the account's own key. A row without one, or with another one, binds nobody."""

answered = table(
    "answered",
    to("organisations"),
    Column("once", String(64), nullable=False, unique=True),
    time("created"),
)
"""Numbers of what was handed out to a browser, and was answered: nothing is twice. Gone after a day."""

guesses = table(
    "guesses",
    to("organisations"),
    Column("who_hash", String(64), nullable=False),
    time("starts"),
    Column("count", Integer, nullable=False),
    UniqueConstraint("organisation", "who_hash", "starts"),
)
"""Passwords that were tried since the last right one, by the keyed hash of the address, whether it has an account or
not. ``starts``: of the stretch of time that they are counted in."""
