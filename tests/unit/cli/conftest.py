"""A gallery made by the command line itself, and a way to run a command and see what it says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from countenance.cli.app import main
from countenance.samples import cast, made

ANNA, BEN = "anna@club.example", "ben@club.example"
WORDS, BENS_WORDS = "anna's words", "ben's words"
MEMBERS = ("Ada", "Bruno", "Chidi")


@dataclass(frozen=True)
class Ran:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its standard output as one JSON value."""
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run one command line in this process, as Anna unless ``words`` is another passphrase (or None)."""

    def running(*line: object, words: str | None = WORDS) -> Ran:
        with monkeypatch.context() as patch:
            if words is not None:
                patch.setenv("COUNTENANCE_PASSPHRASE", words)
            patch.setenv("COUNTENANCE_NEW_PASSPHRASE", BENS_WORDS)
            capsys.readouterr()
            code = main([str(word) for word in line])
            told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return running


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A club with three members enrolled and countersigned, and a source that was ingested. Never changed."""
    folder = tmp_path_factory.mktemp("club")
    people, party = folder / "people", folder / "party"
    people.mkdir()
    party.mkdir()
    for name in MEMBERS:
        shutil.copy(cast().portrait(name), people / f"{name}.jpg")
    for photo in cast().party()[:3]:
        shutil.copy(photo.path, party)
    (party / "broken.jpg").write_bytes(made.broken_jpeg())
    (party / "notes.txt").write_text("who was there", "utf-8")
    (folder / "form.txt").write_text("We agree.", "utf-8")
    (folder / "notice.txt").write_text("We look for members' faces.", "utf-8")
    gallery = folder / "gallery"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COUNTENANCE_PASSPHRASE", WORDS)
        patch.setenv("COUNTENANCE_NEW_PASSPHRASE", BENS_WORDS)
        keys = ("--keys", folder / "keys", "--threshold", "0.57", "--high", "0.65")
        form = ("--evidence", folder / "form.txt", "--notice", "notice-2026", "--territory", "GB")
        here = ("--config", gallery)
        for line in (
            ("init", gallery, "--organisation", "Rowing Club", "--account", ANNA, "--purposes", "photo-library", *keys),
            ("account", "add", BEN, "--role", "controller,officer", *here),
            ("notice", "add", "notice-2026", "--text", folder / "notice.txt", "--channel", "form", *here),
            ("enrol", "--from", people, *form, *here),
            ("source", "add", "party", party, "--statement", "our own photographer", *here),
        ):
            assert main([str(word) for word in (*line, "--quiet")]) == 0
        patch.setenv("COUNTENANCE_PASSPHRASE", BENS_WORDS)
        assert main(["basis", "countersign", "--all-pending", "--account", BEN, "--config", str(gallery)]) == 0
        patch.setenv("COUNTENANCE_PASSPHRASE", WORDS)
        assert main(["ingest", "party", "--config", str(gallery)]) == 0
    return folder


@pytest.fixture
def club(finished: Path, quick_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the club's gallery, which is also the current folder. Photos and papers lie in ``finished``."""
    gallery = quick_folder / "gallery"
    shutil.copytree(finished / "gallery", gallery)
    monkeypatch.chdir(gallery)
    return gallery


@pytest.fixture
def probe() -> Callable[[str], Path]:
    """A photo of somebody of the cast that was never enrolled."""
    return lambda name: cast().photos(name)[1]
