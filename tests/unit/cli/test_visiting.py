"""``countenance visit`` as one types it."""

from __future__ import annotations

from pathlib import Path

from countenance.samples import cast


def test_a_visit_from_expecting_to_leaving(run, club: Path, tmp_path: Path, probe) -> None:
    here, form = ("--config", club), tmp_path / "consent.txt"
    form.write_text("Goran agrees.")
    assert run("agreement", "add", "--purposes", "visitor-check-in", *here).code == 0
    line = ("visit", "add", "Goran", cast().portrait("Goran"), "--evidence", form, "--notice", "notice-2026", *here)
    said = run(*line, "--host", "Ben")
    assert said.code == 0, said.err
    assert "V1: Goran is expected" in said.out
    told = run("visit", "list", "--json", *here).json
    assert [(each["id"], each["state"], bool(each["waits_for"])) for each in told] == [("V1", "expected", True)]
    signed = run("basis", "countersign", told[0]["basis"], "--account", "ben@club.example", *here, words="ben's words")
    assert signed.code == 0, signed.err
    seen = run("visit", "search", probe("Goran"), "--json", *here).json
    assert [each["id"] for each in seen["visits"]] == ["V1"]
    assert seen["other_ways"] == ["host", "paper", "badge"]
    lines = run("visit", "search", probe("Goran"), *here).out
    assert "countenance visit arrive V1 --way face --search S" in lines
    assert run("visit", "arrive", "V1", "--way", "face", "--search", seen["search"], *here).code == 0
    assert "Nothing of them is kept" in run("visit", "arrive", "--way", "paper", *here).out
    assert run("visit", "leave", "V1", "--json", *here).json["state"] == "left"
    gone = run("visit", "arrive", "V1", "--way", "host", *here)
    assert (gone.code, len(gone.err.strip().splitlines())) == (20, 2)
