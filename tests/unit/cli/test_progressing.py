"""Progress that informs: on a terminal, in a pipe, for a program."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from datetime import UTC, datetime
from pathlib import Path

import pytest

from countenance.cli import progressing
from countenance.ingest.report import Progress, Report
from countenance.samples import cast
from countenance.service.progress import as_event

HOW_TO = Path(__file__).parents[3] / "docs" / "how-to" / "ingest-a-source.md"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def now(looked: int = 50, to_look: int = 100, seconds: float = 10.0) -> Progress:
    report = Report(new=looked, faces_found=9, faces_kept=2, faces_forgotten=7)
    report.skip("a.mov", "video", "Videos are not searched.")
    return Progress(looked + 1, to_look + 1, report, looked, to_look, seconds)


# --- in words --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (40, "40 s"), (59.6, "1 min"), (1500, "25 min"), (4320, "1 h 12 min"), (7200, "2 h"),
     (184_000, "2 days 3 h"), (172_800, "2 days")],
)  # fmt: skip
def test_a_stretch_of_time_is_said_in_one_or_two_units(seconds, words):
    assert progressing.span(seconds) == words


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (now(), "ends about 12:00, in 10 s"),
        (now(10, 1810, 10), "ends about 12:30, in 30 min"),
        (now(1, 50_001, 1), "ends about 2026-11-24 01:53, in 13 h 53 min"),
        (now(0), "end not known yet"),
        (now(100), "about to end"),
        (now(0, 0), ""),
    ],
)
def test_the_end_is_told_by_the_clock_and_from_now_on(progress, words):
    assert progressing.ending(progress, NOON) == words


def test_an_event_has_every_field_that_the_how_to_names_and_no_other():
    table = HOW_TO.read_text("utf-8").partition("## For a program")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(as_event(now()))


def test_an_event_tells_rate_end_faces_and_reasons():
    told = as_event(now())
    assert (told["photos_per_s"], told["seconds_left"]) == (5.0, 10.0)
    assert (told["faces_kept"], told["faces_forgotten"]) == (2, 7)
    assert (told["skipped"], told["skipped_by"]) == (1, {"video": 1})
    assert as_event(now(0))["seconds_left"] is None
    assert as_event(now(), sweeping=True)["faces_forgotten"] is None, "a sweep counts only what it adds"


# --- as it runs ------------------------------------------------------------------------------------------------------


def test_events_of_a_real_ingest_are_whole(run, club):
    lines = [json.loads(line) for line in run("ingest", "party", "--again", "--events").out.splitlines()]
    *events, done = lines
    assert all(set(each) == {"event", *as_event(now())} for each in events)
    assert events[-1]["photos_per_s"] > 0
    assert events[-1]["seconds_left"] == 0
    assert events[-1]["skipped_by"] == done["skipped_by"] == {"not-a-photo": 1, "unreadable": 1}
    assert [events[-1][name] for name in ("faces_kept", "faces_forgotten")] == [
        done[name] for name in ("faces_kept", "faces_forgotten")
    ]


def test_in_a_pipe_a_line_is_written_now_and_then(run, club, monkeypatch):
    assert run("ingest", "party", "--again").err == "", "a short one writes none"
    monkeypatch.setattr(progressing, "NOW_AND_THEN", 0)
    told = run("ingest", "party", "--again").err.splitlines()
    assert told[0].startswith("party: ")
    assert re.fullmatch(
        r"party: 5 of 5 · [\d.]+ photos/s · about to end · \d+ faces? kept, \d+ forgotten · "
        r"2 skipped: 1 not-a-photo, 1 unreadable",
        told[-1],
    )
    assert run("ingest", "party", "--again", "--quiet").err == ""
    assert run("ingest", "party", "--again", "--json").err == ""


def on_a_terminal(line: list[str], columns: int, **environment: str) -> str:
    """What a command writes to a terminal of so many columns, as it is, with its movements."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
    given = {"TERM": "xterm", "COUNTENANCE_PASSPHRASE": "anna's words", "COUNTENANCE_VISION__BACKEND": "onnxruntime"}
    command = [sys.executable, "-m", "countenance", *line]
    running = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env={**os.environ, **given, **environment}
    )
    os.close(theirs)
    seen = b""
    try:
        while part := os.read(ours, 65_536):
            seen += part
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(ours)
    assert running.wait(60) == 0, seen.decode()
    return seen.decode()


def test_a_terminal_shows_rate_end_kept_forgotten_and_skipped(club, quick_folder):
    seen = on_a_terminal(["ingest", "party", "--again"], 100, COUNTENANCE_INGEST__BATCH="1")
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen)
    assert re.search(r"party [━╸╺]+ +\d/5 [\d.]+ photos/s", text)
    assert re.search(r"ends about \d\d:\d\d, in \d+ s · \d+ faces? kept, \d+ forgotten\s+\d skipped: 1 ", text)
    assert "2 skipped: 1 not-a-photo, 1 unreadable" in text
    assert "\x1b[2K" in seen, "the bar goes when the work ends"
    assert "━" not in text.rpartition("✓")[2]


def test_a_terminal_that_cannot_draw_and_quiet_show_no_bar(club):
    assert "━" not in on_a_terminal(["ingest", "party"], 100, TERM="dumb").partition("✓")[0]
    assert "photos/s" not in on_a_terminal(["ingest", "party", "--quiet"], 100).partition("✓")[0]


# --- the report as a page --------------------------------------------------------------------------------------------


def test_the_page_of_a_real_ingest(run, club, finished, tmp_path):
    page = tmp_path / "report.html"
    told = run("ingest", "party", "--again", "--page", page, "--json").json
    html = page.read_text("utf-8")
    assert f"{told['faces_kept']} kept, {told['faces_forgotten']} forgotten" in html
    assert all(name in html for name in ("broken.jpg", "notes.txt", "Rowing Club"))
    for name in (*cast().identities, str(finished), "party/", "data:image", "<img"):
        assert name not in html, name
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]
    assert f"The report is in {page}" in run("ingest", "party", "--page", page).out
    assert "No photo was new" in page.read_text("utf-8")
    assert run("ingest", "party", "--page", page, "--events").out.splitlines()[-1].startswith('{"event": "done"')


def test_the_page_of_a_sweep(run, club, tmp_path):
    page = tmp_path / "sweep.html"
    assert run("sweep", "--page", page).code == 0
    assert "nothing to do" in page.read_text("utf-8")


@pytest.mark.parametrize("command", [("ingest", "party"), ("sweep",)], ids=" ".join)
@pytest.mark.parametrize("place", ["data/report.html", "vault/report.html", "nowhere/report.html", "."])
def test_a_page_that_cannot_be_written_is_told_before_the_work(run, club, command, place):
    told = run(*command, "--again" if command[0] == "ingest" else "--quiet", "--page", place)
    assert told.code == 10
    assert "✓" not in told.out
    assert not list(club.rglob("report.html*"))


def test_a_page_that_turns_out_not_to_be_writable_does_not_undo_the_work(run, club, tmp_path):
    page = tmp_path / "report.html"
    page.with_name("report.html.new").mkdir()
    told = run("ingest", "party", "--page", page, "--json")
    assert (told.code, told.json["photos"]) == (10, 4)
    assert "The work is done. The page cannot be written" in told.err


# --- the how-to ------------------------------------------------------------------------------------------------------


def test_the_commands_of_the_how_to_do_what_it_says(club, finished):
    blocks = re.findall(r"```console\n(.*?)```", HOW_TO.read_text("utf-8"), re.DOTALL)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    assert len(lines) > 5
    environment = {
        **os.environ,
        "PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"],
        "COUNTENANCE_PASSPHRASE": "anna's words",
        "COUNTENANCE_VISION__BACKEND": "onnxruntime",
    }
    ran = subprocess.run(
        ["bash", "-c", "set -euo pipefail\n" + "\n".join(lines)],
        cwd=club, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    events = (club / "events.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["event"] for line in (events[0], events[-1])] == ["progress", "done"]
    assert "What became of party" in (club / "report.html").read_text("utf-8")
    assert "sweep" in (club / "sweep.html").read_text("utf-8")
