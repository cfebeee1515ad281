"""The code in README and CONTRIBUTING is run as it stands: a reader who types it must get what it says."""

from __future__ import annotations

import getpass
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from clubs import Club
from countenance import check
from countenance.samples import cast
from countenance.service.founding import Plan
from countenance.wiring import found_gallery

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
WORDS = "correct horse battery staple"


def block(language: str, document: str = README) -> str:
    """A document's first code block in this language."""
    found = re.search(rf"^```{language}\n(.*?)^```", document, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files that the README speaks of: a portrait, a probe, a party, a form and a notice."""
    people = cast()
    with_ada = [photo.path for photo in people.party() if "Ada" in photo.people]
    (tmp_path / "people").mkdir()
    (tmp_path / "party").mkdir()
    for photo in with_ada[:2]:
        shutil.copy(photo, tmp_path / "party")
    shutil.copy(people.portrait("Ada"), tmp_path / "ada.jpg")
    shutil.copy(people.portrait("Ada"), tmp_path / "people" / "Ada.jpg")
    shutil.copy(people.photos("Ada")[1], tmp_path / "who.jpg")
    (tmp_path / "form-17.pdf").write_text("the form that Ada signed")
    (tmp_path / "form.pdf").write_text("the form that everybody signed")
    (tmp_path / "notice.txt").write_text("We look for your face in our own pictures.")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_first_code_block_is_the_two_commands() -> None:
    first = README.split("```")[1]
    assert [line.split("#")[0].strip() for line in first.strip().splitlines()] == ["make demo", "make test"]


def test_the_python_block_finds_ada_and_erases_her(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = Plan(folder / "club", "Rowing Club", "anna@club.example", WORDS, ["photo-library"], keys=folder / "keys")
    with found_gallery(plan) as club:
        club.accounts.add("ben@club.example", roles=["controller"], passphrase=WORDS)
        club.notices.add("notice-2026", text=folder / "notice.txt", channel="form")
        club.sources.add("party", folder / "party", statement="our own photographer", purposes=["photo-library"])
        verifier_key = club.status()["log"]["key"]
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: WORDS)
    exec(compile(block("python"), "README.md", "exec"), {})  # noqa: S102 - our own document
    said = capsys.readouterr().out
    assert said.startswith("1 Ada 0.")
    assert ".jpg" in said
    assert check.main(["certificate", "certificate.json", "--key", verifier_key]) == 0


def test_the_command_lines_find_ada(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from countenance.cli.app import main

    monkeypatch.setenv("COUNTENANCE_PASSPHRASE", WORDS)
    monkeypatch.setenv("COUNTENANCE_NEW_PASSPHRASE", WORDS)
    lines = block("console").strip().splitlines()
    assert len(lines) == 8
    for line in lines:
        capsys.readouterr()
        program, *arguments = shlex.split(line)
        assert program == "countenance"
        assert main(arguments) == 0, (line, capsys.readouterr().err)
    assert "Ada" in capsys.readouterr().out


def test_the_example_of_a_test_is_one(club: Club) -> None:
    made: dict[str, Any] = {}
    exec(compile(block("python", CONTRIBUTING), "CONTRIBUTING.md", "exec"), made)  # noqa: S102 - our own document
    made["test_a_withdrawn_person_is_not_found"](club)
    assert [basis.state for basis in club.anna.bases.list()] == ["withdrawn"], "the example withdraws somebody"
