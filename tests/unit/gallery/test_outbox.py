"""An index that outlives the process: what changes is delivered to it, at least once, and nobody who is gone stays.

On Milvus Lite behind a port: what is tested is the way there. The engines themselves have their own suite.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clubs import ANNA, Club, template
from countenance.config import FILE_NAME
from countenance.errors import Unavailable
from countenance.gallery.outbox import Outbox
from countenance.index.lasting import Position
from countenance.index.milvus import MilvusIndex
from milvuses import LITE, Milvuses

pytestmark = LITE.marks


@pytest.fixture
def club(quick_folder: Path, milvuses: Milvuses):
    made = Club(quick_folder, engine="exact")
    on_milvus(made, milvuses.address("milvus-lite"))
    yield made
    outbox(made).drop()
    made.close()


def on_milvus(club: Club, address: str, engine: str = "milvus") -> None:
    config = club.folder / FILE_NAME
    config.write_text(config.read_text().replace('engine = "exact"', f'engine = "{engine}"'))
    club.configure("[milvus]", f'address = "{address}"', "encrypted_disk = true")


def outbox(club: Club) -> Outbox:
    followed = club.anna.context.gallery._mirror
    return followed if isinstance(followed, Outbox) else followed._server


def engine(club: Club) -> MilvusIndex:
    return outbox(club)._index


def held(club: Club) -> set[int]:
    """Whose rows lie on the server, in any collection, whatever its state."""
    index = engine(club)
    return {
        int(subject)
        for name in index._all()
        for subject in index._server.rows(name, "id > 0", ["subjects"])["subjects"]
    }


def number(club: Club, handle: str) -> int:
    return int(club.anna.subjects.get(handle).id)


def test_a_new_process_finds_what_the_last_one_left_and_builds_nothing(club: Club) -> None:
    club.person("Ada", 1)
    club.person("Bruno", 2)
    assert club.found(1) == ["ada"]
    names, position = engine(club)._all(), engine(club).position()
    club.reopen()
    assert club.found(2) == ["bruno"]
    assert (engine(club)._all(), engine(club).position()) == (names, position)


def test_what_changed_while_nobody_looked_is_delivered_before_the_next_search(club: Club) -> None:
    club.person("Ada", 1)
    assert club.found(1) == ["ada"]
    club.person("Bruno", 2)
    club.anna.withdraw("ada")
    club.reopen()
    assert (club.found(1), club.found(2)) == ([], ["bruno"])
    assert held(club) == {number(club, "bruno")}


def test_p5_two_sessions_share_one_index_and_see_each_other_at_once(club: Club) -> None:
    other = club.open(ANNA)
    club.person("Ada", 1)
    assert club.found(1, by=other) == ["ada"]
    assert club.found(1) == ["ada"]
    other.withdraw("ada")
    assert club.found(1) == []


def test_p6_an_erasure_leaves_no_row_and_names_the_servers_files_as_what_remains(club: Club) -> None:
    club.person("Ada", 1)
    club.person("Bruno", 2)
    assert club.found(1) == ["ada"]
    body = club.ben.erase("ada", reason="request").certificate["body"]
    assert held(club) == {number(club, "bruno")}
    (remaining,) = [each for each in body["residuals"] if "search engine" in each["what"]]
    assert "compaction" in remaining["state"]
    assert body["index"] == {"engine": "milvus", "segments_destroyed": 0, "server": remaining["state"]}
    assert any("deleted from the Milvus collection" in step for step in body["method"])


def test_p6_of_a_server_that_holds_nothing_no_compaction_is_told(club: Club) -> None:
    club.person("Ada", 1)
    body = club.ben.erase("ada", reason="request").certificate["body"]
    assert "no collection of this gallery" in body["index"]["server"]


def test_p7_a_delivery_that_was_late_brings_nobody_back(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    """One process reads the registry, and is held up until another has erased the person: it may not write them."""
    club.person("Ada", 1)
    context = club.anna.context
    late = Outbox(context.registry, context.keys, engine(club), context.vision.contract, club.clock)
    deliver, seen = engine(club).deliver, []

    def slowly(*given: object) -> None:
        # Whoever wants to erase now waits for the registry, until this delivery has ended.
        hasty = sqlite3.connect(context.registry.file, timeout=0.05)
        with closing(hasty), pytest.raises(sqlite3.OperationalError, match="locked"):
            hasty.execute("BEGIN IMMEDIATE")
        seen.append(given)
        deliver(*given)

    club.found(1)
    club.person("Bruno", 2)
    monkeypatch.setattr(engine(club), "deliver", slowly)
    late.forget()
    assert seen


def test_a_delivery_that_is_made_twice_does_no_harm(club: Club) -> None:
    club.person("Ada", 1)
    club.person("Bruno", 2)
    club.found(1)
    index = engine(club)
    position = index.position()
    assert position is not None
    index.deliver(np.array([], np.int64), None, Position(0, position.year))
    club.reopen()
    assert (club.found(1), club.found(2)) == (["ada"], ["bruno"])
    assert engine(club).position() == position
    assert len(engine(club)) == 2


def test_an_index_of_another_course_of_the_registry_is_built_anew(club: Club) -> None:
    """After a restore: the change that was delivered last is none of this registry's."""
    club.person("Ada", 1)
    club.found(1)
    index = engine(club)
    (name,) = index._all()
    strange = Position(10_000, 2027)
    index.deliver(np.array([number(club, "ada")]), None, strange)
    club.reopen()
    assert club.found(1) == ["ada"]
    assert engine(club)._all() != [name]
    assert len(engine(club)._all()) == 1


def test_p1_who_comes_of_age_with_the_year_is_delivered_anew(club: Club) -> None:
    club.person("Ada", 1)
    with club.sql() as connection:  # 18 in 2027, which is counted safely: a minor until 2028
        connection.exec_driver_sql("UPDATE subjects SET birth_year = 2009")
        connection.exec_driver_sql("INSERT INTO changes (subject) VALUES (1)")
    assert club.found(1) == []
    assert engine(club).held(0, 2**40).purposes.tolist() == [0]
    club.clock.forward(days=366)
    club.reopen()
    before = engine(club).position()
    outbox(club).forget()
    after = engine(club).position()
    assert before is not None
    assert after is not None
    assert (before.year, after.year) == (2027, 2028)
    purposes = engine(club).held(0, 2**40).purposes
    assert purposes.tolist() == [4]


def test_a_search_says_so_when_the_server_is_gone_and_a_withdrawal_holds(quick_folder: Path) -> None:
    from milvuses import lite

    club = Club(quick_folder, engine="exact")
    with lite() as server:
        on_milvus(club, server.address)
        club.person("Ada", 1)
        assert club.found(1) == ["ada"]
        server.kill()
        with pytest.raises(Unavailable, match="does not answer") as caught:
            club.found(1)
        assert "index move --to embedded" in caught.value.hint
        club.anna.withdraw("ada")
        with pytest.raises(Unavailable):
            club.ben.erase("ada", reason="request")
        assert club.anna.status()["unfinished_erasures"] == 1
        server.start()
        club.reopen()
        assert club.anna.status()["unfinished_erasures"] == 0
        assert club.found(1) == []
        assert held(club) == set()
    club.close()


def test_p7_what_is_being_filled_and_not_searched_loses_the_erased_too(club: Club) -> None:
    for who in range(1, 4):
        club.person(f"Person {who}", who)
    index = engine(club)
    index.begin()
    outbox_ = outbox(club)
    with club.sql() as connection:
        filling = outbox_._filling(connection)
    assert filling is not None
    everybody = rows_of_all(club)
    index.fill(everybody, filling)
    assert len(held(club)) == 3
    gone = number(club, "person-1")
    club.ben.erase("person-1", reason="request")
    assert held(club) == {number(club, "person-2"), number(club, "person-3")}
    assert gone not in held(club)


def rows_of_all(club: Club):
    from countenance.gallery.eligible import standing
    from countenance.gallery.rows import rows_of

    context = club.anna.context
    with context.registry.read() as connection:
        found = standing(connection, context.vision.contract, club.clock())
    return rows_of(context.keys, found, context.vision.contract)


def test_p7_a_server_that_is_configured_and_not_searched_loses_the_erased_too(
    quick_folder: Path, milvuses: Milvuses
) -> None:
    club = Club(quick_folder, engine="exact")
    on_milvus(club, milvuses.address("milvus-lite"), engine="exact")
    club.person("Ada", 1)
    club.person("Bruno", 2)
    server = outbox(club)
    server.rebuild()
    assert len(held(club)) == 2
    body = club.ben.erase("ada", reason="request").certificate["body"]
    assert held(club) == {number(club, "bruno")}
    assert [each for each in body["residuals"] if "search engine" in each["what"]]
    assert body["index"]["engine"] == "exact"
    assert "compaction" in body["index"]["server"]
    assert [step for step in body["method"] if "memory; index entries deleted from the Milvus collection" in step]
    server.drop()
    body = club.ben.erase("bruno", reason="request").certificate["body"]
    assert body["index"] == {"engine": "exact", "segments_destroyed": 0}
    assert not [each for each in body["residuals"] if "search engine" in each["what"]]
    club.close()


def test_a_comparison_tells_what_differs(club: Club) -> None:
    for who in range(1, 6):
        club.person(f"Person {who}", who)
    assert club.anna.index.check(sample=None).same
    index = engine(club)
    (name,) = index._all()
    rows = rows_of_all(club)
    ids = rows.ids.tolist()
    index._server.delete(name, np.array(ids[:1]))
    # The first is lost and stands there under a number of nobody's, the second has other terms, the third another face.
    wrong = replace(rows, ids=np.array([900, *ids[1:]]), purposes=rows.purposes.copy(), vectors=rows.vectors.copy())
    wrong.purposes[1] = 7
    wrong.vectors[2] = template(60).vector
    index._write(name, replace(wrong, subjects=np.array([70_000, *rows.subjects[1:]])))
    found = club.anna.index.check(sample=None)
    assert (found.missing, found.policy, found.template) == (ids[:1], [ids[1]], [ids[2]])
    assert found.extra == [900]
    assert club.anna.index.rebuild().people == 5
    assert club.anna.index.check(sample=None).same


def test_a_rebuild_goes_on_where_it_was_cut_short(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    for who in range(1, 6):
        club.person(f"Person {who}", who)
    assert club.found(1) == ["person-1"]
    monkeypatch.setattr("countenance.gallery.compared.PEOPLE", 2)
    old = engine(club)._current()

    def cut_short(done: int, total: int) -> None:
        if done >= 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        club.anna.index.rebuild(progress=cut_short)
    assert club.found(3) == ["person-3"]
    assert engine(club)._current(fresh=True) == old
    club.ben.erase("person-1", reason="request")
    told = []
    club.reopen()
    club.anna.index.rebuild(progress=lambda done, total: told.append((done, total)))
    assert told[0][0] > 2
    assert engine(club)._current(fresh=True) != old
    assert engine(club)._all() == [engine(club)._current()]
    assert [club.found(who) for who in range(1, 6)] == [[], *([f"person-{who}"] for who in range(2, 6))]
    assert club.anna.index.check(sample=None).same


def test_a_search_goes_on_while_another_process_rebuilds(club: Club) -> None:
    club.person("Ada", 1)
    other = club.open(ANNA)
    assert club.found(1, by=other) == ["ada"]
    club.anna.index.rebuild()
    assert club.found(1, by=other) == ["ada"]
