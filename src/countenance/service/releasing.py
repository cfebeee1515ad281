"""Releasing a paused source: two accounts answer for its rights holder, in the log and in public (P26)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import RoleRefused, SourceRefused
from countenance.policy.approving import APPROVERS, Matter, approve
from countenance.policy.gather import is_solo
from countenance.registry import schema as t
from countenance.service.instruments import words
from countenance.service.refusing import recording

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.types import SourceId

ROLES = ("controller", "officer")


def release(context: Context, source: SourceId, rights_holder: str) -> int:
    """Sign that the rights holder lets these photos be ingested. Returns how many signatures are still missing.

    With the second, by another account and naming the same rights holder, what paused the source is accepted for this
    source alone, and its ingest goes on.

    Raises:
        SourceRefused: it is not paused.
        RoleRefused: this account has signed already, or this is a solo installation.
    """
    with recording(context, "source-release") as connection:
        holder = words("rights holder", rights_holder)
        row = connection.execute(sa.select(t.sources).where(t.sources.c.id == source)).one()
        if row.state != "paused":
            raise SourceRefused(
                f"This source is {row.state}, and only a paused one is released.",
                requirement="P26", hint="`countenance source list` shows the states.",
            )  # fmt: skip
        if is_solo(connection, context.organisation):
            raise RoleRefused(
                "A paused source is released by two accounts of at least three named people.",
                requirement="P26", hint="Take the marked photos out, or add accounts: `countenance account add`.",
            )  # fmt: skip
        content = {"source": row.id, "rights_holder": holder, "reason": row.reason, "cause": row.paused_for}
        content |= {"manifest": row.manifest_sha256}
        signed = approve(context.desk, connection, Matter(f"S{row.id}", "source-release", content), *ROLES)
        missing = max(APPROVERS - len(signed), 0)
        if not missing:
            accepted = " ".join(dict.fromkeys([*(row.accepted or "").split(), row.paused_for or "scraped"]))
            values = {"state": "active", "reason": None, "paused_for": None}
            values |= {"accepted": accepted, "rights_holder": holder}
            connection.execute(sa.update(t.sources).where(t.sources.c.id == source).values(**values))
            context.desk.write(connection, "source-released", facts={"source": f"S{row.id}", "cause": accepted})
    return missing
