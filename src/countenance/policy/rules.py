"""The rules: pure functions from facts to a refusal, or to nothing.

Every action has its list. An action without a list is refused: an empty list of rules permits nothing. The first rule
that objects decides, so the lists run from who asks, over why, to what is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from countenance import errors
from countenance.policy.facts import ROLES, Facts
from countenance.policy.purposes import PURPOSES, names
from countenance.types import Action, Enrol, Erase, Evaluate, Ingest, Search, Verify, Withdraw, iso

VERIFY_A_DAY = 20
"""Distinct comparisons a case may make in a day; beyond it, it is a search under another name (P3)."""

STATEMENTS = ("public-benchmark", "synthetic", "consented-testers")
"""What a data set may be on which a model is measured. The list is closed (P3)."""

LEAST_PEOPLE = 20
"""People that a data set needs: a measurement on fewer would be a comparison of their faces (P3)."""

Refusal = errors.CountenanceError
Rule = Callable[[Facts], Refusal | None]


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes, or no with its reason."""

    refusal: Refusal | None

    @property
    def granted(self) -> bool:
        """Whether no rule objected."""
        return self.refusal is None


def judge(facts: Facts) -> Decision:
    """Apply the action's rules in order."""
    rules = RULES.get(facts.action, ())
    if not rules:
        return Decision(errors.Refused(f"No rule covers {facts.action.__name__}.", hint="Unknown means no."))
    for rule in rules:
        refusal = rule(facts)
        if refusal is not None:
            return Decision(refusal)
    return Decision(None)


# --- who asks --------------------------------------------------------------------------------------------------------


def a_named_account(facts: Facts) -> Refusal | None:
    """P3, P21: a named, live account whose own key signed this question; no trials on real people."""
    account = facts.account
    if account is None or account.revoked:
        return errors.NotSignedIn("No live account is asking.")
    if not account.signed:
        return errors.NotSignedIn("The question was not signed by the account's own key.")
    if account.trial:
        return errors.RoleRefused(
            "A trial account has no access to real people.", requirement="P21",
            hint="Make an agreement and a named account, or try the demo: `countenance demo`.",
        )  # fmt: skip
    return None


def of_this_organisation(facts: Facts) -> Refusal | None:
    """Records are kept by their owner alone. Another organisation learns nothing, not even that they are there."""
    if facts.account is None or facts.account.organisation != facts.gallery:
        return errors.NotFound("There is no such record.")
    return None


def has_role(*roles: str) -> Rule:
    """The account has one of these roles."""

    def rule(facts: Facts) -> Refusal | None:
        if facts.account is not None and facts.account.roles & set(roles):
            return None
        return errors.RoleRefused(f"This needs the role {roles[0]!r}: who {ROLES[roles[0]]}.")

    rule.__name__ = f"has_role_{'_or_'.join(roles)}"
    return rule


# --- why -------------------------------------------------------------------------------------------------------------


def a_purpose_from_the_list(facts: Facts) -> Refusal | None:
    """P3: no comparison without a purpose from the closed list."""
    names = [name for name, purpose in PURPOSES.items() if purpose.searches and purpose.on]
    choices = f"Name one of: {', '.join(names)}."
    if not facts.purpose:
        return errors.PurposeRefused("A search needs a purpose, and none was given.", requirement="P3", hint=choices)
    known = PURPOSES.get(facts.purpose)
    if known is None:
        return errors.PurposeRefused(f"There is no purpose {facts.purpose!r}.", requirement="P3", hint=choices)
    if not known.searches:
        return errors.PurposeRefused(f"{known.name!r} never lists candidates.", requirement="P3", hint=choices)
    if not known.on:
        return errors.PurposeRefused(
            f"The purpose {known.name!r} is switched off here.", requirement="P24",
            hint="It needs two approvers and a data protection impact assessment.",
        )  # fmt: skip
    return None


def under_an_agreement(facts: Facts) -> Refusal | None:
    """P3: a live agreement of the account's organisation with this gallery's owner, which covers the purpose."""
    agreement, account = facts.agreement, facts.account
    if agreement is None or account is None or agreement.party != account.organisation:
        return errors.NoAgreement("No agreement lets your organisation search this gallery.", requirement="P3")
    if agreement.owner != facts.gallery or agreement.ended or not agreement.starts <= facts.now < agreement.ends:
        return errors.NoAgreement("The agreement has ended or has not begun.", requirement="P3")
    if not PURPOSES[facts.purpose or ""].mask & agreement.purposes:
        return errors.PurposeRefused(
            f"The agreement does not cover {facts.purpose!r}.", requirement="P3",
            hint=f"It covers: {', '.join(names(agreement.purposes))}.",
        )  # fmt: skip
    return None


def in_an_open_case(facts: Facts) -> Refusal | None:
    """P3: every comparison belongs to a case of the same purpose."""
    if not facts.case_named:
        return errors.NoCase("A search belongs to a case, and none was named.", requirement="P3")
    case = facts.case
    if case is None or facts.account is None or case.organisation != facts.account.organisation:
        return errors.NoCase("There is no such case.", requirement="P3", hint="Open it first: `countenance case open`.")
    if case.closed:
        return errors.NoCase("This case is closed.", requirement="P3")
    if case.purpose != facts.purpose:
        return errors.NoCase(f"This case was opened for {case.purpose!r}, not {facts.purpose!r}.", requirement="P3")
    return None


def own_photo_only(facts: Facts) -> Refusal | None:
    """`find-my-photos` never answers a free photo: only a search on behalf of the subject it is for (DESIGN §10)."""
    if PURPOSES[facts.purpose or ""].free_probe or facts.on_behalf_of is not None:
        return None
    return errors.PurposeRefused(
        f"{facts.purpose!r} finds a subject's own photos, and no free photo may be searched for.",
        requirement="P3", hint="Say for whom: --on-behalf-of SUBJECT; the photo must be of that person.",
    )  # fmt: skip


def verify_is_capped(facts: Facts) -> Refusal | None:
    """P3: 1:1 in bulk is a search."""
    if facts.case is not None and facts.case.verified_today < VERIFY_A_DAY:
        return None
    return errors.TooMany(
        f"This case has verified {VERIFY_A_DAY} faces today. This is a search.",
        hint="Search instead, where the agreement allows it, or go on tomorrow.",
    )


# --- what ------------------------------------------------------------------------------------------------------------


def a_living_record(facts: Facts) -> Refusal | None:
    """The subject is this organisation's and has not left."""
    subject = facts.subject
    if subject is None or subject.organisation != facts.gallery or subject.state in {"erasing", "erased"}:
        return errors.NotFound("There is no such subject.")
    return None


def a_basis_that_may_enrol(facts: Facts) -> Refusal | None:
    """P1: no basis, no face. A pending one may be enrolled under, and finds nobody until it is confirmed."""
    basis = facts.basis
    if basis is None or facts.subject is None or basis.subject != facts.subject.id:
        return errors.NoBasis("There is no such basis for this subject.", requirement="P1")
    if basis.state not in {"pending", "live"}:
        return errors.NoBasis("This basis was withdrawn.", requirement="P1")
    if facts.now >= basis.ends:
        return errors.NoBasis(f"This basis expired on {iso(basis.ends)[:10]}.", requirement="P1")
    if not basis.purposes:
        return errors.NoBasis("This basis names no purpose.", requirement="P1")
    return None


def no_stop_order(facts: Facts) -> Refusal | None:
    """P10: a stop-collecting order binds every way in."""
    stops = (facts.subject.stops if facts.subject else 0) + (facts.source.stops if facts.source else 0)
    if not stops:
        return None
    return errors.TerritoryRefused(
        "An authority's order stops collecting here.", requirement="P10", hint="Show it: `countenance status`."
    )


def no_hold(facts: Facts) -> Refusal | None:
    """A hold blocks an erasure."""
    if facts.subject is not None and facts.subject.holds == 0:
        return None
    return errors.Held("An authority's hold forbids erasing this subject.")


def an_entitled_source(facts: Facts) -> Refusal | None:
    """P26, P27: an active source of this organisation, with the owner's statement; strangers are forgotten."""
    source = facts.source
    if source is None or source.organisation != facts.gallery:
        return errors.NotFound("There is no such source.")
    if source.state != "active":
        return errors.SourceRefused(f"This source is {source.state}: {source.reason or 'no reason recorded'}.")
    if not source.statement.strip() or not source.purposes:
        return errors.SourceRefused("This source has no statement of right, or no purpose.", requirement="P26")
    if source.unknown_faces != "forget":
        return errors.SourceRefused(
            "Closed archives, which keep unknown faces, are not offered yet.", requirement="P27",
            hint="Set the source to forget unknown faces.",
        )  # fmt: skip
    return None


def a_stated_data_set(facts: Facts) -> Refusal | None:
    """P3: a model is measured only on a data set that somebody says may be used for it, and how it may."""
    if facts.data_set is not None and facts.data_set.statement in STATEMENTS:
        return None
    return errors.PurposeRefused(
        "An evaluation needs a statement of what the data set is.", requirement="P3",
        hint=f"State one of: {', '.join(STATEMENTS)}. Other people's faces are compared by a search, in a case.",
    )  # fmt: skip


def people_enough(facts: Facts) -> Refusal | None:
    """P3: a comparison of a few persons is a search, whatever it is called."""
    if facts.data_set is not None and facts.data_set.people >= LEAST_PEOPLE:
        return None
    return errors.PurposeRefused(
        f"An evaluation needs at least {LEAST_PEOPLE} people.", requirement="P3",
        hint="To compare a few faces, search or verify: for a purpose, in a case.",
    )  # fmt: skip


_KEEPER = (a_named_account, of_this_organisation)
DATA_SET: tuple[Rule, ...] = (a_stated_data_set, people_enough)
"""What binds an evaluation even where there is no gallery, hence no account and no log."""
_COMPARE = (a_named_account, has_role("operator"), a_purpose_from_the_list, under_an_agreement, in_an_open_case)

RULES: dict[type[Action], tuple[Rule, ...]] = {
    Enrol: (*_KEEPER, has_role("operator"), a_living_record, a_basis_that_may_enrol, no_stop_order),
    Ingest: (*_KEEPER, has_role("operator"), an_entitled_source, no_stop_order),
    Search: (*_COMPARE, own_photo_only),
    Verify: (*_COMPARE, own_photo_only, verify_is_capped),
    Withdraw: (*_KEEPER, has_role("officer"), a_living_record),
    Erase: (*_KEEPER, has_role("officer"), a_living_record, no_hold),
    Evaluate: (*_KEEPER, has_role("operator"), *DATA_SET),
}
