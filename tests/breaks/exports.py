"""Rules of names that are handed out, and how each is broken."""

from __future__ import annotations

from breaks.kind import Break

EXPORTING = "unit/service/test_exporting.py"

BREAKS = [
    Break(
        "P18",
        "a name that one reviewer confirmed, and that leaves",
        (("review/confirmed.py", "demanded = max(TWO, reviewers(wanted.purpose, own=True))", "demanded = 1"),),
        f"{EXPORTING}::test_p18_only_what_two_reviewers_confirmed_leaves",
    ),
    Break(
        "P18",
        "a name that leaves because its purpose is content with one reviewer",
        (("review/confirmed.py", "max(TWO, reviewers(", "max(1, reviewers("),),
        f"{EXPORTING}::test_p18_one_reviewer_is_not_enough_even_where_the_purpose_asks_for_one",
    ),
    Break(
        "P18",
        "a photo that came after the search, named as if reviewers had seen it",
        (("review/confirmed.py", "row.created > search.started or wanted", "wanted"),),
        f"{EXPORTING}::test_p18_a_photo_that_came_after_the_search_was_confirmed_by_nobody",
    ),
    Break(
        "P18",
        "names that leave for a purpose that nobody reviews",
        (("policy/rules.py", "under_an_agreement, a_purpose_that_is_reviewed, to", "under_an_agreement, to"),),
        f"{EXPORTING}::test_p18_an_export_is_decided",
    ),
    Break(
        "P15",
        "names that leave to nobody in particular",
        (("policy/rules.py", "a_purpose_that_is_reviewed, to_a_named_recipient,", "a_purpose_that_is_reviewed,"),),
        f"{EXPORTING}::test_p18_an_export_is_decided",
    ),
    Break(
        "P15",
        "an access answer that is silent on whom the name was handed to",
        (("rights/access.py", '    "exports": seen.exports,\n', '    "exports": lambda _: [],\n'),),
        f"{EXPORTING}::test_p15_to_whom_a_name_went_is_told_to_the_person",
    ),
    Break(
        "P21",
        "names that a reviewer alone hands out",
        (("policy/rules.py", 'has_role("controller", "officer"), *_HAND_OUT', "*_HAND_OUT"),),
        f"{EXPORTING}::test_p21_a_reviewer_alone_hands_nothing_out",
    ),
    Break(
        "P18",
        "names that the thief of a cookie hands out",
        (("policy/desk.py", 'frozenset({"Erase", "Export", ', 'frozenset({"Erase", '),),
        "web/test_names.py::test_p18_a_download_is_signed_in_person_and_holds_the_names",
    ),
    Break(
        "P28",
        "exports that are counted nowhere",
        (("service/counting.py", "told[\"outcome\"]) == (\"export\", \"done\") and", "told[\"outcome\"]) == () and"),),
        f"{EXPORTING}::test_p28_exports_are_counted_and_nobody_is_named",
    ),
    Break(
        "P17",
        "a cell of a table that a spreadsheet takes for a formula",
        (("reports/names.py", "_FORMULA.match(value)", "not value"),),
        f"{EXPORTING}::test_no_cell_of_the_table_is_a_formula",
    ),
    Break(
        "P17",
        "a box that stands where the turned picture would have it",
        (("reports/sidecars.py", "return Area(y, x, h, w) if orientation in (5, 6, 7, 8) else Area(x, y, w, h)",
          "return Area(x, y, w, h)"),),
        f"{EXPORTING}::test_a_region_lies_in_the_picture_as_it_is_stored",
    ),
    Break(
        "P17",
        "a sidecar that somebody else has changed, replaced",
        (("reports/sidecars.py", "found is not None and hashlib", "True or hashlib"),),
        f"{EXPORTING}::test_what_is_not_ours_is_never_replaced_and_nothing_is_half_written",
    ),
    Break(
        "P17",
        "a name that follows a link out of its folder",
        (("service/folders.py", "os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC", "os.O_DIRECTORY | os.O_CLOEXEC"),),
        f"{EXPORTING}::test_no_path_leads_out_of_the_folder",
    ),
]  # fmt: skip
