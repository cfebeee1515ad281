"""The tables of *find my photos*: an event, the invitations to it, and who came in by one."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, String, UniqueConstraint

from countenance.registry.columns import blob, one_of, table, text, time, to

events = table(
    "events",
    to("organisations"),
    to("agreements"),
    to("sources"),
    to("notices"),
    to("accounts", name="made_by"),
    blob("name_sealed"),
    text("words"),
    *one_of("receive", "blurred", "original"),
    text("statement", null=True),
    Column("approve", Boolean, nullable=False),
    time("happened"),
    time("ends"),
    blob("signature"),
    time("created"),
    time("closed", null=True),
)
"""What guests are invited to. ``words``: the notice's own text, which their page shows. ``receive``: in which form they
get pictures, with the owner's ``statement`` for the original one. ``approve``: somebody looks at each guest first.
``signature``: the log's key, over all that does not change."""

invitations = table(
    "invitations",
    to("organisations"),
    to("events"),
    to("accounts", name="made_by"),
    Column("token_hash", String(64), nullable=False, unique=True),
    blob("signature"),
    time("expires"),
    time("created"),
    time("used", null=True),
    time("voided", null=True),
)
"""One guest's way in, once. Its secret is on paper or in a message; here is only what it hashes to."""

guests = table(
    "guests",
    to("organisations"),
    to("invitations"),
    to("subjects"),
    to("bases", name="basis"),
    Column("key_hash", String(64), nullable=False, unique=True),
    blob("signature"),
    to("accounts", name="approved_by", null=True),
    time("stills", null=True),
    time("approved", null=True),
    time("swept", null=True),
    time("looked", null=True),
    time("told", null=True),
    time("created"),
    UniqueConstraint("invitation"),
)
"""A subject's own account, which sees that subject alone. ``stills``, ``approved``, ``swept``, ``looked``: when they
were taken, were approved, were looked for in the event's photos, and last looked at what was found. ``told``: when the
last letter of later pictures went to them, 0 for not yet; without a value they were not promised any, and get none."""
