"""The record of processing activities that GDPR Article 30(1) asks for, from live state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from countenance.policy.bases import CONDITIONS, GROUNDS
from countenance.registry import schema as t
from countenance.rights.retention import ARCHIVE, QUIET, UNCONFIRMED, WITHDRAWN
from countenance.service import counting
from countenance.service.accountability import ACCESS, DELETION, SECURITY, agreements, holder, purposes
from countenance.service.activations import Activations
from countenance.types import DAY, iso

if TYPE_CHECKING:
    from countenance.config import Settings
    from countenance.service.context import Context

SUBJECTS = (
    "people who were enrolled: members, staff, guests, visitors",
    "people in the photographs who are not enrolled: looked at in memory, and forgotten",
    "the organisation's own accounts, and those of organisations under an agreement",
)
DATA = (
    "biometric template of the face (GDPR Art 9), with the photograph's hash, its box and its quality",
    "handle, name, contact, guardian, birth year and territory of residence, as far as they were given",
    "the basis: ground, condition, purposes, evidence by its hash, notice, confirmation",
    "appearances: photograph, box, score, without a template",
    "searches that showed the person, with case, account, time and review",
    "requests, receipts, erasures",
)
EXPORTS = "What an operator exports, such as an answer or a report, is the operator's own transfer."
CHECKPOINT = "the log's size, its root hash and a signature, and nothing about a person"


def register(context: Context) -> dict[str, Any]:
    """The record as plain data."""
    with context.registry.read() as connection:
        return {
            "report": "register",
            "made": iso(context.clock()),
            "law": "GDPR Article 30(1)",
            "controller": {
                **holder(connection, context),
                "contact": _contacts(connection, context),
                "address": context.settings.gallery.address,
                "dpo": context.settings.gallery.dpo,
            },
            "purposes": purposes(connection, context),
            "bases": _bases(connection, context),
            "categories_of_subjects": list(SUBJECTS),
            "categories_of_data": list(DATA),
            "sources": counting.sources(connection, context),
            "recipients": agreements(context),
            "transfers": [*_sent(context.settings), EXPORTS],
            "retention": _retention(),
            "security": [*SECURITY, *ACCESS, *DELETION],
            "assessments": _assessments(context),
        }


def _contacts(connection: sa.Connection, context: Context) -> list[str]:
    """Who answers: the officers' addresses."""
    query = sa.select(t.accounts.c.email, t.accounts.c.roles).where(
        t.accounts.c.organisation == context.organisation, t.accounts.c.revoked.is_(None), t.accounts.c.trial.is_(False)
    )
    return [row.email for row in connection.execute(query.order_by(t.accounts.c.id)) if "officer" in row.roles.split()]


def _bases(connection: sa.Connection, context: Context) -> list[dict[str, Any]]:
    """Grounds and conditions in use, with how many live bases stand on each."""
    query = (
        sa.select(t.bases.c.ground, t.bases.c.condition, sa.func.count().label("live"))
        .where(t.bases.c.organisation == context.organisation, t.bases.c.state == "live")
        .group_by(t.bases.c.ground, t.bases.c.condition)
        .order_by(t.bases.c.ground, t.bases.c.condition)
    )
    return [
        {"ground": GROUNDS.get(row.ground, row.ground), "condition": CONDITIONS.get(row.condition, row.condition),
         "live": row.live}
        for row in connection.execute(query)
    ]  # fmt: skip


def _sent(settings: Settings) -> list[str]:
    """What the configuration lets the program send, and where to."""
    witness, sent = settings.witness, []
    if witness.drop is not None:
        sent.append(f"Checkpoints of the log go to the folder {witness.drop}: {CHECKPOINT}.")
    if witness.smtp is not None:
        sent.append(f"Checkpoints of the log go by e-mail to {witness.smtp.to}, by {witness.smtp.host}: {CHECKPOINT}.")
    if witness.timestamp is not None:
        sent.append(f"The hash of a checkpoint goes to the time-stamping authority {_host(witness.timestamp.url)}.")
    if settings.s3 is not None:
        sent.append(f"Photographs that lie in buckets are read from {_host(settings.s3.endpoint)}.")
    if settings.ingest.engine == "ray" and settings.ray.address != "local":
        sent.append(f"Photographs are looked at on the machines of the cluster {settings.ray.address}.")
    if (server := make_url(settings.registry_url).host) is not None:
        sent.append(f"The registry is kept by the database server {server}.")
    return sent or ["None is configured: the program sends nothing anywhere."]


def _host(url: str) -> str:
    return make_url(url).host or url


def _retention() -> list[dict[str, Any]]:
    """What ends a record besides its purpose and its basis; the purposes say their own days."""
    return [
        {"what": "a withdrawn basis, with what is held under it", "days": WITHDRAWN // DAY},
        {"what": "a basis that nobody confirmed", "days": UNCONFIRMED // DAY},
        {"what": "a person who does nothing more, counted from their own last act", "days": QUIET // DAY},
        {"what": "a closed archive, before it is approved anew", "days": ARCHIVE // DAY},
    ]


def _assessments(context: Context) -> list[dict[str, Any]]:
    return [
        {"id": each.id, "kind": each.kind, "value": each.value, "dpia": each.dpia, "signatory": each.signatory,
         "state": each.state}
        for each in Activations(context).list()
        if each.dpia
    ]  # fmt: skip
