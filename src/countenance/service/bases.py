"""Bases: why a person's face may be held, from recorded over confirmed to withdrawn (P1, P2, P13)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import InputError, NoBasis, NoNotice, NotSignedIn
from countenance.policy.bases import check_ground
from countenance.policy.confirming import notice_statement
from countenance.policy.purposes import mask, purpose
from countenance.registry import schema as t
from countenance.service import confirming, links
from countenance.service.basis import Basis, Row, ending_within, number_of, read_basis, row_of
from countenance.service.evidence import Seen, check_evidence, declare_collective, digest_of, is_evidence
from countenance.service.lacking import Lack, lacks
from countenance.types import DAY, BasisId, SubjectId
from countenance.vault.accounts import AccountKey

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.service.subjects import Subject

__all__ = ["Bases", "Basis", "Lack"]


class Bases:
    """Record, confirm, list."""

    def __init__(self, context: Context) -> None:
        self._context = context

    # --- record ------------------------------------------------------------------------------------------------------

    def record(
        self,
        subject: Subject,
        *,
        ground: str,
        condition: str,
        purposes: Iterable[str],
        evidence: str | Path | bytes | Seen,
        notice: str | None = None,
        until: str | date | None = None,
        collective: bool = False,
    ) -> Basis:
        """Record why a person's face may be held. It is *pending*, and finds nobody, until it is confirmed.

        Args:
            subject: The person.
            ground: A GDPR Art 6 ground, such as ``consent``.
            condition: A GDPR Art 9 condition, such as ``explicit-consent``.
            purposes: What the face may be searched for; names from the closed list.
            evidence: The signed form or the like. Only its SHA-256 is stored.
            notice: The name of the notice that the person was given; it can be added later.
            until: The last day, ISO 8601. Never later than the shortest of the purposes lasts, which is the default.
            collective: The evidence is one form for many people. From 31 people on two accounts must have declared it.

        Raises:
            NoBasis: a ground that cannot carry a face, evidence that is empty or is the enrolment photo itself.
            InputError: an unreadable file, a day that is none or has passed.
        """
        context, now = self._context, self._context.clock()
        check_ground(ground, condition)
        wanted = sorted(set(purposes))
        ends = _ends(wanted, until, now)
        digest = digest_of(evidence)
        with context.registry.write() as connection:
            person = context.subject_row(connection, subject.handle)
            check_evidence(context, connection, person.id, digest, collective=collective)
            row = connection.execute(
                sa.insert(t.bases).values(
                    organisation=context.organisation,
                    subject=person.id,
                    ground=ground,
                    condition=condition,
                    purposes=mask(wanted),
                    evidence_sha256=digest,
                    collective=collective,
                    starts=now,
                    ends=ends,
                    state="pending",
                    recorded_by=context.account,
                    created=now,
                )
            )
            number = BasisId((row.inserted_primary_key or (0,))[0])
            facts = {"ground": ground, "condition": condition, "purposes": wanted, "evidence": digest}
            context.desk.record(connection, "basis", "controller", subjects=(SubjectId(person.id),), facts=facts)
            if notice is not None:
                self._note(connection, row_of(context, connection, number), notice)
            basis = read_basis(context, connection, number)
        context.book.publish()
        return basis

    def check(
        self,
        *,
        ground: str,
        condition: str,
        purposes: Iterable[str],
        evidence: str | Path | bytes,
        until: str | None = None,
    ) -> None:
        """Refuse now what `record` would refuse for anybody, before a whole list of people is gone through."""
        check_ground(ground, condition)
        _ends([*purposes], until, self._context.clock())
        digest_of(evidence)

    def declare_collective(self, evidence: str | Path) -> int:
        """Declare that this file is one form for many people (P1). Two accounts must: returns how many have by now.

        Raises `RoleRefused` for a second declaration by one account, or without the role controller or officer.
        """
        return declare_collective(self._context, evidence)

    def give_notice(self, basis: Basis | str, notice: str) -> Basis:
        """Record that the person was given this notice; until then their face is not searchable (P2).

        The account signs it with its own key. Raises `NoNotice` for one that is not on record, `NoBasis` for a basis
        that was withdrawn.
        """
        context = self._context
        with context.registry.write() as connection:
            row = row_of(context, connection, number_of(basis))
            if row.state not in {"pending", "live"}:
                raise NoBasis(f"This basis is {row.state}: no notice can be given for it.", requirement="P1")
            self._note(connection, row, notice)
            connection.execute(sa.insert(t.changes).values(subject=row.subject))
            context.desk.record(connection, "notice", "controller", subjects=(SubjectId(row.subject),))
            known = read_basis(context, connection, row.id)
        context.book.publish()
        return known

    # --- confirm -----------------------------------------------------------------------------------------------------

    def countersign(self, basis: Basis | str, *, key: AccountKey | None = None) -> Basis:
        """Confirm a basis with a second account's own key: somebody else has seen the paper form (P1).

        For a person who may be a minor, it is the guardian's form; who comes of age confirms a new basis.

        Args:
            basis: The pending basis.
            key: The second account's opened key; left out, the key of the account that this gallery was opened with.

        Raises:
            RoleRefused: the key is the one that recorded the basis, or of no account that keeps records here.
        """
        return confirming.countersign(self._context, basis, key)

    def confirm(self, basis: Basis | str, *, key: AccountKey | None = None) -> Basis:
        """Confirm one's own basis: the account's e-mail address is the subject's contact on record (P1).

        Raises `RoleRefused` when it is not, or when the person may be a minor.
        """
        return confirming.confirm_own(self._context, basis, key)

    def link(self, basis: Basis | str, *, base_url: str) -> links.Link:
        """Make a one-time link for the contact on record. See `countenance.service.links.make_link`."""
        return links.make_link(self._context, basis, base_url=base_url)

    def link_notice(self, token: str) -> links.LinkView:
        """What a link asks. See `countenance.service.links.view_link`."""
        return links.view_link(self._context, token)

    def confirm_by_link(self, token: str, *, agree: bool = True) -> links.Answered:
        """The person, or a minor's guardian, agrees. See `countenance.service.links.confirm_by_link`."""
        return links.confirm_by_link(self._context, token, agree=agree)

    def decline_by_link(self, token: str) -> links.Answered:
        """The person declines: the basis is withdrawn. See `countenance.service.links.decline_by_link`."""
        return links.decline_by_link(self._context, token)

    # --- look --------------------------------------------------------------------------------------------------------

    def get(self, basis: Basis | str) -> Basis:
        """The basis by this number. Raises `NotFound`."""
        with self._context.registry.read() as connection:
            return read_basis(self._context, connection, number_of(basis))

    def list(self, subject: Subject | None = None, *, ending: int | None = None) -> list[Basis]:
        """All bases, or those of one person, in the order of their numbers.

        ``ending``: only those in force that end within so many days, the first to end first: whom to ask again (P13).
        """
        query = sa.select(t.bases.c.id).where(t.bases.c.organisation == self._context.organisation)
        if subject is not None:
            query = query.where(t.bases.c.subject == subject.id)
        if ending is not None:
            query = query.where(ending_within(ending, self._context.clock())).order_by(t.bases.c.ends)
        with self._context.registry.read() as connection:
            numbers = connection.scalars(query.order_by(t.bases.c.id)).all()
            return [read_basis(self._context, connection, number) for number in numbers]

    def pending(self) -> tuple[Basis, ...]:
        """Those that a second account can confirm: pending, not expired, and no guest's, who confirms with stills."""
        with self._context.registry.read() as connection:
            guests = set(connection.scalars(sa.select(t.guests.c.basis)))
        every = [each for each in self.list() if each.state == "pending" and not each.expired]
        return tuple(each for each in every if int(each.number) not in guests)

    def why_not(self, basis: Basis | str) -> tuple[Lack, ...]:
        """Each thing that keeps this basis from finding its person now; empty when nothing does."""
        with self._context.registry.read() as connection:
            return lacks(self._context, connection, row_of(self._context, connection, number_of(basis)))

    def is_evidence(self, digest: str) -> bool:
        """Whether the file with this SHA-256 is the evidence of a basis: then it is no enrolment photo (P1)."""
        return is_evidence(self._context, digest)

    def _note(self, connection: sa.Connection, row: Row, name: str) -> None:
        """Put a notice on a basis, signed by the account that says it was given."""
        context, actor, now = self._context, self._context.actor, self._context.clock()
        notice = connection.execute(
            sa.select(t.notices).where(t.notices.c.organisation == context.organisation, t.notices.c.name == name)
        ).first()
        if notice is None:
            raise NoNotice(f"There is no notice {name!r} on record.", requirement="P2")
        if actor is None:
            raise NotSignedIn("No account is asking.")
        values: dict[str, Any] = {
            "notice": notice.id,
            "noticed": now,
            "noticed_by": actor.account,
            "notice_signature": actor.sign(notice_statement(row, notice, now)),
        }
        connection.execute(sa.update(t.bases).where(t.bases.c.id == row.id).values(**values))


def _ends(wanted: Sequence[str], until: str | date | None, now: int) -> int:
    if not wanted:
        raise NoBasis("A basis needs at least one purpose.", requirement="P1")
    latest = now + min(purpose(name).days for name in wanted) * DAY
    if until is None:
        return latest
    try:
        day = until if isinstance(until, date) else date.fromisoformat(until)
    except ValueError:
        raise InputError(f"{until!r} is no day.", hint="Write it like 2027-11-22.") from None
    ends = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) + DAY
    if ends <= now:
        raise InputError(f"{day} has passed.", hint="A basis must end in the future.")
    return min(latest, ends)
