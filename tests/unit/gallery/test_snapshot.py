"""The index kept on disk: encrypted, in segments, thrown away at a doubt, and never a way back for who was erased."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from clubs import ANNA, BEN, Club, orphans, template
from countenance.errors import KeyMissing, Tampered, Unavailable
from countenance.gallery import erasing
from countenance.gallery import mirror as mirror_module
from countenance.gallery import snapshot as snapshot_module
from countenance.gallery.mirror import Mirror
from countenance.gallery.snapshot import Snapshot
from countenance.index import flat
from countenance.registry import schema as t
from countenance.vault.keyring import snapshot_key
from crash.killing import again
from traces import held

PEOPLE = ("ada", "bo", "cy", "di", "ed", "flo")


def _small(patch: pytest.MonkeyPatch) -> None:
    """Every gallery is large enough, and a segment holds two references: (1), (2, 3), (4, 5), (6)."""
    patch.setenv("COUNTENANCE_INDEX__SNAPSHOT", "1")
    for module in (flat, snapshot_module):
        patch.setattr(module, "SEGMENT_BITS", 1)
    patch.setattr(Snapshot, "ids_each", 2)


@pytest.fixture(autouse=True)
def _all_small(monkeypatch: pytest.MonkeyPatch) -> None:
    _small(monkeypatch)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six people, whose index was written to disk; made once, and copied for each test."""
    root = tmp_path_factory.mktemp("origin")
    with pytest.MonkeyPatch.context() as patch:
        _small(patch)
        club = Club(root)
        for number, name in enumerate(PEOPLE, start=1):
            club.person(name, number)
        assert club.found(1) == ["ada"]
        club.close()
    return root


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Which references were built from the registry since, whenever an index was built."""
    ranges: list[tuple[int, int]] = []
    whole = Mirror._read

    def watched(self: Mirror, lacking: list[tuple[int, int]], judged: int) -> None:
        ranges.extend(lacking)
        whole(self, lacking, judged)

    monkeypatch.setattr(Mirror, "_read", watched)
    return ranges


@pytest.fixture
def kept(origin: Path, quick_folder: Path) -> Iterator[Club]:
    """The six people. Nobody has searched since their index was written."""
    club = again(origin, Path(shutil.copytree(origin, quick_folder / "club-copy")))
    club.anna, club.ben = club.open(ANNA), club.open(BEN)
    club.form = club.root / "form.pdf"
    assert sorted(file.name for file in files(club)) == [
        "0.segment", "1.segment", "2.segment", "3.segment", "lock", "segments",
    ]  # fmt: skip
    yield club
    club.close()


def folder(club: Club) -> Path:
    return club.folder / "data" / "index"


def files(club: Club) -> list[Path]:
    return sorted(folder(club).iterdir())


def everybody_is_found(club: Club) -> None:
    assert [club.found(number) for number in range(1, 7)] == [[name] for name in PEOPLE]


# --- read ------------------------------------------------------------------------------------------------------------


def test_a_gallery_opens_from_its_snapshot(kept: Club, built: list[tuple[int, int]]) -> None:
    everybody_is_found(kept)
    assert built == []


def test_small_galleries_have_none(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    for least in ("7", "0"):
        monkeypatch.setenv("COUNTENANCE_INDEX__SNAPSHOT", least)
        club.reopen()
        club.person(f"ada-{least}", 1)
        club.found(1)
        club.reopen()
        assert not folder(club).exists()
        assert not [name for name in club.anna.context.keys.vault.ids() if name.startswith("snapshot")]


def test_p5_what_changed_since_is_applied(kept: Club, built: list[tuple[int, int]]) -> None:
    kept.ben.withdraw("bo")
    kept.person("gus", 7)
    kept.clock.forward(days=1)
    assert kept.found(2) == []
    assert kept.found(7) == ["gus"]
    assert kept.found(1) == ["ada"]
    assert built == []
    kept.order("quarantine", territory="GB")
    assert kept.found(1) == []


@pytest.mark.parametrize("name", ["0.segment", "2.segment"])
def test_a_segment_that_is_missing_is_built_from_the_registry(
    kept: Club, built: list[tuple[int, int]], name: str
) -> None:
    (folder(kept) / name).unlink()
    everybody_is_found(kept)
    first = 2 * int(name[0])
    assert built == [(first, first + 2)]
    kept.reopen()
    built.clear()
    everybody_is_found(kept)
    assert built == [], "it was written again"


@pytest.mark.parametrize("place", [0, 5, 20, 200, -1])
def test_a_flipped_bit_is_found_and_the_segment_built_anew(
    kept: Club, built: list[tuple[int, int]], place: int
) -> None:
    file = folder(kept) / "1.segment"
    content = bytearray(file.read_bytes())
    content[place] ^= 4
    file.write_bytes(content)
    everybody_is_found(kept)
    assert built == [(2, 4)]


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda _: b"", lambda b: bytes(len(b)), lambda b: b[::-1]])
def test_a_list_that_does_not_open_means_building_everything(
    kept: Club, built: list[tuple[int, int]], damage: object
) -> None:
    file = folder(kept) / "segments"
    file.write_bytes(damage(file.read_bytes()))  # type: ignore[operator]
    everybody_is_found(kept)
    assert built == [(0, 2), (2, 4), (4, 6), (6, 7)]


def test_segments_that_change_places_are_not_taken_for_each_other(kept: Club, built: list[tuple[int, int]]) -> None:
    one, other = folder(kept) / "1.segment", folder(kept) / "2.segment"
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    everybody_is_found(kept)
    assert built == [(2, 4), (4, 6)]


def test_another_gallery_s_snapshot_is_not_read(kept: Club, built: list[tuple[int, int]], tmp_path: Path) -> None:
    other = Club(tmp_path)
    try:
        for number in range(11, 17):
            other.person(f"p{number}", number)
        other.found(11)
        other.close()
        shutil.rmtree(folder(kept))
        shutil.copytree(folder(other), folder(kept))
    finally:
        other.close()
    built.clear()
    assert kept.found(11) == []
    everybody_is_found(kept)
    assert built == [(0, 2), (2, 4), (4, 6), (6, 7)]


def test_codes_of_another_kind_are_not_read(
    kept: Club, built: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flat.FlatIndex, "coding", "another version")
    kept.reopen()
    everybody_is_found(kept)
    assert built == [(0, 2), (2, 4), (4, 6), (6, 7)]


@pytest.mark.parametrize("lie", [{"sequence": 10**6}, {"leaf": [3, "00" * 32]}, {"leaf": [10**6, "00" * 32]}])
def test_p7_a_registry_that_took_another_course_is_built_from(
    kept: Club, built: list[tuple[int, int]], lie: dict[str, object]
) -> None:
    """The snapshot is newer than the registry, as after an older copy of the data folder was put back by hand."""
    snapshot = kept.anna.context.gallery._mirror._snapshot
    file = folder(kept) / "segments"
    listed = json.loads(snapshot._keys.unseal("snapshot", file.read_bytes(), snapshot._belongs))
    file.write_bytes(snapshot._keys.seal("snapshot", json.dumps(listed | lie).encode(), snapshot._belongs))
    everybody_is_found(kept)
    assert built == [(0, 2), (2, 4), (4, 6), (6, 7)]


def test_building_tells_how_far_it_is(kept: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror_module, "_PART", 1)
    told: list[tuple[int, int]] = []
    mirror = kept.anna.context.gallery._mirror
    mirror._progress = lambda done, all_: told.append((done, all_))
    mirror.drop()
    assert kept.found(3) == ["cy"]
    assert told[-1] == (7, 7)
    assert [done for done, _ in told] == list(range(1, 8))


# --- written ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["embedded", "exact"])
def test_p30_no_code_and_no_template_lies_on_disk_in_clear(
    club: Club, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    for module in (flat, snapshot_module):
        monkeypatch.setattr(module, "SEGMENT_BITS", 20)
    monkeypatch.setenv("COUNTENANCE_INDEX__ENGINE", engine)
    club.reopen()
    ada = club.person("ada", 1)
    basis = club.anna.bases.list()[0]
    for face in range(2, 34):
        club.enrol(ada, basis, face)
    club.found(1)
    (segment,) = club.anna.context.gallery._mirror._index._segments.values()
    codes = segment.codes.dump()
    windows = [codes[at : at + 24] for at in range(0, len(codes), 24)]
    telling = [window for window in windows if len(set(window)) >= 12]
    club.reopen()
    assert (folder(club) / "0.segment").exists()
    assert len(telling) > 20
    plain = [template(face).vector.tobytes() for face in range(1, 34)]
    assert held((club.folder, club.root / "keys"), [*plain, *telling]) == []


def test_only_what_changed_is_written(kept: Club) -> None:
    before = {file.name: file.read_bytes() for file in files(kept)}
    kept.person("gus", 7)  # reference 7, beside 6
    kept.found(7)
    kept.reopen()
    after = {file.name: file.read_bytes() for file in files(kept)}
    assert {name for name in after if after[name] != before.get(name)} == {"3.segment", "segments"}
    assert after.keys() == before.keys()


def test_a_segment_that_lost_everybody_goes(kept: Club) -> None:
    kept.ben.withdraw("ada")
    kept.found(2)
    kept.reopen()
    assert not (folder(kept) / "0.segment").exists()
    assert not kept.anna.context.keys.vault.exists(snapshot_key(0))


def test_a_few_changes_are_not_worth_writing(kept: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_module, "_CHANGED", 1)
    before = [file.read_bytes() for file in files(kept)]
    kept.person("gus", 7)
    kept.found(7)
    kept.reopen()
    assert [file.read_bytes() for file in files(kept)] == before
    assert kept.found(7) == ["gus"]


@pytest.mark.parametrize("which", ["all", "a segment"])
def test_p6_an_old_copy_of_the_files_does_not_open(
    kept: Club, built: list[tuple[int, int]], tmp_path: Path, which: str
) -> None:
    shutil.copytree(folder(kept), tmp_path / "old")
    kept.enrol(kept.anna.subjects.get("bo"), kept.anna.bases.list()[1], 2, photo=9)
    kept.ben.withdraw("cy")
    kept.found(2)
    kept.reopen()
    for old in (tmp_path / "old").iterdir():
        if which == "all" or old.name == "1.segment":
            shutil.copy(old, folder(kept))
    assert kept.found(3) == []
    assert (2, 4) in built
    built.clear()


def test_p6_a_segment_written_again_has_another_key(kept: Club) -> None:
    old = (folder(kept) / "3.segment").read_bytes()
    kept.person("gus", 7)
    kept.found(7)
    kept.reopen()
    snapshot, keys = kept.anna.context.gallery._mirror._snapshot, kept.anna.context.keys
    with pytest.raises(Tampered):
        keys.unseal(snapshot_key(3), old, snapshot._label(3))


def test_two_processes_write_one_after_the_other(kept: Club) -> None:
    kept.person("gus", 7)
    for session in (kept.anna, kept.ben):
        session.context.gallery._mirror._catch_up()
    kept.reopen()
    everybody_is_found(kept)
    assert kept.found(7) == ["gus"]


def test_a_disk_that_is_full_keeps_nobody_from_closing(kept: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    kept.person("gus", 7)
    kept.found(7)
    with monkeypatch.context() as patch:
        patch.setattr(snapshot_module, "_put", full)
        mirror = kept.anna.context.gallery._mirror
        mirror._saving.join()
        mirror._snapshot._fresh = True
        with pytest.raises(Unavailable, match="No space left"):
            mirror._save()
        kept.reopen()
    assert kept.found(7) == ["gus"]


# --- erased ----------------------------------------------------------------------------------------------------------


def test_p6_an_erasure_takes_the_keys_of_its_segments_along_at_once(
    kept: Club, built: list[tuple[int, int]], tmp_path: Path
) -> None:
    """Also in a process that has no index: from a reference's number follows its segment."""
    shutil.copytree(folder(kept), tmp_path / "copied")
    before = {file.name: file.read_bytes() for file in files(kept)}
    vault = kept.ben.context.keys.vault
    body = kept.ben.erase("di", reason="request").certificate["body"]
    assert body["index"] == {"engine": "embedded", "segments_destroyed": 1}
    assert [step for step in body["method"] if "segments of the index on disk" in step]
    assert [vault.exists(snapshot_key(number)) for number in range(4)] == [True, True, False, True]
    assert not (folder(kept) / "2.segment").exists()
    assert {file.name: file.read_bytes() for file in files(kept)} == {
        name: content for name, content in before.items() if name != "2.segment"
    }
    with pytest.raises(KeyMissing):
        kept.ben.context.keys.unseal(snapshot_key(2), (tmp_path / "copied" / "2.segment").read_bytes(), "any")
    kept.reopen()
    shutil.copy(tmp_path / "copied" / "2.segment", folder(kept))
    assert kept.found(4) == []
    assert kept.found(5) == ["ed"]
    assert built == [(4, 6)]
    kept.reopen()
    written = {file.name: file.read_bytes() for file in files(kept)}
    assert {name for name in written if written[name] != before[name]} == {"2.segment", "segments"}


def test_p6_after_a_crash_the_certificate_says_the_same_of_the_segments(
    kept: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which ones had a key is written down before it is destroyed."""
    for who in ("bo", "di"):
        with monkeypatch.context() as patch:
            patch.setattr(erasing, "_wanted", _pulled_out)
            with pytest.raises(Unavailable):
                kept.ben.erase(who, reason="request")
    kept.close()
    kept.anna = kept.open(ANNA)
    with kept.anna.context.registry.read() as connection:
        certificates = [json.loads(text) for text in connection.scalars(sa.select(t.erasures.c.certificate))]
    assert [each["body"]["index"]["segments_destroyed"] for each in certificates] == [1, 1]


def _pulled_out(*_: object, **__: object) -> None:
    raise Unavailable("The plug was pulled.")


def test_p6_where_no_snapshot_is_kept_the_certificate_names_no_segment(club: Club) -> None:
    club.person("Ada", 1)
    body = club.ben.erase("ada", reason="request").certificate["body"]
    assert body["index"] == {"engine": "embedded", "segments_destroyed": 0}
    assert not [step for step in body["method"] if "segments" in step]


def test_p6_what_is_erased_under_one_basis_takes_the_keys_along(kept: Club) -> None:
    kept.ben.withdraw("di")
    kept.clock.forward(days=31)
    assert kept.ben.purge().due
    assert not kept.ben.context.keys.vault.exists(snapshot_key(2))


def test_p6_the_segments_are_written_again_while_the_gallery_is_open(kept: Club) -> None:
    mirror = kept.ben.context.gallery._mirror
    mirror._catch_up()
    kept.ben.erase("di", reason="request")
    kept.person("gus", 7)
    mirror._catch_up()
    assert mirror._saving is not None
    mirror._saving.join()
    assert kept.ben.context.keys.vault.exists(snapshot_key(2))
    kept.reopen()
    assert kept.found(4) == []


@pytest.mark.parametrize("moment", ["create", "put"])
def test_p6_somebody_who_is_erased_while_it_is_written_is_not_in_it(
    kept: Club, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Just before the key is made, and just before the file is: after the segment was taken from the index."""
    kept.enrol(kept.anna.subjects.get("bo"), kept.anna.bases.list()[1], 2, photo=9)
    kept.found(1)
    mirror = kept.anna.context.gallery._mirror
    assert mirror._saving is not None
    mirror._saving.join()
    mirror._snapshot._known.clear()
    mirror._snapshot._fresh = True
    vault, put = kept.anna.context.keys.vault, snapshot_module._put
    create = vault.create

    def erased_first(key: str) -> bytes:
        if key == snapshot_key(2):
            kept.ben.erase("di", reason="request")
        return create(key)

    def erased_late(file: Path, content: bytes) -> None:
        if file.name == "2.segment":
            kept.ben.erase("di", reason="request")
        put(file, content)

    with monkeypatch.context() as patch:
        if moment == "create":
            patch.setattr(vault, "create", erased_first)
        else:
            patch.setattr(snapshot_module, "_put", erased_late)
        mirror._save()
    assert not vault.exists(snapshot_key(2)), "no key opens what holds the one who was erased"
    assert vault.exists(snapshot_key(1))
    kept.reopen()
    assert kept.found(4) == []
    assert kept.found(5) == ["ed"]


def test_p5_whoever_comes_of_age_does_so_with_a_snapshot_too(kept: Club) -> None:
    """A minor's record permits less; the calendar changes it, and nothing in the registry does."""
    with kept.sql() as connection:
        connection.exec_driver_sql("UPDATE subjects SET birth_year = 2009 WHERE id = 1")
        connection.exec_driver_sql("INSERT INTO changes (subject) VALUES (1)")
    assert kept.found(1) == []
    kept.reopen()
    kept.clock.forward(days=366)
    kept.anna.agreements.add(["photo-library"])
    assert kept.found(1) == ["ada"]


def test_the_orphan_scan_knows_whose_the_keys_are(kept: Club) -> None:
    assert orphans(kept) == []


def test_what_is_dumped_is_never_printed() -> None:
    assert "secret" not in repr(snapshot_module.Dumped(b"secret", np.zeros(1, np.int64), 0))
