"""The log as files: C2SP tlog-tiles, full ones as they fill, proofs made from them, and whatever harms them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from clubs import Club
from countenance.check import main as check
from countenance.errors import InputError, Tampered
from countenance.log import merkle, proving, tiles
from countenance.log.book import NAMED, Book, Entry
from countenance.types import OrganisationId, SubjectId


def grow(club: Club, size: int) -> Book:
    """A log of this many entries, written as every entry is."""
    book = club.anna.context.book
    with club.sql() as connection:
        for number in range(book.size(), size):
            book.append(connection, Entry("test", "done", club.clock(), OrganisationId(1), facts={"number": number}))
    book.publish()
    return book


def files(folder: Path) -> set[str]:
    return {each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()}


@pytest.mark.parametrize(
    ("number", "path"), [(0, "tile/0/000"), (999, "tile/0/999"), (1000, "tile/0/x001/000"), (1234067, None)]
)
def test_p19_tiles_are_named_as_the_specification_names_them(number: int, path: str | None) -> None:
    wanted = path or "tile/0/x001/x234/067"  # the specification's own example
    assert tiles.path(Path(), 0, number).as_posix() == wanted


def test_p19_only_full_tiles_are_written_with_the_log_and_the_others_when_they_are_asked_for(club: Club) -> None:
    book = grow(club, 600)
    assert files(book.folder) == {"checkpoint", "tail"} | {
        f"tile/{level}/00{n}" for level in ("0", "entries") for n in (0, 1)
    }
    book.write_tiles(book.folder)
    partial = {"tile/0/002.p/88", "tile/entries/002.p/88", "tile/1/000.p/2"}
    assert files(book.folder) >= partial
    hashes = [merkle.leaf_hash(each) for each in book.export()]
    assert book.folder.joinpath("tile/0/001").read_bytes() == b"".join(hashes[256:512])
    roots = [merkle.root_of(hashes[:256]), merkle.root_of(hashes[256:512])]
    assert book.folder.joinpath("tile/1/000.p/2").read_bytes() == b"".join(roots)
    grow(club, 768)
    assert not any(name.startswith(("tile/0/002.p", "tile/entries/002.p")) for name in files(book.folder))
    assert "tile/0/002" in files(book.folder)


def test_p19_the_entries_come_back_from_the_files(club: Club, tmp_path: Path) -> None:
    book = grow(club, 520)
    assert list(tiles.read_leaves(book.folder)) == list(book.export())[:512]
    book.write_tiles(tmp_path / "copy")
    assert list(tiles.read_leaves(tmp_path / "copy")) == list(book.export())
    assert list(tiles.read_leaves(tmp_path / "nothing")) == []


def test_p19_the_verifier_checks_a_folder_of_tiles_alone(club: Club, tmp_path: Path) -> None:
    book = grow(club, 520)
    early = tmp_path / "early.txt"
    early.write_text(book.checkpoint(), "utf-8")
    grow(club, 530)
    copy = tmp_path / "copy"
    book.write_tiles(copy)
    line = ["log", str(copy), "--checkpoint", str(early), "--key", book.verifier_key]
    assert check(line) == 0
    assert check([*line, "--complete"]) == 70
    bundle = copy / "tile/entries/001"
    sound = bundle.read_bytes()
    place = sound.index(b'"number":300') + len(b'"number":')
    for spoiled in (sound[:place] + b"9" + sound[place + 1 :], sound[:-1], sound[: len(sound) // 2], b""):
        bundle.write_bytes(spoiled)
        assert check(line) == 70
    bundle.unlink()
    assert check(line) == 70


def test_a_tile_that_is_missing_is_written_anew(club: Club) -> None:
    book = grow(club, 520)
    before = {name: book.folder.joinpath(name).read_bytes() for name in files(book.folder) if name.startswith("tile")}
    shutil.rmtree(book.folder / "tile")
    book.write_tiles(book.folder)
    assert {name: book.folder.joinpath(name).read_bytes() for name in before} == before
    book.folder.joinpath("tile/0/000").unlink()
    book.write_tiles(book.folder)
    assert book.folder.joinpath("tile/0/000").read_bytes() == before["tile/0/000"]


def test_p19_a_file_of_the_log_that_was_changed_is_found(club: Club) -> None:
    book = grow(club, 520)
    book.write_tiles(book.folder)
    book.check()
    for name in ("tile/0/001", "tile/entries/000", "tile/1/000.p/2", "tile/entries/002.p/8", "checkpoint"):
        file = book.folder / name
        sound = file.read_bytes()
        for spoiled in (sound[:-1], sound[:10] + bytes([sound[10] ^ 1]) + sound[11:], sound + sound[-32:], b"\xff\xfe"):
            file.write_bytes(spoiled)
            with pytest.raises(Tampered):
                book.check()
        file.write_bytes(sound)
    book.check()
    shutil.copytree(book.folder / "tile/0", book.folder / "tile/7")  # a level that the log has not reached
    with pytest.raises(Tampered):
        book.check()


def test_p12_proofs_come_from_the_files_and_read_few_rows(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    book = grow(club, 1100)
    read = []
    rows = proving.Subtrees._rows
    monkeypatch.setattr(
        proving.Subtrees, "_rows", lambda self, begin, end: read.append(end - begin) or rows(self, begin, end)
    )
    hashes = [merkle.leaf_hash(each) for each in book.export()]
    leaf, proof = book.inclusion(1050, 1100)
    assert [bytes.fromhex(step) for step in proof] == merkle.inclusion_proof(1050, hashes)
    assert leaf["index"] == 1050
    assert sum(read) < 4 * 256, "not every row"
    for old, new in ((0, 1100), (700, 1100), (512, 1024), (1, 900), (1100, 1100)):
        grown = [step.hex() for step in merkle.consistency_proof(old, hashes[:new])]
        assert book.consistency(old, new) == grown


def test_p12_a_file_that_lies_makes_no_false_proof(club: Club) -> None:
    book = grow(club, 1100)
    hashes = [merkle.leaf_hash(each) for each in book.export()]
    wanted = [step.hex() for step in merkle.inclusion_proof(1050, hashes)]
    for number in range(4):
        file = book.folder / f"tile/0/00{number}"
        file.write_bytes(file.read_bytes()[32:] + bytes(32))
        assert book.inclusion(1050, 1100)[1] == wanted
        assert book.consistency(600, 1100) == [step.hex() for step in merkle.consistency_proof(600, hashes)]


def test_what_is_not_in_the_log_has_no_proof(club: Club) -> None:
    book = grow(club, 20)
    for index, size in ((20, 20), (-1, 20), (3, 21), (5, 5)):
        with pytest.raises(InputError):
            book.inclusion(index, size)
    for old, new in ((3, 21), (-1, 4), (5, 4)):
        with pytest.raises(InputError):
            book.consistency(old, new)
    with club.sql() as connection:
        connection.exec_driver_sql('UPDATE leaves SET hash = zeroblob(32) WHERE "index" = 7')
    with pytest.raises(Tampered):
        book.inclusion(3, 20)
    with pytest.raises(Tampered):
        book.consistency(3, 20)


def test_an_entry_is_never_larger_than_a_bundle_can_hold(club: Club) -> None:
    book = grow(club, 20)
    with pytest.raises(InputError, match="65,535"), club.sql() as connection:
        book.append(connection, Entry("test", "done", club.clock(), OrganisationId(1), facts={"words": "w" * 70_000}))
    assert book.size() == 20


def test_many_people_stand_in_several_entries_that_say_so(club: Club) -> None:
    book, some = club.anna.context.book, 3
    people = [club.subject(f"Person {number}").id for number in range(some)]
    named = tuple(SubjectId(people[number % some]) for number in range(2 * NAMED + 1))
    with club.sql() as connection:
        written = book.append(connection, Entry("many", "done", club.clock(), OrganisationId(1), subjects=named))
    leaves = [json.loads(each) for each in book.export()][written.index :]
    assert [len(leaf["subjects"]) for leaf in leaves] == [NAMED, NAMED, 1]
    assert [leaf["facts"] for leaf in leaves[1:]] == [{"continues": written.index}] * 2
    book.publish()
    assert book.check().root.hex() == written.root
