"""One-time links: how somebody without an account confirms or declines (P1).

The token is 32 random bytes; only its SHA-256 is stored. It serves once, for 14 days. Countenance sends nothing: the
operator sends the text to the contact that was on record before the basis was. Whoever holds the link can answer it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import sqlalchemy as sa

from countenance.errors import InputError, NoBasis, NoNotice, ReceiptRefused
from countenance.policy.bases import is_minor
from countenance.policy.confirming import BY_BEARER
from countenance.policy.purposes import PURPOSES
from countenance.registry import schema as t
from countenance.rights.requests import plain_contact
from countenance.service.basis import Basis, Row, number_of, read_basis, row_of
from countenance.service.confirming import (
    check_contact_was_known,
    check_no_guest,
    check_pending,
    confirm_as_bearer,
    touch,
)
from countenance.service.receipts import issue_receipt, log_refused
from countenance.types import DAY, SubjectId, iso, reference_number
from countenance.vault.keyring import subject_key

if TYPE_CHECKING:
    from countenance.service.context import Context

LASTS = 14 * DAY
PATH = "/confirm/"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time link, as it is shown once. ``to`` is the contact on record; ``text`` is what to send there."""

    basis: str
    kind: str
    to: str
    address: str
    text: str
    expires: str


@dataclass(frozen=True, slots=True)
class LinkView:
    """What the person is asked, for the page that a link opens. It names nobody: a link may be in the wrong hands."""

    organisation: str
    kind: str
    purposes: tuple[tuple[str, str], ...]
    notice: str
    notice_sha256: str
    channel: str
    given: str
    until: str
    expires: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of an answer. ``receipt`` is the person's own proof, to be kept; none when they declined."""

    basis: Basis
    receipt: dict[str, Any] | None


def make_link(context: Context, basis: Basis | str, *, base_url: str) -> Link:
    """Make the link by which the person, or a minor's guardian, confirms. It voids an earlier one.

    Raises:
        InputError: ``base_url``, where people reach this gallery's page, is no address of a page.
        NoBasis: the basis is not pending, is no consent, or there is no contact that was on record before it.
        NoNotice: the person has not been told what they would agree to.
    """
    token, now = secrets.token_urlsafe(32), context.clock()
    if not re.fullmatch(r"https?://[^\s/]+(/[^\s]*)?", base_url):
        what = (
            f"{base_url!r} is no address of a page" if base_url else "A link needs the address of this gallery's page"
        )
        raise InputError(f"{what}.", hint="Write it like `--base-url https://faces.club.example`.")
    with context.registry.write() as connection:
        row = row_of(context, connection, number_of(basis))
        person = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == row.subject)).one()
        kind = "guardian" if is_minor(person.birth_year, now) else "person"
        _check_may_ask(row, now)
        check_no_guest(connection, row)
        to = _contact(context, connection, person, row, kind)
        void = sa.delete(t.links).where(t.links.c.basis == row.id, t.links.c.kind == kind, t.links.c.used.is_(None))
        connection.execute(void)
        expires = min(now + LASTS, row.ends)
        connection.execute(
            sa.insert(t.links).values(
                organisation=context.organisation, basis=row.id, kind=kind, token_hash=hash_of(token),
                made_by=context.account, expires=expires, created=now,
            )
        )  # fmt: skip
        number = reference_number("B", row.id)
        facts = {"basis": number, "kind": kind}
        context.desk.record(
            connection, "link", "controller", "officer", subjects=(SubjectId(row.subject),), facts=facts
        )
        name = connection.scalar(sa.select(t.organisations.c.name).where(t.organisations.c.id == context.organisation))
    context.book.publish()
    address = f"{base_url.rstrip('/')}{PATH}{token}"
    return Link(number, kind, to, address, _letter(f"{name}", kind, address, iso(expires)[:10]), iso(expires))


def view_link(context: Context, token: str) -> LinkView:
    """What the link asks. Raises `ReceiptRefused` for one that serves no more, or never did, in the same words."""
    with _refusals_logged(context), context.registry.read() as connection:
        link, row = _open(context, connection, token)
        if row.state != "pending":
            _refuse()
        notice = connection.execute(sa.select(t.notices).where(t.notices.c.id == row.notice)).one()
        name = connection.scalar(sa.select(t.organisations.c.name).where(t.organisations.c.id == context.organisation))
        purposes = read_basis(context, connection, row.id).purposes
    return LinkView(
        organisation=f"{name}",
        kind=link.kind,
        purposes=tuple((each, PURPOSES[each].means) for each in purposes),
        notice=notice.name,
        notice_sha256=notice.sha256,
        channel=notice.channel,
        given=iso(row.noticed or notice.given),
        until=iso(row.ends),
        expires=iso(link.expires),
    )


def confirm_by_link(context: Context, token: str, *, agree: bool = True) -> Answered:
    """The person agrees: the basis is live, and the receipt is theirs. No account acts.

    Raises:
        ReceiptRefused: the link serves no more, or never did: used, voided, expired, unknown, of another gallery.
        InputError: they did not agree.
    """
    if not agree:
        raise InputError("Nothing was confirmed.", hint="Agree, or decline: both are final.")
    with _refusals_logged(context), context.registry.write() as connection:
        link, row = _open(context, connection, token)
        if row.state != "pending" or context.clock() >= row.ends:
            _refuse()
        use_up(connection, link.id, context.clock())
        basis = confirm_as_bearer(context, connection, row, BY_BEARER[link.kind], link.token_hash)
    context.book.publish()
    return Answered(basis, issue_receipt(context, basis, bearer="link"))


def decline_by_link(context: Context, token: str) -> Answered:
    """The person declines: the basis is withdrawn, whoever may have countersigned it meanwhile. Raises as above."""
    now = context.clock()
    with _refusals_logged(context), context.registry.write() as connection:
        link, row = _open(context, connection, token)
        if row.state not in {"pending", "live"}:
            _refuse()
        use_up(connection, link.id, now)
        gone = sa.update(t.bases).where(t.bases.c.id == row.id)
        connection.execute(gone.values(state="withdrawn", withdrawn=now, confirmation=None))
        connection.execute(sa.insert(t.changes).values(subject=row.subject))
        touch(connection, row.subject, now)
        facts = {"basis": reference_number("B", row.id), "how": "declined through a one-time link"}
        context.desk.write(connection, "decline", subjects=(SubjectId(row.subject),), facts=facts, bearer="link")
        basis = read_basis(context, connection, row.id)
    context.book.publish()
    return Answered(basis, None)


def hash_of(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def use_up(connection: sa.Connection, number: int, now: int) -> None:
    """A link serves once. Raises `ReceiptRefused` where another answer to it was quicker by a moment."""
    unused = (t.links.c.id == number, t.links.c.used.is_(None))
    if connection.execute(sa.update(t.links).where(*unused).values(used=now)).rowcount != 1:
        _refuse()


def open_link(context: Context, connection: sa.Connection, token: str, *kinds: str) -> tuple[Row, Row]:
    """The unused link and its basis. Raises `ReceiptRefused`, always in the same words."""
    found = None
    if _TOKEN.fullmatch(token):
        found = connection.execute(
            sa.select(t.links).where(
                t.links.c.token_hash == hash_of(token),
                t.links.c.organisation == context.organisation,
                t.links.c.kind.in_(kinds),
                t.links.c.used.is_(None),
                t.links.c.expires > context.clock(),
            )
        ).first()
    if found is None:
        _refuse()
    return found, row_of(context, connection, found.basis)


def _open(context: Context, connection: sa.Connection, token: str) -> tuple[Row, Row]:
    link, row = open_link(context, connection, token, "person", "guardian")
    person = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == row.subject)).one()
    # Who has come of age since the link was made confirms for themselves; their guardian no longer can.
    minor = is_minor(person.birth_year, context.clock())
    if person.state != "active" or minor != (link.kind == "guardian"):
        _refuse()
    return link, row


@contextmanager
def _refusals_logged(context: Context) -> Iterator[None]:
    """Once the transaction has been rolled back, write that somebody tried."""
    try:
        yield
    except ReceiptRefused:
        log_refused(context, "link")
        raise


def _refuse() -> NoReturn:
    raise ReceiptRefused(
        "This link serves no more, or never did.", hint="Ask whoever sent it for a new one; each serves once."
    )


def _check_may_ask(row: Row, now: int) -> None:
    check_pending(row, now)
    if row.ground != "consent":
        raise NoBasis(
            "Only consent is the person's to confirm; another ground is not.", requirement="P1",
            hint="A second account that has seen the evidence countersigns it: `countenance basis countersign`.",
        )  # fmt: skip
    if row.notice is None:
        raise NoNotice(
            "The person has not been told what they would agree to.", requirement="P2",
            hint="Record the notice first: `countenance basis notice B1 NAME`.",
        )  # fmt: skip


def _contact(context: Context, connection: sa.Connection, person: Row, row: Row, kind: str) -> str:
    """Where the link goes. Never to whoever recorded the basis: they would confirm what only they assert."""
    column = "guardian" if kind == "guardian" else "contact"
    sealed = person.guardian_sealed if kind == "guardian" else person.contact_sealed
    contact = context.keys.unseal_text(subject_key(person.id), sealed, column)
    if not contact:
        raise NoBasis(
            f"There is no {'guardian' if kind == 'guardian' else 'contact'} on record to send a link to.",
            requirement="P1", hint="It must be there before the basis; or a second account countersigns the form.",
        )  # fmt: skip
    check_contact_was_known(person, row)
    emails = connection.scalars(
        sa.select(t.accounts.c.email).where(t.accounts.c.id.in_((row.recorded_by, context.account)))
    )
    if plain_contact(contact) in {plain_contact(email) for email in emails}:
        raise NoBasis(
            "The contact on record is the account's that keeps this record.", requirement="P1",
            hint="Your own consent you confirm with your own key: `countenance basis confirm`.",
        )  # fmt: skip
    return contact


def _letter(organisation: str, kind: str, address: str, day: str) -> str:
    whose = "your child's face" if kind == "guardian" else "your face"
    return (
        f"{organisation} would like to hold {whose}, for the purposes that this page names, and asks whether you "
        f"agree:\n\n{address}\n\nNothing happens before you do. The link serves once, until {day}. "
        "You can decline there as well, and withdraw later at any time."
    )
