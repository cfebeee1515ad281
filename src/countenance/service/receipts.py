"""Receipts: handed out to the person, and accepted again instead of an account, a name or a photo (P14)."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import InputError, NoBasis, ReceiptRefused, Unavailable
from countenance.log.book import Written
from countenance.log.witness import witness
from countenance.policy.desk import Ask
from countenance.policy.gather import is_solo
from countenance.registry import schema as t
from countenance.rights.receipts import (
    LASTS_LONGER,
    MAX_BYTES,
    Agreed,
    make_receipt,
    open_receipt,
    refused,
    signed_bytes,
)
from countenance.service.basis import Basis, Row, number_of, read_basis, row_of
from countenance.types import BasisId, Erase, Grant, SubjectId, Withdraw, parse_number, reference_number

if TYPE_CHECKING:
    from countenance.service.context import Context


@dataclass(frozen=True, slots=True)
class ReceiptHolder:
    """Whoever has shown a receipt of this gallery: the person whose it is, as far as anybody can tell."""

    receipt: int
    subject: SubjectId
    basis: BasisId


class Receipts:
    """Hand out and accept."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def issue(self, basis: Basis | str) -> dict[str, Any]:
        """The signed receipt of a basis, to be given to the person. It stays valid for 30 days beyond the basis' end.

        Raises `NoBasis` for a basis that was withdrawn or has expired, `RoleRefused` without the role controller
        or officer: whoever holds a receipt may withdraw and erase by it.
        """
        return issue_receipt(self._context, basis)

    def accept(self, content: bytes) -> ReceiptHolder:
        """Who holds this receipt. Nothing more is needed of them.

        Raises `ReceiptRefused`, always in the same words, for one that was forged, changed, is of another gallery, has
        expired, or whose person has been erased since. The attempt is logged.
        """
        context = self._context
        try:
            receipt = open_receipt(context.book, content)
            digest = hashlib.sha256(signed_bytes(receipt)).hexdigest()
            self._remember(receipt["body"], digest)
            return self._find(digest)
        except ReceiptRefused:
            log_refused(context, "receipt")
            raise

    def withdraw(self, holder: ReceiptHolder) -> Written:
        """Withdraw the consent that the receipt is for: its holder's own act, without an account (P5).

        Raises `NoBasis` when it was withdrawn before: nothing is done, and the attempt is logged.
        """
        context = self._context
        ask = Ask(subject=holder.subject, basis=holder.basis, receipt=holder.receipt, facts={"bases": 1})
        grant = context.desk.decide(Withdraw, ask)
        written = context.gallery.withdraw(holder.subject, [holder.basis], grant=grant)
        context.book.publish()
        return written

    def may_erase(self, holder: ReceiptHolder) -> Grant[Erase]:
        """The permission to erase the receipt's person: its holder's own act, without an account (P14).

        Raises `Held` where an authority's hold forbids it, `NotSignedIn` when no account carries it out.
        """
        _ = self._context.account
        ask = Ask(subject=holder.subject, receipt=holder.receipt, facts={"reason": "request"})
        return self._context.desk.decide(Erase, ask)

    def _remember(self, body: Mapping[str, Any], digest: str) -> None:
        """Put a receipt on record again that was handed out after the backup which was restored.

        We have signed it. Its own log entry names the basis and commits to the person, so that a basis which has got
        the same number since is not taken for it. Of whoever is erased, there is neither basis nor key.
        """
        context, leaf, expires = self._context, body["log"]["leaf"], _seconds(body["expires"])
        if expires <= context.clock():
            return
        with context.registry.write() as connection:
            known = sa.exists().where(t.receipts.c.sha256 == digest)
            basis = connection.execute(
                sa.select(t.bases)
                .join(t.subjects, t.bases.c.subject == t.subjects.c.id)
                .where(
                    t.bases.c.id == parse_number("B", leaf["facts"]["basis"], "basis"),
                    t.bases.c.organisation == context.organisation,
                    t.bases.c.state != "erased",
                    t.subjects.c.state.not_in(("erasing", "erased")),
                )
            ).first()
            if basis is None or connection.scalar(sa.select(known)) or not context.book.concerns(leaf, basis.subject):
                return
            connection.execute(
                sa.insert(t.receipts).values(
                    organisation=context.organisation,
                    subject=basis.subject,
                    basis=basis.id,
                    sha256=digest,
                    expires=expires,
                    created=_seconds(leaf["at"]),
                )
            )

    def _find(self, digest: str) -> ReceiptHolder:
        context = self._context
        known = (
            sa.select(t.receipts)
            .join(t.subjects, t.receipts.c.subject == t.subjects.c.id)
            .where(
                t.receipts.c.sha256 == digest,
                t.receipts.c.organisation == context.organisation,
                t.receipts.c.expires > context.clock(),
                t.subjects.c.state.not_in(("erasing", "erased")),
            )
        )
        with context.registry.read() as connection:
            row = connection.execute(known).first()
        if row is None:
            raise refused()
        return ReceiptHolder(row.id, SubjectId(row.subject), BasisId(row.basis))


def read_receipt(file: str | Path) -> bytes:
    """A receipt's bytes from a file. Raises `InputError` when it cannot be read."""
    try:
        with Path(file).open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"The receipt {file} cannot be read: {error.strerror}.") from None


def save_receipt(receipt: dict[str, Any], file: str | Path) -> Path:
    """Write a receipt to a file, whole or not at all."""
    target = Path(file)
    fresh = target.with_name(target.name + ".new")
    try:
        fresh.write_text(json.dumps(receipt, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        fresh.replace(target)
    except OSError as error:
        raise InputError(f"The receipt cannot be written to {target}: {error.strerror}.") from None
    return target


def issue_receipt(context: Context, basis: Basis | str, *, bearer: str | None = None) -> dict[str, Any]:
    """See `Receipts.issue`. With ``bearer`` the person has just shown a link, and no account is asked."""
    with context.registry.write() as connection:
        row = row_of(context, connection, number_of(basis))
        known = read_basis(context, connection, row.id)
        if known.life not in {"pending", "in force"}:
            raise NoBasis(f"This basis is {known.life}: there is nothing to hand a receipt out for.", requirement="P1")
        agreed = _agreed(context, connection, row, known)
        witnessed, solo = witness(connection), is_solo(connection, context.organisation)
        subjects, facts = (SubjectId(row.subject),), {"basis": reference_number("B", row.id)}
        if bearer is None:
            roles = ("controller", "officer")  # not the operator: whoever holds a receipt may erase by it
            written = context.desk.record(connection, "receipt", *roles, subjects=subjects, facts=facts)
        else:
            written = context.desk.write(connection, "receipt", subjects=subjects, facts=facts, bearer=bearer)
    receipt = make_receipt(context.book, agreed, written, now=context.clock(), solo=solo, witness=witnessed)
    with context.registry.write() as connection:
        if row_of(context, connection, row.id).state != row.state:
            raise Unavailable("The basis was changed while its receipt was made.")
        connection.execute(
            sa.insert(t.receipts).values(
                organisation=context.organisation,
                subject=row.subject,
                basis=row.id,
                sha256=hashlib.sha256(signed_bytes(receipt)).hexdigest(),
                expires=row.ends + LASTS_LONGER,
                created=context.clock(),
            )
        )
    context.book.publish()
    return receipt


def _seconds(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp())


def log_refused(context: Context, act: str) -> None:
    """Write that somebody showed a ``receipt`` or a ``link`` that proves nothing. Who they are is not known."""
    facts = {"code": ReceiptRefused.code, "requirement": "P14"}
    with context.registry.write() as connection:
        context.desk.write(connection, act, facts=facts, outcome="refused", bearer=act)
    context.book.publish()


def _agreed(context: Context, connection: sa.Connection, row: Row, known: Basis) -> Agreed:
    person = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == row.subject)).one()
    notice = connection.execute(sa.select(t.notices).where(t.notices.c.id == row.notice)).first()
    name = connection.scalar(sa.select(t.organisations.c.name).where(t.organisations.c.id == context.organisation))
    return Agreed(
        record=str(uuid.uuid4()),
        subject=str(uuid.uuid4()),
        organisation=f"{name}",
        ground=row.ground,
        condition=row.condition,
        purposes=known.purposes,
        territory=person.territory,
        notice=(notice.name, notice.sha256, notice.channel, notice.given) if notice else None,
        recipients=_recipients(context, connection, row.purposes),
        recorded=row.created,
        ends=row.ends,
        confirmed=row.confirmed,
        confirmed_how=row.confirmed_how,
    )


def _recipients(context: Context, connection: sa.Connection, purposes: int) -> tuple[str, ...]:
    """The other organisations that may be shown this person: those whose agreement shares a purpose with the basis."""
    now = context.clock()
    query = (
        sa.select(t.organisations.c.name)
        .join(t.agreements, t.agreements.c.party == t.organisations.c.id)
        .where(
            t.agreements.c.organisation == context.organisation,
            t.agreements.c.party != context.organisation,
            t.agreements.c.ended.is_(None),
            t.agreements.c.ends > now,
            t.agreements.c.purposes.bitwise_and(purposes) != 0,
        )
    )
    return tuple(sorted(set(connection.scalars(query))))
