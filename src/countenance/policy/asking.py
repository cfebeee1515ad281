"""A question to the desk, and the facts that it is judged by."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.policy import activating, agreeing, gather, inviting, territories, visiting
from countenance.policy.facts import DataSetFacts, Facts
from countenance.policy.purposes import PURPOSES, reviewers
from countenance.types import Action, Agreed, BasisId, CaseId, OrganisationId, SourceId, SubjectId

if TYPE_CHECKING:
    from countenance.policy.desk import Desk


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to the desk.

    ``facts`` are counts and hashes for the log, never personal data; ``sealed`` is kept under the organisation's key.
    ``subjects`` and ``bases`` are what is erased together; ``due`` says by what, where a timer asks. ``link``,
    ``receipt`` and ``guest`` are by what somebody without an account asks: then no account does, whoever has the
    session open.
    ``contract`` is of a model that is to be used, where it is another one than the gallery's. ``among`` is the
    collection whose people alone are searched, or these people themselves. ``visit``: whose end is asked for.
    """

    purpose: str | None = None
    case_named: bool = False
    case: CaseId | None = None
    subject: SubjectId | None = None
    subjects: tuple[SubjectId, ...] = ()
    bases: tuple[BasisId, ...] = ()
    due: str | None = None
    basis: BasisId | None = None
    source: SourceId | None = None
    on_behalf_of: SubjectId | None = None
    among: int | frozenset[int] | None = None
    visit: int | None = None
    data_set: DataSetFacts | None = None
    link: int | None = None
    receipt: int | None = None
    guest: int | None = None
    contract: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    sealed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def bearer(self) -> str | None:
        """What is shown instead of an account, for the log."""
        shown = {"receipt": self.receipt, "link": self.link, "invitation": self.guest}
        return next((what for what, number in shown.items() if number is not None), None)

    @property
    def scope(self) -> str:
        """What a grant for this question is bound to: a subject, a source, a data set, or (one person of) a gallery."""
        if self.bases:
            return group_scope("bases", self.bases)
        if self.subjects:
            return group_scope("subjects", self.subjects)
        if self.subject is not None:
            return f"subject:{self.subject}"
        if self.source is not None:
            return f"source:{self.source}"
        if self.data_set is not None:
            return "data-set"
        if self.contract is not None:
            return f"model:{self.contract}"
        return gallery_scope(self.on_behalf_of, self.among)


def gallery_scope(only: SubjectId | None, among: int | frozenset[int] | None = None) -> str:
    """The scope of a search: everybody in the gallery, one person alone, the people of a collection, or these."""
    if isinstance(among, frozenset):
        return f"gallery:{group_scope('people', sorted(among))}"
    if among is not None:
        return f"gallery:collection:{among}"
    return "gallery" if only is None else f"gallery:subject:{only}"


def group_scope(what: str, numbers: Sequence[int]) -> str:
    """The scope of an act on exactly these records: the number of a single subject, else a digest of all numbers."""
    if what == "subjects" and len(numbers) == 1:
        return f"subject:{numbers[0]}"
    digest = hashlib.sha256(",".join(str(number) for number in sorted(numbers)).encode()).hexdigest()
    return f"{what}:{digest}"


def gather_facts(
    connection: sa.Connection, desk: Desk, action: type[Action], ask: Ask, now: int, *, signed: bool
) -> Facts:
    """Everything that the decision about a question is made from, as the registry has it now."""
    asking = None if ask.bearer else desk.actor  # whoever shows a receipt or a link needs no account, and uses none
    account = gather.account(connection, asking, signed=signed) if asking else None
    party = account.organisation if account else OrganisationId(0)
    subject = gather.subject(connection, ask.subject)
    return Facts(
        action=action,
        now=now,
        gallery=desk.gallery,
        account=account,
        purpose=ask.purpose,
        case_named=ask.case_named,
        agreement=agreeing.agreement(connection, desk, party, ask.purpose, now),
        case=gather.case(connection, ask.case, account.id if account else None, now),
        subject=subject,
        group=gather.group(connection, desk.gallery, ask.subjects, ask.bases) if ask.subjects or ask.bases else None,
        due=ask.due,
        basis=gather.basis(connection, ask.basis),
        source=gather.source(connection, ask.source),
        on_behalf_of=gather.subject(connection, ask.on_behalf_of),
        data_set=ask.data_set,
        link=gather.link(connection, ask.link),
        receipt=gather.receipt(connection, ask.receipt),
        guest=inviting.guest(connection, desk, ask.guest, now),
        visit=visiting.visit(connection, desk, ask.visit),
        solo=gather.is_solo(connection, party),
        recipient_named=bool(ask.sealed.get("recipient")),
        purposes_on=activating.purposes_on(connection, desk),
        model_on=(ask.contract or desk.contract) in activating.values(connection, desk, "model"),
        territory_on=subject is not None
        and territories.covers(activating.territories_on(connection, desk), subject.territory),
    )


def agreed_terms(facts: Facts) -> Agreed | None:
    """What the agreement demands of the comparison; None for an act that is made under no agreement."""
    agreement = facts.agreement
    if agreement is None or facts.purpose not in PURPOSES:
        return None
    demanded = reviewers(facts.purpose, own=agreement.own)
    return Agreed(agreement.id, agreement.territories, demanded, agreement.quota)


def known_purpose(purpose: str | None) -> str | None:
    """A purpose's name for the log. Whatever else was typed could be somebody's name, so it is not repeated there."""
    return purpose if purpose is None or purpose in PURPOSES else "unknown"
