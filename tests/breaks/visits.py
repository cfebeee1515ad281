"""Rules of the visitor desk, and how each is broken."""

from __future__ import annotations

from breaks.kind import Break

VISITS = "unit/service/test_visits.py"

BREAKS = [
    Break(
        "P4",
        "a visitor's still that is compared with others than today's visitors",
        (("service/visits.py", "limit=MOST, among=among, grant=grant", "limit=MOST, grant=grant"),
         ("policy/asking.py", "    if isinstance(among, frozenset):\n",
          "    if among:\n        return 'gallery'\n    if 0:\n")),
        f"{VISITS}::test_p4_whoever_is_not_among_today_s_visitors_is_not_compared",
    ),
    Break(
        "P5",
        "a visit that ends and leaves the enrolment behind",
        (("service/visits.py", "        if live:\n", "        if False:\n"),),
        f"{VISITS}::test_p5_leaving_ends_the_enrolment_at_once",
    ),
    Break(
        "P13",
        "a desk that may withdraw anybody's basis",
        (("policy/rules.py", 'if own and facts.account is not None and "operator" in facts.account.roles:',
          'if facts.account is not None and "operator" in facts.account.roles:'),),
        f"{VISITS}::test_p13_an_operator_at_the_desk_ends_a_visit_and_withdraws_nothing_else",
    ),
    Break(
        "P17",
        "a visitor who comes in by a face that was never compared",
        (("service/visits.py", "        if seen is None:\n            raise Refused(",
          "        if False:\n            raise Refused("),
         ("service/visits.py", 'return reference_number("S", seen)', 'return reference_number("S", number)')),
        f"{VISITS}::test_p17_nobody_comes_in_by_face_without_a_comparison_that_showed_them",
    ),
    Break(
        "P1",
        "a visit that a database tool has written",
        (("policy/visiting.py", "return is_signed(desk, row, lambda", "return True or is_signed(desk, row, lambda"),),
        f"{VISITS}::test_p1_a_visit_that_was_written_by_hand_is_none",
    ),
    Break(
        "P6",
        "an erased visitor whose visit stays",
        (("gallery/removing.py", "t.guests, t.visits,\n", "t.guests,\n"),),
        "unit/gallery/test_removing.py::test_p6_no_table_keeps_a_row_of_a_removed_person",
    ),
    Break(
        "P15",
        "an access answer that is silent on a visit",
        (("rights/access.py", '    "visits": _visits,\n', '    "visits": lambda _: [],\n'),),
        f"{VISITS}::test_p15_the_access_answer_tells_the_visit",
    ),
]  # fmt: skip
