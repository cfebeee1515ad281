"""How the rules about people's rights are broken: requests, access answers, the public pages."""

from __future__ import annotations

from breaks.kind import Break

REQUESTS = "unit/service/test_requests.py"
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
            ("gallery/gallery.py", "                t.subjects.c.restricted.is_(None),\n", ""),
        ),
        f"{REQUESTS}::test_p5_nobody_is_enrolled_any_further_while_they_object",
    ),
    Break(
        "P14",
        "a log that says whether an asker is here",
        (
            (
                "service/receiving.py",
                "facts=facts, bearer=channel)",
                "subjects=(*people,), facts=facts, bearer=channel)",
            ),
        ),
        f"{REQUESTS}::test_p14_the_log_does_not_say_either_whether_they_are_here",
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
]
