"""How the rules of the index are broken: what a search may show, what a snapshot keeps, who goes with an erasure."""

from __future__ import annotations

from breaks.kind import Break

COLUMNS = "unit/index/test_columns.py"
DEPTH = "unit/index/test_engines.py::test_p22_the_engine_looks_deep_enough_for_what_is_published_of_it"
SNAPSHOT = "unit/gallery/test_snapshot.py"

BREAKS = [
    Break(
        "P4",
        "a residence that the index does not look at",
        (("index/masks.py", "        found &= _within(territories, eligible.territories)\n", "        pass\n"),),
        "contracts/test_index.py::test_p4_only_where_the_spans_of_territories_reach",
    ),
    Break(
        "P5",
        "a kept mask that does not follow the rows",
        (("index/columns.py", "kept.move(moves.holes, moves.origins, moves.length)", "pass"),),
        f"{COLUMNS}::test_a_kept_mask_is_the_one_that_would_be_made_anew",
    ),
    Break(
        "P5",
        "a kept mask that outlives what a row is permitted for",
        (("index/columns.py", "not kept.since <= eligible.at < kept.until", "False"),),
        f"{COLUMNS}::test_a_kept_mask_ends_when_a_row_begins_or_expires",
    ),
    Break(
        "P6",
        "an erasure that leaves the keys of the index' segments",
        (("gallery/erasing.py", '{"segments": _drop_segments(tools, batch, what)}', '{"segments": []}'),),
        f"{SNAPSHOT}::test_p6_an_erasure_takes_the_keys_of_its_segments_along_at_once",
    ),
    Break(
        "P6",
        "a snapshot of somebody who was erased while it was written",
        (("gallery/snapshot.py", "if self._somebody_erased(dumped):", "if False:"),),
        f"{SNAPSHOT}::test_p6_somebody_who_is_erased_while_it_is_written_is_not_in_it",
    ),
    Break(
        "P6",
        "a segment that is written again under the old key, so that old copies open",
        (
            (
                "gallery/snapshot.py",
                "        self._keys.vault.destroy(key)\n        self._keys.vault.create(key)\n",
                "        if not self._keys.vault.exists(key):\n            self._keys.vault.create(key)\n",
            ),
        ),
        f"{SNAPSHOT}::test_p6_a_segment_written_again_has_another_key",
    ),
    Break(
        "P30",
        "a snapshot in clear",
        (("gallery/snapshot.py", "self._keys.seal(key, dumped.content, self._label(number))", "dumped.content"),),
        f"{SNAPSHOT}::test_p30_no_code_and_no_template_lies_on_disk_in_clear",
    ),
    Break(
        "P7",
        "a snapshot that is believed whatever the registry says",
        (("gallery/snapshot.py", "return listed if same_course and", "return listed if True or"),),
        f"{SNAPSHOT}::test_p7_a_registry_that_took_another_course_is_built_from",
    ),
    Break(
        "P5",
        "an index that is read from disk and not brought up to date",
        (("gallery/mirror.py", "if state is None else (state.sequence, state.judged)", ""),),
        f"{SNAPSHOT}::test_p5_what_changed_since_is_applied",
    ),
    Break(
        "P22",
        "an engine that is asked for no more rows than are wanted",
        (("index/embedded.py", "SHORTLIST = 512\n", "SHORTLIST = 0\n"),),
        f"{DEPTH}[1]",
    ),
    Break(
        "P22",
        "a batch in which each probe is asked for no more rows than are wanted",
        (("index/embedded.py", "_TOGETHER, _WIDER_TOGETHER = 16, 2\n", "_TOGETHER, _WIDER_TOGETHER = 16, 1\n"),),
        f"{DEPTH}[128]",
    ),
]  # fmt: skip
