"""The rules of every comparison of faces: why, under which agreement, in which case, with which model, how often."""

from __future__ import annotations

from countenance import errors
from countenance.policy.facts import AgreementFacts, Facts
from countenance.policy.purposes import PURPOSES, names, reviewers

VERIFY_A_DAY = 20
"""Distinct comparisons a case or an account may make in a day; beyond it, it is a search under another name (P3)."""

Refusal = errors.CountenanceError


def a_purpose_from_the_list(facts: Facts) -> Refusal | None:
    """P3, P24: no comparison without a purpose from the closed list, and one that is in use here."""
    usable = [each.name for each in PURPOSES.values() if each.searches and each.mask & facts.purposes_on]
    choices = f"Name one of: {', '.join(usable)}."
    if not facts.purpose:
        return errors.PurposeRefused("A search needs a purpose, and none was given.", requirement="P3", hint=choices)
    known = PURPOSES.get(facts.purpose)
    if known is None:
        return errors.PurposeRefused(f"There is no purpose {facts.purpose!r}.", requirement="P3", hint=choices)
    if not known.searches:
        return errors.PurposeRefused(f"{known.name!r} never lists candidates.", requirement="P3", hint=choices)
    if known.mask & facts.purposes_on:
        return None
    return purpose_is_off(known.name)


def purpose_is_off(name: str) -> errors.PurposeRefused:
    """P24: the refusal of a purpose that is not in use, and what would bring it into use."""
    missing = PURPOSES[name].missing
    if missing:
        return errors.PurposeRefused(
            f"{name!r} is not offered in this version: {missing}.", requirement="P24",
            hint="Nothing in the settings can change that; use another purpose.",
        )  # fmt: skip
    return errors.PurposeRefused(
        f"The purpose {name!r} is switched off here.", requirement="P24",
        hint=f"Three named people and an assessment switch it on: `countenance dpia propose purpose {name}`, "
        "then `countenance dpia approve` by two others.",
    )  # fmt: skip


def within_its_key(facts: Facts) -> Refusal | None:
    """P3: an API key asks for the purposes that it was made for, and for no other."""
    allowed = facts.account.purposes if facts.account else None
    if allowed is None or allowed & PURPOSES[facts.purpose or ""].mask:
        return None
    return errors.PurposeRefused(
        f"This API key is not for the purpose {facts.purpose!r}.", requirement="P3",
        hint="Make a key for it: `countenance keys api create --purpose NAME`.",
    )  # fmt: skip


def a_purpose_that_groups(facts: Facts) -> Refusal | None:
    """P3, P27: kept faces are compared with one another only to keep an organisation's own photo library in order."""
    if PURPOSES[facts.purpose or ""].groups:
        return None
    usable = [each.name for each in PURPOSES.values() if each.groups]
    return errors.PurposeRefused(
        f"For {facts.purpose!r} no faces are grouped into people.", requirement="P3",
        hint=f"Name one of: {', '.join(usable)}. Closed archives, of which strangers' faces are kept, are not offered.",
    )  # fmt: skip


def a_role_for_the_purpose(facts: Facts) -> Refusal | None:
    """P3: each purpose names the roles that may ask for it."""
    roles = PURPOSES[facts.purpose or ""].roles
    if facts.account is not None and facts.account.roles & set(roles):
        return None
    return errors.RoleRefused(
        f"{facts.purpose!r} needs an account with the role {' or '.join(roles)}.", requirement="P3",
        hint="Ask someone whose account has it: `countenance account list`.",
    )  # fmt: skip


def under_an_agreement(facts: Facts) -> Refusal | None:
    """P3: an agreement in force of the account's organisation with this gallery's owner, which covers the purpose."""
    agreement, account = facts.agreement, facts.account
    if agreement is None or account is None or agreement.party != account.organisation:
        return errors.NoAgreement("No agreement lets your organisation search this gallery.", requirement="P3")
    if agreement.owner != facts.gallery or agreement.ended or not agreement.starts <= facts.now < agreement.ends:
        return errors.NoAgreement("The agreement has ended or has not begun.", requirement="P3")
    if not agreement.signed:
        return _unsigned(agreement)
    if not PURPOSES[facts.purpose or ""].mask & agreement.purposes:
        return errors.PurposeRefused(
            f"The agreement does not cover {facts.purpose!r}.", requirement="P3",
            hint=f"It covers: {', '.join(names(agreement.purposes))}.",
        )  # fmt: skip
    return None


def _unsigned(agreement: AgreementFacts) -> Refusal:
    who = "the owner has" if agreement.own else "both sides have"
    return errors.NoAgreement(
        f"Agreement A{agreement.id} is not in force: not until {who} signed exactly what it says.", requirement="P3",
        hint=f"`countenance agreement sign A{agreement.id}`, by an account of each side with its own key.",
    )  # fmt: skip


def assessed_and_limited(facts: Facts) -> Refusal | None:
    """P24, P3: another organisation's agreement names its impact assessment and a quota."""
    agreement = facts.agreement
    if agreement is not None and (agreement.own or (agreement.assessed and agreement.quota)):
        return None
    return errors.NoAgreement(
        "Another organisation's agreement needs a data protection impact assessment and a quota.", requirement="P24",
        hint="Propose one that names both: `countenance agreement propose --dpia FILE --signatory NAME --quota N`.",
    )  # fmt: skip


def people_for_its_reviews(facts: Facts) -> Refusal | None:
    """P18: where two people must review, there are at least three named ones: whoever searched is not among the two."""
    demanded = reviewers(facts.purpose or "", own=facts.agreement is not None and facts.agreement.own)
    if demanded < 2 or not facts.solo:
        return None
    return errors.PurposeRefused(
        "This needs two reviewers besides the one who searches, and your organisation has fewer than three accounts.",
        requirement="P18", hint="Add the people who review: `countenance account add`.",
    )  # fmt: skip


def within_the_quota(facts: Facts) -> Refusal | None:
    """P3: no more comparisons a day than the agreement allows."""
    agreement = facts.agreement
    if agreement is not None and (agreement.quota is None or agreement.made_today < agreement.quota):
        return None
    return errors.TooMany(
        f"The agreement's {agreement.quota if agreement else 0} comparisons of today are used up.",
        requirement="P3", hint="Go on tomorrow (UTC), or agree on a larger quota.",
    )  # fmt: skip


def a_model_in_use(facts: Facts) -> Refusal | None:
    """P24: templates are made with the model that the gallery was founded with, or with one that was assessed since."""
    if facts.model_on:
        return None
    return errors.Refused(
        "The model that is installed now is not the one that this gallery was made with.", requirement="P24",
        hint="Put the old one back, or name the new one's impact assessment: "
        "`countenance dpia propose model --dpia FILE --signatory NAME`.",
    )  # fmt: skip


def an_assessed_model(facts: Facts) -> Refusal | None:
    """P24: another model takes the place of the gallery's only when an impact assessment was named for it."""
    if facts.model_on:
        return None
    return errors.Refused(
        "This model was not assessed for this gallery.", requirement="P24",
        hint="Name its impact assessment: `countenance dpia propose model NAME --dpia FILE --signatory NAME`.",
    )  # fmt: skip


def in_an_open_case(facts: Facts) -> Refusal | None:
    """P3: every comparison belongs to a case of the same purpose."""
    if not facts.case_named:
        return errors.NoCase("A search belongs to a case, and none was named.", requirement="P3")
    case = facts.case
    if case is None or facts.account is None or case.organisation != facts.account.organisation:
        return errors.NoCase("There is no such case.", requirement="P3", hint="Open it first: `countenance case open`.")
    if case.closed:
        return errors.NoCase("This case is closed.", requirement="P3", hint="Name another reference with --case.")
    if case.purpose != facts.purpose:
        return errors.NoCase(
            f"This case was opened for {case.purpose!r}, not {facts.purpose!r}.", requirement="P3",
            hint="Name the case of this purpose with --case; a new reference opens one.",
        )  # fmt: skip
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
        f"{VERIFY_A_DAY} comparisons were made today by this case, or by this account. This is a search.",
        requirement="P3", hint="Search instead, where the agreement allows it, or go on tomorrow.",
    )  # fmt: skip
