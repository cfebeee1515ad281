"""Evidence: what shows that a person agreed, and what is refused as such (P1)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import InputError, NoBasis
from countenance.policy.approving import APPROVERS, Matter, approve, approvers
from countenance.policy.bases import COLLECTIVE_LIMIT
from countenance.registry import schema as t

if TYPE_CHECKING:
    from countenance.service.context import Context


@dataclass(frozen=True, slots=True)
class Seen:
    """Evidence that was handed in before: its SHA-256, which is all that is kept of any."""

    sha256: str


def digest_of(evidence: str | Path | bytes | Seen) -> str:
    """The SHA-256 of the signed form or the like, a file or its bytes.

    Raises `NoBasis` for an empty one, `InputError` if unreadable.
    """
    if isinstance(evidence, Seen):
        return evidence.sha256
    try:
        content = evidence if isinstance(evidence, bytes) else Path(evidence).read_bytes()
    except OSError as error:
        raise InputError(f"The evidence {error.filename} cannot be read: {error.strerror}.") from None
    if not content.strip():
        raise NoBasis("The evidence is empty.", requirement="P1", hint="Give the signed form, or a scan of it.")
    return hashlib.sha256(content).hexdigest()


def check_evidence(context: Context, connection: sa.Connection, subject: int, digest: str, *, collective: bool) -> None:
    """Refuse an enrolment photo, and one form for too many people that two accounts have not declared collective."""
    photo = sa.exists().where(
        t.references.c.organisation == context.organisation, t.references.c.photo_sha256 == digest
    )
    if connection.scalar(sa.select(photo)):
        raise NoBasis("A photograph of a face is no evidence that its owner agreed.", requirement="P1")
    others = connection.scalar(
        sa.select(sa.func.count(sa.distinct(t.bases.c.subject))).where(
            t.bases.c.organisation == context.organisation,
            t.bases.c.evidence_sha256 == digest,
            t.bases.c.subject != subject,
        )
    )
    if (others or 0) < COLLECTIVE_LIMIT:
        return
    signed = len(approvers(connection, context.desk, declaration(digest)))
    if not collective or signed < APPROVERS:
        raise NoBasis(
            f"This evidence already serves {COLLECTIVE_LIMIT} people, and {signed} of {APPROVERS} accounts have "
            "declared it a collective form.",
            requirement="P1", hint="Two accounts: `countenance basis collective FILE`; then record it, --collective.",
        )  # fmt: skip


def is_evidence(context: Context, digest: str) -> bool:
    """Whether the file with this SHA-256 is the evidence of a basis here: it cannot be an enrolment photo too (P1)."""
    mine = sa.exists().where(
        t.bases.c.organisation == context.organisation,
        t.bases.c.evidence_sha256 == digest,
        t.bases.c.state.in_(("pending", "live")),
    )
    with context.registry.read() as connection:
        return bool(connection.scalar(sa.select(mine)))


def declare_collective(context: Context, evidence: str | Path) -> int:
    """The account declares that this file is one form for many people. Returns how many have: two are needed.

    Raises `RoleRefused` for a second declaration by one account, or without the role controller or officer.
    """
    digest = digest_of(evidence)
    with context.registry.write() as connection:
        signed = approve(context.desk, connection, declaration(digest), "controller", "officer")
    context.book.publish()
    return len(signed)


def declaration(digest: str) -> Matter:
    """What the two sign: that the file with this SHA-256 is one form for many people."""
    return Matter(f"evidence:{digest}", "declare", {"sha256": digest, "collective": True})
