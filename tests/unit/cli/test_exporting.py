"""``countenance export`` as one types it."""

from __future__ import annotations

from pathlib import Path

HANDED = ("export", "names", "--recipient", "City archive", "--format", "json")


def test_what_nobody_has_confirmed_is_said_and_nobody_is_in_the_document(run, club: Path, tmp_path: Path) -> None:
    line = (*HANDED, "--purpose", "photo-library", "--to", tmp_path / "out", "--config", club)
    said = run(*line)
    assert said.code == 0, said.err
    assert "No name of these searches was confirmed by two reviewers." in said.out
    assert '"names": []' in (tmp_path / "out" / "names.json").read_text()
    again = run(*line)
    assert (again.code, len(again.err.strip().splitlines())) == (21, 2)
    told = run(*line[:-3], tmp_path / "two", *line[-2:], "--json").json
    assert (told["names"], told["files"], told["recipient"]) == (0, ["names.json"], "City archive")


def test_what_is_wrong_is_said_in_two_lines_and_nothing_is_written(run, club: Path, tmp_path: Path) -> None:
    for purpose in ("visitor-check-in", "tourism"):
        said = run(*HANDED, "--purpose", purpose, "--to", tmp_path / "out", "--config", club)
        assert (30 <= said.code < 40, len(said.err.strip().splitlines())) == (True, 2), said.err
    assert not (tmp_path / "out").exists()
