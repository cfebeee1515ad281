"""How the rules of cautions, and of faces that a reviewer said are not somebody's, are broken."""

from __future__ import annotations

from breaks.kind import Break

CAUTIONS = "unit/service/test_cautions.py"
FACTS = "unit/policy/test_cautions.py"
GATES = "unit/service/test_gates.py"
QUALITY = "unit/vision/test_gates.py"
REJECTED = "unit/service/test_rejected.py"

BREAKS = [
    Break(
        "P18",
        "a cautioned candidate whom no more people look at than any other",
        (("policy/cautions.py", "return demanded + 1 if demanded and carried else demanded", "return demanded"),),
        f"{FACTS}::test_p18_a_caution_never_lowers_how_many_must_confirm",
    ),
    Break(
        "P18",
        "a cautioned candidate of a search of one's own, confirmed by oneself alone",
        (("service/reviewing.py", "if solo and decision == CONFIRM and candidate.demanded > 1:", "if False:"),),
        f"{CAUTIONS}::test_p18_in_a_solo_installation_a_cautioned_candidate_is_rejected_or_waits",
    ),
    Break(
        "P18",
        "a caution that is taken away with a database tool, so that fewer people do",
        (("review/deciding.py", '{"v": 2, "cautions": list(cautions)} if cautions else said', "{}"),),
        f"{CAUTIONS}::test_p18_taking_a_caution_away_with_a_tool_takes_the_reviews_away",
    ),
    Break(
        "P17",
        "somebody who was a child, and no caution",
        (("policy/cautions.py", "[CHILD] if earliest - facts.birth_year <= ADULT else []", "[]"),),
        f"{FACTS}::test_p17_a_child_at_any_of_the_photos_is_cautioned_of",
    ),
    Break(
        "P17",
        "photos that are many years apart, and no caution",
        (("policy/cautions.py", "abs(each - near) > YEARS_APART", "abs(each - near) > 1000"),),
        f"{FACTS}::test_p17_years_between_two_photos_are_cautioned_of",
    ),
    Break(
        "P18",
        "a face that a reviewer said is not somebody's, and that a search shows as theirs again",
        (("gallery/searching.py", "[match for match in alike if match.subject not in gone]", "list(alike)"),),
        f"{REJECTED}::test_p18_a_rejected_pair_never_returns_in_a_later_search",
    ),
    Break(
        "P27",
        "a face that a reviewer said is not somebody's, and that an ingest keeps as theirs",
        (("gallery/keeping.py", "ways = (content, content_of(content, face + 1))", "ways = (content,)"),),
        f"{REJECTED}::test_p27_a_rejected_pair_never_returns_by_an_ingest",
    ),
    Break(
        "P7",
        "what a reviewer said is not somebody's, and a restore brings back",
        (("backup/repeating.py", 'rejecting.reject(connection, values, subject, str(facts["mark"]))', "pass"),),
        f"{REJECTED}::test_p7_a_restore_says_again_what_a_reviewer_said_since_the_backup",
    ),
    Break(
        "P18",
        "another organisation's word that hides somebody from the owner",
        (("gallery/rejecting.py", "query.where(t.rejections.c.party == party, ", "query.where("),),
        f"{REJECTED}::test_p18_what_another_organisation_rejects_hides_nobody_from_the_owner",
    ),
    Break(
        "P18",
        "a search of one's own among those that wait for one's decision",
        (
            (
                "service/reviewing.py",
                "if own and not self._solo(connection, row):\n                    continue",
                "pass",
            ),
        ),
        f"{REJECTED}::test_p18_the_next_review_is_the_oldest_that_waits_for_this_account",
    ),
    Break(
        "P22",
        "an option that lowers the quality gate",
        (
            (
                "service/gates.py",
                'asked == "off" or (asked in LEVELS and LEVELS.index(asked) < LEVELS.index(floor))',
                "False",
            ),
        ),
        f"{GATES}::test_p22_an_option_asks_for_more_and_never_for_less",
    ),
    Break(
        "P22",
        "an enrolment of which no more is asked than of a probe",
        (
            (
                "vision/quality.py",
                "gate, quality = gates[use], face.quality",
                "gate, quality = gates[PROBE], face.quality",
            ),
        ),
        f"{QUALITY}::test_p22_an_enrolment_is_refused_where_a_probe_is_not",
    ),
    Break(
        "P22",
        "misses that a gate hides by refusing them",
        (("evaluate/gating.py", "_missed(found, rate, mated)", "_missed(found, rate, found.probes)"),),
        "unit/evaluate/test_gating.py::test_p22_refusing_all_that_fail_does_not_lower_the_misses_of_all",
    ),
]
