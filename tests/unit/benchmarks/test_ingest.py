"""The benchmark of ingest works: on photos too small to say anything about speed."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
# Not installed with the program: found from the project's own folder.
sys.path.insert(0, str(ROOT))

from benchmarks import chart, ingest_figures  # noqa: E402
from benchmarks.ingest_figures import Round  # noqa: E402
from benchmarks.measuring import Failed, Peak, answer, family  # noqa: E402
from benchmarks.photographs import Order, photographs  # noqa: E402
from benchmarks.rivals import RIVALS  # noqa: E402

PARTS = {"photos_per_s", "stages_ms", "peak_mb", "ratios"}
RATIOS = {"floor_one_core", "two_cores", "face_recognition", "deepface"}


def test_the_benchmark_runs_and_answers_in_the_form_that_is_documented(tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "benchmarks.ingest", "--megapixels", "0.6", "--photos", "3", "--rounds", "1",
        "--rivals", "none", "--json", "--backend", "onnxruntime", "--cache", str(tmp_path),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told.keys() >= PARTS
    assert told["ratios"].keys() == RATIOS
    assert told["ratios"]["face_recognition"] is told["ratios"]["deepface"] is None
    assert told["ratios"]["floor_one_core"] > 0
    assert (
        told["counts"]["faces"]["quick"]
        == told["counts"]["faces"]["ours"]
        == told["counts"]["faces"]["looked_for"]
        == 6
    )
    assert 100 < told["peak_mb"] < 4000
    assert [path.name for path in (tmp_path / "photographs").iterdir()] == ["v1-0.6mp-seed1"], "nothing is left over"


def test_the_same_photos_are_made_each_time(tmp_path: Path) -> None:
    one = photographs(Order(tmp_path / "one", 0.3), 2)
    other = photographs(Order(tmp_path / "other", 0.3), 2)
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]
    assert one[0].read_bytes() != one[1].read_bytes()
    assert Order(tmp_path, 12).size == (4000, 3000)


def a_round(one: float, two: float | None, **rivals: float) -> Round:
    """A round in which ten photos took ``one`` seconds on one core, and the floor 50 ms each."""
    stages = {"read": 5.0, "decode": 20.0, "detect": 15.0, "embed": 10.0}
    floor = {
        "stages": stages,
        "network": 20.0,
        "beside": {"align": 2.0, "quality": 1.0, "hash": 0.5, "marks": 0.5},
        "start": 0.01,
        "look": 50.0,
        "decodes_a_photo": 1.0,
        "computing": 1.0,
        "bare_computing": 50.0,
        "backend": "B",
    }

    def whole(wall: float) -> dict[str, Any]:
        parts = {"decide": 0.005, "match_write": 0.01, "alike": 0.001}
        computing = {"main": 0.02, "threads": 0.06, "processes": 0.51, "parts": parts}
        return {"photos": 10, "faces": 19, "kept": 9, "wall": wall, **computing}

    found = {name: {"photos_per_s": rate, "photos": 2, "faces": 3, "kept": 1} for name, rate in rivals.items()}
    return Round(floor, whole(one), whole(two) if two else None, found)


def test_ratios_are_medians_of_what_each_round_gave() -> None:
    told = ingest_figures.summary([a_round(0.5, 0.25, deepface=4.0), a_round(1.0, 0.5), a_round(0.625, 0.25)][:1])
    assert told["ratios"] == {"floor_one_core": 1.0, "two_cores": 2.0, "face_recognition": None, "deepface": 5.0}
    quick = replace(a_round(0.5, 0.25, deepface=4.0), quick=a_round(0.25, None).one)
    assert ingest_figures.summary([quick])["ratios"]["deepface_quick"] == 10.0
    told = ingest_figures.summary([a_round(0.5, 0.25), a_round(1.0, 0.5), a_round(0.625, 0.25)])
    assert told["ratios"]["floor_one_core"] == 0.8
    assert told["photos_per_s"]["one_core"] == 16.0


def test_what_goes_beyond_the_stages_adds_up() -> None:
    rest = ingest_figures.summary([a_round(0.625, None)])["rest_ms"]
    beyond = rest.pop("all_of_it")
    assert beyond == pytest.approx(12.5)
    assert sum(rest.values()) == pytest.approx(beyond)


def test_it_is_told_to_a_person_and_in_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = a_round(0.625, 0.32, deepface=4.0)
    vast = {"vast": {"megapixels": 50, "peak_mb": 1234}}
    told = ingest_figures.summary([replace(first, quick=first.one)]) | {"peak_mb": 700} | vast
    conditions = {"processor": "A & B", "cores": 2, "load": 0.1, "rounds": 1, "python": "3.11"}
    assert "two cores, of one" in ingest_figures.shown({"12": told}, conditions)
    page, picture = tmp_path / "page.md", tmp_path / "chart.svg"
    page.write_text(ingest_figures.PAGE.read_text("utf-8"), "utf-8")
    monkeypatch.setattr(ingest_figures, "PAGE", page)
    monkeypatch.setattr(ingest_figures, "CHART", picture)
    for _ in range(2):  # written again, it replaces what it wrote
        ingest_figures.write_docs({"12": told, "2": told}, conditions)
    assert page.read_text("utf-8").count("| **standard, one core, of DeepFace** (at least 3) | 4.00 | 4.00 |") == 1
    assert "| **the same, on photos of 50 megapixels, MB** (less than 1,500) | 1,234 | |" in page.read_text("utf-8")
    assert "| decisions, and their entries in the log, ms | 0.50 | 0.50 |" in page.read_text("utf-8")
    assert picture.read_text("utf-8").count("<rect") == 10


def test_what_is_slow_gets_few_photos_with_as_many_faces_in_each() -> None:
    given = {name: [rival.photos(size) for size in (2, 12, 50)] for name, rival in RIVALS.items()}
    assert given == {"face_recognition": [6, 3, 3], "deepface": [60, 9, 3]}


def test_a_chart_escapes_what_it_shows() -> None:
    assert "&lt;b&gt;" in chart.bars("<b>", {"a": {"<i>": 1.0}})


def test_memory_of_a_process_and_its_children_is_seen() -> None:
    child = "import time; held = bytearray(60_000_000); time.sleep(0.5)"
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}]); print('{{}}')"
    peak = Peak()
    assert answer([sys.executable, "-c", script], count=1, peak=peak) == {}
    assert peak.bytes > 60_000_000


def test_a_process_that_fails_says_so() -> None:
    with pytest.raises(Failed, match="no such thing"):
        answer([sys.executable, "-c", "raise SystemExit('no such thing')"], count=1)
    assert family(1 << 30) == [1 << 30]


@pytest.mark.parametrize("name", sorted(RIVALS))
def test_a_rival_has_pinned_packages_and_a_script(name: str) -> None:
    lines = RIVALS[name].requirements.read_text().splitlines()
    packages = [line for line in lines if not line.startswith("#")]
    assert packages
    assert all(line.count("==") == 1 and "/" not in line for line in packages)
    assert RIVALS[name].requirements.with_name(f"{name}_run.py").exists()
