"""The book: what is appended stays as it was written, and every way of changing it afterwards is found."""

from __future__ import annotations

import json
import threading

import pytest

from clubs import ANNA, Club
from countenance.errors import BadSignature, InputError, Tampered
from countenance.log import merkle, note
from countenance.log.book import Book, Entry
from countenance.types import OrganisationId


@pytest.fixture
def book(club: Club) -> Book:
    club.person("Ada", 1)
    club.search(1)
    return club.anna.context.book


def rewrite(club: Club, index: int, change: dict[str, object]) -> None:
    """Change a leaf and its hash, as somebody with a database tool would."""
    with club.sql() as connection:
        query = f'SELECT leaf FROM leaves WHERE "index" = {index}'
        leaf = json.loads(bytes(connection.exec_driver_sql(query).scalar_one())) | change
        data = json.dumps(leaf, sort_keys=True, separators=(",", ":")).encode()
        connection.exec_driver_sql(
            'UPDATE leaves SET leaf = ?, hash = ? WHERE "index" = ?', (data, merkle.leaf_hash(data), index)
        )


def state_of(club: Club) -> None:
    """Make the recorded state fit the leaves as they are now: a careful forger does."""
    with club.sql() as connection:
        frontier = merkle.Frontier()
        for (leaf,) in connection.exec_driver_sql('SELECT leaf FROM leaves ORDER BY "index"').all():
            frontier = frontier.append(merkle.leaf_hash(bytes(leaf)))
        connection.exec_driver_sql("UPDATE log_state SET frontier = ?", (json.dumps(frontier.to_json()),))


def test_the_log_grows_by_one_and_checks(club: Club, book: Book) -> None:
    before = book.check()
    with club.sql() as connection:
        written = book.append(connection, Entry("test", "done", club.clock(), OrganisationId(1), account=ANNA))
    assert written.index == before.size
    book.publish()
    after = book.check()
    assert (after.size, after.root.hex()) == (before.size + 1, written.root)


def test_an_entry_that_is_rolled_back_was_never_there(club: Club, book: Book) -> None:
    size = book.size()
    with pytest.raises(RuntimeError), club.sql() as connection:  # noqa: PT012
        book.append(connection, Entry("test", "done", club.clock(), OrganisationId(1)))
        raise RuntimeError
    assert book.size() == size
    book.check()


def test_an_edited_entry_is_found(club: Club, book: Book) -> None:
    rewrite(club, 3, {"outcome": "granted", "act": "nothing"})
    with pytest.raises(Tampered):
        book.check()


def test_an_edited_entry_is_found_even_when_the_state_was_made_to_fit(club: Club, book: Book) -> None:
    rewrite(club, 3, {"act": "nothing"})
    state_of(club)
    with pytest.raises(Tampered, match="rewritten"):
        book.check()


@pytest.mark.parametrize("count", [1, 3])
def test_a_cut_log_is_found(club: Club, book: Book, count: int) -> None:
    book.publish()
    size = book.size()
    with club.sql() as connection:
        connection.exec_driver_sql('DELETE FROM openings WHERE "index" >= ?', (size - count,))
        connection.exec_driver_sql('DELETE FROM leaves WHERE "index" >= ?', (size - count,))
    with pytest.raises(Tampered):
        book.check()
    state_of(club)
    with pytest.raises(Tampered, match="cut"):
        book.check()


def test_entries_that_changed_places_are_found(club: Club, book: Book) -> None:
    with club.sql() as connection:
        rows = connection.exec_driver_sql('SELECT leaf, hash FROM leaves WHERE "index" IN (2, 3) ORDER BY 1').all()
        for index, (leaf, hashed) in zip((3, 2), rows, strict=True):
            connection.exec_driver_sql('UPDATE leaves SET leaf = ?, hash = ? WHERE "index" = ?', (leaf, hashed, index))
        order = connection.exec_driver_sql('SELECT leaf FROM leaves WHERE "index" = 2').scalar_one()
        if json.loads(bytes(order))["index"] == 2:  # the order in which they came was the right one already
            for index, (leaf, hashed) in zip((2, 3), rows, strict=True):
                connection.exec_driver_sql(
                    'UPDATE leaves SET leaf = ?, hash = ? WHERE "index" = ?', (leaf, hashed, index)
                )
    state_of(club)
    with pytest.raises(Tampered, match="entry 2 was changed"):
        book.check()


def test_an_entry_without_a_trace_in_the_state_is_found(club: Club, book: Book) -> None:
    size = book.size()
    data = json.dumps({"index": size}).encode()
    with club.sql() as connection:
        connection.exec_driver_sql("INSERT INTO leaves VALUES (?, ?, ?)", (size, data, merkle.leaf_hash(data)))
    with pytest.raises(Tampered, match="do not add up"):
        book.check()


def test_a_fork_is_found_by_a_checkpoint_that_was_held_outside(club: Club, book: Book) -> None:
    """Everything inside was forged anew and signed anew; only whoever kept the old checkpoint can tell."""
    outside = book.checkpoint()
    rewrite(club, 3, {"act": "nothing"})
    state_of(club)
    book.publish()
    book.check()
    with pytest.raises(Tampered, match="a witness"):
        book.check({"a witness": outside})


def test_an_older_checkpoint_of_the_same_log_agrees(club: Club, book: Book) -> None:
    outside = book.checkpoint()
    club.search(1)
    book.publish()
    assert book.check({"a witness": outside}).size > note.open_checkpoint(outside, book.signer().verifier).size


def test_a_checkpoint_by_another_key_is_no_checkpoint(book: Book) -> None:
    stranger = note.SignerKey.from_seed(book.origin, bytes(32))
    forged = note.sign_checkpoint(book.origin, 1, bytes(32), stranger)
    with pytest.raises(BadSignature):
        book.check({"a witness": forged})


def test_publish_writes_the_state_of_now(club: Club, book: Book) -> None:
    club.subject("Bo")
    text = book.publish().read_text("utf-8")
    assert note.open_checkpoint(text, book.signer().verifier).size == book.size()
    assert {file.name for file in (club.folder / "data" / "log").iterdir()} == {"checkpoint", "tail"}


def test_the_log_checks_while_others_write(club: Club, book: Book) -> None:
    faults: list[BaseException] = []

    def write(number: int) -> None:
        try:
            session = club.open(ANNA)
            for _ in range(15):
                session.cases.open(f"case {number} {session.context.book.size()}", purpose="photo-library")
        except BaseException as error:  # noqa: BLE001 - a thread must not die unheard
            faults.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        book.check()
    for thread in threads:
        thread.join()
    assert faults == []
    book.check()


def test_inclusion_is_proved_and_only_of_what_is_there(book: Book) -> None:
    size = book.size()
    leaf, proof = book.inclusion(2, size)
    assert leaf["index"] == 2
    hashes = [merkle.leaf_hash(each) for each in book.export()]
    merkle.verify_inclusion(2, size, hashes[2], [bytes.fromhex(step) for step in proof], merkle.root_of(hashes))
    with pytest.raises(InputError):
        book.inclusion(size, size)


def test_p20_no_name_address_or_reference_is_in_a_leaf(club: Club, book: Book) -> None:
    club.subject("Zebedee Quux", contact="zebedee@example.org", handle="zq")
    club.search(1, case="Zebedee's matter")
    lines = "\n".join(leaf.decode() for leaf in book.export())
    for word in ("Zebedee", "zebedee", "Quux", ANNA, '"ada', "Ada", '"zq'):
        assert word not in lines


def test_p20_an_erased_person_s_part_of_the_log_cannot_be_opened_any_more(club: Club, book: Book) -> None:
    def subjects() -> int:
        with club.anna.context.registry.read() as connection:
            return int(
                connection.exec_driver_sql("SELECT count(*) FROM openings WHERE key LIKE 'subject:%'").scalar_one()
            )

    assert subjects() > 0
    leaves = list(book.export())
    club.ben.erase("ada", reason="request")
    assert subjects() == 0
    assert list(book.export())[: len(leaves)] == leaves, "the leaves themselves stay, or the log would not check"
    book.check()
