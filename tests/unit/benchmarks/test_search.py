"""The benchmark of searches works: on a gallery too small to say anything about speed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from benchmarks import chart, pages, search_figures, search_page  # noqa: E402
from benchmarks.crowds import SHARES, TOP, Crowd, crowd  # noqa: E402
from benchmarks.search import judged  # noqa: E402

ROW = {
    "engine", "n", "dim", "eligible", "batch", "p50_ms", "found_above_threshold", "recall_at_10", "bytes_per_vector",
    "build_s",
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Crowd:
    return crowd(tmp_path_factory.mktemp("crowds"), 2_000, 32, 40, seed=3)


def test_the_benchmark_answers_in_the_form_that_is_documented(made: Crowd) -> None:
    command = [
        sys.executable, "-m", "benchmarks.search", "--n", "2000", "--dim", "32", "--probes", "40", "--seed", "3",
        "--engines", "blas,embedded", "--open", "--json", "--cache", str(made.folder.parent),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert all(row.keys() >= ROW for row in told["rows"])
    assert [row["engine"] for row in told["rows"]] == ["blas"] * 7 + ["embedded"] * 7
    assert {(row["eligible"], row["batch"]) for row in told["rows"]} == {*((share, 1) for share in SHARES), (1.0, 64)}
    blas = [row for row in told["rows"] if row["engine"] == "blas"]
    assert all(row["recall_at_10"] == 1 for row in blas)
    assert all(row["found_above_threshold"] in (1, None) for row in told["rows"])
    opening = told["more"]["2000"]["embedded"]["opening"]
    assert opening["open_s"] > 0
    assert [(each["people"], each["rows"], each["segments"]) for each in opening["gone"]] == [(125, 500, 1)] * 2
    text = search_figures.shown(told)
    assert "Countenance (embedded)" in text
    assert "to one float32 product over all rows" in text


def test_the_truth_is_that_of_a_plain_search(made: Crowd) -> None:
    scores = made.queries @ made.vectors.T
    assert np.allclose(np.linalg.norm(made.vectors, axis=1), 1, atol=1e-5)
    for share in SHARES:
        allowed = np.where(made.permits(share), scores, -np.inf)
        top, above = made.truth(share)
        for line in range(len(scores)):
            best = np.argsort(-allowed[line], kind="stable")[:TOP]
            assert set(top[line]) - {-1} == set(best[np.isfinite(allowed[line][best])].tolist())
            assert set(above[line].tolist()) == set(np.flatnonzero(allowed[line] > made.about["threshold"]).tolist())
    strangers = scores[made.about["genuine"] :].max(axis=1)
    assert (strangers > made.about["threshold"]).sum() == 0


def test_what_is_not_found_is_counted(made: Crowd) -> None:
    top, above = made.truth(1.0)
    nothing = np.full((len(top), 5), -1)
    assert judged(made, 1.0, nothing)["recall_at_10"] == 0
    assert judged(made, 1.0, top[:, :5])["recall_at_10"] == 0.5
    assert judged(made, 1.0, nothing)["above_threshold"] == sum(map(len, above)) > 0


def test_a_chart_has_a_line_and_a_legend_for_each_engine() -> None:
    series = {"a": [(10, 1.0), (1000, 90.0)], "b & c": [(10, 2.0)], "d": []}
    drawn = chart.lines("Milliseconds", series, across="templates", up="ms", logarithmic=True)
    lines = [line for line in drawn.splitlines() if line.startswith("<polyline")]
    assert len(lines) == 3, "a line, and a swatch for each of the two that have a point"
    assert drawn.count("<circle") == 3
    assert ">b &amp; c</text>" in drawn
    assert ">d</text>" not in drawn
    assert all(f">{tick}</text>" in drawn for tick in ("10", "100", "1,000", "1"))


def test_a_chart_of_shares_ends_at_one_and_its_labels_stand_apart() -> None:
    drawn = chart.lines("Recall", {"a": [(0.001, 0.91), (1, 1.0)]}, across="share", up="recall")
    heights = sorted(float(found) for found in re.findall(r'x="56" y="([0-9.]+)" text-anchor="end"', drawn))
    assert len(heights) > 2
    assert min(np.diff(heights)) > 20
    assert ">1</text>" in drawn
    assert ">0.001</text>" in drawn


def test_figures_of_several_runs_make_one_page(tmp_path: Path) -> None:
    row = {"engine": "embedded", "dim": 128, "eligible": 1.0, "batch": 1, "k": 200, "p50_ms": 3.0}
    row |= {"found_above_threshold": 1.0, "recall_at_10": 0.95, "bytes_per_vector": 58.0, "build_s": 4.0}
    more = {"embedded": {"read_ms": 46.0, "packed_bytes": 58.0}}
    file = tmp_path / "figures" / "search.json"
    for n in (1000, 10_000):
        told = {"rows": [row | {"n": n}], "more": {f"{n}": more}, "conditions": pages.conditions()}
        sizes = search_page.keep(file, told)
    assert list(sizes) == ["1000", "10000"]
    lines = search_page._size(1000, sizes["1000"])
    assert "| Countenance (embedded) | 3.00 | – | – | – | – | – | – |" in lines
    assert "- ours, to a plain read of the float32 vectors (46.0 ms): 1/15.3" in lines
    assert ">10,000</text>" in search_page.charts(sizes)["latency"]


def test_a_run_leaves_the_engines_that_it_did_not_measure_and_is_not_compared_with_them(tmp_path: Path) -> None:
    row = {"dim": 128, "eligible": 1.0, "batch": 1, "k": 200, "found_above_threshold": 1.0, "recall_at_10": 0.95}
    row |= {"n": 1000, "bytes_per_vector": 58.0, "build_s": 4.0}
    file = tmp_path / "figures" / "search.json"

    def ran(load: float, **taken: float) -> list[str]:
        told = {
            "rows": [row | {"engine": engine, "p50_ms": p50} for engine, p50 in taken.items()],
            "more": {"1000": {engine: {"read_ms": 46.0} for engine in taken}},
            "conditions": pages.conditions() | {"load": load, "at": f"at {load}"},
        }
        return search_page._size(1000, search_page.keep(file, told)["1000"])

    together = ran(0.1, blas=60.0, embedded=3.0)
    assert sum("load 0.1" in line for line in together) == 1
    assert "- ours, to one float32 product over all rows: 1/20.0 (1 eligible)" in together
    ran(0.2, usearch=2.0)
    alone = ran(0.3, embedded=4.0)
    assert any(line.startswith("| Countenance (embedded) | 4.00") for line in alone)
    assert sum(line.startswith(("| usearch | 2.00", "| float32 matrix product | 60.00")) for line in alone) == 2
    assert [line for line in alone if line.startswith("- usearch: ") and "load 0.2" in line]
    assert not any("to one float32 product" in line for line in alone), "the product was measured in another run"
