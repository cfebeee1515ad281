"""The benchmarks of a whole gallery, of searchers side by side and of a vast index work, at sizes that say nothing."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from clubs import Club
from countenance.types import SubjectId

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from benchmarks import gallery_figures, pages, parallel, vast  # noqa: E402
from benchmarks.crowds import crowd  # noqa: E402
from benchmarks.people import Crowded, fill  # noqa: E402


@pytest.mark.parametrize("file", sorted((ROOT / "benchmarks").glob("*.py")), ids=lambda file: file.stem)
def test_every_benchmark_can_still_be_started(file: Path) -> None:
    assert importlib.import_module(f"benchmarks.{file.stem}").__doc__


def test_people_written_in_bulk_are_like_others_to_the_program(club: Club, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    club.anna.sources.add("party", tmp_path / "pictures", statement="made up", purposes=["photo-library"])
    fill(club.anna, Crowded(range(101, 121), apart=3), account="anna@club.example")
    assert club.anna.check_log().size > 40
    certified = club.anna._leaving.erase_many([SubjectId(102), SubjectId(103)], "request")
    counts = certified.certificate["body"]["counts"]
    assert (counts["subjects"], counts["references"], counts["appearances"]) == (2, 2, 2)


def test_figures_are_told_and_written_between_their_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "a\n<!-- the whole gallery: written by the benchmark -->\nold\n<!-- end of the whole gallery -->\nb\n"
    )
    monkeypatch.setattr(pages, "SEARCH", page)
    erased = {
        "kind": "apart", "people": 1000, "erase_s": 1.0, "next_search_s": 0.1, "rewrite_s": 2.0, "segments": 3,
        "rewritten": 1, "rewritten_bytes": 10**7, "scanned_bytes": 10**9,
    }  # fmt: skip
    told = {
        "people": 1010, "registry_bytes": 10**9, "open_s": 1.0, "build_s": 60.0,
        "search": {"searches": 5, "found": 5, "p50_ms": 90.0, "bare_ms": 30.0, "ratio": 3.0},
        "withdrawal": {"withdraw_ms": 20.0, "next_search_ms": 95.0}, "erasures": [erased],
        "conditions": pages.conditions(),
    }  # fmt: skip
    gallery_figures.write_docs(told)
    text = page.read_text()
    assert "old" not in text
    assert text.startswith("a\n")
    assert text.endswith("b\n")
    assert "| 1 of 3, 10 MB, 2.0 s |" in text
    assert "3.0 ×" in gallery_figures.shown(told)
    with pytest.raises(ValueError, match="no place"):
        pages.write_section("nothing", [])


def test_a_vast_index_is_made_in_segments_and_finds_each_probe_s_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vast, "EACH", 1000)
    for number in range(3):
        vast._segment(tmp_path, 2500, 32, number)
    told = vast.measured(tmp_path, 2500, 32, singles=3)
    assert (told["n"], told["segments"], told["found"]) == (2500, 3, 1.0)
    one, other = (vast._turned(np.eye(4, dtype=np.float32), number) for number in (0, 1))
    assert np.allclose(one @ one.T, np.eye(4))
    assert not np.allclose(one, other)


def test_searchers_beside_a_writer_are_counted_and_looked_at(tmp_path: Path) -> None:
    made = crowd(tmp_path, 2_000, 32, 40, seed=3)
    told = parallel.measured(made, 0.3)
    assert {kind: found["wrong"] for kind, found in told.items()} == {"one": 0, "many": 0, "writer": 0}
    assert told["writer"]["changes_a_second"] > 0
    # Somebody who is in the index, of whom it is said that they were taken out, is a wrong answer; and the other way.
    index, newcomer = parallel.build(made), parallel._newcomer(made)
    query = made.queries[:1]
    newcomer.entered = 0.0
    assert not parallel._right(index, made.vectors, query, newcomer, looked=True)
    parallel._change(index, newcomer, enter=True)
    assert parallel._right(index, made.vectors, query, newcomer, looked=True)
    newcomer.entered, newcomer.left = float("inf"), 0.0
    assert not parallel._right(index, made.vectors, query, newcomer, looked=True)
