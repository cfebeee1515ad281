"""The purpose gate lies inside the search: what it shows is exactly what it may show, whatever else is there (P4)."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clubs import PURPOSES, Club, enrolment, probe
from countenance.gallery import gallery as gallery_module
from countenance.index import ENGINES

PERMITTED = st.lists(st.sets(st.sampled_from(PURPOSES), min_size=1).map(sorted), min_size=1, max_size=7)


def exact(people: dict[str, list[str]], purpose: str, face: int, limit: int) -> list[tuple[str, float]]:
    """Everybody whose basis names the purpose, ranked by the plain cosine of their only template."""
    wanted = probe(face).template.vector
    scores = [
        (name, float(enrolment(number).template.vector @ wanted))
        for number, (name, purposes) in enumerate(people.items())
        if purpose in purposes
    ]
    return sorted(scores, key=lambda each: -each[1])[:limit]


@pytest.mark.parametrize("engine", sorted(ENGINES))
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(permitted=PERMITTED, purpose=st.sampled_from(["photo-library", "visitor-check-in"]), limit=st.integers(1, 8))
def test_p4_a_filtered_search_answers_exactly(
    engine: str, permitted: list[list[str]], purpose: str, limit: int, quick_folder: Path
) -> None:
    club = Club(Path(tempfile.mkdtemp(dir=quick_folder)), engine)
    try:
        people = {f"p{number}": purposes for number, purposes in enumerate(permitted)}
        for number, (name, purposes) in enumerate(people.items()):
            club.person(name, number, purposes)
        for face in range(len(people)):
            shown = club.search(face, purpose, threshold=None, limit=limit).candidates
            wanted = exact(people, purpose, face, limit)
            assert [each.subject for each in shown] == [name for name, _ in wanted]
            assert [each.score for each in shown] == pytest.approx([score for _, score in wanted], abs=1e-6)
    finally:
        club.close()


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_p4_people_of_another_purpose_take_nobody_s_place(
    engine: str, quick_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gate behind the search would see only the few best of all, and none of them may be shown."""
    monkeypatch.setattr(gallery_module, "_FETCH_ALL", 4)
    club = Club(quick_folder / engine, engine)
    try:
        for number in range(6):
            club.person(f"near-{number}", 1, ["visitor-check-in"])
        club.person("far", 2, ["photo-library"])
        shown = club.search(1, "photo-library", threshold=None, limit=1).candidates
        assert [each.subject for each in shown] == ["far"]
    finally:
        club.close()
