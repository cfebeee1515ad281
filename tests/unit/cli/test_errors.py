import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from countenance.cli import console, evaluating
from countenance.service.countenance import Countenance


def breaking(monkeypatch, error):
    def broken(self):
        raise error

    monkeypatch.setattr(Countenance, "status", broken)


def test_an_error_is_two_lines_with_its_exit_code(run, club):
    told = run("subject", "show", "nobody")
    assert (told.code, told.out) == (20, "")
    assert told.err == "✗ There is no subject 'nobody'.\n→ `countenance subject list` shows them.\n"


def test_a_refusal_names_the_requirement_and_the_log_entry(run, club, probe):
    told = run("search", probe("Ada"), "--purpose", "photo-library", "--json")
    assert told.code == 36
    error = told.json["error"]
    assert (error["code"], error["requirement"]) == ("no-case", "P3")
    assert f"(requirement P3, log entry {error['log_index']})" in told.err
    assert run("log", "show", "--start", error["log_index"], "--json").json[0]["outcome"] == "refused"


def test_without_a_passphrase_nothing_is_signed(run, club):
    told = run("subject", "add", "Eve", words=None)
    assert told.code == 25
    assert "COUNTENANCE_PASSPHRASE" in told.err
    assert "eve" not in run("subject", "list", words=None).out


def test_a_wrong_passphrase_is_told(run, club):
    told = run("withdraw", "ada", words="wrong")
    assert told.code == 25
    assert "does not open with this passphrase" in told.err


def test_there_is_no_gallery_here(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = run("status")
    assert told.code == 17
    assert "countenance init FOLDER" in told.err


def test_the_gallery_can_be_named_before_or_behind_or_in_the_environment(run, finished, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    gallery = finished / "gallery"
    for line in (["--config", gallery, "status"], ["status", "--config", gallery / "countenance.toml"]):
        assert "Rowing Club" in run(*line).out
    monkeypatch.setenv("COUNTENANCE_CONFIG", str(gallery))
    assert "Rowing Club" in run("status").out


@pytest.mark.parametrize(
    ("error", "code", "name", "says"),
    [
        (RuntimeError("secret words"), 1, "unexpected", "RuntimeError"),
        (KeyboardInterrupt(), 130, "stopped", "Stopped"),
        (OSError(errno.ENOSPC, "No space left on device"), 61, "storage-full", "disk is full"),
        (PermissionError(errno.EACCES, "Permission denied", "/x/y"), 1, "machine", "Permission denied (/x/y)"),
        (MemoryError(), 1, "machine", "memory"),
        (RecursionError("secret words"), 1, "unexpected", "RecursionError"),
    ],
)
def test_nothing_ends_in_a_traceback(run, club, monkeypatch, error, code, name, says):
    breaking(monkeypatch, error)
    told = run("status", "--json")
    assert told.code == code
    assert told.json["error"]["code"] == name
    assert says in told.err
    assert told.err.count("\n") == 2
    assert "Traceback" not in told.err
    assert "secret words" not in told.err + told.out


def test_a_developer_may_see_the_traceback(run, club, monkeypatch):
    breaking(monkeypatch, RuntimeError("where"))
    monkeypatch.setenv("COUNTENANCE_DEBUG", "1")
    with pytest.raises(RuntimeError, match="where"):
        run("status")


def environment():
    return {**os.environ, "COUNTENANCE_PASSPHRASE": "anna's words"}


def test_a_reader_that_goes_away_is_no_error_message(club):
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        [sys.executable, "-m", "countenance", "log", "show"],
        stdout=writing,
        stderr=subprocess.PIPE,
        env=environment(),
        check=False,
    )
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (1, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_the_output_is_told(club):
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "countenance", "subject", "list", "--json"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(),
            text=True,
            check=False,
        )
    assert ran.returncode == 61
    assert "The disk is full" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_terminal_without_our_signs_still_gets_the_words(club):
    ran = subprocess.run(
        [sys.executable, "-m", "countenance", "subject", "show", "nobody"],
        capture_output=True,
        env={**environment(), "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        check=False,
    )
    assert ran.returncode == 20
    assert b"There is no subject 'nobody'." in ran.stderr


def test_what_could_steer_a_terminal_is_written_out():
    assert console.plain("a\x1b[31mb\r\nc\u202ed\udcff") == "a\\x1b[31mb\\r\\nc\\u202ed\\udcff"
    assert console.plain("Zoë 李") == "Zoë 李"


def test_a_name_cannot_steer_the_terminal(run, club):
    refused = run("subject", "add", "Eve\x1b]0;owned\x07[bold]", "--handle", "eve")
    assert (refused.code, "\x1b" in refused.err) == (10, False)
    assert run("source", "stop", "party", "--reason", "sold\x1b]0;owned\x07[bold]").code == 0
    told = run("source", "list")
    assert "\x1b" not in told.out
    assert "sold\\x1b]0;owned\\x07[bold]" in told.out
    assert "sold\x1b]0;owned\x07[bold]" in [each["reason"] for each in run("source", "list", "--json").json]


def test_counts_are_said_in_words():
    assert [console.plural(n, "basis", "bases") for n in (0, 1, 2)] == ["no bases", "1 basis", "2 bases"]
    assert evaluating._rate(None) == "too few to say"
