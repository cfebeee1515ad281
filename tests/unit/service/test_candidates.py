"""What a search answers: candidates with all that one needs to doubt them, and nothing that happens by itself (P17)."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from clubs import ANNA, Club, looked, probe
from countenance.registry import schema as t
from countenance.service.finding import CAUTION, Found
from countenance.types import iso

WHOLE = {
    "candidates": list, "threshold": float, "scale": str, "bands": dict, "rate": dict, "gallery_size": int,
    "faces_in_probe": int,
    "bases_pending": int,
    "caution": str, "log": dict,
}  # fmt: skip
ONE = {
    "rank": int, "subject": str, "name": str, "score": float, "scale": str, "band": str, "photo": (dict, type(None)),
    "face": (dict, type(None)), "appearances": list, "basis": str, "confirmed_how": str, "asserted_by": str,
    "asserted_at": str, "review": (str, type(None)),
}  # fmt: skip
PHOTO = {"id": str, "path": str, "source": str, "origin": (str, type(None))}
VERDICTS = ("match", "identified", "identity", "confirmed_as", "is_person", "verdict", "result", "alert", "action")
OWN = {"searches", "shown", "leaves", "openings", "log_state", "cases", "probes"}
"""What a search may write: its own record, and where a review is due the sealed probe."""


def fits(given: dict[str, Any], schema: dict[str, Any]) -> None:
    """What is needed is there and of its kind; what is there besides is no verdict."""
    for name, kind in schema.items():
        assert isinstance(given[name], kind), name
    assert not set(given) & set(VERDICTS)


def answer(club: Club, person: int) -> dict[str, Any]:
    found = club.search(person)
    return Found(found, probe(person)).as_json()


def test_p17_an_answer_holds_candidates_and_no_verdict(club: Club) -> None:
    club.person("Ada", 1)
    source = club.source()
    club.ingest(source, [looked("one.jpg", [1])])
    told = answer(club, 1)
    fits(told, WHOLE)
    assert told["caution"] == CAUTION
    assert "not an identification" in told["caution"]
    assert set(told["bands"]) == {"high", "low"}
    (candidate,) = told["candidates"]
    fits(candidate, ONE)
    fits(candidate["photo"], PHOTO)
    assert -1 <= candidate["score"] <= 1
    assert (candidate["scale"], candidate["band"]) == ("cosine", "high")
    assert candidate["asserted_by"] == ANNA
    assert candidate["asserted_at"] == iso(club.clock.now)
    assert candidate["photo"]["source"] == "party"


def test_p17_a_search_changes_nothing_but_its_own_record(club: Club) -> None:
    ada = club.person("Ada", 1)
    club.search(1)  # opens the case
    before = everything(club)
    club.clock.forward(seconds=60)
    assert club.found(1) == ["ada"]
    after = everything(club)
    assert {name for name in after if after[name] != before[name]} <= OWN
    assert club.anna.subjects.get(ada).handle == "ada"


@pytest.mark.parametrize("threshold", [None, -1.0])
def test_p17_no_score_is_called_a_certainty(club: Club, threshold: float | None) -> None:
    club.person("Ada", 1)
    club.person("Bo", 2)
    bands = [candidate.band for candidate in club.search(1, threshold=threshold).candidates]
    assert bands == ["high", "below-threshold"]


def everything(club: Club) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with club.anna.context.registry.read() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(sa.select(table)))) for table in t.metadata.sorted_tables
        }
