"""Reviews: people look at what a search has shown, and confirm or reject it with their own keys (P16, P18).

The reviewers are of the organisation whose case it is. Where two must review, whoever searched is not among them; where
one must, it is another account than the searcher's, except in a solo installation, whose reviews say so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import AlreadyExists, InputError, NoAgreement, NotFound, NotSignedIn, Refused, RoleRefused
from countenance.gallery import probes, rejecting
from countenance.gallery.appearing import appearances_of
from countenance.gallery.eligible import standing
from countenance.policy import agreeing, bearing, gather
from countenance.policy.purposes import PURPOSES, reviewers
from countenance.registry import schema as t
from countenance.review import deciding
from countenance.review.deciding import CONFIRM, DECISIONS, REJECT, Standing
from countenance.service.refusing import recording
from countenance.service.reviewed import Next, Review, Reviewed
from countenance.types import Appearance, SearchId, SubjectId, iso, parse_number, reference_number
from countenance.vault.keyring import subject_key

if TYPE_CHECKING:
    from countenance.service.context import Context

Row = sa.Row[Any]
PROBE_DAYS = probes.DAYS
"""So long at the most is the searched face kept for its reviewers."""


class Reviewing:
    """List, show, take the next, confirm, reject."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def show(self, review: str) -> Review:
        """One review: the candidates that may still be shown, and what was decided. That somebody looked is logged.

        Raises `NotFound` (absent, or not your organisation's), `RoleRefused`, `NoAgreement` once that has ended.
        """
        context = self._context
        with recording(context, "review-look") as connection:
            row = self._row(connection, review)
            self._may_review(connection, row)
            facts = {"search": reference_number("S", row.id)}
            context.desk.record(connection, "review-look", "reviewer", facts=facts, party=context.party)
            return self._told(connection, row, photos=True)

    def probe(self, review: str) -> bytes:
        """The face that was searched for, as a small JPEG, for the reviewer's eyes. It is kept in memory only.

        Raises as `show`, and `NotFound` once it is gone: at the last review, or after 14 days.
        """
        context = self._context
        with recording(context, "probe-look") as connection:
            row = self._row(connection, review)
            self._may_review(connection, row)
            facts = {"search": reference_number("S", row.id)}
            context.desk.record(connection, "probe-look", "reviewer", facts=facts, party=context.party)
            return probes.read(connection, context.keys, SearchId(row.id), context.clock())

    def confirm(self, review: str, subject: str) -> Review:
        """Sign that a candidate is the person, as far as one can see. See `decide`."""
        return self.decide(review, subject, CONFIRM)

    def reject(self, review: str, subject: str) -> Review:
        """Sign that a candidate is not the person. One rejection is enough. See `decide`."""
        return self.decide(review, subject, REJECT)

    def decide(self, review: str, subject: str, decision: str) -> Review:
        """Review one candidate with one's own key.

        Args:
            review: Its number, such as ``R12``.
            subject: The candidate's handle.
            decision: ``confirm`` or ``reject``.

        Raises:
            RoleRefused: not a reviewer, one's own search, or a second review by one account (P18); it is logged.
            Refused: this account has not looked at the review (P18).
            NotFound: no such review, or the candidate may be shown no more.
            AlreadyExists: the candidate was confirmed or rejected already.
        """
        context = self._context
        if decision not in DECISIONS:
            raise InputError(f"{decision!r} is no decision.", hint=f"One of: {', '.join(DECISIONS)}.")
        with recording(context, f"review-{decision}") as connection:
            row = self._row(connection, review)
            alone = self._may_review(connection, row, deciding=True)
            candidate = self._candidate(connection, row, subject)
            self._sign(connection, row, candidate, decision, solo=alone)
            told = self._told(connection, row, photos=False)
        if not told.open:
            with context.registry.write() as connection:  # a rejected one is in a table of its own
                connection.execute(sa.update(t.shown).where(t.shown.c.search == row.id).values(mark=None))
            probes.forget(context.registry, context.keys, [SearchId(row.id)])
        return told

    def list(self, *, open_only: bool = False) -> list[Review]:
        """The reviews of one's organisation's searches, the newest first, without any picture.

        Another organisation has none of a purpose whose agreement has ended.
        """
        context = self._context
        with context.registry.read() as connection:
            rows = connection.execute(self._query().order_by(t.searches.c.id.desc())).all()
            still = {purpose: self._agreed(connection, purpose) for purpose in {row.purpose for row in rows}}
            wanted = [row for row in rows if self._demanded(row) and still[row.purpose]]
            found = [self._told(connection, row, photos=False) for row in wanted]
        return [each for each in found if each.open or not open_only]

    def next(self) -> Next | None:
        """The candidate that has waited longest for this account's decision; None where nobody does. Looking is logged.

        Passed over: what this account has searched for or decided about already, and who may be shown no more.
        Raises as `show`.
        """
        waiting = self._waiting()
        if not waiting:
            return None
        number, subject = waiting[0]
        seen = self.show(number)
        found = tuple(each for each in seen.candidates if each.subject == subject)
        return Next(replace(seen, candidates=found), len(waiting)) if found else None

    # --- inside ------------------------------------------------------------------------------------------------------

    def _waiting(self) -> tuple[tuple[str, str], ...]:
        """Reviews and the candidates in them that wait for this account, the oldest first."""
        context = self._context
        found: dict[tuple[str, str], None] = {}
        with context.registry.read() as connection:
            for row in connection.execute(self._query().order_by(t.searches.c.id)).all():
                if not self._demanded(row) or not self._agreed(connection, row.purpose):
                    continue
                own = self._may_review(connection, row)
                if own and not self._solo(connection, row):
                    continue
                for each in deciding.standings(connection, context.desk.origin, SearchId(row.id), self._demanded(row)):
                    mine = any(one.account == context.account for one in each.decided)
                    if each.state == "open" and not mine and self._stands(connection, row, each.subject):
                        found[reference_number("R", row.id), self._handle(connection, each.subject)] = None
        return tuple(found)

    def _query(self) -> sa.Select[Any]:
        """Searches that showed somebody, in a case of the asking organisation."""
        context = self._context
        return (
            sa.select(
                t.searches,
                t.cases.c.organisation.label("party"),
                t.cases.c.reference_sealed,
                t.accounts.c.email,
            )
            .join(t.cases, t.searches.c.case == t.cases.c.id)
            .join(t.accounts, t.searches.c.account == t.accounts.c.id)
            .where(
                t.searches.c.organisation == context.organisation,
                t.cases.c.organisation == context.party,
                t.searches.c.kind == "search",
                t.searches.c.candidates > 0,
            )
        )

    def _row(self, connection: sa.Connection, review: str) -> Row:
        number = parse_number("R", review, "review")
        row = connection.execute(self._query().where(t.searches.c.id == number)).first()
        if row is None or not self._demanded(row):
            raise NotFound(f"There is no review {review}.", hint="`countenance review list` shows them.")
        return row

    def _demanded(self, row: Row) -> int:
        return reviewers(row.purpose, own=row.party == row.organisation)

    def _may_review(self, connection: sa.Connection, row: Row, *, deciding: bool = False) -> bool:
        """Refuse whoever may not review this search. Returns whether somebody reviews their own, which is solo."""
        context = self._context
        actor = context.actor
        known = gather.account(connection, actor, signed=True) if actor else None
        if known is None or known.revoked:
            raise NotSignedIn("A review needs a live, named account.")
        if known.trial or "reviewer" not in known.roles:
            raise RoleRefused(
                "A review needs an account with the role reviewer.", requirement="P18",
                hint="Ask someone whose account has it: `countenance account list`.",
            )  # fmt: skip
        if not self._agreed(connection, row.purpose):
            raise NoAgreement("The agreement that this search was made under has ended.", requirement="P3")
        own = bool(known.id == row.account)
        if deciding and own and not self._solo(connection, row):
            raise RoleRefused(
                "Whoever searched does not review what the search has shown.", requirement="P18",
                hint="Another reviewer of your organisation signs with their own key.",
            )  # fmt: skip
        return own

    def _solo(self, connection: sa.Connection, row: Row) -> bool:
        """Whether whoever searched may review it: there is nobody else, and one reviewer is enough."""
        now = self._context.clock()
        return self._demanded(row) == 1 and gather.has_long_been_solo(connection, self._context.party, now)

    def _agreed(self, connection: sa.Connection, purpose: str) -> bool:
        """Whether the asking organisation may look at what its searches have shown: as long as its agreement lasts."""
        context, party = self._context, self._context.party
        now = context.clock()
        return party == context.organisation or agreeing.in_force(connection, context.desk, party, purpose, now)

    def _candidate(self, connection: sa.Connection, row: Row, handle: str) -> Standing:
        context = self._context
        for each in deciding.standings(connection, context.desk.origin, SearchId(row.id), self._demanded(row)):
            if self._handle(connection, each.subject) == handle and self._stands(connection, row, each.subject):
                return each
        raise NotFound(f"{handle!r} is no candidate of this review that may be shown.")

    def _sign(self, connection: sa.Connection, row: Row, candidate: Standing, decision: str, *, solo: bool) -> None:
        context = self._context
        if any(each.account == context.account for each in candidate.decided):
            raise RoleRefused(
                "This account has reviewed this candidate already: another person is needed.", requirement="P18",
                hint="Another reviewer of your organisation signs with their own key.",
            )  # fmt: skip
        if candidate.state != "open":
            raise AlreadyExists(f"This candidate is {candidate.state} already.", hint="Nothing was changed.")
        if solo and decision == CONFIRM and candidate.demanded > 1:
            raise RoleRefused(
                "This candidate carries a caution and needs two reviewers; whoever searched is neither.",
                requirement="P18", hint="Add people who review: `countenance account add`. You may reject it.",
            )  # fmt: skip
        self._check_looked(connection, row)
        search = SearchId(row.id)
        signed = deciding.statement(
            context.desk.origin, search, candidate.subject, candidate.score, decision, candidate.cautions
        )
        signature = context.actor.sign_in_person(signed) if context.actor else b""
        values = {"search": search, "subject": candidate.subject, "account": context.account, "decision": decision}
        mine = (t.reviews.c.search == search, t.reviews.c.subject == candidate.subject)
        # A row in this account's name whose signature does not check is no review; the real one takes its place.
        connection.execute(sa.delete(t.reviews).where(*mine, t.reviews.c.account == context.account))
        connection.execute(
            sa.insert(t.reviews).values(
                organisation=context.organisation, signature=signature, created=context.clock(), **values
            )
        )
        after = deciding.standings(connection, context.desk.origin, search, self._demanded(row))
        ours = next(each for each in after if each.subject == candidate.subject)
        if not any(each.account == context.account for each in ours.decided):
            raise NotSignedIn("The key that was opened is not this account's key.")
        facts = {"search": reference_number("S", search), "state": ours.state, "solo": solo}
        if decision == REJECT:
            facts |= self._remember(connection, row, candidate.subject)
        context.desk.write(
            connection, f"review-{decision}", subjects=(candidate.subject,), facts=facts, signature=signature
        )

    def _remember(self, connection: sa.Connection, row: Row, subject: SubjectId) -> dict[str, str | int]:
        """Keep the pair, so that it never returns. What the log needs to say it again after a restore."""
        context, shown = self._context, t.shown.c
        mine = (shown.search == row.id, shown.subject == subject)
        made = connection.scalar(sa.select(shown.mark).where(*mine))
        if made is None:
            return {}
        values = {"organisation": context.organisation, "party": row.party, "account": context.account}
        rejecting.reject(connection, values | {"created": context.clock()}, subject, made)
        if row.party == context.organisation and not bearing.holds_on(connection, subject):
            rejecting.forget_kept(connection, context.keys, subject, made)
        return {"mark": made, "party": int(row.party)}

    def _check_looked(self, connection: sa.Connection, row: Row) -> None:
        """Raise `Refused` unless the log says that this account has looked: nobody signs what they have not seen."""
        context, review = self._context, reference_number("R", row.id)
        facts, who = {"search": reference_number("S", row.id)}, context.actor.email if context.actor else ""
        if not context.book.did(connection, "review-look", who, facts, context.organisation, row.log_index):
            raise Refused(
                f"You have not looked at {review}.", requirement="P18",
                hint=f"Look at its candidates first: `countenance review show {review} --page FILE.html`.",
            )  # fmt: skip

    def _told(self, connection: sa.Connection, row: Row, *, photos: bool) -> Review:
        context, search = self._context, SearchId(row.id)
        every = deciding.standings(connection, context.desk.origin, search, self._demanded(row))
        left = [each for each in every if self._stands(connection, row, each.subject)]
        purposes = PURPOSES[row.purpose].mask
        seen = (
            appearances_of(connection, [each.subject for each in left], purposes, context.clock(), context.desk)
            if photos
            else None
        )
        kept = sa.exists().where(t.probes.c.search == search, t.probes.c.expires > context.clock())
        return Review(
            reference_number("R", search),
            reference_number("S", search),
            iso(row.started),
            row.email,
            context.keys.unseal_text(context.party_key, row.reference_sealed, "case") or "",
            row.purpose,
            self._demanded(row),
            gather.is_solo(connection, context.party),
            tuple(
                self._reviewed(connection, each, None if seen is None else seen.get(each.subject, ())) for each in left
            ),
            row.candidates - len(left),
            bool(connection.scalar(sa.select(kept))),
        )

    def _reviewed(
        self, connection: sa.Connection, candidate: Standing, appearances: tuple[Appearance, ...] | None
    ) -> Reviewed:
        handle = self._handle(connection, candidate.subject)
        sealed = connection.scalar(sa.select(t.subjects.c.name_sealed).where(t.subjects.c.id == candidate.subject))
        name = self._context.keys.unseal_text(subject_key(candidate.subject), sealed, "name")
        return Reviewed(
            handle,
            name or handle,
            candidate.score,
            self._context.scale.band(candidate.score),
            candidate.state,
            tuple((each.email, each.decision, iso(each.at)) for each in candidate.decided),
            appearances,
            candidate.demanded,
            candidate.cautions,
        )

    def _handle(self, connection: sa.Connection, subject: SubjectId) -> str:
        sealed = connection.scalar(sa.select(t.subjects.c.handle_sealed).where(t.subjects.c.id == subject))
        return self._context.keys.unseal_text(subject_key(subject), sealed, "handle") or ""

    def _stands(self, connection: sa.Connection, row: Row, subject: SubjectId) -> bool:
        """Whether a search for this purpose may still show the person: who has withdrawn is not reviewed (P5)."""
        context, now = self._context, self._context.clock()
        found = standing(connection, context.vision.contract, now, subjects=[subject])
        return any(each.permits(PURPOSES[row.purpose].mask, context.organisation, now) for each in found)
