"""The rules for whoever has no account, and brings a receipt or answers what they were asked (P1, P14)."""

from __future__ import annotations

from collections.abc import Callable

from countenance import errors
from countenance.policy.bases import is_minor
from countenance.policy.facts import Facts

Rule = Callable[[Facts], errors.CountenanceError | None]


def by_its_receipt_or(*rules: Rule) -> Rule:
    """P14: a receipt acts for the person it was handed out to, and needs no account; without one, these rules bind."""

    def rule(facts: Facts) -> errors.CountenanceError | None:
        receipt = facts.receipt
        if receipt is None:
            return next((refusal for each in rules if (refusal := each(facts)) is not None), None)
        if facts.subject is None or receipt.subject != facts.subject.id or facts.now >= receipt.expires:
            return errors.ReceiptRefused("This receipt proves nothing here.")
        return None

    rule.__name__ = "by_its_receipt_or_" + "_and_".join(each.__name__ for each in rules)
    return rule


def by_an_invitation_or(*rules: Rule) -> Rule:
    """P3: a guest is enrolled under their own basis while the event that invited them stands; else these rules bind."""

    def rule(facts: Facts) -> errors.CountenanceError | None:
        guest = facts.guest
        if guest is None:
            return next((refusal for each in rules if (refusal := each(facts)) is not None), None)
        if facts.subject is None or facts.basis is None or not guest.stands:
            return _no_event()
        return None if (guest.subject, guest.basis) == (facts.subject.id, facts.basis.id) else _no_event()

    rule.__name__ = "by_an_invitation_or_" + "_and_".join(each.__name__ for each in rules)
    return rule


def _no_event() -> errors.CountenanceError:
    return errors.NoAgreement(
        "The event that invited this guest is over, or the agreement that it was made under.", requirement="P3",
        hint="Ask whoever invited you.",
    )  # fmt: skip


def a_receipts_own_basis(facts: Facts) -> errors.CountenanceError | None:
    """P5, P14: a receipt withdraws the basis that it was handed out for, once."""
    if facts.receipt is None:
        return None
    if facts.basis is None or facts.basis.id != facts.receipt.basis:
        return errors.ReceiptRefused("This receipt is for another basis.")
    if facts.basis.state not in {"pending", "live"}:
        return errors.NoBasis(
            "This was withdrawn already; nothing was done.", requirement="P5",
            hint="To have what is stored erased now: `countenance erase --receipt FILE`.",
        )  # fmt: skip
    return None


def an_open_challenge(facts: Facts) -> errors.CountenanceError | None:
    """P1: stills answer a request for them, which an account made for this basis, once and in time."""
    link, basis = facts.link, facts.basis
    if link is None or basis is None or link.kind != "stills" or link.basis != basis.id:
        return errors.ReceiptRefused("No stills were asked for.")
    if link.used or facts.now >= link.expires:
        return errors.ReceiptRefused("The request for stills was answered already, or too late.")
    return None


def an_adults_pending_basis(facts: Facts) -> errors.CountenanceError | None:
    """P1: stills confirm a pending consent; a minor's is confirmed by their guardian."""
    if facts.basis is None or facts.basis.state != "pending":
        return errors.NoBasis("Only a pending basis can be confirmed.", requirement="P1")
    if facts.subject is None or is_minor(facts.subject.birth_year, facts.now):
        return errors.RoleRefused(
            "A minor's consent is confirmed by their guardian, not by themselves.", requirement="P1",
            hint="Make a link for the guardian: `countenance basis link`.",
        )  # fmt: skip
    return None
