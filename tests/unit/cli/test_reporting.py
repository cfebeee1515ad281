"""``countenance report`` as one types it."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.mark.parametrize("name", ["accountability", "register", "public", "orphans"])
def test_every_report_is_told_as_lines_as_json_and_as_a_page(run, club: Path, tmp_path: Path, name: str) -> None:
    lines = run("report", name, "--config", club, words=None)
    assert lines.code == 0, lines.err
    assert "Made from the gallery's state" in lines.out
    assert run("report", name, "--config", club, "--json", words=None).json["report"] == name
    page = tmp_path / "report.html"
    said = run("report", name, "--config", club, "--out", page, words=None)
    assert (said.code, "The report is in" in said.out) == (0, True)
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert run("report", name, "--config", club, "--out", tmp_path / "no" / "report.html", words=None).code != 0


def test_what_is_held_of_nobody_ends_in_exit_code_70(run, club: Path) -> None:
    from countenance.wiring import open_gallery

    with open_gallery(club) as opened:
        opened.context.keys.vault.create("subject:99")
    said = run("report", "orphans", "--config", club, words=None)
    assert said.code == 70
    assert "key subject:99 of nobody" in said.out
