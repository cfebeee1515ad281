"""API keys: made by the named person whose account it is, shown once, revoked at any time (P3, P18, P21)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import InputError, NotFound, NotSignedIn, RoleRefused
from countenance.policy import delegating, gather, rules
from countenance.policy.actor import Actor
from countenance.policy.facts import ROLES, Facts
from countenance.policy.purposes import mask, names, purpose
from countenance.registry import schema as t
from countenance.service.doors import access_id, derived_secret, secret_text
from countenance.service.forms import Wish, has_form, insert_form
from countenance.service.refusing import recording
from countenance.types import DAY, AccountId, Action, OrganisationId, iso, parse_number, reference_number

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.service.countenance import Countenance

DAYS, MOST_DAYS = 90, 366
CASE_DAYS = 30
"""A key's default case serves no longer (P3): then requests name their own, or a new key is made."""
QUOTA = 1_000
"""Comparisons a day of one key, unless it is made with another number (P3)."""
REKOGNITION, COMPREFACE = DOORS = ("rekognition", "compreface")
"""Compatible endpoints. A key opens one of them, or ``/v1``."""
FOR_PROGRAMS = tuple(role for role in ROLES if role not in {"system", "reviewer"})
"""What a program may be. A timer has an account of its own; a review is a person's signature (P18)."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is listed: never its secret."""

    id: str
    label: str
    account: str
    roles: tuple[str, ...]
    purposes: tuple[str, ...]
    purpose: str | None
    case: str | None
    case_until: str | None
    quota: int
    created: str
    expires: str
    state: str
    door: str | None = None
    form: bool = False

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class Made:
    """A new key with its ``token``, which is shown this once and kept nowhere.

    Of a key for Rekognition's clients ``token`` is the secret access key, and ``access`` the access key's id.
    """

    key: ApiKey
    token: str
    access: str | None = None


class ApiKeys:
    """Create, list, revoke."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def create(
        self,
        label: str,
        *,
        roles: Iterable[str],
        purposes: Iterable[str],
        purpose: str | None = None,
        case: str | None = None,
        days: int = DAYS,
        quota: int = QUOTA,
        door: str | None = None,
        form: Wish | None = None,
    ) -> Made:
        """Make a key for a program that acts in this account's name. The account signs with its own key.

        Args:
            label: What the program is, such as ``archive website``.
            roles: What the program may be: some of the account's own roles, but for reviewer and system.
            purposes: What it may search for.
            purpose: Taken where a request names none; one of ``purposes``.
            case: Taken where a request names none; it serves for 30 days.
            days: How long the key is good for, up to 366.
            quota: Comparisons a day.
            door: The compatible endpoint that it is for, one of `DOORS`; ``/v1`` when left out.
            form: From what the people are recorded whom its program names; without one it records nobody there.

        Raises `InputError` for a value that is none, `RoleRefused` for a role that the account has not, or where an
        API key asks for another one (P18); `PurposeRefused`.
        """
        context, now = self._context, self._context.clock()
        wanted = _check(label, roles, days, quota)
        searched = _check_defaults(purposes, purpose, case)
        _check_door(door, form)
        what = {
            "label": label.strip(), "roles": " ".join(wanted), "purposes": mask(searched), "purpose": purpose,
            "case_sealed": context.keys.seal_text(context.party_key, case, "case"),
            "case_until": now + CASE_DAYS * DAY if case else None,
            "quota": quota, "created": now, "expires": now + days * DAY, "door": door,
        }  # fmt: skip
        with recording(context, "api-key") as connection:
            actor = self._in_person(connection, wanted)
            number, secret = self._insert(connection, actor, what)
            signature = self._signed(connection, actor, number)
            if form is not None:
                insert_form(connection, context, actor, number, searched, form)
            facts = {"key": reference_number("K", number), "roles": list(wanted), "purposes": searched}
            context.desk.write(connection, "api-key", facts=facts, signature=signature)
        shown = (
            (secret_text(secret), access_id(number)) if door == REKOGNITION else (delegating.token_of(number, secret),)
        )
        return Made(self._get(number), *shown)

    def list(self) -> list[ApiKey]:
        """The account's own keys; a controller of the gallery's owner sees everybody's."""
        context = self._context
        with context.registry.read() as connection:
            query = self._mine(connection, sa.select(t.api_keys.c.id)).order_by(t.api_keys.c.id)
            return [self._read(connection, number) for number in connection.scalars(query).all()]

    def revoke(self, key: str | ApiKey) -> ApiKey:
        """End a key at once: whatever it asks from now on is refused. Raises `NotFound`: absent, or not yours."""
        context, number = self._context, parse_number("K", str(key), "API key")
        with recording(context, "api-key-revoked") as connection:
            mine = self._mine(connection, sa.select(t.api_keys.c.id).where(t.api_keys.c.id == number))
            if connection.scalar(mine.where(t.api_keys.c.revoked.is_(None))) is None:
                raise NotFound(f"There is no live API key {reference_number('K', number)}.")
            ended = sa.update(t.api_keys).where(t.api_keys.c.id == number)
            connection.execute(ended.values(revoked=context.clock()))
            facts = {"key": reference_number("K", number)}
            context.desk.record(connection, "api-key-revoked", *ROLES, facts=facts, party=context.party)
        return self._get(number)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _public(self, secret: bytes) -> bytes:
        return delegating.signing_key(secret, self._context.desk.origin).public_key().public_bytes_raw()

    def _insert(self, connection: sa.Connection, actor: Actor, what: dict[str, Any]) -> tuple[int, bytes]:
        """The new key's row, which nobody has signed yet: its number, and its secret."""
        secret = secrets.token_bytes(delegating.SECRET)
        whose = {"organisation": actor.organisation, "account": actor.account}
        row = sa.insert(t.api_keys).values(**whose, **what, public_key=self._public(secret), signature=b"")
        number = int((connection.execute(row).inserted_primary_key or (0,))[0])
        return number, self._derived(connection, actor, number) if what["door"] == REKOGNITION else secret

    def _derived(self, connection: sa.Connection, actor: Actor, number: int) -> bytes:
        """The secret that follows from the new key's number, in place of the one that it was numbered with."""
        secret = derived_secret(self._context, actor.organisation, number)
        mine = sa.update(t.api_keys).where(t.api_keys.c.id == number)
        connection.execute(mine.values(public_key=self._public(secret)))
        return secret

    @staticmethod
    def _signed(connection: sa.Connection, actor: Actor, number: int) -> bytes:
        """The person signs all that the new key may do, with their own key."""
        row = connection.execute(sa.select(t.api_keys).where(t.api_keys.c.id == number)).one()
        signature = actor.sign_in_person(delegating.statement(row))
        connection.execute(sa.update(t.api_keys).where(t.api_keys.c.id == number).values(signature=signature))
        if delegating.row_of(connection, number) is None:
            raise NotSignedIn(f"The key that was opened is not the key of {actor.email}.")
        return signature

    def _in_person(self, connection: sa.Connection, roles: tuple[str, ...]) -> Actor:
        """The account that asks. Raises `RoleRefused` for a program, or a role that the account has not."""
        actor = self._context.actor
        if actor is None:
            raise NotSignedIn("No account is asking.")
        row = connection.execute(sa.select(t.accounts).where(t.accounts.c.id == actor.account)).one()
        lacking = [role for role in roles if role not in row.roles.split()]
        if lacking or row.revoked is not None or row.trial:
            raise RoleRefused(
                f"{actor.email} has not the role {lacking[0]!r}." if lacking else f"{actor.email} is no live account.",
                requirement="P21", hint="A key can do no more than the person who makes it.",
            )  # fmt: skip
        return actor

    def _mine(self, connection: sa.Connection, query: sa.Select[Any]) -> sa.Select[Any]:
        context = self._context
        roles = connection.scalar(sa.select(t.accounts.c.roles).where(t.accounts.c.id == context.account)) or ""
        if "controller" in roles.split() and context.party == context.organisation:
            return query
        return query.where(t.api_keys.c.account == context.account)

    def _get(self, number: int) -> ApiKey:
        with self._context.registry.read() as connection:
            return self._read(connection, number)

    def _read(self, connection: sa.Connection, number: int) -> ApiKey:
        query = sa.select(t.api_keys, t.accounts.c.email).join(t.accounts, t.api_keys.c.account == t.accounts.c.id)
        row = connection.execute(query.where(t.api_keys.c.id == number)).one()
        now = self._context.clock()
        state = "revoked" if row.revoked is not None else "expired" if now >= row.expires else "live"
        return ApiKey(
            reference_number("K", row.id), row.label, row.email, tuple(row.roles.split()), tuple(names(row.purposes)),
            row.purpose, _case(self._context, row), None if row.case_until is None else iso(row.case_until), row.quota,
            iso(row.created), iso(row.expires), state, row.door, has_form(connection, row.id),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entered:
    """A gallery that a program has entered with its key, for one request; close ``club``."""

    club: Countenance
    key: int
    email: str
    purpose: str | None
    case: str | None
    quota: int


def enter(opened: Countenance, token: str, door: str | None = None) -> Entered:
    """Let a program in by its key, in the name of the person who made it; ``door`` is where it comes in.

    Raises `NotSignedIn` in the same words for a key that is unknown, forged, expired, revoked, or whose account ended.
    """
    from countenance.service.countenance import Countenance
    from countenance.service.entrance import guarded

    context, parsed = opened.context, delegating.parse_token(token)
    number, secret = parsed or (0, b"\0" * delegating.SECRET)
    private = delegating.signing_key(secret, context.desk.origin)
    with context.registry.read() as connection:
        row = delegating.row_of(connection, number)
        live = row is not None and context.clock() < row.expires and row.door == door
        owner = connection.execute(
            sa.select(t.accounts).where(t.accounts.c.id == (row.account if row else 0), t.accounts.c.revoked.is_(None))
        ).first()
    if row is None or owner is None or not live or not _fits(private.public_key().public_bytes_raw(), row.public_key):
        raise NotSignedIn(
            "This API key opens nothing.",
            hint="Send a live one as `Authorization: Bearer cnt_…`; `countenance keys api create` makes one.",
        )
    actor = Actor(AccountId(owner.id), OrganisationId(owner.organisation), owner.email, private.sign, number)
    club = guarded(Countenance(context.acting(actor), ExitStack()))
    usual = _case(club.context, row) if row.case_until is not None and context.clock() < row.case_until else None
    return Entered(club, number, owner.email, row.purpose, usual, row.quota)


def require(club: Countenance, *roles: str) -> None:
    """Raise `RoleRefused` unless the account, as far as its API key reaches, has one of the roles; it is logged.

    Raises `NotSignedIn` for an account or a key that ended meanwhile.
    """
    context = club.context
    with context.registry.read() as connection:
        account = gather.account(connection, context.actor, signed=True) if context.actor else None
    asked = Facts(action=Action, now=context.clock(), gallery=context.organisation, account=account)
    for rule in (rules.a_named_account, *([rules.has_role(*roles)] if roles else [])):
        refusal = rule(asked)
        if refusal is not None:
            with context.registry.write() as connection:
                raise context.desk.refuse(connection, "http", refusal)


def _fits(derived: bytes, kept: bytes) -> bool:
    return compare_digest(derived, kept)


def _case(context: Context, row: delegating.Row) -> str | None:
    """The default case, to whoever's organisation it is; it is nobody else's business."""
    mine = row.organisation == context.party
    return context.keys.unseal_text(context.party_key, row.case_sealed, "case") if mine else None


def _check(label: str, roles: Iterable[str], days: int, quota: int) -> tuple[str, ...]:
    wanted = set(roles)
    if not label.strip() or len(label) > 100 or not label.isprintable():
        raise InputError("An API key needs a label of 1 to 100 characters.", hint="Say what the program is.")
    if not wanted or wanted - set(FOR_PROGRAMS):
        raise InputError(
            "An API key needs roles from the list; a review is a person's own signature (P18).",
            hint=f"Some of: {', '.join(FOR_PROGRAMS)}.",
        )
    if not 1 <= days <= MOST_DAYS:
        raise InputError(f"{days} days is no term.", hint=f"Give 1 to {MOST_DAYS}.")
    if not 1 <= quota <= 10_000_000:
        raise InputError(f"{quota} is no quota.", hint="Give how many comparisons a day the program may make.")
    return tuple(role for role in ROLES if role in wanted)


def _check_door(door: str | None, form: Wish | None) -> None:
    if door is not None and door not in DOORS:
        raise InputError(f"There is no endpoint {door!r}.", hint=f"One of: {', '.join(DOORS)}; /v1 when left out.")
    if form is not None and door is None:
        raise InputError(
            "A basis form is for a key of a compatible endpoint.", hint="Over /v1 a program records each basis itself."
        )


def _check_defaults(purposes: Iterable[str], usual: str | None, case: str | None) -> list[str]:
    """What the key searches for."""
    searched = sorted(set(purposes))
    for name in searched:
        purpose(name)
    if usual is not None and usual not in searched:
        raise InputError("The default purpose is none of the key's purposes.", hint="Name it with --purpose as well.")
    if case is not None and (usual is None or not case.strip() or len(case) > 200):
        raise InputError("A default case needs a reference and a default purpose.", hint="Give both, or neither.")
    return searched
