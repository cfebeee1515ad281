"""The sweep as the service offers it: over all sources, with what was left out, and once a day."""

from __future__ import annotations

from pathlib import Path

import pytest

from clubs import Club, looked
from countenance import errors
from countenance.service.daily import Daily


@pytest.fixture
def two(club: Club) -> Club:
    """Two sources with a photo of Bruno in each, who came later."""
    for name in ("party", "fete"):
        club.ingest(club.source(name), [looked(f"{name}.jpg", [1, 2])])
    club.person("Bruno", 2)
    return club


def test_a_dry_run_counts_and_opens_nothing(two: Club) -> None:
    planned = two.anna.sweep(dry_run=True)
    assert (planned.photos, planned.sources, planned.dry_run) == (2, {"party": 1, "fete": 1}, True)
    assert two.anna.sweep("fete", dry_run=True).sources == {"fete": 1}
    assert "sweep" not in {entry["act"] for entry in two.anna.log_entries()}


def test_a_source_that_cannot_be_swept_is_left_out_with_its_reason(two: Club) -> None:
    for name in ("party", "fete"):
        (two.root / f"source-{name}").rmdir()
    swept = two.anna.sweep()
    assert set(swept.left) == {"party", "fete"}
    assert "gone" in swept.left["party"]
    with pytest.raises(errors.InputError, match="gone"):
        two.anna.sweep("party")


def test_an_order_on_one_source_leaves_the_others_to_be_swept(two: Club) -> None:
    two.order("stop", source=1)
    swept = two.anna.sweep()
    assert list(swept.left) == ["party"]
    assert [(each.path, each.code) for each in swept.skipped] == [("fete.jpg", "unreadable")], "its file was made up"


def test_p3_who_may_not_sweep_is_told_so_and_nobody_else_may_ask(two: Club, tmp_path: Path) -> None:
    with pytest.raises(errors.RoleRefused):
        two.ben.sweep()
    said: list[str] = []
    Daily(two.ben, said.append).run_if_due()
    assert any("Today's sweep was not made" in line for line in said)


def test_the_day_s_work_ends_when_the_server_does(two: Club) -> None:
    said: list[str] = []
    Daily(two.anna, said.append, lambda: True).run_if_due()
    assert "sweep" in {entry["act"] for entry in two.anna.log_entries()}
    assert not [line for line in said if "sweep" in line]
