"""Folders that nobody tidied: everything that is skipped has its reason, and nothing stops an ingest that can go on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from clubs import WORDS, Club
from countenance import errors
from countenance.ingest.run import Progress, Report
from countenance.registry import schema as t
from countenance.samples import cast
from countenance.samples.made import broken_jpeg, with_data_mining_prohibited, with_facebook_mark
from countenance.service.sources import Source
from robust import photos
from robust.attacks import counts, refused


def codes(report: Report) -> dict[str, str]:
    return {skipped.path: skipped.code for skipped in report.skipped}


def kept(club: Club) -> list[tuple[bytes, int]]:
    """Every appearance: photo's path and subject."""
    query = sa.select(t.photos.c.path, t.appearances.c.subject).join_from(t.appearances, t.photos)
    with club.anna.context.registry.read() as connection:
        return sorted((bytes(path), subject) for path, subject in connection.execute(query))


def test_a_folder_full_of_rubbish(members: Club, source: Source) -> None:
    folder = source.root
    good = photos.portrait()
    for name, data in {
        "ada.jpg": good,
        "empty.jpg": b"",
        "cut.jpg": broken_jpeg(),
        "letter.jpg": b"Dear Anna,\n",
        "bomb.png": photos.png_bomb(30_000),
        "film.mp4": b"\0\0\0\x18ftypisom" + bytes(100),
        "film.jpg": b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(4000),
        "notes.txt": b"hello",
        "no-ending": good,
        "rights.jpg": with_data_mining_prohibited(good),
        "nobody.jpg": cast().no_face()[0].read_bytes(),
        "tiny.jpg": photos.tiny(),
        ".hidden.jpg": good,
    }.items():
        (folder / name).write_bytes(data)
    with (folder / "huge.jpg").open("wb") as hole:
        hole.truncate(members.anna.context.settings.vision.max_bytes + 1)
    report = members.anna.ingest(source)
    expected = {
        "empty.jpg": "unreadable",
        "cut.jpg": "unreadable",
        "letter.jpg": "unreadable",
        "bomb.png": "too-large",
        "huge.jpg": "too-large",
        "film.mp4": "video",
        "film.jpg": "unreadable",
        "notes.txt": "not-a-photo",
        "no-ending": "not-a-photo",
        "rights.jpg": "rights",
    }
    assert codes(report) == expected
    assert all(skipped.reason.endswith(".") or skipped.code == "rights" for skipped in report.skipped)
    assert [path for path, _ in kept(members)] == [b"ada.jpg"]
    again = members.anna.ingest(source)
    assert codes(again) == expected
    assert (again.new, again.already_known) == (0, report.photos)
    members.anna.check_log()


def test_names_that_are_no_text_are_ingested_and_shown(members: Club, source: Source) -> None:
    folder = os.fsencode(source.root)
    (inner,) = (os.path.join(folder, b"f\xeate"),)  # noqa: PTH118 - not a text
    os.mkdir(inner)  # noqa: PTH102
    for name in (b"caf\xe9.jpg", b"\xff\xfe\x80.jpg", b"new\nline.jpg", "Zoë 😀.jpg".encode()):
        with open(os.path.join(inner, name), "wb") as file:  # noqa: PTH118, PTH123
            file.write(photos.portrait())
    report = members.anna.ingest(source)
    assert (report.new, report.faces_kept, report.skipped) == (4, 4, [])
    found = members.anna.search(photos.portrait(), purpose="photo-library", case="press 12")
    shown = {appearance.photo.path for appearance in found[0].appearances}
    assert "f\\xeate/caf\\xe9.jpg" in shown
    assert all(path.encode() for path in shown)
    assert members.anna.ingest(source).already_known == 4


def test_links_pipes_and_devices_are_not_read(members: Club, source: Source) -> None:
    folder = source.root
    outside = members.root / "private"
    outside.mkdir()
    (outside / "ada.jpg").write_bytes(photos.portrait())
    (folder / "loop").symlink_to(folder)
    (folder / "self.jpg").symlink_to("self.jpg")
    (folder / "out").symlink_to(outside)
    (folder / "out.jpg").symlink_to(outside / "ada.jpg")
    (folder / "registry.jpg").symlink_to(members.folder / "data" / "registry.db")
    (folder / "endless.jpg").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.jpg")
    report = members.anna.ingest(source)
    assert {path for path, code in codes(report).items() if code == "unreadable"} == {
        "loop", "self.jpg", "out", "out.jpg", "registry.jpg", "endless.jpg", "pipe.jpg",
    }  # fmt: skip
    assert (report.new, report.faces_found) == (0, 0)
    assert kept(members) == []


@pytest.fixture
def by_one(members: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    """Photos are looked at by one process, so that it is known how many are read ahead."""
    monkeypatch.setenv("COUNTENANCE_INGEST__WORKERS", "1")
    monkeypatch.setenv("COUNTENANCE_INGEST__BATCH", "16")
    members.reopen()


@pytest.mark.usefixtures("by_one")
def test_files_that_vanish_and_change_while_it_runs(members: Club, source: Source) -> None:
    for number in range(60):
        (source.root / f"{number:02}.jpg").write_bytes(photos.plain(number))

    def meddle(progress: Progress) -> None:
        if progress.done == 16:
            (source.root / "55.jpg").unlink(missing_ok=True)
            (source.root / "58.jpg").write_bytes(photos.portrait())
            (source.root / "59.jpg").unlink(missing_ok=True)
            os.mkfifo(source.root / "59.jpg")

    report = members.anna.ingest(source, progress=meddle)
    assert codes(report) == {"55.jpg": "unreadable", "59.jpg": "unreadable"}
    assert [path for path, _ in kept(members)] == [b"58.jpg"]
    (source.root / "59.jpg").unlink()
    (source.root / "59.jpg").write_bytes(photos.portrait("Bruno"))
    (source.root / "55.jpg").write_bytes(photos.portrait("Chidi"))
    after = members.anna.ingest(source)
    assert codes(after) == {}
    assert [path for path, _ in kept(members)] == [b"55.jpg", b"58.jpg", b"59.jpg"]


def test_a_folder_that_is_gone(members: Club, source: Source) -> None:
    source.root.rmdir()
    fault = refused(members, errors.InputError, lambda: members.anna.ingest(source))
    assert "gone" in fault.message
    source.root.write_text("a file where the folder was")
    refused(members, errors.InputError, lambda: members.anna.ingest(source))


@pytest.mark.usefixtures("by_one")
def test_a_folder_that_vanishes_in_the_middle(members: Club, source: Source) -> None:
    for number in range(60):
        (source.root / f"{number}.jpg").write_bytes(photos.plain(number))

    def remove(progress: Progress) -> None:
        if progress.done:
            shutil.rmtree(source.root, ignore_errors=True)

    report = members.anna.ingest(source, progress=remove)
    assert 16 <= report.new <= 32
    assert report.new + len(report.skipped) == 60
    members.anna.check_log()


@pytest.mark.parametrize(
    "where",
    [
        lambda club: club.folder / "data",
        lambda club: club.folder / "data" / "log",
        lambda club: club.folder / "vault",
        lambda club: club.folder,
        lambda club: club.root,
        lambda _: Path("/"),
    ],
)
def test_a_source_in_or_around_our_own_folder(members: Club, where: Callable[[Club], Path]) -> None:
    fault = refused(
        members,
        errors.InputError,
        lambda: members.anna.sources.add("ours", where(members), statement="ours", purposes=["photo-library"]),
    )
    assert "ours" not in [each.name for each in members.anna.sources.list()]
    assert "own" in fault.message


def test_a_source_that_leads_into_our_folder_by_a_link(members: Club) -> None:
    link = members.root / "innocent"
    link.symlink_to(members.folder / "data")
    fault = refused(
        members,
        errors.InputError,
        lambda: members.anna.sources.add("ours", link, statement="ours", purposes=["photo-library"]),
    )
    assert "own" in fault.message


def test_a_source_whose_link_is_turned_into_our_folder_later(members: Club, pictures: Path) -> None:
    link = members.root / "link"
    link.symlink_to(pictures)
    members.anna.sources.add("linked", link, statement="ours", purposes=["photo-library"])
    link.unlink()
    link.symlink_to(members.folder / "data")
    fault = refused(members, errors.InputError, lambda: members.anna.ingest("linked"))
    assert "own" in fault.message


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"statement": " "},
        {"purposes": []},
        {"purposes": ["watchlist"]},
        {"unknown_faces": "keep"},
        {"territory": os.fsdecode(b"\xff")},
        {"origin": os.fsdecode(b"\xff")},
        {"name": os.fsdecode(b"\xff")},
        {"retention_days": 0},
        {"retention_days": -5},
        {"retention_days": 10**30},
    ],
)
def test_a_source_with_a_record_that_makes_no_sense(members: Club, pictures: Path, change: dict[str, object]) -> None:
    values: dict[str, object] = {"name": "n", "statement": "ours", "purposes": ["photo-library"]} | change
    before = counts(members)
    with pytest.raises(errors.CountenanceError):
        members.anna.sources.add(values.pop("name"), pictures, **values)  # type: ignore[arg-type]
    assert counts(members) == before


def test_a_folder_whose_name_is_no_text(members: Club) -> None:
    folder = members.root / os.fsdecode(b"f\xeate")
    folder.mkdir()
    refused(
        members,
        errors.InputError,
        lambda: members.anna.sources.add("fete", folder, statement="ours", purposes=["photo-library"]),
    )
    assert "fete" not in [each.name for each in members.anna.sources.list()]


@pytest.mark.parametrize("mark", ["metadata", "instaloader", "gallery-dl"])
def test_p26_marks_of_scraping_pause_the_source_before_anything_is_kept(
    members: Club, source: Source, mark: str
) -> None:
    (source.root / "a.jpg").write_bytes(photos.portrait())
    if mark == "metadata":
        (source.root / "b.jpg").write_bytes(with_facebook_mark(photos.portrait()))
    elif mark == "instaloader":
        (source.root / "2024-05-01_10-11-12_UTC.jpg").write_bytes(photos.portrait())
    else:
        (source.root / "b.jpg").write_bytes(photos.portrait())
        (source.root / "b.jpg.json").write_text('{"category": "twitter", "subcategory": "media", "tweet_id": 1}')
    fault = refused(members, errors.SourceRefused, lambda: members.anna.ingest(source))
    assert (fault.exit_code, fault.diagnostics()["requirement"]) == (39, "P26")
    assert members.anna.sources.get("pictures").state == "paused"
    refused(members, errors.SourceRefused, lambda: members.anna.ingest(source))
    assert kept(members) == []


def test_a_stopped_source_is_refused_even_when_nothing_is_new(members: Club, source: Source) -> None:
    (source.root / "a.jpg").write_bytes(photos.portrait())
    members.anna.ingest(source)
    members.anna.sources.stop("pictures", "the contract ended")
    refused(members, errors.SourceRefused, lambda: members.anna.ingest(source))
    found = members.anna.search(photos.portrait(), purpose="photo-library", case="press 12")
    assert [hit.appearances for hit in found] == [()]


NOBODY = textwrap.dedent(
    """
    import json, os, sys
    from pathlib import Path
    from countenance.photos.folder import Folder
    os.setresgid(65534, 65534, 65534), os.setresuid(65534, 65534, 65534)
    folder = Folder(Path(sys.argv[1]))
    files = list(folder.files())
    said = {}
    for file in files:
        try:
            said[os.fsdecode(file.path)] = file.fault or str(len(folder.read(file.path, 1000)))
        except Exception as error:
            said[os.fsdecode(file.path)] = f"{type(error).__name__}: {error}"
    print(json.dumps(said))
    """
)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user, for whom a folder is unreadable")
def test_what_may_not_be_read_is_named_and_the_rest_goes_on() -> None:
    import json

    root = Path(tempfile.mkdtemp(prefix="countenance-rights-"))
    try:
        root.chmod(0o755)
        (root / "open.jpg").write_bytes(b"12345")
        (root / "closed.jpg").write_bytes(b"12345")
        (root / "closed").mkdir()
        (root / "closed" / "in.jpg").write_bytes(b"12345")
        (root / "closed.jpg").chmod(0)
        (root / "closed").chmod(0)
        done = subprocess.run(
            [sys.executable, "-c", NOBODY, str(root)], capture_output=True, text=True, check=False, cwd="/"
        )
        if done.returncode and "PermissionError" in done.stderr:
            pytest.skip("this interpreter cannot be used by another user")
        said = json.loads(done.stdout)
    finally:
        shutil.rmtree(root)
    assert said["open.jpg"] == "5"
    assert said["closed.jpg"] == "Unreadable: This file cannot be read: Permission denied."
    assert said["closed"] == "This folder cannot be read: Permission denied."


SECOND = textwrap.dedent(
    """
    import sys
    import countenance
    from countenance.errors import CountenanceError
    with countenance.open(sys.argv[1], passphrase=sys.argv[2]) as c:
        try:
            c.ingest("pictures")
        except CountenanceError as error:
            print(error.code, error.exit_code)
    """
)


def test_a_second_ingest_of_the_same_source_at_the_same_time(members: Club, source: Source) -> None:
    for number in range(17):
        (source.root / f"{number}.jpg").write_bytes(cast().no_face()[0].read_bytes())
    said: list[str] = []

    def meanwhile(progress: Progress) -> None:
        if not said:
            command = [sys.executable, "-c", SECOND, str(members.folder), WORDS["anna@club.example"]]
            said.append(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())

    report = members.anna.ingest(source, progress=meanwhile)
    assert said == ["busy 22"]
    assert report.new == 17
    assert members.anna.ingest(source).already_known == 17
