"""``countenance purge`` and ``countenance originals``, as they are typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from clubs import ANNA, Club
from countenance.cli.app import main
from countenance.cli.session import Session
from countenance.registry import schema as t


def run(club: Club, capsys: pytest.CaptureFixture[str], *line: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main([*line, "--config", str(club.folder), "--account", ANNA])
    told = capsys.readouterr()
    return code, told.out + told.err


@pytest.fixture
def withdrawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Club]:
    """Ada withdrew thirty days ago. The commands tell the club's time, which is not that of this machine."""
    club = Club(tmp_path / "root")
    club.person("Ada", 1)
    club.anna.withdraw("ada")
    club.clock.forward(days=30)
    monkeypatch.setattr(Session, "open", lambda _: club.open(ANNA))
    yield club
    club.close()


def test_a_dry_run_lists_and_changes_nothing(withdrawn: Club, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(withdrawn, capsys, "purge", "--dry-run")
    assert code == 0
    assert "subject S1" in said
    assert "withdrawn thirty days ago" in said
    assert "countenance purge" in said
    assert [subject.handle for subject in withdrawn.anna.subjects.list()] == ["ada"]


def test_the_real_run_does_what_was_listed(withdrawn: Club, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = run(withdrawn, capsys, "purge")
    assert (code, "Purged: 1 item" in said) == (0, True), said
    assert (withdrawn.folder / "certificates" / "E1.json").exists()
    assert withdrawn.anna.subjects.list() == []
    code, said = run(withdrawn, capsys, "purge")
    assert (code, "Nothing is due" in said) == (0, True)


def test_what_is_held_is_shown_with_what_holds_it(withdrawn: Club, capsys: pytest.CaptureFixture[str]) -> None:
    withdrawn.order("hold", subject=1)
    code, said = run(withdrawn, capsys, "purge")
    assert code == 0
    assert "an authority's hold" in said
    code, said = run(withdrawn, capsys, "purge", "--json", "--dry-run")
    assert '"blocked": "an authority\'s hold"' in said


def test_originals_are_told_from_others(withdrawn: Club, capsys: pytest.CaptureFixture[str]) -> None:
    run(withdrawn, capsys, "purge")
    mine, other = "/pictures/person-1-0.jpg", "/pictures/other.jpg"
    code, said = run(withdrawn, capsys, "originals", "E1", mine, other, "--json")
    assert code == 0
    assert f'"{mine}": true' in said
    assert f'"{other}": false' in said
    with withdrawn.anna.context.registry.read() as connection:
        assert connection.scalar(sa.select(t.erasures.c.reason)) == "retention"
