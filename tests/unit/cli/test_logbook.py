"""``countenance log …``: what is sent outside, written to files, proven and listed."""

from __future__ import annotations

import json

import pytest

from countenance.check import main as check
from countenance.config import FILE_NAME


def configure(club, *lines):
    file = club / FILE_NAME
    file.write_text("\n".join([file.read_text("utf-8"), *lines, ""]), "utf-8")


def test_sending_to_nowhere_is_told_and_status_says_unwitnessed(run, club):
    sent = run("log", "send")
    assert (sent.code, len(sent.err.splitlines())) == (17, 2)
    assert "[witness]" in sent.err
    assert "unwitnessed" in run("status").out


def test_what_was_sent_is_told_and_one_that_failed_makes_the_exit_code_60(run, club, tmp_path):
    (tmp_path / "stick").mkdir()
    configure(club, "[witness]", f'drop = "{tmp_path / "stick"}"')
    sent = run("log", "send", "--json")
    assert (sent.code, sent.json["ok"], [each["name"] for each in sent.json["sent"]]) == (0, True, ["folder"])
    assert sent.json["witness"]["name"] == "folder"
    assert "witnessed:" in run("status").out
    (held,) = (tmp_path / "stick").iterdir()
    assert run("log", "check", "--against", held).code == 0
    assert run("log", "send").code == 0
    newest = max(held.parent.iterdir(), key=lambda file: int(file.read_text("utf-8").split("\n")[1]))
    (held.parent / "notes.txt").write_text("no checkpoint", "utf-8")
    assert run("log", "check", "--against", held.parent, "--json").json["compared_with"] == [str(newest)]
    none = run("log", "check", "--against", club / "certificates-of-nobody", "--against", club)
    assert none.code == 10
    assert "no checkpoint" in run("log", "check", "--against", club).err
    lines = ("[witness.smtp]", 'host = "127.0.0.1"', "port = 1", "starttls = false", 'sender = "a@b"', 'to = "c@d"')
    configure(club, *lines)
    sent = run("log", "send")
    assert sent.code == 60
    assert "folder:" in sent.out
    assert "mail server did not take" in sent.err


def test_a_folder_of_tiles_is_checked_elsewhere(run, club, tmp_path, capsys):
    written = run("log", "tiles", "--to", tmp_path / "log", "--json").json
    assert check(["log", str(tmp_path / "log"), "--key", written["key"]]) == 0
    assert run("log", "tiles").code == 0
    bare = run("log", "tiles", tmp_path / "log")
    assert (bare.code, "--to" in bare.err) == (10, True)
    assert (club / "data/log/tile/entries").is_dir()


def test_the_proof_of_one_entry_checks_offline_and_of_none_is_told(run, club, tmp_path, capsys):
    key = run("status", "--json").json["log"]["key"]
    assert run("log", "prove", "3", "--to", tmp_path / "three.json").code == 0
    assert check(["certificate", str(tmp_path / "three.json"), "--key", key]) == 0
    assert run("log", "prove", "3", "--json").json["body"]["log"]["index"] == 3
    assert json.loads(run("log", "prove", "3").out)["body"]["kind"] == "entry"
    assert run("log", "prove", "99999").code == 10
    (tmp_path / "club.vkey").write_text(run("log", "key").out)
    assert check(["certificate", str(tmp_path / "three.json"), "--key", str(tmp_path / "club.vkey")]) == 0


def test_uses_are_listed_for_people_and_for_programs(run, club, probe):
    assert "Nothing was searched" in run("log", "uses").out
    run("search", probe("Ada"), "--purpose", "photo-library", "--case", "press 12")
    assert "press 12" in run("log", "uses").out
    (use,) = run("log", "uses", "--json").json
    wanted = {"start", "end", "gallery", "probe", "account", "case", "purpose", "candidates", "shown", "log_index"}
    assert set(use) >= wanted
    assert use["shown"][0]["subject"] == "ada"


@pytest.mark.parametrize("accept", [(), ("--accept",)])
def test_a_clock_that_is_right_needs_no_accepting(run, club, accept):
    told = run("log", "clock", "--json", *accept)
    assert told.code == (10 if accept else 0)
    assert accept or set(told.json) == {"last", "now", "accepted"}
