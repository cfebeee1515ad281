"""How the rules of an evaluation are broken: who is too few, what is listed, and how sure a figure is said to be."""

from __future__ import annotations

from breaks.kind import Break

AGREEMENT = "unit/evaluate/test_agreement.py"

BREAKS = [
    Break(
        "P22",
        "people enrolled by all that they have, and missed by what is left of others",
        (("evaluate/identifying.py", "if pictures[who] > most and", "if"),),
        f"{AGREEMENT}::test_p22_a_report_agrees_with_an_independent_calculation[0-2]",
    ),
    Break(
        "P3",
        "folders without a face that count as people of a data set",
        (("evaluate/run.py", "    if len(set(people)) < LEAST_PEOPLE:\n", "    if False:\n"),),
        "unit/evaluate/test_run.py::test_p3_people_without_a_face_do_not_count",
    ),
    Break(
        "P3",
        "matches in the list of the worst errors",
        (("evaluate/worst.py", "paired.impostor.place >= place", "paired.impostor.place >= 0"),),
        "unit/reports/test_evaluated.py::test_p3_only_errors_are_listed",
    ),
    Break(
        "P22",
        "intervals as if comparisons that share a person were independent",
        (("evaluate/bootstrap.py", "weight[self.one] * weight[self.other]", "weight[self.one]"),),
        f"{AGREEMENT}::test_p22_intervals_are_those_of_people_drawn_one_by_one",
    ),
    Break(
        "P22",
        "an accuracy whose threshold was learned on what it is tried on",
        (("evaluate/folds.py", "(gained.sum(axis=1, keepdims=True) - gained).argmax", "gained.argmax"),),
        f"{AGREEMENT}::test_p22_the_accuracy_over_folds_agrees_too",
    ),
    Break(
        "P22",
        "searches for people who are enrolled among those for people who are not",
        (("evaluate/identifying.py", "_open(made, made.seen & ~made.mated)", "_open(made, made.seen)"),),
        f"{AGREEMENT}::test_p22_a_report_agrees_with_an_independent_calculation",
    ),
    Break(
        "P22",
        "a page of an evaluation that was never made here",
        (("service/reporting.py", 'if digest not in {each.get("answer") for each in self.accuracy()}:', "if False:"),),
        "web/test_requests.py::test_what_is_no_answer_of_an_evaluation_makes_no_page",
    ),
]
