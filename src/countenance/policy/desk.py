"""The desk: decide, write it to the log, and only then mint the grant. There is no other way to a template."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import rfc8785
import sqlalchemy as sa

from countenance.errors import BadSignature, CountenanceError, GrantRefused, NotSignedIn, Refused
from countenance.log.book import Book, Entry, Written
from countenance.policy import bearing, delegating, gather, in_person, rules, sessions
from countenance.policy.actor import Actor
from countenance.policy.asking import Ask, agreed_terms, gallery_scope, gather_facts, known_purpose
from countenance.policy.facts import AccountFacts, Facts
from countenance.registry.database import Registry
from countenance.registry.schema import accounts, erasures
from countenance.types import (
    _MINT,
    AccountId,
    Action,
    Clock,
    Erase,
    Grant,
    OrganisationId,
    SourceId,
    SubjectId,
)
from countenance.vault.accounts import verify_signature

__all__ = ["LIFETIME", "Ask", "Desk", "gallery_scope"]

LIFETIME = 600
"""A grant that is not spent within ten minutes is void."""

IN_PERSON = frozenset({"Erase", "Export", "account", "account-revoked", "order-execute"})
"""What a browser's session asks for with the person's own signature, beside what P18 names: what cannot be undone, and
who acts here, or the thief of a cookie would make themselves a second person."""

A = TypeVar("A", bound=Action)


class Desk:
    """Decides for one gallery and one session's actor. ``contract``: of the model that templates are made with."""

    def __init__(
        self,
        registry: Registry,
        book: Book,
        clock: Clock,
        gallery: OrganisationId,
        actor: Actor | None,
        contract: str,
    ) -> None:
        self._registry = registry
        self._book = book
        self._clock = clock
        self.gallery = gallery
        self.actor = actor
        self.contract = contract

    @property
    def origin(self) -> str:
        """The gallery's log, to which signatures are bound."""
        return self._book.origin

    @property
    def log_key(self) -> bytes:
        """The public key of the gallery's log, which signs what a person without an account has confirmed."""
        return self._book.signer().verifier.public

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
            facts = gather_facts(connection, self, action, ask, now, signed=signature is not None)
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
            account=self.actor.account if self.actor and not ask.bearer else None,
            terms=agreed_terms(facts),
        )

    def resume(self, number: int) -> Grant[Erase]:
        """A grant to finish an erasure that was decided, logged and then cut short. Nothing new is decided by it.

        Raises `GrantRefused` unless the registry holds such an erasure, unfinished, under this number.
        """
        now = self._clock()
        with self._registry.write() as connection:
            decision = connection.scalar(
                sa.select(erasures.c.log_index).where(
                    erasures.c.id == number, erasures.c.organisation == self.gallery, erasures.c.state != "done"
                )
            )
            if decision is None:
                raise GrantRefused("No erasure of this number was cut short.")
            facts = {"decision": decision, "erasure": f"E{number}", "step": "resumed"}
            written = self._book.append(connection, Entry("erase", "done", now, self.gallery, facts=facts))
        scope = f"erasure:{number}"
        return Grant(_MINT, Erase, scope=scope, purpose="", expires=now + LIFETIME, log_index=written.index)

    def under_order(
        self,
        order: int,
        *,
        subjects: Sequence[SubjectId] = (),
        source: SourceId | None = None,
        account: AccountId | None,
    ) -> Grant[Erase]:
        """A grant to erase these under an authority's order, for ``account``, who had it executed (P8).

        Nothing new is decided by it: the order was approved, and its execution asked for, with signatures. So a start
        after a crash goes on without anybody's key. Raises `GrantRefused` unless the order is being executed, is still
        in force, bears on all of these, and no hold keeps any of them.
        """
        now = self._clock()
        facts = {"order": f"O{order}", "step": "granted", "subjects": len(subjects)}
        with self._registry.write() as connection:
            if not bearing.executes(connection, order, subjects=subjects, source=source):
                raise GrantRefused(f"Order O{order} is not being executed on this.")
            named = tuple(subjects) if len(subjects) == 1 else ()
            entry = Entry("erase", "granted", now, self.gallery, subjects=named, facts=facts)
            written = self._book.append(connection, entry)
        scope = Ask(subjects=tuple(subjects), source=source).scope
        return Grant(
            _MINT, Erase, scope=scope, purpose="", expires=now + LIFETIME, log_index=written.index, account=account
        )

    def record(
        self,
        connection: sa.Connection,
        act: str,
        *roles: str,
        subjects: tuple[SubjectId, ...] = (),
        facts: Mapping[str, Any] | None = None,
        party: OrganisationId | None = None,
    ) -> Written:
        """Write that a record was kept, in the same transaction as the record. No template moves by it.

        One of ``roles`` is needed, of an account of the gallery's owner, or of ``party`` where the record is theirs.

        Raises `RoleRefused`, `NotFound` or `NotSignedIn`; nothing of the record is kept, and the refusal is logged.
        """
        now, signature = self._clock(), None
        try:
            signature = self._signature(act, Ask(facts=facts or {}), now)
        except NotSignedIn as error:
            raise self.refuse(connection, act, error) from None
        asked = Facts(
            action=Action, now=now, gallery=party or self.gallery, account=self._account(connection, signature)
        )
        for rule in (rules.a_named_account, rules.of_this_organisation, rules.has_role(*roles)):
            refusal = rule(asked)
            if refusal is not None:
                raise self.refuse(connection, act, refusal)
        entry = Entry(
            act,
            "done",
            now,
            self.gallery,
            account=self.actor.email if self.actor else None,
            subjects=subjects,
            facts=facts or {},
            opening=self._signed_by(signature),
        )
        return self._book.append(connection, entry)

    def refuse(self, connection: sa.Connection, act: str, refusal: CountenanceError) -> CountenanceError:
        """Undo the caller's transaction, write the refusal to the log, and give it back to be raised.

        The transaction ends here: nothing more can be done in it.
        """
        transaction = connection.get_transaction()
        if transaction is not None:
            transaction.rollback()
        facts = {"code": refusal.code, "requirement": refusal.requirement}
        with self._registry.write() as fresh:
            written = self.write(fresh, act, facts=facts, outcome="refused")
        self._book.publish()
        if isinstance(refusal, Refused):
            refusal.log_index = written.index
        return refusal

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
        bearer: str | None = None,
        among: int = 0,
    ) -> Written:
        """Write an act whose authority was checked already: it was signed, or came with a receipt or a link.

        ``facts`` are public; ``sealed`` is kept under the organisation's key. With ``bearer`` (what was shown instead:
        ``receipt``, ``link``, ``invitation``) no account has acted, whoever has the session open. ``among``: see
        `Entry`.
        """
        opening = dict(sealed or {}) | ({"signature": signature.hex()} if signature else {})
        email = self.actor.email if self.actor and not bearer else None
        facts = {**(facts or {}), **({"by": bearer} if bearer else {})}
        entry = Entry(
            act, outcome, self._clock(), self.gallery, account=email, subjects=subjects, facts=facts or {},
            opening=opening, among=among,
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
        if self.actor is None or ask.bearer:
            return None
        by_hand = act in IN_PERSON and self.actor.session is not None
        at, nonce = self.actor.moment if by_hand and self.actor.moment else (now, secrets.token_hex(8))
        question = rfc8785.dumps(
            {
                "act": act,
                "account": self.actor.email,
                "scope": ask.scope,
                "purpose": known_purpose(ask.purpose),
                "facts": dict(ask.facts),
                "at": at,
                "nonce": nonce,
            }
        )
        if by_hand:
            return self._by_hand(self.actor, question, now)
        signature = self.actor.sign(question)
        try:
            verify_signature(self._key_that_signs(now), signature, question)
        except BadSignature:
            raise NotSignedIn(f"The key that was opened is not the key of {self.actor.email}.") from None
        return signature

    def _by_hand(self, actor: Actor, question: bytes, now: int) -> bytes:
        """The person's own signature, from a browser whose session stands."""
        if not self._key_that_signs(now):
            raise NotSignedIn("This browser's session has ended.")
        signature = actor.sign_in_person(question)
        with self._registry.read() as connection:
            if not in_person.signed(connection, actor.account, signature, question, now):
                raise NotSignedIn(f"This is not the signature of {actor.email}.")
        return signature

    def _key_that_signs(self, now: int) -> bytes:
        """The public half of the account's own key, or of its API key or session; nothing where none stands."""
        actor = self.actor
        with self._registry.read() as connection:
            if actor is None:
                return b""
            if actor.program is not None:
                return delegating.public_of(connection, actor.account, actor.program, now) or b""
            if actor.session is not None:
                number, working = actor.session, actor.working
                return sessions.public_of(connection, actor.account, number, now, working=working) or b""
            return connection.scalar(sa.select(accounts.c.public_key).where(accounts.c.id == actor.account)) or b""

    def _signed_by(self, signature: bytes | None) -> dict[str, Any]:
        """What is kept of a signature, under the organisation's key; by which API key or session, if by one."""
        if not signature or self.actor is None:
            return {}
        kept = {"signature": signature.hex()}
        if self.actor.program is not None:
            return kept | {"key": f"K{self.actor.program}"}
        return kept if self.actor.session is None else kept | {"session": f"N{self.actor.session}"}

    def _account(self, connection: sa.Connection, signature: bytes | None) -> AccountFacts | None:
        return gather.account(connection, self.actor, signed=signature is not None) if self.actor else None

    def _entry(
        self, act: str, refusal: CountenanceError | None, ask: Ask, facts: Facts, now: int, signature: bytes | None
    ) -> Entry:
        said = dict(ask.facts) | ({"by": ask.bearer} if ask.bearer else {})
        opening = dict(ask.sealed) | self._signed_by(signature)
        if refusal is not None:
            said |= {"code": refusal.code, "requirement": refusal.requirement}
        known = facts.subject is not None and facts.subject.state != "erased"
        return Entry(
            act,
            "refused" if refusal else "granted",
            now,
            self.gallery,
            account=self.actor.email if self.actor and not ask.bearer else None,
            case=f"{facts.case.id}" if facts.case else None,
            purpose=known_purpose(ask.purpose),
            subjects=(facts.subject.id,) if known and facts.subject else (),
            facts=said,
            opening=opening,
        )
