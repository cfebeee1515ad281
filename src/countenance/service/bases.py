"""Bases: why a person's face may be held, from recorded over confirmed to withdrawn (P1, P2, P13)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import InputError, NoBasis, NoNotice, NotFound, RoleRefused
from countenance.gallery.eligible import is_minor
from countenance.policy.bases import COLLECTIVE_LIMIT, check_ground
from countenance.policy.confirming import statement
from countenance.policy.purposes import mask, names, purpose
from countenance.registry import schema as t
from countenance.types import DAY, BasisId, SubjectId, iso, parse_number, reference_number
from countenance.vault.accounts import AccountKey, verify_signature

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.service.subjects import Subject


@dataclass(frozen=True, slots=True)
class Basis:
    """A recorded lawful basis. Finds nobody until its ``state`` is ``live`` and it has a ``notice``."""

    id: str
    subject: SubjectId
    ground: str
    condition: str
    purposes: tuple[str, ...]
    state: str
    notice: str | None
    starts: str
    ends: str
    confirmed_how: str | None
    expired: bool

    @property
    def number(self) -> BasisId:
        """The record's number."""
        return BasisId(parse_number("B", self.id, "basis"))

    def __str__(self) -> str:
        return self.id


class Bases:
    """Record, confirm, list."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def record(
        self,
        subject: Subject,
        *,
        ground: str,
        condition: str,
        purposes: Iterable[str],
        evidence: str | Path,
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
            collective: The evidence is one form for many people, and says so. Needed from 31 people on.

        Raises:
            NoBasis: a ground that cannot carry a face, evidence that is empty or is the enrolment photo itself.
            InputError: an unreadable file, a day that is none or has passed.
        """
        context, now = self._context, self._context.clock()
        check_ground(ground, condition)
        wanted = sorted(set(purposes))
        ends = self._ends(wanted, until, now)
        digest = _digest(Path(evidence))
        with context.registry.write() as connection:
            person = context.subject_row(connection, subject.handle)
            self._check_evidence(connection, person.id, digest, collective=collective)
            row = connection.execute(
                sa.insert(t.bases).values(
                    organisation=context.organisation,
                    subject=person.id,
                    ground=ground,
                    condition=condition,
                    purposes=mask(wanted),
                    evidence_sha256=digest,
                    collective=collective,
                    notice=self._notice(connection, notice),
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
            basis = self._get(connection, number)
        context.book.publish()
        return basis

    def check(
        self, *, ground: str, condition: str, purposes: Iterable[str], evidence: str | Path, until: str | None = None
    ) -> None:
        """Refuse now what `record` would refuse for anybody, before a whole list of people is gone through."""
        check_ground(ground, condition)
        self._ends([*purposes], until, self._context.clock())
        _digest(Path(evidence))

    def give_notice(self, basis: Basis | str, notice: str) -> Basis:
        """Record that the person was given this notice; until then their face is not searchable (P2)."""
        context = self._context
        with context.registry.write() as connection:
            known = self._get(connection, _number(basis))
            connection.execute(
                sa.update(t.bases).where(t.bases.c.id == known.number).values(notice=self._notice(connection, notice))
            )
            connection.execute(sa.insert(t.changes).values(subject=known.subject))
            context.desk.record(connection, "notice", "controller", subjects=(known.subject,))
            basis = self._get(connection, known.number)
        context.book.publish()
        return basis

    def countersign(self, basis: Basis | str, *, key: AccountKey | None = None) -> Basis:
        """Confirm a basis with a second account's own key: somebody else has seen the paper form (P1).

        Args:
            basis: The pending basis.
            key: The second account's opened key; left out, the key of the account that this gallery was opened with.

        Raises:
            RoleRefused: the key is the one that recorded the basis, or of no account that keeps records here.
        """
        return self._confirm(basis, key, how="countersigned by a second account")

    def confirm(self, basis: Basis | str, *, key: AccountKey | None = None) -> Basis:
        """Confirm one's own basis: the account's e-mail address is the subject's contact on record (P1).

        Raises `RoleRefused` when it is not, or when the person may be a minor.
        """
        return self._confirm(basis, key, how="confirmed by the person's own key")

    def get(self, basis: Basis | str) -> Basis:
        """The basis by this number. Raises `NotFound`."""
        with self._context.registry.read() as connection:
            return self._get(connection, _number(basis))

    def is_evidence(self, basis: Basis, digest: str) -> bool:
        """Whether the file with this SHA-256 is the basis' evidence: a photo is no evidence of agreement (P1)."""
        with self._context.registry.read() as connection:
            return bool(self._row(connection, basis.number).evidence_sha256 == digest)

    def list(self, subject: Subject | None = None) -> list[Basis]:
        """All bases, or those of one person, in the order of their numbers."""
        query = sa.select(t.bases.c.id).where(t.bases.c.organisation == self._context.organisation)
        if subject is not None:
            query = query.where(t.bases.c.subject == subject.id)
        with self._context.registry.read() as connection:
            return [self._get(connection, BasisId(i)) for i in connection.scalars(query.order_by(t.bases.c.id))]

    # --- inside ------------------------------------------------------------------------------------------------------

    def _confirm(self, basis: Basis | str, key: AccountKey | None, *, how: str) -> Basis:
        context, now = self._context, self._context.clock()
        with context.registry.write() as connection:
            row = self._row(connection, _number(basis))
            if row.state != "pending":
                raise NoBasis(f"This basis is {row.state}; only a pending one can be confirmed.", requirement="P1")
            if now >= row.ends:
                raise NoBasis(f"This basis expired on {iso(row.ends)[:10]}.", requirement="P1")
            signed = statement(row, how)
            public, signature = self._sign(connection, key, signed)
            account = self._account_of(connection, public)
            verify_signature(public, signature, signed)
            if how.startswith("countersigned"):
                _check_second(account, row)
            else:
                self._check_own(connection, account, row)
            connection.execute(
                sa.update(t.bases)
                .where(t.bases.c.id == row.id)
                .values(state="live", confirmed_how=how, confirmed_by=account.id, confirmed=now, confirmation=signature)
            )
            connection.execute(sa.insert(t.changes).values(subject=row.subject))
            facts = {"basis": reference_number("B", row.id), "how": how}
            context.desk.confirmation(connection, account.email, SubjectId(row.subject), facts, signature)
            confirmed = self._get(connection, BasisId(row.id))
        context.book.publish()
        return confirmed

    def _sign(self, connection: sa.Connection, key: AccountKey | None, statement: bytes) -> tuple[bytes, bytes]:
        if key is not None:
            return key.public, key.sign(statement)
        actor = self._context.actor
        if actor is None:
            raise RoleRefused("A confirmation needs an account's own key.")
        public = connection.scalar(sa.select(t.accounts.c.public_key).where(t.accounts.c.id == actor.account))
        return public or b"", actor.sign(statement)

    def _account_of(self, connection: sa.Connection, public: bytes) -> sa.Row[tuple[object, ...]]:
        row = connection.execute(
            sa.select(t.accounts).where(
                t.accounts.c.public_key == public,
                t.accounts.c.organisation == self._context.organisation,
                t.accounts.c.revoked.is_(None),
                t.accounts.c.trial.is_(False),
            )
        ).first()
        if row is None:
            raise RoleRefused("This key belongs to no live account of this organisation.", requirement="P18")
        return row

    def _check_own(
        self, connection: sa.Connection, account: sa.Row[tuple[object, ...]], row: sa.Row[tuple[object, ...]]
    ) -> None:
        person = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == row.subject)).one()
        if is_minor(person.birth_year, self._context.clock()):
            raise RoleRefused(
                "A minor's consent is confirmed by their guardian, not by themselves.", requirement="P1",
                hint="A second account that has seen the guardian's form countersigns it.",
            )  # fmt: skip
        if person.contact_hash is None or person.contact_hash != self._context.find_hash(
            "contact", account.email.lower()
        ):
            raise RoleRefused(
                "Only the person can confirm their own consent, and this account is not theirs.",
                requirement="P1", hint="The account's e-mail address must be the subject's contact on record.",
            )  # fmt: skip

    def _row(self, connection: sa.Connection, number: BasisId) -> sa.Row[tuple[object, ...]]:
        query = sa.select(t.bases).where(t.bases.c.id == number, t.bases.c.organisation == self._context.organisation)
        row = connection.execute(query).first()
        if row is None:
            raise NotFound(f"There is no basis {reference_number('B', number)}.")
        return row

    def _get(self, connection: sa.Connection, number: BasisId) -> Basis:
        row = self._row(connection, number)
        notice = connection.scalar(sa.select(t.notices.c.name).where(t.notices.c.id == row.notice))
        return Basis(
            id=reference_number("B", row.id),
            subject=SubjectId(row.subject),
            ground=row.ground,
            condition=row.condition,
            purposes=tuple(names(row.purposes)),
            state=row.state,
            notice=notice,
            starts=iso(row.starts),
            ends=iso(row.ends),
            confirmed_how=row.confirmed_how,
            expired=self._context.clock() >= row.ends,
        )

    def _notice(self, connection: sa.Connection, name: str | None) -> int | None:
        if name is None:
            return None
        query = sa.select(t.notices.c.id).where(
            t.notices.c.organisation == self._context.organisation, t.notices.c.name == name
        )
        number: int | None = connection.scalar(query)
        if number is None:
            raise NoNotice(f"There is no notice {name!r} on record.", requirement="P2")
        return number

    def _check_evidence(self, connection: sa.Connection, subject: int, digest: str, *, collective: bool) -> None:
        photo = sa.exists().where(
            t.references.c.organisation == self._context.organisation, t.references.c.photo_sha256 == digest
        )
        if connection.scalar(sa.select(photo)):
            raise NoBasis("A photograph of a face is no evidence that its owner agreed.", requirement="P1")
        others = connection.scalar(
            sa.select(sa.func.count(sa.distinct(t.bases.c.subject))).where(
                t.bases.c.organisation == self._context.organisation,
                t.bases.c.evidence_sha256 == digest,
                t.bases.c.subject != subject,
            )
        )
        if (others or 0) >= COLLECTIVE_LIMIT and not collective:
            raise NoBasis(
                f"This evidence already serves {COLLECTIVE_LIMIT} people.",
                requirement="P1", hint="Declare it a collective form (--collective); a second account confirms that.",
            )  # fmt: skip

    def _ends(self, wanted: Sequence[str], until: str | date | None, now: int) -> int:
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


def _check_second(account: sa.Row[tuple[object, ...]], row: sa.Row[tuple[object, ...]]) -> None:
    if account.id == row.recorded_by:
        raise RoleRefused(
            "The account that recorded a basis cannot countersign it.", requirement="P1",
            hint="A second person signs with their own key: `countenance basis countersign B1 --account OTHER`.",
        )  # fmt: skip
    if not {"controller", "officer"} & set(account.roles.split()):
        raise RoleRefused("A countersignature needs the role controller or officer.", requirement="P18")


def _number(basis: Basis | str) -> BasisId:
    return BasisId(parse_number("B", str(basis), "basis"))


def _digest(evidence: Path) -> str:
    try:
        content = evidence.read_bytes()
    except OSError as error:
        raise InputError(f"The evidence {evidence} cannot be read: {error.strerror}.") from None
    if not content.strip():
        raise NoBasis("The evidence is empty.", requirement="P1", hint="Give the signed form, or a scan of it.")
    return hashlib.sha256(content).hexdigest()
