"""The rules: pure functions from facts to a refusal, or to nothing.

Every action has its list. An action without a list is refused: an empty list of rules permits nothing. The first rule
that objects decides, so the lists run from who asks, over why, to what is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from countenance import errors
from countenance.policy.bearers import (
    a_receipts_own_basis,
    an_adults_pending_basis,
    an_open_challenge,
    by_an_invitation_or,
    by_its_receipt_or,
)
from countenance.policy.comparing import (
    a_model_in_use,
    a_purpose_from_the_list,
    a_purpose_that_groups,
    a_role_for_the_purpose,
    an_assessed_model,
    assessed_and_limited,
    in_an_open_case,
    own_photo_only,
    people_for_its_reviews,
    under_an_agreement,
    verify_is_capped,
    within_its_key,
    within_the_quota,
)
from countenance.policy.facts import ROLES, Facts
from countenance.policy.purposes import PURPOSES
from countenance.types import (
    Action,
    Calibrate,
    Confirm,
    Enrol,
    Erase,
    Evaluate,
    Export,
    Ingest,
    Locate,
    People,
    Reindex,
    Remodel,
    Search,
    Sweep,
    Verify,
    Withdraw,
    iso,
)

STATEMENTS = ("public-benchmark", "synthetic", "consented-testers")
"""What a data set may be on which a model is measured. The list is closed (P3)."""

LEAST_PEOPLE = 20
"""People that a data set needs: a measurement on fewer would be a comparison of their faces (P3)."""

DUE = ("retention", "order")
"""What a timer may erase without an officer at the keyboard: what its time has come for."""

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
        what = f"No rule covers {facts.action.__name__}."
        return Decision(errors.Refused(what, requirement="P3", hint="Unknown means no."))
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
        return errors.RoleRefused(
            f"This needs the role {roles[0]!r}: who {ROLES[roles[0]]}.", requirement="P21",
            hint="Ask someone whose account has it: `countenance account list`.",
        )  # fmt: skip

    rule.__name__ = f"has_role_{'_or_'.join(roles)}"
    return rule


# --- what ------------------------------------------------------------------------------------------------------------


def a_living_record(facts: Facts) -> Refusal | None:
    """The subject, or everybody in the group, is this organisation's and has not left."""
    if facts.group is not None:
        whole = 0 < facts.group.named == facts.group.here
        return None if whole else errors.NotFound("There is no such subject.")
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


def where_this_gallery_works(facts: Facts) -> Refusal | None:
    """P24: people of a territory that the gallery was not made for are enrolled once it has been assessed."""
    if facts.territory_on or facts.subject is None:
        return None
    return outside(facts.subject.territory)


def outside(territory: str) -> Refusal:
    """P24: the refusal of a territory that was not assessed, and what would bring it in."""
    return errors.TerritoryRefused(
        f"This gallery was not made for people who live in {territory}.", requirement="P24",
        hint=f"`countenance dpia propose territory {territory} --dpia FILE --signatory NAME` "
        "names its data protection impact assessment.",
    )  # fmt: skip


def no_stop_order(facts: Facts) -> Refusal | None:
    """P10: a stop-collecting order binds every way in."""
    return stopped((facts.subject.stops if facts.subject else 0) + (facts.source.stops if facts.source else 0))


def stopped(orders: int) -> Refusal | None:
    """The refusal where so many orders forbid collecting; a source is not even recorded then (P10)."""
    if not orders:
        return None
    return errors.TerritoryRefused(
        "An authority's order stops collecting here.", requirement="P10",
        hint="`countenance order list` shows it; it binds until the authority or a court sets it aside.",
    )  # fmt: skip


def not_restricted(facts: Facts) -> Refusal | None:
    """P5: who has objected, or restricted their record, is not enrolled any further while that stands."""
    if facts.subject is not None and not facts.subject.restricted:
        return None
    return errors.NoBasis(
        "This person has objected, or restricted their record: it is kept and not used.", requirement="P5",
        hint="Answer the request (`countenance request list`), or lift the restriction: `countenance request lift`.",
    )  # fmt: skip


def for_a_request(facts: Facts) -> Refusal | None:
    """P3, P14: a photo finds a record for its own person's request, and for nothing else.

    The duty to answer is the law's: no agreement gives it, and the end of one takes it from nobody (P11).
    """
    if facts.purpose == "rights-request" and facts.case_named:
        return None
    return errors.PurposeRefused(
        "A photo finds a record only for a request that is recorded.", requirement="P14",
        hint="Record it first: `countenance request open --kind access --photo FILE`.",
    )  # fmt: skip


def an_officer_or_what_is_due(facts: Facts) -> Refusal | None:
    """An officer erases; a system account (a timer) only what retention or an approved order says is due (P13)."""
    if facts.account is not None and "system" in facts.account.roles and facts.due in DUE:
        return None
    return has_role("officer")(facts)


def an_officer_or_the_visits_end(facts: Facts) -> Refusal | None:
    """P5, P13: an officer withdraws; whoever is at the visitor desk ends the visit's own basis, and no other."""
    visit, basis = facts.visit, facts.basis
    own = visit is not None and basis is not None and basis.id == visit.basis and basis.subject == visit.subject
    if own and facts.account is not None and "operator" in facts.account.roles:
        return None
    return has_role("officer")(facts)


def no_hold(facts: Facts) -> Refusal | None:
    """A hold blocks an erasure."""
    if facts.group is not None and facts.group.held:
        return errors.Held(f"An authority's hold forbids erasing {facts.group.held} of these people.")
    if facts.group is not None:
        return None
    if facts.subject is not None and facts.subject.holds == 0:
        return None
    return errors.Held("An authority's hold forbids erasing this subject.")


def an_entitled_source(facts: Facts) -> Refusal | None:
    """P26, P27: an active source of this organisation, with the owner's statement; strangers are forgotten."""
    source = facts.source
    if source is None or source.organisation != facts.gallery:
        return errors.NotFound("There is no such source.")
    if source.state != "active":
        return errors.SourceRefused(
            f"This source is {source.state}: {source.reason or 'no reason recorded'}.", requirement="P26"
        )
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


def a_purpose_that_is_reviewed(facts: Facts) -> Refusal | None:
    """P18: names leave for a purpose whose candidates people review; of any other nobody has confirmed one."""
    if PURPOSES[facts.purpose or ""].reviewers:
        return None
    reviewed = ", ".join(each.name for each in PURPOSES.values() if each.reviewers and not each.missing)
    return errors.PurposeRefused(
        f"What {facts.purpose!r} shows is reviewed by nobody, so no name of it is confirmed.", requirement="P18",
        hint=f"Name one of: {reviewed}.",
    )  # fmt: skip


def to_a_named_recipient(facts: Facts) -> Refusal | None:
    """P15: whoever receives names is on record, so that the people named can be told."""
    if facts.recipient_named:
        return None
    return errors.Refused(
        "Names are handed to a recipient, and none was named.", requirement="P15",
        hint='Say who receives them: --recipient "City archive".',
    )  # fmt: skip


_KEEPER = (a_named_account, of_this_organisation)
_COLLECT = (an_entitled_source, a_model_in_use, no_stop_order)
_ENROLLER = (by_an_invitation_or(*_KEEPER, has_role("operator")), a_model_in_use, a_living_record)
DATA_SET: tuple[Rule, ...] = (a_stated_data_set, people_enough)
"""What binds an evaluation even where there is no gallery, hence no account and no log."""
_WHY = (a_purpose_from_the_list, within_its_key, a_role_for_the_purpose, under_an_agreement, in_an_open_case)
_LIMITED = (assessed_and_limited, people_for_its_reviews, within_the_quota, a_model_in_use)
_HAND_OUT = (
    a_purpose_from_the_list, within_its_key, under_an_agreement, a_purpose_that_is_reviewed, to_a_named_recipient,
)  # fmt: skip
_COMPARE = (a_named_account, *_WHY, *_LIMITED, own_photo_only)

RULES: dict[type[Action], tuple[Rule, ...]] = {
    Enrol: (*_ENROLLER, not_restricted, a_basis_that_may_enrol, where_this_gallery_works, no_stop_order),
    Ingest: (*_KEEPER, has_role("operator"), *_COLLECT),
    Sweep: (*_KEEPER, has_role("operator", "system"), *_COLLECT),
    Search: _COMPARE,
    People: (*_KEEPER, *_WHY, a_purpose_that_groups, *_LIMITED),
    Verify: (*_COMPARE, verify_is_capped),
    Withdraw: (by_its_receipt_or(*_KEEPER, an_officer_or_the_visits_end), a_living_record, a_receipts_own_basis),
    Confirm: (an_open_challenge, a_living_record, a_basis_that_may_enrol, an_adults_pending_basis),
    Erase: (by_its_receipt_or(*_KEEPER, an_officer_or_what_is_due), a_living_record, no_hold),
    Locate: (*_KEEPER, has_role("officer"), for_a_request),
    Evaluate: (*_KEEPER, has_role("operator"), *DATA_SET),
    Export: (*_KEEPER, has_role("controller", "officer"), *_HAND_OUT),
    Calibrate: (*_KEEPER, has_role("controller"), *DATA_SET),
    Reindex: (*_KEEPER, has_role("controller", "system")),
    Remodel: (*_KEEPER, has_role("controller"), an_assessed_model),
}
