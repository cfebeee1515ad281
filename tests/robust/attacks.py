"""How a fault must look, and what must be the same after it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from clubs import Club
from countenance.errors import CountenanceError
from countenance.registry.schema import metadata


def counts(club: Club) -> dict[str, int]:
    """Rows by table, but for the log (a refusal is logged) and cases (a reference that was named stays named)."""
    skipped = {"leaves", "openings", "log_state", "cases"}
    with club.anna.context.registry.read() as connection:
        return {
            name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for name, table in metadata.tables.items()
            if name not in skipped
        }


def two_lines(fault: CountenanceError) -> None:
    """One line of what is wrong, one of what to do; neither bytes, numbers of a vector nor a traceback in them."""
    for line in (fault.message, fault.hint):
        assert line.strip()
        assert "\n" not in line
        assert len(line) < 400
        for sign in ("Traceback", "array(", "b'", "sqlite3.", "sqlalchemy"):
            assert sign not in line
        assert not re.search(r"\b0x[0-9a-f]", line)  # an address; a folder's name made at random may hold the letters
    assert fault.exit_code in range(1, 100)
    assert str(fault) == fault.message


def refused(club: Club, kind: type[CountenanceError], act: Callable[[], Any]) -> CountenanceError:
    """The act fails with exactly this error, in two lines, and leaves every record and the log as they were."""
    before = counts(club)
    with pytest.raises(CountenanceError) as caught:
        act()
    assert type(caught.value) is kind
    two_lines(caught.value)
    assert counts(club) == before
    club.anna.check_log()
    return caught.value
