"""Every use of the gallery, as Article 12(3) of the AI Act asks: when, on what data, led by what, and who verified."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.policy.purposes import reviewers
from countenance.registry import schema as t
from countenance.review.deciding import standings
from countenance.service.located import Located, located
from countenance.types import SearchId, SubjectId, iso, reference_number
from countenance.vault.keyring import subject_key

if TYPE_CHECKING:
    from countenance.service.context import Context


@dataclass(frozen=True, slots=True)
class Shown:
    """A candidate that was shown, and who reviewed it: (who, decision, when)."""

    subject: str
    score: float
    state: str
    reviews: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Use:
    """One search or comparison.

    Attributes:
        number: Such as ``S12``; ``L`` and the log entry for what has no other record.
        kind: ``search``, ``verify``; ``locate`` for a photo that was compared for a request, which is its case;
            ``people`` where kept faces were compared with one another.
        start, end: When it began, and when it was answered.
        gallery: The reference data: the gallery's id, the model's embedding contract, the registry's sequence number.
        probe: The salted commitment to the photo that was searched with; what led to a match (P16).
        account, organisation: Who asked.
        case, purpose: What for.
        candidates: How many were shown. Those who have been erased since are counted, and not named in ``shown``.
        shown: Those who are still here.
        log_index: The log entry that says so.
    """

    number: str
    kind: str
    start: str
    end: str
    gallery: dict[str, Any]
    probe: str
    account: str
    organisation: str
    case: str
    purpose: str
    candidates: int
    shown: tuple[Shown, ...]
    log_index: int

    def as_json(self) -> dict[str, Any]:
        """The machine-readable form (``countenance log uses --json``)."""
        return asdict(self)


def uses(context: Context, *, start: int = 1, limit: int | None = None) -> list[Use]:
    """Searches and comparisons, oldest first, from number ``start`` on. That somebody looked is logged.

    Raises `RoleRefused` unless the account is a controller or an officer of the gallery's own organisation.
    """
    query = (
        sa.select(t.searches, t.accounts.c.email, t.organisations.c.name, t.cases.c.reference_sealed, t.leaves.c.leaf)
        .add_columns(t.cases.c.organisation.label("party"))
        .join(t.accounts, t.searches.c.account == t.accounts.c.id)
        .join(t.cases, t.searches.c.case == t.cases.c.id)
        .join(t.organisations, t.cases.c.organisation == t.organisations.c.id)
        .join(t.leaves, t.searches.c.log_index == t.leaves.c.index)
        .where(t.searches.c.organisation == context.organisation, t.searches.c.id >= start)
        .order_by(t.searches.c.id)
        .limit(limit)
    )
    with context.registry.write() as connection:
        rows = connection.execute(query).all()
        # Those that lie between these searches in the log; all of them where all searches are asked for.
        first = 0 if start == 1 else rows[0].log_index if rows else context.book.size()
        last = rows[-1].log_index if limit is not None and len(rows) == limit else None
        between = located(connection, context, first, last)
        facts = {"uses": len(rows) + len(between)}
        context.desk.record(connection, "uses-look", "controller", "officer", facts=facts)
        found = [_use(context, connection, row) for row in rows] + [_located(context, each) for each in between]
    context.book.publish()
    return sorted(found, key=lambda use: use.log_index)[:limit]


def _located(context: Context, made: Located) -> Use:
    gallery = {"id": context.settings.gallery.id, "contract": made.contract, "sequence": None}
    return Use(
        f"L{made.log_index}", made.kind, made.start, made.end, gallery, made.probe, made.account,
        context.settings.gallery.organisation, made.request, made.purpose, made.shown, (), made.log_index,
    )  # fmt: skip


def _use(context: Context, connection: sa.Connection, row: sa.Row[Any]) -> Use:
    facts = json.loads(row.leaf)["facts"]
    return Use(
        reference_number("S", row.id),
        row.kind,
        iso(row.started),
        iso(row.ended),
        {"id": context.settings.gallery.id, "contract": facts.get("contract"), "sequence": row.sequence},
        row.probe_commitment,
        row.email,
        row.name,
        _case(context, row),
        row.purpose,
        row.candidates,
        _shown(context, connection, row),
        row.log_index,
    )


def _case(context: Context, row: sa.Row[Any]) -> str:
    """Another organisation's reference is sealed under its own key, and stays its own."""
    if row.party != context.organisation:
        return "of the other organisation"
    return context.keys.unseal_text(context.own_key, row.reference_sealed, "case") or ""


def _shown(context: Context, connection: sa.Connection, row: sa.Row[Any]) -> tuple[Shown, ...]:
    demanded = reviewers(row.purpose, own=row.party == row.organisation)
    every = standings(connection, context.desk.origin, SearchId(row.id), demanded)
    return tuple(
        Shown(
            _handle(context, connection, each.subject),
            round(each.score, 4),
            each.state if demanded else "no review demanded",
            tuple((by.email, by.decision, iso(by.at)) for by in each.decided),
        )
        for each in every
    )


def _handle(context: Context, connection: sa.Connection, subject: SubjectId) -> str:
    sealed = connection.scalar(sa.select(t.subjects.c.handle_sealed).where(t.subjects.c.id == subject))
    return context.keys.unseal_text(subject_key(subject), sealed, "handle") or ""
