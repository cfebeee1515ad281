"""The gallery: all templates that may be searched, behind methods that each demand a grant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import sqlalchemy as sa

from countenance.errors import AlreadyExists, ContractMismatch, NotFound
from countenance.gallery import enrolments, erasing, keeping, peopling, searching, twins
from countenance.gallery.batch import Copied, Kept, Looked
from countenance.gallery.collecting import Stored, others, probe_of, whom
from countenance.gallery.compared import Compared, Progress
from countenance.gallery.enrolments import Enrolment
from countenance.gallery.erasing import Erased, Order, Tools, What
from countenance.gallery.following import Following, forget_if_there
from countenance.gallery.forgetting import Forgotten, forget
from countenance.gallery.locating import Located, nearest
from countenance.gallery.matching import Match, Seen, Terms, recheck
from countenance.gallery.peopling import Grouped, Sighting
from countenance.gallery.same import one_person
from countenance.gallery.scale import USUAL, Scaling
from countenance.gallery.searching import Above, Answer, Comparison, Record
from countenance.gallery.verifying import Enrolled, Verifying
from countenance.gallery.writing import Into
from countenance.index.port import Hits
from countenance.log.book import Written
from countenance.policy import activating
from countenance.policy.asking import gallery_scope, group_scope
from countenance.policy.confirming import check_confirmed
from countenance.policy.desk import Desk
from countenance.policy.purposes import PURPOSES
from countenance.registry import schema as t
from countenance.registry.database import Registry
from countenance.types import (
    BasisId,
    Clock,
    Confirm,
    Enrol,
    Erase,
    Grant,
    Ingest,
    Locate,
    People,
    Probe,
    ReferenceId,
    Reindex,
    Remodel,
    Search,
    SourceId,
    SubjectId,
    Sweep,
    Template,
    Verify,
    Withdraw,
)
from countenance.vault.keyring import Keyring

_FETCH = 200
"""References fetched from the index a search: enough that an engine's estimates lose nothing above the threshold."""
_FETCH_ALL = 1_200
"""The same where there is no threshold: the tenth best of a million is then found in 99 of 100 searches."""
_FETCH_INGEST = 128
"""References fetched for each face of a batch: an engine that looks for fewer looks less deep."""
_LOOKED_AT = 32
"""How many of them are re-scored; only the best one is kept."""


class Gallery:
    """The one door to templates."""

    def __init__(
        self,
        registry: Registry,
        keys: Keyring,
        mirror: Following,
        desk: Desk,
        clock: Clock,
        scaling: Scaling,
        contract: str,
        tools: Tools,
    ) -> None:
        self._registry = registry
        self._keys = keys
        self._desk = desk
        self._clock = clock
        self._scaling = scaling
        self._contract = contract
        self._tools = tools
        self._mirror = mirror

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
        with self._registry.write() as connection:
            ends = enrolments.ends_of(connection, subject, basis)
            if enrolments.is_enrolled(connection, subject, enrolment.sha256, self._contract):
                raise AlreadyExists("This photo is already enrolled for this subject.", hint="Nothing was changed.")
            whose = (self._desk.gallery, subject, basis)
            number = enrolments.insert(connection, self._keys, whose, enrolment, ends, now)
            written = self._desk.effect(connection, "enrol", grant.log_index, subjects=(subject,))
        return number, written

    def keep_known(
        self, source: SourceId, batch: Sequence[Looked], *, copies: Sequence[Copied] = (), grant: Grant[Ingest]
    ) -> Kept:
        """Match a batch of photos with consenting subjects, keep their appearances, forget every other face (P27).

        One transaction: the photos' own records, the appearances, the log entry. A photo that is done again loses its
        old appearances to the new ones. ``copies`` are of photos in this batch or an earlier one.
        """
        now = self._clock()
        grant.spend(Ingest, scope=f"source:{source}", now=now)
        seen = self._seen(source, batch, now)
        with self._registry.write() as connection:
            into = Into(connection, seen.source, seen.scale, now, seen.sequence, self._keys)
            kept = keeping.write_batch(into, batch, self._rechecked(connection, seen))
            copied = keeping.write_copies(into, copies, seen.terms) if copies else keeping.Written()
            kept, found = [*kept, *copied.kept], len(seen.templates) + copied.found
            facts = {"photos": len(batch) + len(copies), "faces_found": found, "faces_kept": len(kept)}
            more: dict[str, Sequence[Any]] = {"refused": copied.refused, "lost": copied.lost}
            return self._kept(connection, "ingest", grant, kept, seen, facts, **more)

    def sweep(self, source: SourceId, batch: Sequence[Looked], *, anew: bool = False, grant: Grant[Sweep]) -> Kept:
        """Look in photos that were ingested before for the people who came since, all of them in one pass.

        It only adds: what is kept stays, and what was removed is not kept again, unless that person came anew. With
        ``anew``, as if everybody had.
        """
        now = self._clock()
        grant.spend(Sweep, scope=f"source:{source}", now=now)
        seen = self._seen(source, batch, now)
        with self._registry.write() as connection:
            into = Into(connection, seen.source, seen.scale, now, seen.sequence, self._keys)
            kept = keeping.add_batch(into, batch, self._rechecked(connection, seen), anew=anew)
            facts = {"photos": len(batch), "faces_found": len(seen.templates), "faces_kept": len(kept)}
            return self._kept(connection, "sweep", grant, kept, seen, facts)

    # --- search ------------------------------------------------------------------------------------------------------

    def search(
        self,
        asked: Probe | Stored,
        *,
        limit: int,
        threshold: float | str | Above | None = USUAL,
        only: SubjectId | None = None,
        among: int | frozenset[int] | None = None,
        crop: Callable[[], bytes] | None = None,
        grant: Grant[Search],
    ) -> Answer:
        """Compare a probe with every template that this purpose and this agreement may see (1:N).

        ``asked``: one face, in memory; or enrolments, which find everybody but themselves. At most ``limit`` candidates
        of at least ``threshold``: `USUAL` is the configuration's for such a gallery, None is off. ``only``, ``among``:
        this subject alone, or these people, or those of this collection. ``crop`` makes a small picture of the face,
        which is sealed where somebody is shown and must be reviewed (P16).
        """
        now = self._clock()
        grant.spend(Search, scope=gallery_scope(only, among), now=now)
        agreed, mask, alone = grant.terms, PURPOSES[grant.purpose].mask, whom(self._registry, only, among)
        terms = Terms(self._contract, mask, self._desk.gallery, now, alone, agreed.territories)
        probe = probe_of(self._registry, self._keys, asked, terms)
        self._same_contract(probe.template)
        scale = self._scaling.at(self._mirror.count(terms.eligible()))
        lowest = searching.lowest(threshold, scale)
        fetch, least = max(_FETCH_ALL if lowest is None else _FETCH, 4 * limit), searching.least_estimate(lowest)
        hits, sequence = self._mirror.search_people(probe.template.vector, fetch, limit, least, terms.eligible())
        hits = searching.likely(hits, least)
        crop = searching.made_early(crop if agreed.reviewers else None, hits)
        with self._registry.read() as connection:
            size = searching.size(connection, self._desk)  # before others have to wait
        with self._registry.write() as connection:
            searching.check_in_force(connection, self._desk, agreed, "search", now)
            (matches,) = recheck(connection, self._keys, others(hits, asked), [probe.template], terms)
            tools = searching.Tools(connection, self._desk, self._keys, scale)
            shown, before = searching.chosen(tools, matches, probe, lowest, limit, grant=grant)
            check_confirmed(connection, [match.basis for match in shown], self._desk)
            candidates, carried = searching.candidates(tools, shown, probe, purposes=mask, demanded=agreed.reviewers)
            made = Record(
                "search", probe.commitment, self._contract, sequence, now, shown,
                crop=crop, cautions=carried, facts=searching.used(lowest, scale),
            )  # fmt: skip
            number, written = searching.write(connection, self._desk, self._keys, grant, made, probe.content)
        return Answer(candidates, lowest, size, written, number, scale, before)

    def verify(self, first: Probe, second: Probe | Enrolled, *, grant: Grant[Verify]) -> Comparison:
        """Compare two faces, or a face with one enrolled reference (1:1). Nothing of either is stored."""
        now = self._clock()
        grant.spend(Verify, scope="gallery", now=now)
        for each in (first, second):
            if isinstance(each, Probe):
                self._same_contract(each.template)
        tools = Verifying(self._registry, self._keys, self._desk, self._scaling, self._contract)
        return tools.verify(first, second, grant, now)

    def people(self, faces: Sequence[Sighting], only: Sequence[SubjectId] = (), *, grant: Grant[People]) -> Grouped:
        """Compare kept faces with one another and with all references, to see who is who. Nothing of them is stored.

        ``only``: answer with these people and whoever resembles them; with everybody where it is empty.
        """
        now = self._clock()
        grant.spend(People, scope="gallery", now=now)
        for each in faces:
            self._same_contract(each.template)
        with self._registry.write() as connection:
            searching.check_in_force(connection, self._desk, grant.terms, "people", now)
            tools = peopling.Tools(connection, self._desk, self._keys, self._scaling, self._contract)
            return peopling.group_people(tools, faces, only, grant, now)

    def locate(self, probe: Probe, *, grant: Grant[Locate]) -> tuple[Located, ...]:
        """Whose record a person's own photo may belong to, for their request (P14). Nothing of the photo is stored."""
        now = self._clock()
        grant.spend(Locate, scope="gallery", now=now)
        self._same_contract(probe.template)
        with self._registry.read() as connection:
            scale = self._scaling.at(searching.size(connection, self._desk))
            found = nearest(connection, self._keys, probe.template, self._desk.gallery, scale)
        with self._registry.write() as connection:
            subjects = tuple(each.subject for each in found)
            self._desk.effect(connection, "locate", grant.log_index, subjects=subjects)
        return found

    def confirm(
        self, subject: SubjectId, basis: BasisId | None, stills: Sequence[Template], *, grant: Grant[Confirm]
    ) -> bool:
        """Whether all stills are of one person: who is enrolled under the basis, or (none) is to be from them (P1)."""
        grant.spend(Confirm, scope=f"subject:{subject}", now=self._clock())
        with self._registry.write() as connection:
            alike = one_person(connection, self._keys, (subject, basis), stills, self._scaling.at(1).high)
            facts = {"stills": len(stills), "alike": alike}
            self._desk.effect(connection, "confirm", grant.log_index, subjects=(subject,), facts=facts)
        return alike

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
        forget_if_there(self._mirror)
        return written

    def erase(
        self, subjects: Sequence[SubjectId], reason: str, *, under: int | None = None, grant: Grant[Erase]
    ) -> Erased:
        """Erase people in one pass: rows, write-ahead log, index, keys; then look for their bytes in all files of ours.

        ``under`` is the number of the authority's order. See `countenance.gallery.erasing` for the steps and for what
        happens when they are cut short.
        """
        now = self._clock()
        grant.spend(Erase, scope=group_scope("subjects", subjects), now=now)
        return self._erase(What(subjects=tuple(subjects)), self._order(reason, grant, under), now)

    def erase_bases(
        self, bases: Sequence[BasisId], reason: str, *, under: int | None = None, grant: Grant[Erase]
    ) -> Erased:
        """Erase what was kept under these bases, in one pass. Their people stay, with their keys."""
        now = self._clock()
        grant.spend(Erase, scope=group_scope("bases", bases), now=now)
        return self._erase(What(bases=tuple(bases)), self._order(reason, grant, under), now)

    def forget_source(self, source: SourceId, order: int, *, grant: Grant[Erase]) -> Forgotten:
        """Delete what was kept from a source, under an authority's order, and stop the source.

        See `countenance.gallery.forgetting`. Appearances have no template, so the index does not change.
        """
        grant.spend(Erase, scope=f"source:{source}", now=self._clock())
        return forget(self._registry, self._desk, source, order, grant.log_index)

    def resume_erasure(self, number: int, *, grant: Grant[Erase]) -> Erased:
        """Carry an erasure that was cut short to its end."""
        grant.spend(Erase, scope=f"erasure:{number}", now=self._clock())
        return self._carry_out(number)

    # --- the index ---------------------------------------------------------------------------------------------------

    def reindex(self, *, into: Following | None = None, progress: Progress | None = None, grant: Grant[Reindex]) -> int:
        """Build the index anew from the registry, or another engine's. Returns of how many people."""
        grant.spend(Reindex, scope="gallery", now=self._clock())
        return (into or self._mirror).rebuild(progress)

    def compare_index(self, sample: int | None, *, progress: Progress | None = None, grant: Grant[Reindex]) -> Compared:
        """Compare the index with the registry, and about ``sample`` templates in it; None for all of them."""
        grant.spend(Reindex, scope="gallery", now=self._clock())
        with self._registry.read() as connection:
            size = searching.size(connection, self._desk)
        return self._mirror.compare(max(1, size // sample) if sample else 1, progress)

    # --- another model -----------------------------------------------------------------------------------------------

    def photos_of(self, references: Sequence[int], contract: str, *, grant: Grant[Remodel]) -> list[twins.Source]:
        """Where the photos of these references lay, for templates to be made of them under another contract."""
        grant.spend(Remodel, scope=f"model:{contract}", now=self._clock())
        with self._registry.read() as connection:
            return twins.sources(connection, self._keys, references)

    def add_twins(self, made: Sequence[twins.Twin], contract: str, *, grant: Grant[Remodel]) -> int:
        """Keep templates of another model beside those that are searched. Returns of how many people.

        Raises `ContractMismatch` where one of them was made under another contract than the grant is for.
        """
        now = self._clock()
        grant.spend(Remodel, scope=f"model:{contract}", now=now)
        with self._registry.write() as connection:
            people = twins.add(connection, self._keys, made, contract, now)
            facts = {"contract": contract, "templates": len(made)}
            self._desk.effect(connection, "remodel", grant.log_index, subjects=tuple(sorted(people)), facts=facts)
        return len(people)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _seen(self, source: SourceId, batch: Sequence[Looked], now: int) -> Seen:
        """Ask the index about the batch's faces, outside the transaction that writes."""
        templates = [template for photo in batch for template in photo.templates]
        for template in templates:
            self._same_contract(template)
        with self._registry.read() as connection:
            row = connection.execute(sa.select(t.sources).where(t.sources.c.id == source)).one()
            sequence = self._registry.sequence(connection)
            where = activating.territories_on(connection, self._desk)
        terms = Terms(self._contract, row.purposes, self._desk.gallery, now, territories=where)
        hits, scale = None, self._scaling.at(0)
        if templates:
            scale = self._scaling.at(self._mirror.count(terms.eligible()))
            vectors = np.stack([template.vector for template in templates])
            hits, sequence = self._mirror.search(vectors, _FETCH_INGEST, terms.eligible())
            hits = Hits(hits.ids[:, :_LOOKED_AT], hits.scores[:, :_LOOKED_AT])
        return Seen(row, templates, hits, sequence, terms, scale)

    def _rechecked(self, connection: sa.Connection, seen: Seen) -> list[list[Match]]:
        return recheck(connection, self._keys, seen.hits, seen.templates, seen.terms) if seen.hits else []

    def _kept(
        self,
        connection: sa.Connection,
        act: str,
        grant: Grant[Ingest] | Grant[Sweep],
        kept: Sequence[Match],
        seen: Seen,
        facts: dict[str, int],
        **more: Sequence[Any],
    ) -> Kept:
        """Check the bases of what was kept, and write the log entry of the batch."""
        check_confirmed(connection, [match.basis for match in kept], self._desk)
        subjects = tuple(dict.fromkeys(SubjectId(match.subject) for match in kept))
        self._desk.effect(connection, act, grant.log_index, subjects=subjects, facts=facts)
        compared = len(seen.templates) * seen.scale.compared
        people = frozenset(map(int, subjects))
        return Kept(facts["faces_found"], len(kept), compared, compared * seen.scale.stated, people=people, **more)

    def _order(self, reason: str, grant: Grant[Erase], under: int | None) -> Order:
        """Ordered by whoever asked; by a receipt, which no account stands behind: whoever carries it out."""
        account = grant.account or (self._desk.actor.account if self._desk.actor else None)
        return Order(reason, account, grant.log_index, under)

    def _erase(self, what: What, order: Order, now: int) -> Erased:
        return self._carry_out(erasing.tombstone(self._tools, self._desk, what, order, now))

    def _carry_out(self, number: int) -> Erased:
        """Out of the index first. Where its server is gone, the erasure waits for it, and nobody is found meanwhile."""
        self._mirror.forget()
        erased = erasing.carry_out(self._tools, number)
        remaining = [*erased.residuals, *self._mirror.remains()]
        return replace(erased, residuals=remaining, engine=self._mirror.engine, removal=self._mirror.removal)

    def _same_contract(self, template: Template) -> None:
        if template.contract != self._contract:
            raise ContractMismatch("This template was made by another model than the gallery's.")
