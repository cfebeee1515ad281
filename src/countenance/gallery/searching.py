"""What a comparison shows and leaves behind: candidates, its record, and where a review is due, a sealed probe."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import sqlalchemy as sa

from countenance.errors import NoAgreement, TooMany
from countenance.gallery import appearing, probes, rejecting
from countenance.gallery.cautioning import cautions_of
from countenance.gallery.matching import Match
from countenance.gallery.scale import USUAL, Scale
from countenance.index.port import NO_ID, Hits
from countenance.log.book import Written
from countenance.policy import agreeing, comparing, gather
from countenance.policy.cautions import reviewers_with
from countenance.policy.desk import Desk
from countenance.policy.facts import Facts
from countenance.registry import schema as t
from countenance.types import (
    Agreed,
    Candidate,
    Grant,
    Probe,
    ReferenceId,
    Search,
    SearchId,
    SubjectId,
    Verify,
    iso,
    reference_number,
)
from countenance.vault.keyring import Keyring, subject_key

_ESTIMATE = 0.15
"""How far an engine's estimate may be from the exact score, and a little more."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search shows, its own number, and the log entry that says so.

    ``rejected``: how many are not shown because a reviewer said of this very face that it is not theirs.
    """

    candidates: tuple[Candidate, ...]
    threshold: float | None
    gallery_size: int
    log: Written
    search: SearchId
    scale: Scale
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a 1:1 comparison shows."""

    score: float
    scale: Scale
    log: Written

    @property
    def band(self) -> str:
        """What the score is called."""
        return self.scale.band(self.score)


@dataclass(frozen=True, slots=True)
class Record:
    """What is written of one comparison.

    ``crop`` makes the probe's face as a small picture, where it is to be kept. ``cautions``: those that each carries.
    ``facts``: what else the log says.
    """

    kind: str
    probe: str
    contract: str
    sequence: int
    started: int
    shown: Sequence[Match] = ()
    pair: str | None = None
    crop: Callable[[], bytes] | None = None
    cautions: Mapping[int, Sequence[str]] = field(default_factory=dict)
    facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tools:
    """What candidates are put together with."""

    connection: sa.Connection
    desk: Desk
    keys: Keyring
    scale: Scale


def pair_of(one: str, other: str) -> str:
    """One value for two photos, whichever comes first, so that only distinct comparisons are counted (P3)."""
    return hashlib.sha256("/".join(sorted((one, other))).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Above:
    """A threshold above the scale's own: this share (0 to 1) of the way from there to the greatest score, 1."""

    share: float


def lowest(threshold: float | str | Above | None, scale: Scale) -> float | None:
    """The least score of a candidate: what was asked for, or what the scale says; None where it is switched off."""
    if isinstance(threshold, Above):
        return scale.threshold + threshold.share * (1 - scale.threshold)
    if isinstance(threshold, str):
        return scale.threshold if threshold == USUAL else float(threshold)
    return threshold


def used(lowest: float | None, scale: Scale) -> dict[str, str | int]:
    """What the log says of the threshold."""
    return {"threshold": "off" if lowest is None else f"{lowest:.4f}", "compared": scale.compared}


def least_estimate(threshold: float | None) -> float:
    """What scores less than this in an engine's estimate is certainly no candidate."""
    return -1.0 if threshold is None else threshold - _ESTIMATE


def likely(hits: Hits, least: float) -> Hits:
    """What may be a candidate: nothing is looked up of whoever the engine says is far below."""
    return replace(hits, ids=np.where(hits.scores >= least, hits.ids, NO_ID))


def made_early(crop: Callable[[], bytes] | None, hits: Hits) -> Callable[[], bytes] | None:
    """The crop, made before the write lock is taken where somebody will probably be shown: it takes its time."""
    if crop is None or not hits.ids.any():
        return crop
    made = crop()
    return lambda: made


def check_in_force(connection: sa.Connection, desk: Desk, terms: Agreed, act: str, now: int) -> None:
    """The agreement as it is at the moment of the answer: it may have ended, or its quota may have been used up.

    The desk asked before; here the write lock is held, so that no number of searches at once gets past it.
    """
    row = connection.execute(sa.select(t.agreements).where(t.agreements.c.id == terms.agreement)).one()
    if row.ended is not None or now >= row.ends:
        raise desk.refuse(connection, act, NoAgreement("The agreement has ended meanwhile."))
    if terms.quota is not None and agreeing.made_today(connection, terms.agreement, now) >= terms.quota:
        raise desk.refuse(connection, act, TooMany("The agreement's quota for today is used up."))


def check_capped(connection: sa.Connection, desk: Desk, grant: Grant[Verify], now: int) -> None:
    """The cap of 1:1 comparisons, counted again where the write lock is held: so many at once get past no more (P3)."""
    case = gather.case(connection, grant.case, grant.account, now)
    refusal = comparing.verify_is_capped(Facts(action=Verify, now=now, gallery=desk.gallery, case=case))
    if refusal is not None:
        raise desk.refuse(connection, "verify", refusal)


def chosen(
    tools: Tools, matches: Sequence[Match], probe: Probe, lowest: float | None, limit: int, *, grant: Grant[Search]
) -> tuple[list[Match], int]:
    """Whom a search shows: ``limit`` people who score enough, at the most; and how many it leaves out of these.

    Left out are those of whom a reviewer of the asking organisation said that this face is not theirs.
    """
    alike = [match for match in matches if lowest is None or match.score >= lowest]
    asking = sa.select(t.accounts.c.organisation).where(t.accounts.c.id == grant.account)
    party, pairs = tools.connection.scalar(asking) or 0, ((probe.content, match.subject) for match in alike)
    gone = {subject for _, subject in rejecting.rejected(tools.connection, tools.keys, party, pairs)}
    return [match for match in alike if match.subject not in gone][:limit], len(gone)


def candidates(
    tools: Tools, shown: Sequence[Match], probe: Probe, *, purposes: int, demanded: int
) -> tuple[tuple[Candidate, ...], dict[int, tuple[str, ...]]]:
    """The people whom these matches are, with the photos that a search for these purposes may show; their cautions."""
    connection, desk, keys, scale = tools.connection, tools.desk, tools.keys, tools.scale
    people = [match.subject for match in shown]
    photos = appearing.appearances_of(connection, people, purposes, desk.now(), desk)
    carried = cautions_of(connection, keys, people, probe, photos, desk.now())
    found = []
    for rank, match in enumerate(shown, start=1):
        key = subject_key(match.subject)
        person = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == match.subject)).one()
        basis = connection.execute(sa.select(t.bases).where(t.bases.c.id == match.basis)).one()
        asserted = sa.select(t.accounts.c.email).where(t.accounts.c.id == basis.recorded_by)
        handle = keys.unseal_text(key, person.handle_sealed, "handle") or ""
        found.append(
            Candidate(
                rank=rank,
                subject=handle,
                name=keys.unseal_text(key, person.name_sealed, "name") or handle,
                score=match.score,
                band=scale.band(match.score),
                basis=reference_number("B", match.basis),
                confirmed_how=basis.confirmed_how or "",
                asserted_by=connection.scalar(asserted) or "",
                asserted_at=iso(basis.created),
                appearances=photos.get(match.subject, ()),
                review="open" if demanded else None,
                cautions=carried[match.subject],
                reviewers=reviewers_with(demanded, carried[match.subject]),
                reference=ReferenceId(match.reference),
            )
        )
    return tuple(found), carried


def write(
    connection: sa.Connection,
    desk: Desk,
    keys: Keyring,
    grant: Grant[Search] | Grant[Verify],
    made: Record,
    content: str = "",
) -> tuple[SearchId, Written]:
    """Write who was shown to whom, on which state of the gallery (AI Act Art 12(3); P19).

    Where the agreement demands a review and somebody was shown, the probe's face is sealed for it (P16).
    """
    ended = desk.now()
    facts: dict[str, Any] = {
        "candidates": len(made.shown),
        "sequence": made.sequence,
        "contract": made.contract,
        "probe": made.probe,
        "start": iso(made.started),
        "end": iso(ended),
    }
    if any(made.cautions.values()):
        facts["cautioned"] = sum(map(bool, made.cautions.values()))
    facts |= made.facts
    subjects = tuple(SubjectId(match.subject) for match in made.shown)
    written = desk.effect(connection, made.kind, grant.log_index, subjects=subjects, facts=facts)
    row = connection.execute(
        sa.insert(t.searches).values(
            organisation=desk.gallery,
            account=grant.account,
            case=grant.case,
            purpose=grant.purpose,
            kind=made.kind,
            probe_commitment=made.probe,
            agreement=grant.terms.agreement,
            pair_commitment=made.pair,
            sequence=made.sequence,
            log_index=written.index,
            candidates=len(made.shown),
            started=made.started,
            ended=ended,
        )
    )
    number = SearchId((row.inserted_primary_key or (0,))[0])
    for match in made.shown:
        values = {
            "score": match.score,
            "cautions": " ".join(made.cautions.get(match.subject, ())) or None,
            "mark": rejecting.mark(keys, match.subject, content) if grant.terms.reviewers else None,
        }
        connection.execute(sa.insert(t.shown).values(search=number, subject=match.subject, **values))
    if made.shown and made.crop is not None and grant.terms.reviewers:
        probes.keep(connection, keys, number, made.crop(), desk.now())
    return number, written


def size(connection: sa.Connection, desk: Desk) -> int:
    """Templates in the gallery, searchable or not.

    Where nobody else's are beside them, all are counted, without looking at whose each is: seven times as fast.
    """
    whose = t.references.c.organisation
    least, most = (sa.select(end(whose)).scalar_subquery() for end in (sa.func.min, sa.func.max))
    alone = tuple(connection.execute(sa.select(least, most)).one()) == (desk.gallery, desk.gallery)
    counted = sa.select(sa.func.count()).select_from(t.references)
    return connection.scalar(counted if alone else counted.where(whose == desk.gallery)) or 0
