"""The benchmark of searches works: on a gallery too small to say anything about speed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from benchmarks import chart, search_figures  # noqa: E402
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
    assert told["more"]["2000"]["embedded"]["opening"]["open_s"] > 0
    text = search_figures.shown(told)
    assert "Countenance (embedded)" in text
    assert "of one float32 product over all rows" in text


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


def test_a_chart_has_a_line_for_each_engine() -> None:
    drawn = chart.lines(
        "Milliseconds", {"a": [(10, 1.0), (100, 10.0)], "b & c": [(10, 2.0)], "d": []}, logarithmic=True
    )
    assert drawn.count("<polyline") == 3
    assert "b &amp; c" in drawn
