"""The purge, in a gallery whose clock is moved: what goes, what stays, and that a dry run says the same (P13)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from clubs import DAY, Club, looked, orphans
from countenance.errors import Held, RoleRefused
from countenance.registry import schema as t
from countenance.service.daily import Daily
from countenance.service.purging import Purged, Purging
from countenance.types import iso


def told(purged: Purged) -> list[tuple[str, str]]:
    return [(item.what, item.why) for item in purged.due]


def purge(club: Club, *, days: int = 0) -> list[tuple[str, str]]:
    """Move the clock, list, and do; the two must say the same."""
    club.clock.forward(days=days)
    listed = told(club.ben.purge(dry_run=True))
    assert told(club.ben.purge()) == listed
    assert told(club.ben.purge(dry_run=True)) == []
    return listed


def here(club: Club) -> list[str]:
    return [subject.handle for subject in club.anna.subjects.list()]


def test_p13_what_is_withdrawn_goes_thirty_days_later(club: Club) -> None:
    club.person("Ada", 1)
    club.person("Bo", 2)
    club.ben.withdraw("ada")
    assert purge(club, days=29) == []
    assert here(club) == ["ada", "bo"]
    (item,) = purge(club, days=1)
    assert item == ("subject", "withdrawn thirty days ago, and no other basis is left")
    assert here(club) == ["bo"]
    assert club.found(2) == ["bo"]
    assert orphans(club) == []


def test_p13_an_expired_basis_goes_and_its_person_stays_on_another(club: Club) -> None:
    ada = club.person("Ada", 1)
    visit = club.basis(ada, ["visitor-check-in"])
    club.enrol(ada, visit, 1, 1)
    assert purge(club, days=1) == [("basis", "the basis has expired")]
    assert [each.id for each in club.anna.bases.list(ada)] == ["B1"]
    assert club.found(1) == ["ada"]


def test_p13_three_years_of_silence_end_everything(club: Club) -> None:
    ada = club.person("Ada", 1)
    with club.sql() as connection:  # a basis that would last longer than anybody may be silent
        connection.execute(sa.update(t.subjects).values(last_interaction=club.clock() - 3 * 365 * DAY + 10))
    assert purge(club) == []
    club.clock.forward(seconds=10)
    assert purge(club) == [("subject", "three years since the person's own last act")]
    assert here(club) == []
    assert ada.id == 1


@pytest.mark.parametrize("channel", ["contact", "receipt", "officer"])
def test_p14_whoever_asks_is_not_purged_before_the_answer(club: Club, channel: str) -> None:
    club.person("Ada", 1, contact="ada@home.example")
    receipt = json.dumps(club.anna.receipts.issue("B1")).encode()
    with club.sql() as connection:
        connection.execute(sa.update(t.subjects).values(last_interaction=club.clock() - 3 * 365 * DAY + DAY))
    given = {"contact": {"contact": "ada@home.example"}, "receipt": {"receipt": receipt}, "officer": {"subject": "ada"}}
    asked = club.ben.requests.open("access", **given[channel])
    assert purge(club, days=2) == []
    club.ben.requests.answer(asked)
    assert purge(club) == []  # asking was an act of their own
    assert club.found(1) == ["ada"]


def test_p13_whose_request_it_was_is_an_act_of_theirs_once_it_is_known(club: Club) -> None:
    club.person("Ada", 1)
    with club.sql() as connection:
        connection.execute(sa.update(t.subjects).values(last_interaction=club.clock() - 3 * 365 * DAY + DAY))
    club.ben.requests.open("access", contact="ada@old.example")
    club.ben.requests.assign("R1", "ada")
    club.ben.requests.answer("R1", refuse="excessive")
    assert purge(club, days=2) == []


def test_p3_faces_that_nobody_confirmed_are_forgotten_after_seven_days(club: Club) -> None:
    ada = club.subject("Ada")
    club.enrol(ada, club.basis(ada, live=False), 1)
    bo = club.person("Bo", 2)
    club.enrol(bo, club.basis(bo, ["find-my-photos"], live=False), 2, 1)
    assert purge(club, days=6) == []
    assert purge(club, days=1) == [
        ("subject", "never confirmed within seven days, and no other basis is left"),
        ("basis", "never confirmed within seven days"),
    ]
    assert here(club) == ["bo"]
    assert orphans(club) == []


def test_p8_what_is_held_stays_and_is_listed(club: Club) -> None:
    ada = club.person("Ada", 1)
    club.person("Bo", 2)
    club.ben.withdraw("ada")
    club.ben.withdraw("bo")
    order = club.order("hold", subject=ada.id)
    club.clock.forward(days=30)
    purged = club.ben.purge()
    assert [(item.subject, item.blocked) for item in purged.blocked] == [(1, "an authority's hold")]
    assert here(club) == ["ada"]
    club.set_order(order, "complied")
    assert len(club.ben.purge().due) == 1
    assert here(club) == []


def test_p8_a_hold_that_comes_between_stops_the_purge(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = club.person("Ada", 1)
    club.ben.withdraw("ada")
    club.clock.forward(days=30)
    erase = Purging._erase
    held = lambda purging, purged: (club.order("hold", subject=ada.id), erase(purging, purged))  # noqa: E731
    monkeypatch.setattr(Purging, "_erase", held)
    with pytest.raises(Held):
        club.ben.purge()
    assert here(club) == ["ada"]


def test_a_restriction_keeps_what_the_person_asked_to_be_kept(club: Club) -> None:
    club.person("Ada", 1)
    club.ben.withdraw("ada")
    with club.sql() as connection:
        connection.execute(sa.update(t.subjects).values(restricted=club.clock()))
    club.clock.forward(days=30)
    (item,) = club.ben.purge().blocked
    assert "restriction" in (item.blocked or "")
    assert here(club) == ["ada"]


def test_p13_appearances_last_as_long_as_their_source_says(club: Club) -> None:
    club.person("Ada", 1)
    source = club.source()
    folder = club.root / "source-party"
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(b"x")
    club.ingest(source, [looked("a.jpg", [1]), looked("b.jpg", [1])])
    with club.sql() as connection:
        connection.execute(sa.update(t.sources).values(retention_days=20))
    assert purge(club, days=19) == []
    assert purge(club, days=1) == [("appearances", "its source keeps for 20 days")] * 2
    assert club.search(1).candidates[0].appearances == ()
    with club.anna.context.registry.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(t.photos)) == 2, "they are known, and stay so"


def test_a_photo_whose_file_is_gone_loses_its_appearances(club: Club) -> None:
    club.person("Ada", 1)
    source = club.source()
    folder = club.root / "source-party"
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(b"x")
    club.ingest(source, [looked("a.jpg", [1]), looked("b.jpg", [1])])
    (folder / "a.jpg").unlink()
    assert purge(club) == [("appearances", "the photo's file is gone")]
    assert [each.photo.path for each in club.search(1).candidates[0].appearances] == ["b.jpg"]


def test_a_folder_that_is_away_makes_nobody_forget(club: Club) -> None:
    """A disk that is not mounted is no sign that its photos are gone."""
    club.person("Ada", 1)
    club.ingest(club.source(), [looked("a.jpg", [1])])
    (club.root / "source-party").rename(club.root / "elsewhere")
    assert purge(club) == []


def test_p16_sealed_probes_links_and_archives_whose_time_has_come(club: Club) -> None:
    ada = club.person("Ada", 1)
    basis, now = club.anna.bases.list(ada)[0].number, club.clock()
    club.search(1)
    vault = club.anna.context.keys.vault
    vault.destroy("probe:1")
    vault.create("probe:1")
    one = {"organisation": 1, "created": now}
    with club.sql() as connection:
        connection.execute(sa.delete(t.probes))
        connection.execute(sa.insert(t.probes).values(search=1, key="probe:1", sealed=b"x", expires=now + 14 * DAY))
        link = {"basis": basis, "kind": "person", "made_by": 1, "expires": now + 14 * DAY}
        connection.execute(sa.insert(t.links).values(**one, **link, token_hash="0" * 64))
        connection.execute(sa.insert(t.links).values(**one, **link, token_hash="1" * 64, used=now))
        old = {"kind": "archive", "value": "old pictures", "created": now - 717 * DAY}
        connection.execute(sa.insert(t.activations).values(**(one | old)))
    assert purge(club) == [("link", "the link was used")]
    assert purge(club, days=14) == [
        ("probe", "not reviewed within 14 days"),
        ("link", "the link has expired"),
        ("activation", "not renewed within 24 months"),
    ]
    assert not vault.exists("probe:1")


def test_p8_an_order_is_executed_when_its_deadline_has_come(club: Club) -> None:
    club.person("Ada", 1)
    number = club.obey("erase", territory="GB")
    assert [item for item in told(club.ben.purge(dry_run=True)) if item[0] == "order"] == []
    club.clock.forward(days=40)
    assert ("order", "the order's deadline has come") in told(club.ben.purge(dry_run=True))
    purged = club.ben.purge()
    assert [(each.order, each.state) for each in purged.orders] == [(number, "complied")]
    assert here(club) == []


def test_an_operator_may_look_and_not_purge(club: Club) -> None:
    club.person("Ada", 1)
    club.anna.accounts.add("dee@club.example", roles=["operator"], passphrase="words")
    dee = club.open("dee@club.example")
    with pytest.raises(RoleRefused):
        dee.purge()
    assert dee.purge(dry_run=True).due == []


def test_p13_a_system_account_purges_and_erases_nobody_else(club: Club) -> None:
    club.person("Ada", 1)
    club.ben.withdraw("ada")
    club.anna.accounts.add("clock@club.example", roles=["system"], passphrase="words")
    timer = club.open("clock@club.example")
    with pytest.raises(RoleRefused):
        timer.erase("ada", reason="request")
    club.clock.forward(days=30)
    assert len(timer.purge().certified) == 1
    assert here(club) == []


def test_the_log_says_that_it_was_purged_and_of_nobody_whom(club: Club) -> None:
    club.person("Ada", 1)
    club.ben.withdraw("ada")
    club.clock.forward(days=30)
    purged = club.ben.purge()
    leaves = [json.loads(line) for line in club.anna.export_log()]
    assert [leaf["facts"] for leaf in leaves if leaf["act"] == "purge"] == [
        {"due": {"subject": 1}, "blocked": 0},
        {"step": "done", "appearances": 0},
    ]
    assert json.dumps(purged.as_json())
    assert purged.as_json()["due"][0]["subject"] == "ada"


# --- the day's work of `serve` ---------------------------------------------------------------------------------------


def test_p13_the_day_s_work_is_done_once_a_day(club: Club) -> None:
    said: list[str] = []
    daily = Daily(club.ben, said.append)
    club.person("Ada", 1)
    club.ben.withdraw("ada")
    assert daily.run_if_due()
    assert not daily.run_if_due()
    for _ in range(29):
        club.clock.forward(days=1)
        assert daily.run_if_due()
    assert said == []
    club.clock.forward(days=1, seconds=-1)
    assert not daily.run_if_due()
    club.clock.forward(seconds=1)
    assert daily.run_if_due()
    assert said == ["Purged: 1 items; certificates E1."]


def test_p13_of_all_processes_that_serve_one_does_the_day_s_work(club: Club) -> None:
    one, other = Daily(club.ben, print), Daily(club.ben, print)
    assert one.run_if_due()
    assert not other.run_if_due()
    one.close()
    assert other.run_if_due()
    other.close()


def test_p13_the_day_s_work_reminds_of_bases_that_end_soon(club: Club) -> None:
    said: list[str] = []
    club.basis(club.subject("Ada"), until=iso(club.clock() + 31 * DAY)[:10])
    daily = Daily(club.ben, said.append)
    assert daily.run_if_due()
    assert said == []
    club.clock.forward(days=2)
    assert daily.run_if_due()
    assert said == ["Bases that end within 30 days: 1. See `countenance basis list --ending 30`."]


def test_the_day_s_work_says_what_it_cannot_do(club: Club) -> None:
    club.anna.accounts.add("dee@club.example", roles=["operator"], passphrase="words")
    said: list[str] = []
    Daily(club.open("dee@club.example"), said.append).run_if_due()
    assert len(said) == 1
    assert "purge was not made" in said[0]
    assert "officer" in said[0]


def test_the_day_s_work_sends_the_checkpoint_where_a_place_is_configured(club: Club) -> None:
    drop = club.root / "drop"
    drop.mkdir()
    config = club.folder / "countenance.toml"
    config.write_text(config.read_text() + f'\n[witness]\ndrop = "{drop}"\n')
    club.reopen()
    said: list[str] = []
    Daily(club.ben, said.append).run_if_due()
    assert said == []
    assert list(Path(drop).iterdir())
