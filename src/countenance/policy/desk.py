"""The desk: decide, write it to the log, and only then mint the grant. There is no other way to a template."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import rfc8785
import sqlalchemy as sa

from countenance.errors import BadSignature, CountenanceError, GrantRefused, NotSignedIn, Refused
from countenance.log.book import Book, Entry, Written
from countenance.policy import gather, rules
from countenance.policy.actor import Actor
from countenance.policy.facts import AccountFacts, DataSetFacts, Facts
from countenance.policy.purposes import PURPOSES
from countenance.registry.database import Registry
from countenance.registry.schema import accounts, erasures
from countenance.types import _MINT, Action, BasisId, CaseId, Clock, Erase, Grant, OrganisationId, SourceId, SubjectId
from countenance.vault.accounts import verify_signature

LIFETIME = 600
"""A grant that is not spent within ten minutes is void."""

A = TypeVar("A", bound=Action)


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to the desk.

    ``facts`` are counts and hashes for the log, never personal data; ``sealed`` is kept under the organisation's key.
    """

    purpose: str | None = None
    case_named: bool = False
    case: CaseId | None = None
    subject: SubjectId | None = None
    basis: BasisId | None = None
    source: SourceId | None = None
    on_behalf_of: SubjectId | None = None
    data_set: DataSetFacts | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    sealed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def scope(self) -> str:
        """What a grant for this question is bound to: a subject, a source, a data set, or (one person of) a gallery."""
        if self.subject is not None:
            return f"subject:{self.subject}"
        if self.source is not None:
            return f"source:{self.source}"
        if self.data_set is not None:
            return "data-set"
        return gallery_scope(self.on_behalf_of)


def gallery_scope(only: SubjectId | None) -> str:
    """The scope of a search: everybody in the gallery, or one person alone."""
    return "gallery" if only is None else f"gallery:subject:{only}"


class Desk:
    """Decides for one gallery and one session's actor."""

    def __init__(
        self, registry: Registry, book: Book, clock: Clock, gallery: OrganisationId, actor: Actor | None
    ) -> None:
        self._registry = registry
        self._book = book
        self._clock = clock
        self.gallery = gallery
        self.actor = actor

    @property
    def origin(self) -> str:
        """The gallery's log, to which signatures are bound."""
        return self._book.origin

    def now(self) -> int:
        """The time, in seconds since 1970."""
        return self._clock()

    def decide(self, action: type[A], ask: Ask) -> Grant[A]:
        """Judge, log, and mint a grant for exactly this question.

        Raises:
            Refused: a rule said no; carries the requirement and the index of the log entry that records the refusal.
            NotSignedIn: no account, or its key did not sign. The refusal is logged as well.
        """
        now = self._clock()
        signature, unsigned = None, None
        try:
            signature = self._signature(action.__name__, ask, now)
        except NotSignedIn as error:
            unsigned = error  # refused below as a question that nobody signed, so that the attempt is in the log
        with self._registry.write() as connection:
            facts = self._facts(connection, action, ask, now, signed=signature is not None)
            refusal = rules.judge(facts).refusal
            entry = self._entry(action.__name__.lower(), refusal, ask, facts, now, signature)
            written = self._book.append(connection, entry)
        self._book.publish()
        if refusal is not None:
            if isinstance(refusal, Refused):
                refusal.log_index = written.index
            raise unsigned or refusal
        return Grant(
            _MINT,
            action,
            scope=ask.scope,
            purpose=ask.purpose or "",
            expires=now + LIFETIME,
            log_index=written.index,
            case=ask.case,
            account=self.actor.account if self.actor else None,
        )

    def resume(self, subject: SubjectId) -> Grant[Erase]:
        """A grant to finish an erasure that was decided, logged and then cut short. Nothing new is decided by it.

        Raises `GrantRefused` unless the ledger holds such an erasure of this subject.
        """
        now = self._clock()
        with self._registry.write() as connection:
            decision = connection.scalar(
                sa.select(erasures.c.log_index).where(
                    erasures.c.subject == subject, erasures.c.organisation == self.gallery, erasures.c.state != "done"
                )
            )
            if decision is None:
                raise GrantRefused("No erasure of this subject was cut short.")
            facts = {"decision": decision, "step": "resumed"}
            written = self._book.append(connection, Entry("erase", "done", now, self.gallery, facts=facts))
        return Grant(
            _MINT, Erase, scope=f"subject:{subject}", purpose="", expires=now + LIFETIME, log_index=written.index
        )

    def record(
        self,
        connection: sa.Connection,
        act: str,
        *roles: str,
        subjects: tuple[SubjectId, ...] = (),
        facts: Mapping[str, Any] | None = None,
    ) -> Written:
        """Write that a record was kept, in the same transaction as the record. No template moves by it.

        One of ``roles`` is needed.

        Raises `RoleRefused` or `NotSignedIn` before anything is written.
        """
        now = self._clock()
        signature = self._signature(act, Ask(facts=facts or {}), now)
        asked = Facts(action=Action, now=now, gallery=self.gallery, account=self._account(connection, signature))
        for rule in (rules.a_named_account, rules.of_this_organisation, rules.has_role(*roles)):
            refusal = rule(asked)
            if refusal is not None:
                raise refusal
        entry = Entry(
            act,
            "done",
            now,
            self.gallery,
            account=self.actor.email if self.actor else None,
            subjects=subjects,
            facts=facts or {},
            opening={"signature": signature.hex()} if signature else {},
        )
        return self._book.append(connection, entry)

    def write(
        self,
        connection: sa.Connection,
        act: str,
        *,
        subjects: tuple[SubjectId, ...] = (),
        facts: Mapping[str, Any] | None = None,
        sealed: Mapping[str, Any] | None = None,
        signature: bytes | None = None,
        outcome: str = "done",
    ) -> Written:
        """Write an act whose authority was checked already: it was signed, or came with a receipt or a link.

        ``facts`` are public; ``sealed`` is kept under the organisation's key.
        """
        opening = dict(sealed or {}) | ({"signature": signature.hex()} if signature else {})
        email = self.actor.email if self.actor else None
        entry = Entry(
            act, outcome, self._clock(), self.gallery, account=email, subjects=subjects, facts=facts or {},
            opening=opening,
        )  # fmt: skip
        return self._book.append(connection, entry)

    def confirmation(
        self,
        connection: sa.Connection,
        email: str,
        subject: SubjectId,
        facts: Mapping[str, Any],
        signature: bytes,
    ) -> Written:
        """Write that an account confirmed a basis with its own key; it may be another one than this session's."""
        opening = {"signature": signature.hex()}
        entry = Entry(
            "confirm",
            "done",
            self._clock(),
            self.gallery,
            account=email,
            subjects=(subject,),
            facts=facts,
            opening=opening,
        )
        return self._book.append(connection, entry)

    def effect(
        self,
        connection: sa.Connection,
        act: str,
        decision: int,
        *,
        subjects: tuple[SubjectId, ...] = (),
        facts: Mapping[str, Any] | None = None,
    ) -> Written:
        """Write the effect of a decision, in the same transaction as the effect itself (DESIGN §10)."""
        entry = Entry(
            act,
            "done",
            self._clock(),
            self.gallery,
            account=self.actor.email if self.actor else None,
            subjects=subjects,
            facts={**(facts or {}), "decision": decision},
        )
        return self._book.append(connection, entry)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _signature(self, act: str, ask: Ask, now: int) -> bytes | None:
        """Have the account's own key sign the question. None without an account; the rules then refuse."""
        if self.actor is None:
            return None
        question = rfc8785.dumps(
            {
                "act": act,
                "account": self.actor.email,
                "scope": ask.scope,
                "purpose": _known(ask.purpose),
                "facts": dict(ask.facts),
                "at": now,
                "nonce": secrets.token_hex(8),
            }
        )
        signature = self.actor.sign(question)
        with self._registry.read() as connection:
            public = connection.scalar(sa.select(accounts.c.public_key).where(accounts.c.id == self.actor.account))
        try:
            verify_signature(public or b"", signature, question)
        except BadSignature:
            raise NotSignedIn(f"The key that was opened is not the key of {self.actor.email}.") from None
        return signature

    def _account(self, connection: sa.Connection, signature: bytes | None) -> AccountFacts | None:
        return gather.account(connection, self.actor, signed=signature is not None) if self.actor else None

    def _facts(self, connection: sa.Connection, action: type[Action], ask: Ask, now: int, *, signed: bool) -> Facts:
        account = gather.account(connection, self.actor, signed=signed) if self.actor else None
        party = account.organisation if account else OrganisationId(0)
        return Facts(
            action=action,
            now=now,
            gallery=self.gallery,
            account=account,
            purpose=ask.purpose,
            case_named=ask.case_named,
            agreement=gather.agreement(connection, self.gallery, party, ask.purpose, now),
            case=gather.case(connection, ask.case, now),
            subject=gather.subject(connection, ask.subject),
            basis=gather.basis(connection, ask.basis),
            source=gather.source(connection, ask.source),
            on_behalf_of=gather.subject(connection, ask.on_behalf_of),
            data_set=ask.data_set,
        )

    def _entry(
        self, act: str, refusal: CountenanceError | None, ask: Ask, facts: Facts, now: int, signature: bytes | None
    ) -> Entry:
        said = dict(ask.facts)
        opening = dict(ask.sealed) | ({"signature": signature.hex()} if signature else {})
        if refusal is not None:
            said |= {"code": refusal.code, "requirement": getattr(refusal, "requirement", "")}
        known = facts.subject is not None and facts.subject.state != "erased"
        return Entry(
            act,
            "refused" if refusal else "granted",
            now,
            self.gallery,
            account=self.actor.email if self.actor else None,
            case=f"{facts.case.id}" if facts.case else None,
            purpose=_known(ask.purpose),
            subjects=(facts.subject.id,) if known and facts.subject else (),
            facts=said,
            opening=opening,
        )


def _known(purpose: str | None) -> str | None:
    """A purpose's name for the log. Whatever else was typed could be somebody's name, so it is not repeated there."""
    return purpose if purpose is None or purpose in PURPOSES else "unknown"
