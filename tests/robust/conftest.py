"""What the attacks share: a club with three real pictures of the cast enrolled."""

from __future__ import annotations

import functools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from clubs import Club
from countenance.config import FILE_NAME
from countenance.samples import cast
from countenance.service.sources import Source

MEMBERS = ("Ada", "Bruno", "Chidi")


@functools.cache
def _enrolled() -> Path:
    """The club with its members, made once a run; every test gets a copy."""
    root = Path(tempfile.mkdtemp(prefix="countenance-members-"))
    club = Club(root)
    for name in MEMBERS:
        subject = club.subject(name)
        club.anna.enrol(subject, cast().portrait(name), basis=club.basis(subject))
    club.close()
    return root


@pytest.fixture(scope="session", autouse=True)
def _made_once() -> Iterator[None]:
    yield
    if _enrolled.cache_info().currsize:
        shutil.rmtree(_enrolled(), ignore_errors=True)


@pytest.fixture
def members(quick_folder: Path) -> Iterator[Club]:
    """A club in which Ada, Bruno and Chidi can be found by their faces."""
    origin = _enrolled()
    club = Club.__new__(Club)
    club.root, club.engine, club.opened = quick_folder, "embedded", []
    club.clock = Club.__dataclass_fields__["clock"].default_factory()  # type: ignore[misc]
    shutil.copytree(origin, quick_folder, dirs_exist_ok=True)
    config = club.folder / FILE_NAME
    # One backend, named, so that nothing is measured and a club opens quickly.
    text = config.read_text().replace(str(origin), str(quick_folder)).replace('"auto"', '"onnxruntime"')
    config.write_text(text)
    club.form, club.notice = quick_folder / "form.pdf", quick_folder / "notice.txt"
    club.reopen()
    yield club
    club.close()


@pytest.fixture
def pictures(members: Club) -> Path:
    """An empty folder for photographs."""
    folder = members.root / "pictures"
    folder.mkdir()
    return folder


@pytest.fixture
def source(members: Club, pictures: Path) -> Source:
    """That folder as a source."""
    return members.anna.sources.add("pictures", pictures, statement="our own photographer", purposes=["photo-library"])
