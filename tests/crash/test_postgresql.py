"""kill -9 of PostgreSQL amid adds and erasures: after its restart all fits together, and nobody erased is back.

The server is killed at a different place each time: just before the n-th statement that changes something is sent, or
just before the n-th commit is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from clubs import Club, looked, orphans
from countenance.errors import CountenanceError, NotFound, Unavailable
from countenance.registry import schema as t
from servers import Server

pytestmark = pytest.mark.postgresql
CHANGES = ("insert", "update", "delete")


@pytest.fixture
def club(server: Server, quick_folder: Path) -> Iterator[Club]:
    made = Club(quick_folder, engine="embedded", server=server)
    yield made
    made.close()
    if not server.alive:
        server.start()  # others use it too


class Trap:
    """Kills the server at the n-th change, or at the n-th commit, of one engine."""

    def __init__(self, server: Server, club: Club, change: int = 0, commit: int = 0) -> None:
        self.server, self.change, self.commit, self.sprung = server, change, commit, False
        engine = club.anna.context.registry.engine
        sa.event.listen(engine, "before_cursor_execute", self._before)
        sa.event.listen(engine, "commit", self._commit)

    def _before(self, _c: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().lower().startswith(CHANGES):
            self.change -= 1
            self._spring(self.change)

    def _commit(self, _connection: object) -> None:
        self.commit -= 1
        self._spring(self.commit)

    def _spring(self, left: int) -> None:
        if left == 0 and not self.sprung:
            self.sprung = True
            self.server.kill()


def work(club: Club) -> Iterator[tuple[str, str]]:
    """Adds and erasures, told one by one after they were done."""
    source = club.anna.sources.list()[0].id
    for number in range(4):
        club.person(f"New {number}", 20 + number)
        yield "came", f"new-{number}"
        club.ingest(source, [looked(f"new-{number}.jpg", [20 + number, 1])])
        if number % 2:
            club.anna.erase(f"new-{number - 1}", reason="request")
            yield "went", f"new-{number - 1}"


@pytest.mark.parametrize(("change", "commit"), [(2, 0), (25, 0), (0, 22), (70, 0), (0, 35)])
def test_p7_a_killed_server_brings_nobody_back(server: Server, club: Club, change: int, commit: int) -> None:
    club.person("Ada", 1)
    club.person("Bea", 2)
    club.source()
    club.ben.erase("bea", reason="request")
    before = club.anna.check_log().size
    done: list[tuple[str, str]] = []
    trap = Trap(server, club, change, commit)
    with pytest.raises(CountenanceError) as told:
        done.extend(work(club))
    assert trap.sprung
    assert isinstance(told.value, Unavailable), told.value
    club.close()
    server.start()
    club.reopen()
    assert club.anna.check_log().size >= before
    assert club.anna.status()["unfinished_erasures"] == 0
    # A key is made before its record is: one whose record never came has sealed nothing, and names nobody.
    assert [each for each in orphans(club) if not each.startswith("key ")] == []
    assert club.anna.keys.check(destroy_strays=True) is not None
    assert orphans(club) == []
    assert (club.found(1), club.found(2)) == (["ada"], [])
    assert club.anna.index.check(sample=None).same, "the engine and an exact look at the registry's templates differ"
    gone = {handle for what, handle in done if what == "went"}
    for what, handle in done:
        if what == "came" and handle not in gone:
            _is_whole_or_gone(club, handle)
    for handle in gone:
        assert club.found(20 + int(handle[-1])) == []
        with pytest.raises(NotFound):
            club.anna.subjects.get(handle)
    assert {line.subject for line in club.anna.context.ledger.lines()} == _erased(club)
    assert work_again(club)


def _is_whole_or_gone(club: Club, handle: str) -> None:
    """Who was added is found; or the erasure that was under way has been carried to its end."""
    here = handle in {subject.handle for subject in club.anna.subjects.list()}
    assert club.found(20 + int(handle[-1])) == ([handle] if here else [])


def _erased(club: Club) -> set[int]:
    with club.anna.context.registry.read() as connection:
        return set(connection.scalars(sa.select(t.subjects.c.id).where(t.subjects.c.state == "erased")))


def work_again(club: Club) -> bool:
    """The gallery goes on working, and its index agrees with one that is built anew."""
    club.person("Later", 40)
    found = {number: club.found(number) for number in (1, 2, 20, 21, 22, 23, 40)}
    club.reopen()
    return found == {number: club.found(number) for number in found} and found[40] == ["later"]
