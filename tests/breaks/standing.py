"""How the rules that stood from the beginning are broken: purpose, candidates, figures, strangers, reports."""

from __future__ import annotations

from breaks.kind import Break

SEARCH = "unit/service/test_searching.py"
CANDIDATES = "unit/service/test_candidates.py"
STRANGERS = "robust/test_strangers.py"
REPORTS = "unit/service/test_reporting.py"
OPEN = "enrolment.template.to_bytes()"

BREAKS = [
    Break(
        "P4",
        "a gate behind the search instead of inside it",
        (("index/masks.py", "(purposes & eligible.purposes) != 0", "purposes != 0"),),
        "unit/gallery/test_purposes.py::test_p4_people_of_another_purpose_take_nobody_s_place",
    ),
    Break(
        "P4",
        "a search that shows people whatever their basis permits",
        (
            ("index/masks.py", "(purposes & eligible.purposes) != 0", "purposes != 0"),
            ("gallery/eligible.py", "bool(self.purposes & purposes)", "bool(self.purposes)"),
        ),
        f"{SEARCH}::test_p4_a_basis_for_one_purpose_serves_no_other",
    ),
    Break(
        "P17",
        "an answer without its caution",
        (("service/finding.py", '"caution": CAUTION,', ""),),
        f"{CANDIDATES}::test_p17_an_answer_holds_candidates_and_no_verdict",
    ),
    Break(
        "P17",
        "a candidate that does not say who named it",
        (("service/finding.py", '        "asserted_by": candidate.asserted_by,\n', ""),),
        f"{CANDIDATES}::test_p17_an_answer_holds_candidates_and_no_verdict",
    ),
    Break(
        "P17",
        "a search that acts by itself",
        (
            (
                "gallery/searching.py",
                "    for match in made.shown:\n",
                "    connection.execute(t.subjects.update().values(created=ended))\n    for match in made.shown:\n",
            ),
        ),
        f"{CANDIDATES}::test_p17_a_search_changes_nothing_but_its_own_record",
    ),
    Break(
        "P22",
        "a probe of any quality that is searched for",
        (("vision/engine.py", "        if reasons:\n", "        if False:\n"),),
        "unit/service/test_quality_floor.py::test_p22_a_poor_probe_is_refused_with_what_is_wrong",
    ),
    Break(
        "P22",
        "a report that cannot be made again from its scores",
        (("evaluate/scores.py", '    table.T[upper] = parts["scores"]\n', ""),),
        "unit/evaluate/test_identifying.py::test_p22_a_report_is_rebuilt_from_its_raw_scores",
    ),
    Break(
        "P22",
        "misses without a face that are not counted",
        (("evaluate/identifying.py", "accepted(found) * (found.sum() / max(int(mated.sum()), 1))", "accepted(found)"),),
        "unit/evaluate/test_identifying.py::test_p22_rates_of_identification_are_those_of_a_slow_search",
    ),
    Break(
        "P22",
        "groups that people were sorted into by others",
        (("service/evaluating.py", "self.groups is not None and self.statement not in _STATED_BY_PEOPLE", "False"),),
        "unit/service/test_evaluating.py::test_p22_groups_are_what_people_said_of_themselves",
    ),
    Break(
        "P3",
        "a calibration on whatever somebody likes",
        (("policy/rules.py", 'Calibrate: (*_KEEPER, has_role("controller"), *DATA_SET)', "Calibrate: _KEEPER"),),
        "unit/service/test_calibrating.py::test_p3_a_refusal_is_logged_before_a_photo_is_read",
    ),
    Break(
        "P27",
        "a threshold that does not rise with the gallery",
        (("gallery/scale.py", "threshold, high = max(compared, SMALLEST),", "threshold, high = SMALLEST,"),),
        "unit/gallery/test_calibration.py::test_p27_a_larger_gallery_has_a_higher_threshold",
    ),
    Break(
        "P23",
        "an index that learns from the gallery",
        (
            (
                "index/embedded.py",
                "        self.codes.add(vectors, chunk_size=0)\n",
                "        self.codes.add(vectors, chunk_size=0)\n        self.codes.calibrate(vectors)\n",
            ),
        ),
        "unit/index/test_engines.py::test_p23_two_galleries_have_the_identical_codebook",
    ),
    Break(
        "P25",
        "a socket that is opened while a photo is read",
        (
            (
                "vision/engine.py",
                "        return self._decoder.decode(data)\n",
                "        __import__('socket').socket().close()\n        return self._decoder.decode(data)\n",
            ),
        ),
        "architecture/test_no_network.py::test_p25_enrol_ingest_search_and_erase_open_no_socket",
    ),
    Break(
        "P26",
        "a prohibition in a photo's metadata that is passed over",
        (("ingest/run.py", "        if marks.prohibited:\n", "        if False:\n"),),
        "robust/test_marked_photos.py::test_p26_a_photo_that_forbids_mining_is_refused_with_that_reason",
    ),
    Break(
        "P26",
        "a mark of scraping that is passed over",
        (("ingest/run.py", "        if marks.scraped and SCRAPED", "        if False and SCRAPED"),),
        "robust/test_marked_photos.py::test_p26_facebook_s_mark_pauses_the_source",
    ),
    Break(
        "P27",
        "a stranger who is taken for whoever is nearest",
        (("gallery/keeping.py", "first is not None and first.score >= scale.threshold else", "first else"),),
        f"{STRANGERS}::test_p27_group_photos_leave_nothing_of_a_stranger",
    ),
    Break(
        "P27",
        "boxes of strangers that are written down",
        (
            (
                "gallery/keeping.py",
                '        "faces_found": len(photo.faces),\n',
                '        "faces_found": len(photo.faces), "rights": str([f.box.as_list() for f in photo.faces]),\n',
            ),
        ),
        f"{STRANGERS}::test_p27_group_photos_leave_nothing_of_a_stranger",
    ),
    Break(
        "P27",
        "an ingest that does not say how many false matches to expect",
        (("ingest/run.py", "round(self._false_matches, 6)", "0.0"),),
        f"{STRANGERS}::test_p27_the_report_says_how_many_false_matches_to_expect",
    ),
    Break(
        "P6",
        "a key of nobody that the report does not see",
        (("gallery/orphans.py", "for name in sorted(held - owned))", "for name in ())"),),
        f"{REPORTS}::test_p6_a_key_of_nobody_is_found",
    ),
    Break(
        "P1",
        "a face without a basis that the report does not see",
        (("gallery/orphans.py", "_numbers(connection, table, ~own))", "())"),),
        f"{REPORTS}::test_p1_what_belongs_to_nobody_is_found",
    ),
    Break(
        "P28",
        "searches of other organisations that are not counted apart",
        (("service/counting.py", "counted[month, row.name, row.purpose] +=", 'counted[month, "", row.purpose] +='),),
        f"{REPORTS}::test_p28_searches_are_counted_by_month_organisation_and_purpose",
    ),
    Break(
        "P28",
        "an accountability report without the orders that were obeyed",
        (("service/accountability.py", '            "orders": counting.orders(connection, context),\n', ""),),
        f"{REPORTS}::test_p28_the_accountability_report_is_the_golden_one",
    ),
    Break(
        "P28",
        "a public report that says whom an order is about",
        (("service/counting.py", '("one person", row.subject)', '(f"person {row.subject}", row.subject)'),),
        f"{REPORTS}::test_p28_agreements_and_orders_are_public_and_the_own_use_is_marked",
    ),
    Break(
        "P27",
        "a source that keeps unknown faces all the same",
        (
            ("policy/rules.py", '    if source.unknown_faces != "forget":\n', "    if False:\n"),
            ("service/sources.py", '        if unknown_faces != "forget":\n', "        if False:\n"),
        ),
        f"{STRANGERS}::test_p27_a_source_that_keeps_unknown_faces_is_refused_with_its_reason",
    ),
    Break(
        "P30",
        "a template that lies in the open beside its sealed copy",
        (("gallery/enrolments.py", 'keys.seal_text(key, enrolment.photo, "photo")', OPEN),),
        "unit/gallery/test_erasing.py::test_p30_the_template_never_lies_in_the_open_even_before",
    ),
    Break(
        "P30",
        "a probe that waits for its review in the open",
        (("gallery/probes.py", "sealed = keys.seal(key, crop, _LABEL)", "sealed = crop"),),
        "robust/test_stolen_disk.py::test_p30_a_stolen_disk_shows_no_face",
    ),
]  # fmt: skip
