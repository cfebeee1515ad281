"""The byte scan: whatever lies anywhere in a file is found, thousands of markers at a time, also after a crash."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from countenance.errors import Tampered
from countenance.gallery.scanning import Wanted, files_in, look_for

MARKER = random.Random(5).randbytes(200)  # noqa: S311
NOISE = random.Random(6).randbytes(5000)  # noqa: S311


@pytest.mark.parametrize("start", [0, 88, 176])
@pytest.mark.parametrize("before", range(9))
def test_p6_the_scan_looks_at_start_middle_and_end(tmp_path: Path, start: int, before: int) -> None:
    (tmp_path / "file").write_bytes(NOISE[: 4000 + before] + MARKER[start : start + 24] + b"y" * 70)
    with pytest.raises(Tampered, match="file"):
        look_for(Wanted.of([MARKER]), [tmp_path])


def test_p6_a_marker_is_found_at_the_very_start_and_the_very_end(tmp_path: Path) -> None:
    for content in (MARKER, MARKER[:24], NOISE + MARKER[-24:], b"x" + MARKER[:24]):
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(Tampered):
            look_for(Wanted.of([MARKER]), [tmp_path])


def test_less_than_a_whole_window_is_no_finding(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(NOISE + MARKER[:23] + b"#" + MARKER[177:])
    (tmp_path / "empty").write_bytes(b"")
    scan = look_for(Wanted.of([MARKER]), [tmp_path])
    assert (scan.markers, scan.files, scan.bytes) == (1, 2, 5000 + 24 + 23)


def test_of_a_secret_only_the_middle_is_kept(tmp_path: Path) -> None:
    wanted = Wanted.of([], [MARKER])
    (tmp_path / "file").write_bytes(NOISE + MARKER[:24])
    look_for(wanted, [tmp_path])
    (tmp_path / "file").write_bytes(NOISE + MARKER)
    with pytest.raises(Tampered):
        look_for(wanted, [tmp_path])


def test_p6_one_of_thousands_of_markers_is_found(tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311
    markers = [chance.randbytes(64) for _ in range(3000)]
    wanted = Wanted.of(markers)
    (tmp_path / "file").write_bytes(NOISE * 50)
    assert look_for(wanted, [tmp_path]).markers == 3000
    for marker in (markers[0], markers[1234], markers[-1]):
        (tmp_path / "file").write_bytes(NOISE * 20 + marker + NOISE * 20)
        with pytest.raises(Tampered):
            look_for(wanted, [tmp_path])


def test_p7_what_is_looked_for_outlives_a_crash_and_gives_nobody_a_marker(tmp_path: Path) -> None:
    saved, place = tmp_path / "kept.markers", tmp_path / "data"
    place.mkdir()
    Wanted.of([MARKER], [NOISE[:32]], ["subject:1"]).save(saved)
    assert saved.stat().st_mode & 0o777 == 0o600
    content = saved.read_bytes()
    assert not any(piece[at : at + 12] in content for piece in (MARKER, NOISE[:32]) for at in range(len(piece) - 11))
    again = Wanted.load(saved)
    assert again is not None
    assert (again.markers, again.keys) == (2, ("subject:1",))
    for marker in (MARKER, NOISE[:32]):
        (place / "file").write_bytes(b"x" * 99 + marker)
        with pytest.raises(Tampered):
            look_for(again, [place])


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"nonsense" * 40])
def test_a_damaged_file_of_markers_is_none(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / "kept.markers"
    assert Wanted.load(file) is None
    file.write_bytes(damage)
    assert Wanted.load(file) is None


def test_places_in_one_another_are_searched_once_and_sources_not_at_all(tmp_path: Path) -> None:
    for name in ("club/data/registry.db", "club/vault/keys.db", "club/pictures/a.jpg", "club/backups/b/old.backup"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    club = tmp_path / "club"
    (club / "loop").symlink_to(club, target_is_directory=True)
    found = list(files_in([club, club / "data", club / "vault"], but=[club / "pictures"]))
    assert [file.name for file in found] == ["old.backup", "registry.db", "keys.db"]
    assert [file.name for file in files_in([club / "data"], but=[club / "data"])] == ["registry.db"]
