"""A clock that jumps back: refused, logged, nothing half done; and an officer lets a wrong one be set right."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from clubs import ANNA, DAY, Club
from countenance.errors import ClockWentBack, InputError, RoleRefused
from countenance.registry import schema as t


def acts(club: Club) -> list[tuple[str, str]]:
    return [(leaf["act"], leaf["outcome"]) for leaf in map(json.loads, club.anna.context.book.export())]


def everything(club: Club) -> dict[str, int]:
    """How many rows each table has, the log left out."""
    with club.anna.context.registry.read() as connection:
        return {
            table.name: int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)
            for table in t.metadata.sorted_tables
            if table.name not in {"leaves", "openings", "log_state"}
        }


def test_p19_an_act_from_before_the_last_entry_is_refused_whole_and_logged(club: Club) -> None:
    club.person("Ada", 1)
    before, rows = club.anna.context.book.size(), everything(club)
    club.clock.forward(days=-2)
    for attempt in (
        lambda: club.subject("Bo"),
        lambda: club.search(1),
        lambda: club.ben.erase("ada", reason="request"),
    ):
        with pytest.raises(ClockWentBack, match="2027-01-13T08:00:00Z"):
            attempt()
    assert everything(club) == rows
    leaves = [json.loads(each) for each in club.anna.context.book.export()][before:]
    assert [(leaf["act"], leaf["outcome"]) for leaf in leaves] == [("clock", "refused")] * 3
    assert {leaf["at"] for leaf in leaves} == {"2027-01-15T08:00:00Z"}, "they bear the time of the last entry"
    assert leaves[0]["facts"]["behind_seconds"] == 2 * DAY
    assert leaves[2]["facts"]["act"] == "erase"
    club.anna.context.book.check()
    club.clock.forward(days=2)
    assert club.found(1) == ["ada"]


def test_a_small_correction_is_no_jump(club: Club) -> None:
    club.subject("Ada")
    club.clock.forward(seconds=-120)
    club.subject("Bo")
    club.clock.forward(seconds=-1 - 120)
    with pytest.raises(ClockWentBack):
        club.subject("Chidi")


def test_p19_after_a_clock_that_ran_ahead_an_officer_lets_the_log_go_on(club: Club) -> None:
    club.clock.forward(days=365)
    club.subject("Ada")
    club.clock.forward(days=-365)
    with pytest.raises(ClockWentBack, match="last entry is of 2028-01-15"):
        club.subject("Bo")
    assert club.anna.logbook.times() == ("2028-01-15T08:00:00Z", "2027-01-15T08:00:00Z")
    written = club.ben.logbook.accept_clock()
    leaf = [json.loads(each) for each in club.anna.context.book.export()][written.index]
    assert (leaf["act"], leaf["outcome"], leaf["at"]) == ("clock", "done", "2027-01-15T08:00:00Z")
    assert leaf["facts"] == {"from": "2028-01-15T08:00:00Z", "to": "2027-01-15T08:00:00Z"}
    assert "account" in leaf
    club.subject("Bo")
    club.anna.context.book.check()
    with pytest.raises(InputError, match="not behind"):
        club.ben.logbook.accept_clock()


def test_accepting_the_clock_is_for_officers(club: Club) -> None:
    club.anna.accounts.add("cato@club.example", roles=["controller"], passphrase="words")
    club.clock.forward(days=-3)
    with pytest.raises(RoleRefused):
        club.open("cato@club.example").logbook.accept_clock()
    assert acts(club)[-1] != ("clock", "done")
    club.open(ANNA).logbook.accept_clock()
    assert acts(club)[-1] == ("clock", "done")
