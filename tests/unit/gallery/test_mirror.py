"""The index is derived: built anew it is the same, and what is torn is built anew."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clubs import DAY, START, Club, probe
from countenance.index.embedded import TurboCodes
from countenance.index.port import Eligibility


def held(club: Club) -> list[tuple[int, int]]:
    """What the index would show anybody: every reference it holds, with its subject's whole eligibility asked."""
    gallery = club.anna.context.gallery
    hits, _ = gallery._mirror.search(
        probe(1).template.vector[None, :], 64, Eligibility(0xFFFFFFFF, frozenset({1}), club.clock.now)
    )
    return sorted((int(each), round(float(score), 3)) for each, score in zip(hits.ids[0], hits.scores[0], strict=True))


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(acts=st.lists(st.sampled_from(["add", "withdraw", "erase", "notice", "search"]), max_size=8))
def test_an_index_kept_in_step_equals_one_built_anew(club: Club, acts: list[str]) -> None:
    for act in acts:
        here = [subject.handle for subject in club.anna.subjects.list()]
        if act == "add" or not here:
            name = f"p{club.anna.context.book.size()}"
            subject = club.subject(name)
            club.enrol(subject, club.basis(subject, notice=None if act == "notice" else "notice-2027"), len(here))
        elif act == "withdraw":
            if any(b.state == "live" for b in club.anna.bases.list(club.anna.subjects.get(here[0]))):
                club.ben.withdraw(here[0])
        elif act == "erase":
            club.ben.erase(here[-1], reason="request")
        elif act == "notice":
            for basis in [each for each in club.anna.bases.list() if each.state == "live"][:1]:
                club.anna.bases.give_notice(basis, "notice-2027")
        held(club)
    kept_in_step = held(club)
    club.reopen()
    assert held(club) == kept_in_step


@pytest.mark.parametrize("step", ["append", "remove"])
def test_a_torn_index_is_thrown_away_and_built_again(club: Club, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    club.person("Ada", 1)
    assert club.found(1) == ["ada"]
    club.person("Bo", 2)
    club.enrol(club.anna.subjects.get("ada"), club.anna.bases.list()[0], 1, photo=7)
    index = club.anna.context.gallery._mirror._index

    def cut_short(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(TurboCodes, step, cut_short)
        with pytest.raises(MemoryError):
            club.found(1)
    assert club.found(1) == ["ada"]
    assert club.found(2) == ["bo"]
    assert len(index) == 3


def test_another_session_s_change_is_seen_by_the_next_search(club: Club) -> None:
    club.person("Ada", 1)
    other = club.open("anna@club.example")
    assert club.found(1, by=other) == ["ada"]
    club.person("Bo", 2)
    assert club.found(2, by=other) == ["bo"]
    club.ben.erase("ada", reason="request")
    assert club.found(1, by=other) == []
    assert len(other.context.gallery._mirror._index) == 1


def test_what_is_erased_leaves_this_process_s_memory_at_once(club: Club) -> None:
    club.person("Ada", 1)
    club.found(1, by=club.anna)
    gallery = club.ben.context.gallery
    gallery._mirror.forget()
    assert len(gallery._mirror._index) == 0, "what was never built is not built to forget somebody"
    gallery._mirror._catch_up()
    assert len(gallery._mirror._index) == 1
    club.ben.erase("ada", reason="request")
    assert len(gallery._mirror._index) == 0


def test_the_index_itself_knows_when_a_basis_ends(club: Club) -> None:
    ada = club.subject("Ada")
    club.enrol(ada, club.basis(ada, ["visitor-check-in"]), 1)
    vector = np.ascontiguousarray(probe(1).template.vector[None, :])
    mirror = club.anna.context.gallery._mirror
    inside, _ = mirror.search(vector, 4, Eligibility(2, frozenset({1}), START + DAY - 1))
    outside, _ = mirror.search(vector, 4, Eligibility(2, frozenset({1}), START + DAY))
    assert inside.ids[0].max() > 0
    assert outside.ids[0].max() == 0


def test_somebody_with_many_references_takes_nobody_s_place(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty photos of one person fill the answer four times over; the other one is found all the same."""
    monkeypatch.setattr("countenance.gallery.gallery._FETCH", 4)
    ada = club.person("Ada", 1)
    for photo in range(1, 20):
        club.enrol(ada, club.anna.bases.list()[0], 1, photo=photo)
    bo = club.subject("Bo")
    club.enrol(bo, club.basis(bo), 1, photo=77)
    assert sorted(club.found(1, limit=2)) == ["ada", "bo"]
    assert len(club.found(1, limit=1)) == 1
