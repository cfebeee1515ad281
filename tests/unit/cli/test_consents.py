"""A consent's whole life as it is typed: recorded, shown, asked for, confirmed, proven, withdrawn (P1, P2, P14)."""

import json

import pytest

from countenance.samples import cast
from countenance.wiring import open_gallery


@pytest.fixture
def dalia(run, club, finished):
    """Dalia is recorded and enrolled; her consent is pending, and nobody has told her anything."""
    run("subject", "add", "Dalia", "--territory", "GB", "--contact", "dalia@example.org")
    run("basis", "record", "dalia", "--evidence", finished / "form.txt")
    told = run("enrol", "dalia", cast().portrait("Dalia"), "--basis", "B4", "--receipt", "dalia.json", "--json").json
    assert told["receipt"] == "dalia.json"
    return run


def lacks(run):
    return [
        (lack["what"].partition(":")[0], lack["requirement"])
        for lack in run("basis", "show", "B4", "--json").json["lacks"]
    ]


def test_p1_p2_a_consent_from_recorded_to_in_force_by_link(dalia, club, probe):
    run, page = dalia, ("--base-url", "https://faces.club.example")
    assert lacks(run) == [("it is pending", "P1"), ("there is no notice", "P2")]
    told = run("basis", "show", "B4")
    assert "What would do: the person confirms it" in told.out
    untold = run("basis", "link", "B4", *page)
    assert untold.code == 32
    assert "requirement P2" in untold.err
    assert run("basis", "notice", "B4", "notice-2026").code == 0
    made = run("basis", "link", "B4", *page, "--json").json
    assert made["to"] == "dalia@example.org"
    assert made["address"] in made["text"]
    with open_gallery(club) as c:  # what the page does: no key is opened
        c.bases.confirm_by_link(made["address"].rpartition("/")[2])
    shown = run("basis", "show", "B4", "--json").json
    assert (shown["life"], shown["finds"]) == ("in force", True)
    found = run("search", probe("Dalia"), "--purpose", "photo-library", "--case", "press 12", "--json").json
    assert found["candidates"][0]["confirmed_how"] == "confirmed by the person through a one-time link"
    listed = run("basis", "list", "dalia", "--json").json
    assert listed[0]["lacks"] == []
    assert "finds nobody" in run("basis", "list").out


def test_p1_the_letter_is_printed_to_be_copied_and_a_link_to_no_page_is_refused(dalia, club, monkeypatch):
    run = dalia
    run("basis", "notice", "B4", "notice-2026")
    monkeypatch.setenv("COLUMNS", "60")
    address = f"https://{'faces.' * 12}club.example"
    made = run("basis", "link", "B4", "--base-url", address)
    assert made.code == 0, made.err
    assert "\\n" not in made.out
    (line,) = [line for line in made.out.splitlines() if address in line]
    assert line.startswith(f"{address}/confirm/")
    nowhere = run("basis", "link", "B4")
    assert nowhere.code == 10
    assert "--base-url https://" in nowhere.err
    with open_gallery(club) as c:  # it voided nothing
        c.bases.confirm_by_link(line.rpartition("/")[2])


def test_p14_a_receipt_withdraws_and_erases_at_the_counter(dalia, club, probe, tmp_path):
    run = dalia
    assert run("withdraw", "--receipt", "dalia.json", words=None).code == 0
    assert run("basis", "show", "B4", "--json").json["life"] == "withdrawn"
    again = run("withdraw", "--receipt", "dalia.json", words=None)
    assert again.code == 31
    assert "withdrawn already" in again.err
    erased = run("erase", "--receipt", "dalia.json", "--json", words=None)
    assert erased.code == 0, erased.err
    assert erased.json["certificate"]["body"]["kind"] == "erasure"
    assert run("subject", "show", "dalia").code == 20
    gone = run("erase", "--receipt", "dalia.json", words=None)
    assert gone.code == 18
    assert "proves nothing" in gone.err


def test_p14_a_receipt_is_written_and_checks_offline(dalia, club):
    from countenance.check import main

    assert dalia("basis", "receipt", "B4", "--out", "again.json").code == 0
    assert main(["certificate", "again.json"]) == 0
    assert json.loads((club / "again.json").read_text("utf-8"))["body"]["kind"] == "receipt"
    words = (club / "again.html").read_text("utf-8")
    assert "Your receipt" in words
    assert "not confirmed yet" in words
    assert "No notice is recorded yet" in words
    assert "again.json" in words
    assert "Dalia" not in words
    forged = dalia("withdraw", "--receipt", club / "countenance.toml")
    assert forged.code == 18


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (("withdraw",), "Who?"),
        (("erase", "dalia"), "needs a reason"),
        (("withdraw", "dalia", "--receipt", "dalia.json"), "by itself whose it is"),
        (("erase", "--reason", "request", "--receipt", "dalia.json"), "by itself whose it is"),
        (("withdraw", "--receipt", "none.json"), "cannot be read"),
        (("enrol", "--from", "people", "--evidence", "x", "--receipt", "r.json"), "no single person"),
        (("basis", "collective", "none.pdf"), "cannot be read"),
    ],
    ids=str,
)
def test_what_was_typed_wrongly_is_said_in_two_lines(dalia, line, words):
    told = dalia(*line)
    assert told.code == 10
    assert words in told.err


def test_p1_a_collective_form_is_declared_by_two(run, club, finished):
    form = finished / "form.txt"
    first = run("basis", "collective", form, "--json").json
    assert (first["declared_by"], first["still_needed"]) == (1, 1)
    assert run("basis", "collective", form).code == 37
    other = run("basis", "collective", form, "--account", "ben@club.example", "--json", words="ben's words").json
    assert other["still_needed"] == 0


def test_p1_a_minor_has_a_guardian(run, club):
    told = run("subject", "add", "Kid", "--born", "2015", "--guardian", "mum@example.org", "--json").json
    assert told["guardian"] == "mum@example.org"
    assert run("subject", "add", "Grown", "--born", "1990", "--guardian", "mum@example.org").code == 10


def test_p13_whose_consent_ends_is_listed_for_people_and_for_programs(run, club):
    told = run("basis", "expiring", "--days", "36500", "--json", "--config", club).json
    assert {each["subject"] for each in told} >= {"ada"}
    assert all(each["days_left"] > 0 and each["way"] == "no contact" and not each["reminded"] for each in told)
    assert "not yet" in run("basis", "expiring", "--days", "36500", "--config", club).out
    assert run("basis", "expiring", "--days", "0", "--config", club).code == 10
    assert "No consent ends so soon." in run("basis", "expiring", "--days", "1", "--config", club).out
