"""A log whose files were cut off, flipped in a bit, or swapped with an older copy: a typed error, and which it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clubs import Club
from countenance.check import main as check
from countenance.errors import BadSignature, CountenanceError, Tampered
from countenance.log import timestamps
from countenance.log.book import Entry
from countenance.types import OrganisationId
from outside import self_signed


def grow(club: Club, size: int) -> None:
    book = club.anna.context.book
    with club.sql() as connection:
        for _ in range(size):
            book.append(connection, Entry("test", "done", club.clock(), OrganisationId(1)))
    book.publish()


@pytest.fixture
def files(club: Club, tmp_path: Path) -> tuple[Path, Path, str]:
    """An exported log, a checkpoint that an outsider holds, and the log's key."""
    grow(club, 20)
    book = club.anna.context.book
    leaves, held = tmp_path / "leaves.jsonl", tmp_path / "held.txt"
    leaves.write_bytes(b"".join(each + b"\n" for each in book.export()))
    held.write_text(book.checkpoint(), "utf-8")
    return leaves, held, book.verifier_key


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_p19_an_exported_log_with_any_bit_flipped_or_any_end_cut_off_is_refused(
    files: tuple[Path, Path, str], data: st.DataObject
) -> None:
    leaves, held, key = files
    sound = leaves.read_bytes()
    place = data.draw(st.integers(0, len(sound) - 1))
    spoiled = sound[:place] + bytes([sound[place] ^ 1 << data.draw(st.integers(0, 7))]) + sound[place + 1 :]
    for content in (spoiled, sound[:place]):
        leaves.with_name("spoiled").write_bytes(content)
        assert check(["log", str(leaves.with_name("spoiled")), "--checkpoint", str(held), "--key", key]) == 70


def test_p19_a_log_swapped_with_an_older_copy_is_cut_as_seen_from_outside(club: Club, tmp_path: Path) -> None:
    club.close()
    shutil.copytree(club.folder / "data", tmp_path / "older")
    club.reopen()
    club.person("Ada", 1)
    outside = club.anna.context.book.checkpoint()
    club.close()
    shutil.rmtree(club.folder / "data")
    shutil.copytree(tmp_path / "older", club.folder / "data")
    club.reopen()
    club.anna.check_log()  # inside, all of it fits
    with pytest.raises(Tampered, match="cut"):
        club.anna.check_log({"a witness": outside})


def test_p19_an_older_registry_beside_newer_log_files_is_found_without_any_witness(club: Club, tmp_path: Path) -> None:
    club.close()
    shutil.copy(club.folder / "data/registry.db", tmp_path)
    club.reopen()
    club.person("Ada", 1)
    club.close()
    shutil.copy(tmp_path / "registry.db", club.folder / "data/registry.db")
    club.reopen()
    with pytest.raises(Tampered, match="cut"):
        club.anna.check_log()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"countenance/x\n3\n", b"\n\n\xe2\x80\x94 a b\n"])
def test_our_own_checkpoint_as_anything_else_is_a_typed_error(club: Club, content: bytes) -> None:
    (club.folder / "data/log/checkpoint").write_bytes(content)
    with pytest.raises(Tampered):
        club.anna.check_log()


@pytest.mark.parametrize("leaf", [b"", b"{", b"[]", b'{"index": 3}', b"\xff"])
def test_an_entry_that_is_anything_else_is_a_typed_error(club: Club, leaf: bytes) -> None:
    with club.sql() as connection:
        connection.exec_driver_sql('UPDATE leaves SET leaf = ? WHERE "index" = 3', (leaf,))
    with pytest.raises(Tampered, match="entry 3"):
        club.anna.check_log()


@pytest.mark.parametrize("frontier", ["", "{", "[]", '{"size": 3, "hashes": []}', '{"size": "x", "hashes": []}'])
def test_a_recorded_state_that_is_anything_else_is_a_typed_error(club: Club, frontier: str) -> None:
    with club.sql() as connection:
        connection.exec_driver_sql("UPDATE log_state SET frontier = ?", (frontier,))
    for use in (club.anna.check_log, lambda: club.subject("Ada"), lambda: club.anna.logbook.prove(1)):
        with pytest.raises(CountenanceError):
            use()


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return self_signed(tmp_path_factory.mktemp("root")).read_bytes()


@given(answer=st.binary(max_size=300))
def test_an_authority_may_answer_anything(roots: bytes, answer: bytes) -> None:
    with pytest.raises(BadSignature):
        timestamps.check(answer, "text", roots)
