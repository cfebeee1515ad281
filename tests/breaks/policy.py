"""How the rules of agreements, purposes, accounts, reviews and sealed probes are broken."""

from __future__ import annotations

from breaks.kind import Break

AGREED = "unit/service/test_agreements.py"
ACTIVE = "unit/service/test_activations.py"
REVIEWS = "unit/service/test_reviewing.py"
WHO = "unit/service/test_accounts.py"
OTHERS = "robust/test_other_organisation.py"
RULES = "unit/policy/test_rules.py"

BREAKS = [
    Break(
        "P3",
        "another organisation's search before both have signed",
        (("policy/comparing.py", "    if not agreement.signed:\n        return _unsigned(agreement)\n", ""),),
        f"{AGREED}::test_p3_another_organisation_searches_only_after_both_have_signed",
    ),
    Break(
        "P3",
        "an agreement that one side alone has signed",
        (("policy/agreeing.py", "== {row.organisation, row.party},", "<= {row.organisation, row.party},"),),
        f"{AGREED}::test_p3_another_organisation_searches_only_after_both_have_signed",
    ),
    Break(
        "P3",
        "an agreement that is edited after it was signed",
        (("policy/agreeing.py", '"territories": sorted(row.territories.split()),', '"territories": [],'),),
        f"{AGREED}::test_p3_an_agreement_that_was_edited_in_the_registry_is_not_signed",
    ),
    Break(
        "P3",
        "a quota that is not kept",
        (
            ("policy/comparing.py", "agreement.made_today < agreement.quota)", "True)"),
            ("gallery/searching.py", ">= terms.quota:", ">= 1 << 40:"),
        ),
        f"{AGREED}::test_p3_the_quota_of_an_agreement_binds_all_its_accounts_and_cases",
    ),
    Break(
        "P3",
        "a cap of comparisons that is passed by asking at once",
        (("gallery/searching.py", 'raise desk.refuse(connection, "verify", refusal)', "pass"),),
        "unit/service/test_verifying.py::test_p3_no_number_of_comparisons_at_once_gets_past_the_cap",
    ),
    Break(
        "P18",
        "a key that one signature fits",
        (("vault/accounts.py", "return y >= _PRIME or y in _SMALL", "return False"),),
        f"{WHO}::test_p18_a_key_that_one_signature_fits_is_refused",
    ),
    Break(
        "P21",
        "a second address of one person",
        (("service/accounts.py", "if _person(other) == _person(email):", "if False:"),),
        f"{WHO}::test_p21_one_person_has_no_second_address",
    ),
    Break(
        "P24",
        "a corrected territory that was never assessed",
        (("service/moving.py", "raise rules.outside(territory)", "pass"),),
        f"{ACTIVE}::test_p24_a_corrected_territory_gets_nobody_past_the_assessment",
    ),
    Break(
        "P24",
        "an ingest of people whose territory was never assessed",
        (("gallery/gallery.py", "self._desk.gallery, now, territories=where)", "self._desk.gallery, now)"),),
        f"{ACTIVE}::test_p24_an_ingest_keeps_nobody_who_lives_where_nothing_was_assessed",
    ),
    Break(
        "P26",
        "an enrolment from a photo that prohibits it",
        (("service/enrolling.py", "        self._obey_marks(taken.data, file)\n", ""),),
        "robust/test_marked_photos.py::test_p26_a_marked_photo_is_no_enrolment_photo",
    ),
    Break(
        "P21",
        "a record that is told without a live account",
        (("service/entrance.py", "    if refusal is not None:\n", "    if False:\n"),),
        "robust/test_let_in.py::test_p21_an_account_is_shut_out_from_the_moment_it_is_revoked",
    ),
    Break(
        "P3",
        "reviews that outlive the agreement",
        (("service/reviewing.py", "if self._demanded(row) and still[row.purpose]]", "if self._demanded(row)]"),),
        "unit/service/test_reviewing.py::test_p3_a_review_ends_with_the_agreement",
    ),
    Break(
        "P3",
        "a part of the surface that another organisation may reach",
        (("service/entrance.py", "there = None if ours else", "there = None if True else"),),
        f"{OTHERS}::test_p3_every_part_of_the_surface_is_closed_to_another_organisation_or_listed",
    ),
    Break(
        "P3",
        "a method of the surface that another organisation may call",
        (("service/entrance.py", "name not in parties.OPEN:", 'name not in {*parties.OPEN, "log_entries"}:'),),
        f"{OTHERS}::test_p3_every_method_of_the_surface_is_closed_to_another_organisation_or_listed",
    ),
    Break(
        "P3",
        "a photo of somebody who is no candidate, shown to another organisation",
        (("service/pictures.py", "        if context.party == context.organisation:\n", "        if True:\n"),),
        f"{OTHERS}::test_p3_another_organisation_sees_its_candidates_photos_and_no_other",
    ),
    Break(
        "P3",
        "verifying in bulk under new case references",
        (("policy/gather.py", "max(by_case, by_account))", "by_case)"),),
        "unit/service/test_verifying.py::test_p3_new_case_references_do_not_reset_the_cap",
    ),
    Break(
        "P3",
        "a purpose that anybody may ask for",
        (("policy/comparing.py", "facts.account.roles & set(roles):", "roles:"),),
        f"{ACTIVE}::test_p3_a_purpose_is_asked_for_by_its_roles_alone",
    ),
    Break(
        "P4",
        "people of every territory, shown to another organisation",
        (
            (
                "gallery/gallery.py",
                "self._desk.gallery, now, alone, agreed.territories)",
                "self._desk.gallery, now, alone, None)",
            ),
        ),
        f"{AGREED}::test_p4_another_organisation_is_shown_only_people_of_its_territories",
    ),
    Break(
        "P4",
        "a territory filter behind the search instead of inside",
        (("gallery/matching.py", "self.now, self.subjects, where)", "self.now, self.subjects, None)"),),
        f"{AGREED}::test_p4_the_territories_filter_works_inside_the_search",
    ),
    Break(
        "P5",
        "a review of somebody who has withdrawn",
        (("service/reviewing.py", "if self._stands(connection, row, each.subject)]", "if row]"),),
        f"{REVIEWS}::test_p5_who_has_withdrawn_is_not_reviewed_any_more",
    ),
    Break(
        "P5",
        "a withdrawn basis that is searchable",
        (("gallery/eligible.py", 't.bases.c.state == "live"', 't.bases.c.state.in_(("live", "withdrawn"))'),),
        "robust/test_parallel_leaving.py::test_p5_no_search_that_begins_after_somebody_left_shows_them[withdraws]",
    ),
    Break(
        "P18",
        "a review by somebody who has not looked",
        (("service/reviewing.py", "        self._check_looked(connection, row)\n", ""),),
        f"{REVIEWS}::test_p18_nobody_signs_what_they_have_not_looked_at",
    ),
    Break(
        "P16",
        "a probe that outlives its last review",
        (("service/reviewing.py", "            probes.forget(context.", "            (lambda *_: 0)(context."),),
        f"{REVIEWS}::test_p16_a_probe_is_sealed_until_the_last_review_and_then_destroyed",
    ),
    Break(
        "P16",
        "a probe that is kept for ever",
        (("gallery/probes.py", "expires=now + DAYS * DAY", "expires=now + 9999 * DAY"),),
        f"{REVIEWS}::test_p16_a_probe_is_destroyed_after_fourteen_days",
    ),
    Break(
        "P16",
        "a probe that is kept in clear",
        (("gallery/probes.py", "sealed = keys.seal(key, crop, _LABEL)", "sealed = crop"),),
        f"{REVIEWS}::test_p16_a_probe_is_sealed_until_the_last_review_and_then_destroyed",
    ),
    Break(
        "P16",
        "a probe that is kept where nobody reviews it",
        (("gallery/searching.py", "made.shown and made.crop is not None and grant", "made.crop is not None or grant"),),
        f"{REVIEWS}::test_p16_no_probe_is_kept_where_nobody_was_shown_or_nobody_reviews",
    ),
    Break(
        "P17",
        "a candidate that is called confirmed by a search",
        (("gallery/searching.py", 'review="open" if demanded else None', 'review="confirmed"'),),
        f"{REVIEWS}::test_p18_a_candidate_is_open_until_another_account_confirms_it",
    ),
    Break(
        "P18",
        "whoever searched reviews what was shown",
        (("service/reviewing.py", "if deciding and own and not self._solo(connection, row):", "if False:"),),
        f"{REVIEWS}::test_p18_a_candidate_is_open_until_another_account_confirms_it",
    ),
    Break(
        "P18",
        "one person who reviews twice",
        (
            ("service/reviewing.py", "        if any(each.account == context.account for each in candidate.decided):",
             "        if False:"),
        ),
        f"{REVIEWS}::test_p18_another_organisation_s_candidate_needs_two_of_its_people_besides_the_searcher",
    ),
    Break(
        "P18",
        "a review without a signature",
        (("review/deciding.py", "        if in_person.signed(", "        if True or in_person.signed("),),
        f"{REVIEWS}::test_p18_a_review_that_was_written_into_the_registry_counts_for_nothing",
    ),
    Break(
        "P18",
        "another organisation's candidates with fewer than two reviewers",
        (("policy/purposes.py", "max(demanded, OTHERS_REVIEWERS)", "demanded"),),
        f"{REVIEWS}::test_p18_another_organisation_s_candidate_needs_two_of_its_people_besides_the_searcher",
    ),
    Break(
        "P18",
        "whoever proposed it approves it",
        (
            ("policy/approving.py", "    if actor.account in not_by:", "    if False:"),
            ("policy/activating.py", "({row.proposed_by} if NEEDED[row.kind] > 1 else set())", "set()"),
        ),
        f"{ACTIVE}::test_p24_a_purpose_that_is_off_needs_an_assessment_and_two_others",
    ),
    Break(
        "P18",
        "purposes with two reviewers in a solo installation",
        (("policy/activating.py", "set() if gather.is_solo(connection, desk.gallery) else ", ""),
         ("policy/comparing.py", "    if demanded < 2 or not facts.solo:", "    if True:")),
        f"{ACTIVE}::test_p18_whoever_becomes_solo_loses_those_purposes",
    ),
    Break(
        "P21",
        "an account of an office",
        (("service/accounts.py", '    if wanted != {"system"} and is_shared(email):', "    if False:"),),
        f"{WHO}::test_p21_the_address_of_an_office_has_no_account",
    ),
    Break(
        "P21",
        "one key for two people",
        (("service/accounts.py", "t.accounts.c.public_key == public", "t.accounts.c.public_key == b\"\""),),
        f"{WHO}::test_p21_one_key_is_one_person",
    ),
    Break(
        "P21",
        "a trial account that compares faces",
        (("policy/rules.py", "    if account.trial:\n", "    if False:\n"),),
        f"{AGREED}::test_p21_a_trial_account_of_another_organisation_compares_nothing",
    ),
    Break(
        "P24",
        "a purpose that is off without being activated",
        (("policy/activating.py", "if each.on or (each.name in switched and not each.missing):", "if each:"),),
        f"{ACTIVE}::test_p24_a_purpose_that_is_off_needs_an_assessment_and_two_others",
    ),
    Break(
        "P24",
        "an activation that nobody signed",
        (("policy/activating.py", "bool(row.dpia_sha256 and row.signatory) and", "bool(row) or"),),
        f"{ACTIVE}::test_p24_a_row_that_nobody_signed_switches_nothing_on",
    ),
    Break(
        "P24",
        "people of a new territory without an assessment",
        (("policy/rules.py", "    if facts.territory_on or facts.subject is None:", "    if True:"),),
        f"{ACTIVE}::test_p24_people_of_a_new_territory_are_enrolled_after_its_assessment",
    ),
    Break(
        "P24",
        "a new model without an assessment",
        (("policy/comparing.py", "    if facts.model_on:\n", "    if True:\n"),),
        f"{ACTIVE}::test_p24_another_model_does_nothing_until_it_was_assessed",
    ),
    Break(
        "P24",
        "another organisation's agreement without an assessment",
        (("policy/comparing.py", "(agreement.own or (agreement.assessed and agreement.quota))", "True"),),
        f"{RULES}::test_each_missing_fact_is_refused_with_its_own_reason",
    ),
]  # fmt: skip
