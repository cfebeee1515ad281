"""Rules of ingest and sweep, and how each is broken."""

from __future__ import annotations

from breaks.kind import Break

RUN, SWEEP, LOCAL = "unit/ingest/test_run.py", "unit/ingest/test_sweep.py", "unit/ingest/test_local.py"
CLOSENESS, TILES = "unit/ingest/test_closeness.py", "unit/vision/test_tiles.py"

BREAKS = [
    Break(
        "P22",
        "a face whose quality a process forgot to tell",
        (("vision/telling.py", "if measures.keys() != _MEASURES:", "if False:"),),
        f"{LOCAL}::test_an_answer_that_is_none_is_not_believed",
    ),
    Break(
        "P1",
        "a copy that is given whoever is in its original, whatever became of their consent",
        (("gallery/keeping.py", "if (row.subject, row.basis) in stands and ", "if "),),
        f"{RUN}::test_p1_a_copy_gets_only_whom_it_could_be_given_today",
    ),
    Break(
        "P10",
        "a copy that is given whom an order forbids collecting",
        (("gallery/keeping.py", " and row.subject not in stopped\n", "\n"),),
        f"{RUN}::test_p10_a_copy_gets_nobody_whom_an_order_forbids_to_collect",
    ),
    Break(
        "P10",
        "an order to stop that waits until a batch is full",
        (("ingest/parts.py", "time.monotonic() - began >= _LONGEST", "False"),),
        f"{RUN}::test_p10_an_order_does_not_wait_for_a_batch_that_fills_slowly",
    ),
    Break(
        "P3",
        "a sweep that an officer may make",
        (("policy/rules.py", 'has_role("operator", "system"), *_COLLECT', 'has_role("officer", "system"), *_COLLECT'),),
        f"{SWEEP}::test_p3_a_timer_may_sweep_and_not_ingest_and_an_officer_neither",
    ),
    Break(
        "P13",
        "a photo that is looked at again and keeps people beyond its time",
        (("gallery/writing.py", 'if into.lasts(values[photo.file.path]["ingested"])\n', "if True\n"),),
        f"{RUN}::test_p13_looking_again_keeps_nobody_whose_time_is_over",
    ),
    Break(
        "P13",
        "a sweep of photos whose time is over",
        (("ingest/sweep.py", "newest, c.ingested > now - place.retention_days * DAY)", "newest)"),),
        f"{SWEEP}::test_p13_photos_whose_time_is_over_or_whose_file_is_gone_are_not_looked_at",
    ),
    Break(
        "P26",
        "a scraper's file beside a photo that nobody notices",
        (("ingest/provenance.py", "Counter(trace for trace in traces if trace)", "Counter()"),),
        f"{RUN}::test_p26_names_of_scrapers_pause_the_source_before_a_photo_is_opened",
    ),
    Break(
        "P26",
        "a photo that is looked at whatever it says about itself",
        (("ingest/worker.py", "if not marks.prohibited and (scraped or not marks.scraped):", "if True:"),),
        f"{LOCAL}::test_p26_a_prohibited_photo_is_not_looked_at_and_a_scraped_one_only_when_accounted_for",
    ),
    Break(
        "P22",
        "a photo that passes for one that was looked at more closely",
        (("ingest/known.py", "not as_close(record.detect, self._detect)", "False"),),
        f"{CLOSENESS}::test_p22_a_photo_is_looked_at_again_when_it_was_looked_at_less_closely",
    ),
    Break(
        "P22",
        "a sweep that looks less closely than the ingest did",
        (
            (
                "service/engines.py",
                "closest(settings.vision.detect, *_before(context, source))",
                "settings.vision.detect",
            ),
        ),
        f"{CLOSENESS}::test_p22_whoever_looks_again_looks_as_closely_as_before",
    ),
    Break(
        "P22",
        "a face that is cut off by the edge of a piece and counts twice",
        (("vision/tiles.py", "        inside &= left > tile.left + _EDGE\n", "        pass\n"),),
        f"{TILES}::test_p22_what_the_pieces_saw_comes_out_once_each_where_it_is",
    ),
    Break(
        "P22",
        "part of a large face that counts as a face of its own",
        (("vision/tiles.py", "        if one[2:4].max() > most:\n", "        if False:\n"),),
        f"{TILES}::test_p22_of_a_large_face_the_pieces_see_only_parts",
    ),
    Break(
        "P22",
        "pieces of a photo that have nothing in common",
        (("vision/tiles.py", "-(-(length - shared) // (side - shared))", "-(-length // side)"),),
        f"{TILES}::test_p22_neighbours_have_a_small_face_s_width_in_common",
    ),
]
