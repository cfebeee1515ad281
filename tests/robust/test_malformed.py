"""Thousands of broken files go through a real ingest: a reason for each that cannot serve, no crash, no hang.

200 files, and 2,000 in all with COUNTENANCE_LONG=1.
"""

from __future__ import annotations

import os

import pytest
import sqlalchemy as sa

from clubs import Club
from countenance.registry import schema as t
from countenance.service.sources import Source
from robust import photos
from robust.malformed import broken, valid

MANY = 2000 if os.environ.get("COUNTENANCE_LONG") == "1" else 200
CODES = {"unreadable", "too-large", "rights"}


@pytest.mark.timeout(1800)
def test_malformed_files_go_through_with_a_reason_each(members: Club, source: Source) -> None:
    kinds = sorted(valid())
    for number in range(MANY):
        kind = kinds[number % len(kinds)]
        ending = kind.rpartition(".")[2]
        (source.root / f"{number:04}.{ending}").write_bytes(broken(kind, number))
    for name in ("0000-first", "0100-middle", "9999-last"):
        (source.root / f"{name}.jpg").write_bytes(photos.portrait("Bruno"))
    told: list[int] = []
    report = members.anna.ingest(source, progress=lambda progress: told.append(progress.done))
    assert report.photos == MANY + 3
    assert report.new + len(report.skipped) == MANY + 3
    # A break may leave a picture that can be seen, but most do not.
    assert len(report.skipped) > MANY / 4
    assert {each.code for each in report.skipped} <= CODES
    assert all(each.reason.endswith(".") and "\n" not in each.reason for each in report.skipped)
    assert not any(word in each.reason for each in report.skipped for word in ("Traceback", "Error", "0x"))
    assert told[-1] == MANY + 3
    with members.anna.context.registry.read() as connection:
        states = dict(connection.execute(sa.select(t.photos.c.state, sa.func.count()).group_by(t.photos.c.state)).all())
        bruno = sa.select(sa.func.count()).select_from(t.appearances.join(t.subjects)).where(t.subjects.c.id == 2)
        assert connection.scalar(bruno) >= 3
    assert sum(states.values()) == MANY + 3
    again = members.anna.ingest(source)
    assert (again.new, again.already_known) == (0, MANY + 3)
    members.anna.check_log()


@pytest.mark.parametrize("kind", sorted(valid()))
def test_the_files_that_are_broken_were_valid(members: Club, kind: str) -> None:
    picture = members.anna.context.vision.decode(valid()[kind])
    assert len(members.anna.context.vision.faces(picture)) == 1
    assert len({broken(kind, number) for number in range(20)}) == 20
    assert broken(kind, 7) == broken(kind, 7)
