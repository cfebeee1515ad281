"""Confirming: by a second account, by the person's own account, or by somebody who has none (P1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import BadSignature, NoBasis, RoleRefused
from countenance.policy import in_person
from countenance.policy.bases import is_minor
from countenance.policy.confirming import COUNTERSIGNED, ON_GUARDIANS_FORM, OWN_KEY, statement
from countenance.registry import schema as t
from countenance.service.basis import Basis, Row, number_of, read_basis, row_of
from countenance.types import SubjectId, iso, reference_number
from countenance.vault.accounts import AccountKey

if TYPE_CHECKING:
    from countenance.service.context import Context


def countersign(context: Context, basis: Basis | str, key: AccountKey | None) -> Basis:
    """A second account has seen the paper form; for a minor, the guardian's form."""
    with context.registry.write() as connection:
        row = _pending(context, connection, basis)
        minor = is_minor(_person(connection, row).birth_year, context.clock())
        confirmed = _sign_with_account(context, connection, row, key, ON_GUARDIANS_FORM if minor else COUNTERSIGNED)
    context.book.publish()
    return confirmed


def confirm_own(context: Context, basis: Basis | str, key: AccountKey | None) -> Basis:
    """The person's own account: its e-mail address is the contact on their record."""
    with context.registry.write() as connection:
        confirmed = _sign_with_account(context, connection, _pending(context, connection, basis), key, OWN_KEY)
        touch(connection, confirmed.subject, context.clock())
    context.book.publish()
    return confirmed


def confirm_as_bearer(context: Context, connection: sa.Connection, row: Row, how: str, link: str) -> Basis:
    """Make a pending basis live for somebody without an account, who answered the link with this hash.

    The log's own key signs, over the statement and the link: there is no other key that it could be. Whoever calls has
    checked the link and uses it up in the same transaction.
    """
    check_pending(row, context.clock())
    signature = context.book.signer().sign(statement(row, how, link=link))
    _live(connection, row, {"confirmed_how": how, "confirmation": signature}, context.clock())
    facts = {"basis": reference_number("B", row.id), "how": how}
    context.desk.write(connection, "confirm", subjects=(SubjectId(row.subject),), facts=facts, bearer="link")
    touch(connection, row.subject, context.clock())
    return read_basis(context, connection, row.id)


def check_pending(row: Row, now: int) -> None:
    """Raise `NoBasis` unless the basis is pending and has not expired."""
    if row.state != "pending":
        raise NoBasis(f"This basis is {row.state}; only a pending one can be confirmed.", requirement="P1")
    if now >= row.ends:
        raise NoBasis(f"This basis expired on {iso(row.ends)[:10]}.", requirement="P1")


def check_no_guest(connection: sa.Connection, row: Row) -> None:
    """Raise `NoBasis` for a guest's: they read the notice on their own page, and nothing but their stills confirms."""
    if connection.scalar(sa.select(sa.exists().where(t.guests.c.basis == row.id))):
        raise NoBasis(
            "A guest confirms with stills, and signed no form that a second account could have seen.",
            requirement="P1", hint="Where the organiser approves guests: `countenance event approve GUEST`.",
        )  # fmt: skip


def check_contact_was_known(person: Row, row: Row) -> None:
    """Raise `NoBasis` where the contact was put on record after the basis: anybody's could have been put there."""
    if person.contact_since is not None and person.contact_since > row.created:
        raise NoBasis(
            "The contact on record was changed after this basis was recorded.", requirement="P1",
            hint="Record a new basis, or have a second account countersign this one.",
        )  # fmt: skip


def touch(connection: sa.Connection, subject: int, now: int) -> None:
    """Note the person's own act: retention counts from it (P13)."""
    connection.execute(sa.update(t.subjects).where(t.subjects.c.id == subject).values(last_interaction=now))


def _pending(context: Context, connection: sa.Connection, basis: Basis | str) -> Row:
    row = row_of(context, connection, number_of(basis))
    check_pending(row, context.clock())
    check_no_guest(connection, row)
    return row


def _sign_with_account(
    context: Context, connection: sa.Connection, row: Row, key: AccountKey | None, how: str
) -> Basis:
    signed = statement(row, how)
    public, signature = _sign(context, connection, key, signed)
    account = _account_of(context, connection, public)
    if not in_person.signed(connection, account.id, signature, signed, context.clock()):
        raise BadSignature("The signature does not fit this account and this text.")
    if how == OWN_KEY:
        _check_own(context, connection, account, row)
    else:
        _check_second(account, row)
    values = {"confirmed_how": how, "confirmed_by": account.id, "confirmation": signature}
    _live(connection, row, values, context.clock())
    facts = {"basis": reference_number("B", row.id), "how": how}
    context.desk.confirmation(connection, account.email, SubjectId(row.subject), facts, signature)
    return read_basis(context, connection, row.id)


def _live(connection: sa.Connection, row: Row, values: dict[str, object], now: int) -> None:
    confirmed = sa.update(t.bases).where(t.bases.c.id == row.id)
    connection.execute(confirmed.values(state="live", confirmed=now, **values))
    connection.execute(sa.insert(t.changes).values(subject=row.subject))


def _sign(context: Context, connection: sa.Connection, key: AccountKey | None, statement: bytes) -> tuple[bytes, bytes]:
    if key is not None:
        return key.public, key.sign(statement)
    actor = context.actor
    if actor is None:
        raise RoleRefused("A confirmation needs an account's own key.")
    public = connection.scalar(sa.select(t.accounts.c.public_key).where(t.accounts.c.id == actor.account))
    return public or b"", actor.sign_in_person(statement)


def _account_of(context: Context, connection: sa.Connection, public: bytes) -> Row:
    row = connection.execute(
        sa.select(t.accounts).where(
            t.accounts.c.public_key == public,
            t.accounts.c.organisation == context.organisation,
            t.accounts.c.revoked.is_(None),
            t.accounts.c.trial.is_(False),
        )
    ).first()
    if row is None:
        raise RoleRefused("This key belongs to no live account of this organisation.", requirement="P18")
    return row


def _person(connection: sa.Connection, basis: Row) -> Row:
    return connection.execute(sa.select(t.subjects).where(t.subjects.c.id == basis.subject)).one()


def _check_own(context: Context, connection: sa.Connection, account: Row, row: Row) -> None:
    person = _person(connection, row)
    if is_minor(person.birth_year, context.clock()):
        raise RoleRefused(
            "A minor's consent is confirmed by their guardian, not by themselves.", requirement="P1",
            hint="A link for the guardian (`countenance basis link`), or a second account that has seen their form.",
        )  # fmt: skip
    if person.contact_hash is None or person.contact_hash not in context.contact_hashes(account.email):
        raise RoleRefused(
            "Only the person can confirm their own consent, and this account is not theirs.",
            requirement="P1", hint="The account's e-mail address must be the subject's contact on record.",
        )  # fmt: skip
    check_contact_was_known(person, row)


def _check_second(account: Row, row: Row) -> None:
    if account.id == row.recorded_by:
        raise RoleRefused(
            "The account that recorded a basis cannot countersign it.", requirement="P1",
            hint="A second person signs with their own key: `countenance basis countersign B1 --account OTHER`.",
        )  # fmt: skip
    if not {"controller", "officer"} & set(account.roles.split()):
        raise RoleRefused("A countersignature needs the role controller or officer.", requirement="P18")
