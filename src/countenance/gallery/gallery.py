"""The gallery: all templates that may be searched, behind methods that each demand a grant."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from countenance.errors import AlreadyExists, ContractMismatch, NoBasis, NotFound
from countenance.gallery import appearing, erasing
from countenance.gallery.batch import Kept, Looked
from countenance.gallery.erasing import Erased
from countenance.gallery.matching import Match, Terms, recheck
from countenance.gallery.mirror import TEMPLATE, Mirror
from countenance.gallery.scale import Scale
from countenance.index.port import Eligibility, Index
from countenance.log.book import Written
from countenance.policy.confirming import check_confirmed
from countenance.policy.desk import Desk, gallery_scope
from countenance.policy.purposes import PURPOSES
from countenance.registry import schema as t
from countenance.registry.database import Registry
from countenance.types import (
    BasisId,
    Candidate,
    Clock,
    Enrol,
    Erase,
    Face,
    Grant,
    Ingest,
    Probe,
    ReferenceId,
    Search,
    SourceId,
    SubjectId,
    Template,
    Verify,
    Withdraw,
    reference_number,
)
from countenance.vault.keyring import Keyring, subject_key

_FETCH = 200
"""References fetched from the index a search: enough that an engine's estimates lose nothing above the threshold."""
_FETCH_INGEST = 32
"""References fetched for each face of a batch, of which only the best one is kept."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search shows, and the log entry that says so."""

    candidates: tuple[Candidate, ...]
    threshold: float | None
    gallery_size: int
    log: Written


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a 1:1 comparison shows."""

    score: float
    band: str
    log: Written


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What to store of a subject's enrolment photo. ``photo`` is the file's name as given, kept sealed."""

    face: Face
    template: Template
    photo: str
    sha256: str


class Gallery:
    """The one door to templates."""

    def __init__(
        self,
        registry: Registry,
        keys: Keyring,
        index: Index,
        desk: Desk,
        clock: Clock,
        scale: Scale,
        contract: str,
        places: Sequence[Path],
    ) -> None:
        self._registry = registry
        self._keys = keys
        self._desk = desk
        self._clock = clock
        self._scale = scale
        self._contract = contract
        self._places = places
        self._mirror = Mirror(registry, keys, index, contract, clock)

    # --- in ----------------------------------------------------------------------------------------------------------

    def enrol(
        self, subject: SubjectId, basis: BasisId, enrolment: Enrolment, *, grant: Grant[Enrol]
    ) -> tuple[ReferenceId, Written]:
        """Store a template under a basis: one transaction of template, basis link and log.

        Raises `AlreadyExists` for the same photo twice, `ContractMismatch` for a template of another model, `NoBasis`
        when the person or the basis has gone since the grant was made.
        """
        now = self._clock()
        grant.spend(Enrol, scope=f"subject:{subject}", now=now)
        self._same_contract(enrolment.template)
        key = subject_key(subject)
        face = {"box": enrolment.face.box.as_list(), "landmarks": enrolment.face.landmarks}
        with self._registry.write() as connection:
            ends = self._still_enrollable(connection, subject, basis)
            if self._enrolled(connection, subject, enrolment.sha256):
                raise AlreadyExists("This photo is already enrolled for this subject.", hint="Nothing was changed.")
            inserted = connection.execute(
                sa.insert(t.references).values(
                    organisation=self._desk.gallery,
                    subject=subject,
                    basis=basis,
                    photo_sha256=enrolment.sha256,
                    photo_sealed=self._keys.seal_text(key, enrolment.photo, "photo"),
                    face_sealed=self._keys.seal_text(key, json.dumps(face), "face"),
                    template_sealed=self._keys.seal(key, enrolment.template.to_bytes(), TEMPLATE),
                    contract=self._contract,
                    expires=ends,
                    created=now,
                )
            )
            connection.execute(sa.insert(t.changes).values(subject=subject))
            written = self._desk.effect(connection, "enrol", grant.log_index, subjects=(subject,))
        key_row = inserted.inserted_primary_key
        return ReferenceId(key_row[0] if key_row else 0), written

    def keep_known(self, source: SourceId, batch: Sequence[Looked], *, grant: Grant[Ingest]) -> Kept:
        """Match a batch of photos with consenting subjects, keep their appearances, forget every other face (P27).

        One transaction: the photos' own records, the appearances, the log entry. A photo that is done again loses its
        old appearances to the new ones.
        """
        now = self._clock()
        grant.spend(Ingest, scope=f"source:{source}", now=now)
        templates = [template for photo in batch for template in photo.templates]
        for template in templates:
            self._same_contract(template)
        with self._registry.read() as connection:
            row = connection.execute(sa.select(t.sources).where(t.sources.c.id == source)).one()
        hits = None
        if templates:
            vectors = np.stack([template.vector for template in templates])
            hits, _ = self._mirror.search(vectors, _FETCH_INGEST, self._eligible(row.purposes, now))
        with self._registry.write() as connection:
            terms = Terms(self._contract, row.purposes, self._desk.gallery, now)
            matches = recheck(connection, self._keys, hits, templates, terms) if hits else []
            kept = appearing.write_batch(connection, row, batch, matches, self._scale, now)
            check_confirmed(connection, [match.basis for match in kept])
            facts = {"photos": len(batch), "faces_found": len(templates), "faces_kept": len(kept)}
            subjects = tuple(dict.fromkeys(SubjectId(match.subject) for match in kept))
            self._desk.effect(connection, "ingest", grant.log_index, subjects=subjects, facts=facts)
        return Kept(len(templates), len(kept))

    # --- search ------------------------------------------------------------------------------------------------------

    def search(
        self,
        probe: Probe,
        *,
        limit: int,
        threshold: float | None,
        only: SubjectId | None = None,
        grant: Grant[Search],
    ) -> Answer:
        """Compare a probe with every template that this purpose may see (1:N).

        Args:
            probe: One face, in memory.
            limit: How many candidates at the most.
            threshold: The least score of a candidate; None switches it off, and everything is ranked.
            only: Answer with this subject alone.
            grant: The permission for exactly this search.
        """
        now = self._clock()
        grant.spend(Search, scope=gallery_scope(only), now=now)
        self._same_contract(probe.template)
        purpose = PURPOSES[grant.purpose]
        eligible = self._eligible(purpose.mask, now, only)
        hits, sequence = self._mirror.search(probe.template.vector[None, :], max(_FETCH, 4 * limit), eligible)
        with self._registry.write() as connection:
            terms = Terms(self._contract, purpose.mask, self._desk.gallery, now, only)
            (matches,) = recheck(connection, self._keys, hits, [probe.template], terms)
            shown = [match for match in matches if threshold is None or match.score >= threshold][:limit]
            check_confirmed(connection, [match.basis for match in shown])
            candidates = tuple(
                self._candidate(connection, rank, match, purpose.mask, review="open" if purpose.reviewers else None)
                for rank, match in enumerate(shown, start=1)
            )
            written = self._write_search(connection, "search", probe, grant, shown, sequence, now)
            size = self._size(connection)
        return Answer(candidates, threshold, size, written)

    def verify(self, first: Probe, second: Probe, *, grant: Grant[Verify]) -> Comparison:
        """Compare two faces (1:1). Nothing of either is stored."""
        now = self._clock()
        grant.spend(Verify, scope="gallery", now=now)
        self._same_contract(first.template)
        self._same_contract(second.template)
        score = float(np.dot(first.template.vector, second.template.vector))
        with self._registry.write() as connection:
            sequence = self._registry.sequence(connection)
            written = self._write_search(connection, "verify", first, grant, [], sequence, now)
        return Comparison(score, self._scale.band(score), written)

    # --- out ---------------------------------------------------------------------------------------------------------

    def withdraw(self, subject: SubjectId, bases: Sequence[BasisId], *, grant: Grant[Withdraw]) -> Written:
        """Make everything under these bases unsearchable at once (P5)."""
        now = self._clock()
        grant.spend(Withdraw, scope=f"subject:{subject}", now=now)
        with self._registry.write() as connection:
            changed = connection.execute(
                sa.update(t.bases)
                .where(t.bases.c.subject == subject, t.bases.c.id.in_(bases), t.bases.c.state.in_(("pending", "live")))
                # Without its signature it cannot be made live again behind the desk's back; the log keeps a copy.
                .values(state="withdrawn", withdrawn=now, confirmation=None)
            )
            if not changed.rowcount:
                raise NotFound("There is no live or pending basis to withdraw.")
            connection.execute(sa.update(t.subjects).where(t.subjects.c.id == subject).values(last_interaction=now))
            connection.execute(sa.insert(t.changes).values(subject=subject))
            facts = {"bases": changed.rowcount}
            written = self._desk.effect(connection, "withdraw", grant.log_index, subjects=(subject,), facts=facts)
        self._mirror.forget()
        return written

    def erase(self, subject: SubjectId, reason: str, *, grant: Grant[Erase]) -> Erased:
        """Erase a subject: rows, write-ahead log, index, key; then look for their bytes in every file of ours.

        See `countenance.gallery.erasing` for the steps and for what happens when they are cut short.
        """
        now = self._clock()
        grant.spend(Erase, scope=f"subject:{subject}", now=now)
        number = erasing.tombstone(
            self._registry, self._keys, self._desk, subject, reason,
            account=grant.account, decision=grant.log_index, now=now,
        )  # fmt: skip
        self._mirror.forget()
        return erasing.carry_out(self._registry, self._keys, number, self._places)

    def resume_erasure(self, subject: SubjectId, number: int, *, grant: Grant[Erase]) -> Erased:
        """Carry an erasure that was cut short to its end."""
        grant.spend(Erase, scope=f"subject:{subject}", now=self._clock())
        self._mirror.forget()
        return erasing.carry_out(self._registry, self._keys, number, self._places)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _eligible(self, purposes: int, now: int, only: SubjectId | None = None) -> Eligibility:
        subjects = None if only is None else frozenset({int(only)})
        return Eligibility(purposes, frozenset({int(self._desk.gallery)}), now, subjects)

    def _same_contract(self, template: Template) -> None:
        if template.contract != self._contract:
            raise ContractMismatch("This template was made by another model than the gallery's.")

    def _still_enrollable(self, connection: sa.Connection, subject: SubjectId, basis: BasisId) -> int:
        """When the basis ends. A photo takes its time to be read, and the person may have left meanwhile."""
        query = (
            sa.select(t.bases.c.ends)
            .join(t.subjects, t.bases.c.subject == t.subjects.c.id)
            .where(
                t.bases.c.id == basis,
                t.bases.c.subject == subject,
                t.bases.c.state.in_(("pending", "live")),
                t.subjects.c.state == "active",
            )
        )
        ends = connection.scalar(query)
        if ends is None:
            raise NoBasis("This basis was withdrawn, or its person has gone.", requirement="P1")
        return int(ends)

    def _enrolled(self, connection: sa.Connection, subject: SubjectId, sha256: str) -> bool:
        same = (
            t.references.c.subject == subject,
            t.references.c.photo_sha256 == sha256,
            t.references.c.contract == self._contract,
        )
        return connection.scalar(sa.select(sa.exists().where(*same))) or False

    def _candidate(
        self, connection: sa.Connection, rank: int, match: Match, purposes: int, *, review: str | None
    ) -> Candidate:
        key = subject_key(match.subject)
        person = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == match.subject)).one()
        basis = connection.execute(sa.select(t.bases).where(t.bases.c.id == match.basis)).one()
        handle = self._keys.unseal_text(key, person.handle_sealed, "handle") or ""
        shown = appearing.appearances_of(connection, [match.subject], purposes, self._clock())
        return Candidate(
            rank=rank,
            subject=handle,
            name=self._keys.unseal_text(key, person.name_sealed, "name") or handle,
            score=match.score,
            band=self._scale.band(match.score),
            basis=reference_number("B", match.basis),
            confirmed_how=basis.confirmed_how or "",
            appearances=shown.get(match.subject, ()),
            review=review,
        )

    def _write_search(
        self,
        connection: sa.Connection,
        kind: str,
        probe: Probe,
        grant: Grant[Search] | Grant[Verify],
        shown: Sequence[Match],
        sequence: int,
        started: int,
    ) -> Written:
        """Write who was shown to whom, on which state of the gallery (AI Act Art 12(3); P19)."""
        facts = {"candidates": len(shown), "sequence": sequence, "probe": probe.commitment}
        subjects = tuple(SubjectId(match.subject) for match in shown)
        written = self._desk.effect(connection, kind, grant.log_index, subjects=subjects, facts=facts)
        row = connection.execute(
            sa.insert(t.searches).values(
                organisation=self._desk.gallery,
                account=grant.account,
                case=grant.case,
                purpose=grant.purpose,
                kind=kind,
                probe_commitment=probe.commitment,
                sequence=sequence,
                log_index=written.index,
                candidates=len(shown),
                started=started,
                ended=self._clock(),
            )
        )
        number = (row.inserted_primary_key or (0,))[0]
        for match in shown:
            connection.execute(sa.insert(t.shown).values(search=number, subject=match.subject, score=match.score))
        return written

    def _size(self, connection: sa.Connection) -> int:
        """Templates in the gallery, searchable or not."""
        mine = t.references.c.organisation == self._desk.gallery
        return connection.scalar(sa.select(sa.func.count()).select_from(t.references).where(mine)) or 0
