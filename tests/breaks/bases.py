"""How the rules on bases, notices and receipts are broken (P1, P2, P14)."""

from __future__ import annotations

from breaks.kind import Break

BASES = "unit/service/test_bases.py::"
LINKS = "unit/service/test_links.py::"
STILLS = "unit/service/test_stills.py::"
RECEIPTS = "unit/service/test_receipts.py::"

BREAKS: list[Break] = [
    Break(
        "P1",
        "the purge takes the link that a basis is signed over",
        (("service/purging.py", "else_=~confirmed", "else_=True"),),
        LINKS + "test_p1_the_link_that_confirmed_a_basis_outlives_the_purge_and_so_does_the_basis",
    ),
    Break(
        "P1",
        "a basis that was widened with a database tool finds its person",
        (("policy/confirming.py", "        if not sound:", "        if False:"),),
        BASES + "test_p1_a_basis_that_is_changed_with_a_database_tool_finds_nobody",
    ),
    Break(
        "P1",
        "the beginning of a basis can be moved with a database tool",
        (("policy/confirming.py", '        "starts": iso(basis.starts),\n', ""),),
        BASES + "test_p1_a_basis_that_is_changed_with_a_database_tool_finds_nobody",
    ),
    Break(
        "P1",
        "whoever recorded a consent countersigns it as well",
        (("service/confirming.py", "if account.id == row.recorded_by:", "if False:"),),
        BASES + "test_p1_every_refusal_of_a_basis_names_its_requirement",
    ),
    Break(
        "P1",
        "a guardian's word outlasts the childhood",
        (("gallery/eligible.py", "    if minor != (confirmed_how in BY_A_GUARDIAN):\n        return 0\n", ""),),
        BASES + "test_p1_a_guardians_word_ends_when_the_child_comes_of_age",
    ),
    Break(
        "P1",
        "a minor is found for any purpose",
        (
            (
                "gallery/eligible.py",
                'return purposes & PURPOSES["find-my-photos"].mask if minor else purposes',
                "return purposes",
            ),
        ),
        "unit/service/test_searching.py::test_p1_a_minor_is_found_for_their_own_photos_only",
    ),
    Break(
        "P1",
        "a one-time link serves twice",
        (
            (
                "service/links.py",
                "                t.links.c.used.is_(None),\n                t.links.c.expires",
                "                t.links.c.expires",
            ),
            ("service/links.py", "(t.links.c.id == number, t.links.c.used.is_(None))", "(t.links.c.id == number,)"),
        ),
        LINKS + "test_p1_a_link_that_serves_no_more_is_refused_in_the_same_words",
    ),
    Break(
        "P1",
        "a link goes to whoever recorded the consent",
        (
            (
                "service/links.py",
                "    if plain_contact(contact) in {plain_contact(email) for email in emails}:",
                "    if False:",
            ),
        ),
        LINKS + "test_p1_a_link_is_made_only_where_it_can_reach_the_person",
    ),
    Break(
        "P1",
        "stills of somebody else confirm",
        (("gallery/same.py", "    return min([*with_another, *with_enrolment]) >= least", "    return True"),),
        STILLS + "test_p1_stills_of_somebody_else_confirm_nothing",
    ),
    Break(
        "P1",
        "stills in any pose confirm",
        (("service/stills.py", "    if seen(probe.face.quality.yaw) != pose:", "    if False:"),),
        STILLS + "test_p1_stills_in_another_order_confirm_nothing",
    ),
    Break(
        "P1",
        "one form serves any number of people",
        (("service/evidence.py", "    if not collective or signed < APPROVERS:", "    if not collective:"),),
        BASES + "test_p1_one_form_for_more_than_thirty_people_is_declared_by_two",
    ),
    Break(
        "P1",
        "the enrolment photo is its own evidence",
        (("service/enrolling.py", "        if self._bases.is_evidence(digest):", "        if False:"),),
        BASES + "test_p1_a_photo_is_evidence_or_an_enrolment_and_never_both",
    ),
    Break(
        "P2",
        "nobody need be told before they are found",
        (
            (
                "gallery/eligible.py",
                ".join(t.notices, t.bases.c.notice == t.notices.c.id)",
                ".join(t.notices, sa.or_(t.bases.c.notice == t.notices.c.id, t.bases.c.notice.is_(None)))",
            ),
        ),
        BASES + "test_p2_nobody_is_found_before_the_notice_and_who_gave_it_signed",
    ),
    Break(
        "P2",
        "a notice can be put on with a database tool",
        (
            (
                "policy/confirming.py",
                "    if _signed(public, signature, said):",
                "    if said and public is not None:",
            ),
        ),
        BASES + "test_p2_a_notice_put_on_with_a_database_tool_finds_nobody",
    ),
    Break(
        "P14",
        "a receipt that was changed is accepted",
        (
            ("rights/receipts.py", "        if receipt == ours and", "        if ours and"),
            ("service/receipts.py", "                t.receipts.c.sha256 == digest,\n", ""),
        ),
        RECEIPTS + "test_p14_a_changed_receipt_proves_nothing",
    ),
    Break(
        "P14",
        "a receipt needs an officer's account",
        (("policy/bearers.py", "        if receipt is None:\n", "        if True:\n"),),
        RECEIPTS + "test_p14_a_receipt_needs_no_officer",
    ),
    Break(
        "P14",
        "a receipt never expires",
        (("service/receipts.py", "                t.receipts.c.expires > context.clock(),\n", ""),),
        RECEIPTS + "test_p14_an_expired_receipt_proves_nothing",
    ),
    Break(
        "P13",
        "a list of what ends soon that names the others",
        (("service/basis.py", "t.bases.c.ends <= now + days * DAY", "t.bases.c.ends > now + days * DAY"),),
        BASES + "test_p13_those_that_end_soon_are_listed_the_first_to_end_first",
    ),
    Break(
        "P1",
        "expired consents that are counted on the public page",
        (("service/counting.py", '"live", t.bases.c.ends > context.clock()', '"live",'),),
        BASES + "test_p1_how_consent_was_confirmed_is_counted",
    ),
    Break(
        "P13",
        "a letter every day",
        (("service/reminding.py", "row.reminded is not None or ", ""),),
        "unit/service/test_reminding.py::test_p13_each_is_written_to_once_at_the_contact_on_record",
    ),
    Break(
        "P5",
        "a letter to somebody who is restricted",
        (("service/reminding.py", "or row.restricted is not None ", ""),),
        "unit/service/test_reminding.py::test_p5_who_is_restricted_is_not_written_to_and_a_minors_guardian_is",
    ),
    Break(
        "P13",
        "a list that names who has agreed anew",
        (("service/reminding.py", "                ~again,\n", ""),),
        "unit/service/test_reminding.py::test_p13_whose_consent_ends_soon_is_listed_and_who_agreed_anew_is_not",
    ),
    Break(
        "P21",
        "a reminder by whoever may not",
        (
            (
                "service/reminding.py",
                '("controller", "officer", "system")',
                '("controller", "officer", "system", "reviewer")',
            ),
        ),
        "unit/service/test_reminding.py::test_p21_who_may_not_remind_sends_nothing",
    ),
]
