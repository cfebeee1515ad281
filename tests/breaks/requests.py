"""How the rules about people's rights are broken: requests, access answers, the public pages."""

from __future__ import annotations

from breaks.kind import Break

REQUESTS = "unit/service/test_requests.py"
EXTENDING = "unit/service/test_extending.py"
ACCESS = "unit/rights/test_access.py"
COUNTER = "robust/test_photo_at_the_counter.py"

ASSIGNED = """        made = self.assign(made, found[0].subject) if found else made
        return replace(made, candidates=found,"""

WRITTEN = """            probe, _ = probing.probe(context, taken)
            (context.settings.data / "last").write_bytes(taken.data)"""

BREAKS = [
    Break(
        "P5",
        "an objection that waits for its answer",
        (("service/receiving.py", "        if kind in AT_ONCE and person is not None:", "        if not kind:"),),
        f"{REQUESTS}::test_p5_an_objection_takes_effect_with_the_next_search_before_anybody_answers[objection]",
    ),
    Break(
        "P5",
        "a restricted record that a search still shows",
        (("gallery/eligible.py", "t.subjects.c.restricted.is_(None), ", ""),),
        f"{REQUESTS}::test_p5_an_objection_takes_effect_with_the_next_search_before_anybody_answers[restriction]",
    ),
    Break(
        "P5",
        "an enrolment of somebody who objects",
        (
            ("policy/rules.py", "not_restricted, a_basis_that_may_enrol", "a_basis_that_may_enrol"),
            ("gallery/enrolments.py", "            t.subjects.c.restricted.is_(None),\n", ""),
        ),
        f"{REQUESTS}::test_p5_nobody_is_enrolled_any_further_while_they_object",
    ),
    Break(
        "P14",
        "a log that says whether an asker is here",
        (("service/receiving.py", "bearer=channel, among=SHARING)", "bearer=channel)"),),
        f"{REQUESTS}::test_p14_the_log_does_not_say_either_whether_they_are_here",
    ),
    Break(
        "P14",
        "a contact that is known only as it was typed",
        (
            (
                "rights/requests.py",
                'unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", contact).strip().casefold())',
                "contact.lower()",
            ),
        ),
        f"{REQUESTS}::test_p14_a_contact_is_known_however_it_is_written",
    ),
    Break(
        "P5",
        "somebody who objects and is let back in unanswered",
        (("service/requests.py", "        if waiting is not None:", "        if False:"),),
        f"{REQUESTS}::test_p5_nobody_is_let_back_in_before_their_request_is_answered[objection]",
    ),
    Break(
        "P14",
        "a purge of somebody whose request is open",
        (("rights/retention.py", "if quiet <= now and not person.asking:", "if quiet <= now:"),),
        "unit/rights/test_retention.py::test_p14_nobody_goes_while_their_own_request_is_open",
    ),
    Break(
        "P13",
        "a request of the person's own that counts for nothing",
        (("service/receiving.py", "        touch(connection, person or 0, now)", "        pass"),),
        "unit/service/test_purging.py::test_p14_whoever_asks_is_not_purged_before_the_answer[receipt]",
    ),
    Break(
        "P14",
        "a receipt made by whoever may not erase",
        (
            (
                "service/receipts.py",
                'roles = ("controller", "officer")',
                'roles = ("controller", "officer", "operator")',
            ),
        ),
        "unit/service/test_receipts.py::test_p14_an_operator_makes_no_receipt_to_erase_by",
    ),
    Break(
        "P6",
        "an answer in clear among our own files",
        (("service/exports.py", "if out.resolve().is_relative_to(folder.resolve()):", "if False:"),),
        f"{REQUESTS}::test_p6_an_answer_in_clear_never_goes_among_our_own_files[data]",
    ),
    Break(
        "P6",
        "a certificate that keeps quiet about answers that were handed out",
        (("gallery/erasing.py", "        remaining += answers(connection, [subject for _, subject in whose])\n", ""),),
        f"{REQUESTS}::test_p6_the_certificate_counts_the_answers_that_were_handed_out",
    ),
    Break(
        "P14",
        "a request by an unknown contact that is turned away",
        (("service/receiving.py", "for person in people or (None,)", "for person in people"),),
        f"{REQUESTS}::test_p14_whoever_asks_is_told_the_same_whether_or_not_they_are_here[access]",
    ),
    Break(
        "P14",
        "an access answer that goes to no contact on record",
        (("service/answering.py", "        if contact is None:\n", "        if False:\n"),),
        f"{REQUESTS}::test_p14_an_access_answer_goes_only_to_the_contact_on_record",
    ),
    Break(
        "P14",
        "an access answer that lies open in the data folder",
        (("service/exports.py", "self._keys.seal(key, content, _label(number))", "letter.html.encode()"),),
        f"{REQUESTS}::test_p14_a_kept_answer_is_sealed_and_gone_once_it_is_sent",
    ),
    Break(
        "P14",
        "a photo that says whose request it is",
        (("service/requests.py", "        return replace(made, candidates=found,", ASSIGNED),),
        f"{COUNTER}::test_p14_a_photo_decides_nothing_by_itself",
    ),
    Break(
        "P14",
        "a photo at the counter without an officer",
        (("policy/rules.py", 'Locate: (*_KEEPER, has_role("officer"), for_a_request)', "Locate: (a_named_account,)"),),
        f"{COUNTER}::test_p14_a_record_is_found_by_photo_for_a_request_and_nothing_else",
    ),
    Break(
        "P14",
        "a photo at the counter that is written down",
        (("service/receiving.py", "            probe, _ = probing.probe(context, taken)", WRITTEN),),
        f"{COUNTER}::test_p14_a_photo_leaves_no_byte_anywhere",
    ),
    Break(
        "P15",
        "an access answer without the searches",
        (("rights/access.py", '"searches": seen.searches', '"searches": seen.recipients'),),
        f"{ACCESS}::test_p15_the_answer_is_what_the_registry_holds",
    ),
    Break(
        "P15",
        "an access answer that leaves out a table about people",
        (("rights/access.py", '    "reviews": "searches",\n', ""),),
        f"{ACCESS}::test_p15_every_table_that_names_a_person_has_its_section",
    ),
    Break(
        "P15",
        "an access answer that hides who searched",
        (("rights/seen.py", '        "account": row.email,\n', '        "account": "somebody",\n'),),
        f"{ACCESS}::test_p15_the_answer_is_what_the_registry_holds",
    ),
    Break(
        "P29",
        "a deadline of 60 days",
        (("rights/requests.py", "    return int(end.timestamp())", "    return int(end.timestamp()) + 30 * DAY"),),
        "unit/rights/test_requests.py::test_p29_a_month_is_28_to_31_days_and_the_days_count_down_to_none",
    ),
    Break(
        "P29",
        "overdue requests that nobody is told of",
        (("service/requests.py", 'row.state == "open" and now >= row.deadline', "False"),),
        f"{REQUESTS}::test_p29_overdue_requests_come_first_and_are_counted",
    ),
    Break(
        "P29",
        "a request that needs an account",
        (("service/receiving.py", "            if officer:\n", "            if True:\n"),),
        f"{REQUESTS}::test_p29_a_request_needs_a_contact_or_a_receipt_and_no_account",
    ),
    Break(
        "P29",
        "words that are kept for ever",
        (
            (
                "service/lapsing.py",
                "t.requests.c.answered <= now - KEPT",
                "t.requests.c.answered < 0",
            ),
        ),
        f"{REQUESTS}::test_p29_what_was_asked_is_forgotten_thirty_days_after_the_answer",
    ),
    Break(
        "P29",
        "an answer that is put off again and again",
        (("service/requests.py", "    if row.extended is not None:", "    if False:"),),
        f"{EXTENDING}::test_p29_an_answer_is_put_off_once_and_the_person_is_told_why[complex]",
    ),
    Break(
        "P29",
        "an answer that is put off once it is overdue",
        (("service/requests.py", 'return "is overdue" if now >= row.deadline else None', "return None"),),
        f"{EXTENDING}::test_p29_an_answer_is_not_put_off_after_its_month_nor_after_it_was_given",
    ),
    Break(
        "P29",
        "an answer that an operator puts off",
        (
            (
                "service/requests.py",
                '"officer", subjects=people, facts=facts)\n        told = (',
                '"officer", "operator", subjects=people, facts=facts)\n        told = (',
            ),
        ),
        f"{EXTENDING}::test_p29_only_an_officer_puts_it_off_and_only_for_a_reason_from_the_list",
    ),
    Break(
        "P29",
        "a restore that forgets that an answer was put off",
        (("backup/reopening.py", '        elif facts.get("step") == "extended":', "        elif False:"),),
        f"{EXTENDING}::test_p29_a_restore_knows_that_an_answer_was_put_off",
    ),
    Break(
        "P14",
        "a page that answers a request by a mere click",
        (("web/requests.py", 'if form.text("sure") != "yes":', "if False:"),),
        "web/test_requests.py::test_p14_an_access_answer_is_made_saved_sent_and_forgotten",
    ),
    Break(
        "P14",
        "a page that tells whoever asks that nothing is held, without a look",
        (("web/requests.py", 'nobody=form.text("nobody") == "yes"', "nobody=True"),),
        "web/test_requests.py::test_p14_nobody_on_record_is_told_so_only_after_a_look",
    ),
]
