"""A run: what is opened and looked at, and what becomes of files that move, go, come back or are copied."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from clubs import Club
from countenance import errors
from countenance.ingest import parts as in_parts
from countenance.ingest import report as told_often
from countenance.ingest.run import Progress
from countenance.registry import schema as t
from made_up import Party


@pytest.fixture
def party(club: Club) -> Party:
    """Ada (1) and Bruno (2) agreed; 7, 8 and 9 are strangers."""
    club.person("Ada", 1)
    club.person("Bruno", 2)
    return Party(club)


def rows(party: Party, *names: str) -> dict[str, tuple[object, ...]]:
    """What is recorded of each photo, by path."""
    columns = [t.photos.c[name] for name in names]
    with party.club.anna.context.registry.read() as connection:
        found = connection.execute(sa.select(t.photos.c.path, *columns).order_by(t.photos.c.path))
        return {bytes(row[0]).decode(): tuple(row[1:]) for row in found}


def touch(file: Path, seconds: int = 5) -> None:
    about = file.stat()
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns + seconds * 10**9))


# --- again -----------------------------------------------------------------------------------------------------------


def test_unchanged_files_are_not_opened_and_no_engine_is_made(party: Party) -> None:
    for number in range(6):
        party.put(f"{number}.jpg", 1, 7, salt=number)
    party.put("broken.jpg").write_bytes(b"no photo")
    first = party.ingest()
    assert (first.photos, first.new, first.faces_kept, first.faces_forgotten) == (7, 6, 6, 6)
    assert (first.skipped_by, party.engine.made, party.engine.closed) == ({"unreadable": 1}, [7], 1)
    again = party.ingest()
    assert (again.photos, again.new, again.already_known) == (7, 0, 7)
    assert (again.skipped, party.engine.opened, party.engine.made) == (first.skipped, [], [])


def test_a_touched_file_is_hashed_and_not_looked_at_and_then_not_even_hashed(party: Party) -> None:
    file = party.put("a.jpg", 1)
    party.ingest()
    touch(file)
    report = party.ingest()
    assert (report.already_known, party.engine.opened, party.engine.looked) == (1, [b"a.jpg"], [])
    party.ingest()
    assert party.engine.opened == []


def test_a_changed_file_is_looked_at_and_its_old_faces_go(party: Party) -> None:
    party.put("a.jpg", 1)
    party.ingest()
    party.put("a.jpg", 2, 7)
    report = party.ingest()
    assert (report.new, report.faces_kept) == (1, 1)
    assert (party.shown(1), party.shown(2)) == ([], ["a.jpg"])


def test_again_looks_at_everything_once_and_retention_does_not_start_anew(party: Party) -> None:
    for name in ("a.jpg", "b.jpg"):
        party.put(name, 1, 7, salt="same")
    party.put("c.jpg", 2)
    party.ingest()
    before = rows(party, "id", "ingested")
    party.club.clock.forward(days=10)
    report = party.ingest(again=True)
    assert (report.new, report.duplicates, party.engine.looked) == (3, 1, [b"a.jpg", b"c.jpg"])
    assert rows(party, "id", "ingested") == before
    assert party.shown(1) == ["a.jpg", "b.jpg"]


def test_p13_looking_again_keeps_nobody_whose_time_is_over(party: Party) -> None:
    with party.club.sql() as connection:
        connection.execute(sa.update(t.sources).values(retention_days=30))
    party.put("a.jpg", 1)
    party.ingest()
    party.club.clock.forward(days=31)
    party.club.anna.purge()
    assert party.ingest(again=True).faces_kept == 0
    assert party.shown(1) == []
    party.put("b.jpg", 1)
    report = party.ingest()
    assert (report.new, report.duplicates, report.faces_kept) == (1, 0, 1), "what is over is no original for a copy"
    assert party.shown(1) == ["b.jpg"]


def test_looking_again_takes_nothing_from_whom_an_order_holds(party: Party) -> None:
    file = party.put("a.jpg", 1, 2)
    party.ingest()
    party.club.order("hold", subject=1)
    file.write_bytes(b"no photo")
    party.ingest()
    with party.club.anna.context.registry.read() as connection:
        assert connection.scalars(sa.select(t.appearances.c.subject)).all() == [1]


# --- moved, gone and back --------------------------------------------------------------------------------------------


def test_a_moved_file_keeps_its_record_and_is_not_looked_at(party: Party) -> None:
    party.put("a.jpg", 1)
    party.put("b.jpg", 2)
    party.ingest()
    before = rows(party, "id", "ingested")
    party.club.clock.forward(days=1)
    (party.folder / "2027").mkdir()
    (party.folder / "a.jpg").rename(party.folder / "2027" / "x.jpg")
    report = party.ingest()
    assert (report.new, report.already_known, report.moved, report.missing) == (0, 2, 1, 0)
    assert party.engine.looked == []
    assert rows(party, "id", "ingested") == {"2027/x.jpg": before["a.jpg"], "b.jpg": before["b.jpg"]}
    assert party.shown(1) == ["2027/x.jpg"]
    party.ingest()
    assert party.engine.opened == []


def test_two_files_that_swap_their_names(party: Party) -> None:
    party.put("a.jpg", 1)
    party.put("b.jpg", 2)
    party.ingest()
    for one, other in (("a", "t"), ("b", "a"), ("t", "b")):
        (party.folder / f"{one}.jpg").rename(party.folder / f"{other}.jpg")
    touch(party.folder / "a.jpg")
    touch(party.folder / "b.jpg")
    report = party.ingest()
    assert (report.new, report.missing) == (2, 0)
    assert (party.shown(1), party.shown(2)) == (["b.jpg"], ["a.jpg"])


def test_files_that_change_places_over_several_batches(party: Party) -> None:
    party.batch = 1
    for number in range(5):
        party.put(f"{number}.jpg", *([1] if number == 3 else [9]), salt=number)
    party.ingest()
    contents = [(party.folder / f"{number}.jpg").read_bytes() for number in range(5)]
    for number in range(5):
        file = party.folder / f"{number}.jpg"
        file.write_bytes(contents[(number + 1) % 5])
        touch(file)
    report = party.ingest()
    assert (report.new, report.missing) == (5, 0)
    assert party.shown(1) == ["2.jpg"]
    party.ingest()
    assert party.engine.opened == []


def test_a_file_that_is_gone_is_out_of_search_at_once_and_purged_next(party: Party) -> None:
    file = party.put("a.jpg", 1)
    party.put("b.jpg", 1, salt=2)
    party.ingest()
    content = file.read_bytes()
    file.unlink()
    report = party.ingest()
    assert (report.photos, report.missing) == (1, 1)
    assert party.shown(1) == ["b.jpg"]
    assert party.ingest().missing == 0, "it is told once"
    assert rows(party, "missing")["a.jpg"] == (party.club.clock(),)

    file.write_bytes(content)
    back = party.ingest()
    assert (back.returned, back.already_known, party.engine.looked) == (1, 2, [])
    assert party.shown(1) == ["a.jpg", "b.jpg"]

    file.unlink()
    party.ingest()
    assert [item.why for item in party.club.anna.purge().due] == ["the photo's file is gone"]
    assert list(rows(party)) == ["b.jpg"]


def test_a_file_that_was_gone_comes_back_under_another_name(party: Party) -> None:
    file = party.put("a.jpg", 1)
    party.put("b.jpg", 7)
    party.ingest()
    content, before = file.read_bytes(), rows(party, "id")["a.jpg"]
    file.unlink()
    party.ingest()
    (party.folder / "z.jpg").write_bytes(content)
    report = party.ingest()
    assert (report.moved, report.returned, party.engine.looked) == (1, 1, [])
    assert rows(party, "id")["z.jpg"] == before
    assert party.shown(1) == ["z.jpg"]


def test_what_lies_below_an_unreadable_folder_is_not_missing(party: Party) -> None:
    party.put("in/a.jpg", 1)
    party.put("b.jpg", 1, salt=2)
    party.ingest()
    outside = party.club.root / "outside"
    shutil.move(party.folder / "in", outside)
    (party.folder / "in").symlink_to(outside)
    report = party.ingest()
    assert (report.missing, report.skipped_by) == (0, {"unreadable": 1})
    assert party.shown(1) == ["b.jpg", "in/a.jpg"]


# --- copies ----------------------------------------------------------------------------------------------------------


def test_a_copy_has_a_record_of_its_own_and_is_not_looked_at(party: Party) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        party.put(name, 1, 7, salt="same")
    report = party.ingest()
    assert (report.photos, report.new, report.duplicates) == (3, 3, 2)
    assert (report.faces_found, report.faces_kept, report.faces_forgotten) == (6, 3, 3)
    assert (party.engine.looked, report.near) == ([b"a.jpg"], [])
    assert party.shown(1) == ["a.jpg", "b.jpg", "c.jpg"]
    party.put("d.jpg", 1, 7, salt="same")
    later = party.ingest()
    assert (later.new, later.duplicates, party.engine.looked) == (1, 1, [])
    assert party.shown(1) == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    same = set(rows(party, "sha256", "perceptual_hash", "width", "faces_found", "state").values())
    assert len(same) == 1


def test_a_copy_of_a_refused_photo_is_refused_for_the_same_reason(party: Party) -> None:
    party.put("a.jpg", 1, prohibited="not allowed")
    party.put("b.jpg", 1, prohibited="not allowed")
    report = party.ingest()
    assert (report.new, report.duplicates, report.skipped_by) == (0, 0, {"rights": 2})
    assert [each.reason for each in report.skipped] == ["not allowed"] * 2
    assert set(rows(party, "state", "code").values()) == {("refused", "rights")}


def test_p1_a_copy_gets_only_whom_it_could_be_given_today(party: Party) -> None:
    club = party.club
    party.put("a.jpg", 1, 2)
    party.ingest()
    club.anna.withdraw("ada")
    party.put("b.jpg", 1, 2)
    report = party.ingest()
    assert (report.duplicates, report.faces_kept) == (1, 1)
    with club.anna.context.registry.read() as connection:
        kept = sa.select(t.photos.c.path, t.appearances.c.subject).join_from(t.appearances, t.photos)
        assert sorted(map(tuple, connection.execute(kept))) == [(b"a.jpg", 1), (b"a.jpg", 2), (b"b.jpg", 2)]


def test_p10_a_copy_gets_nobody_whom_an_order_forbids_to_collect(party: Party) -> None:
    party.put("a.jpg", 1, 2)
    party.ingest()
    party.club.order("stop", subject=1)
    party.put("b.jpg", 1, 2)
    assert party.ingest().faces_kept == 1
    assert party.shown(2) == ["a.jpg", "b.jpg"]
    assert "b.jpg" not in party.shown(1)


def test_what_was_removed_from_a_photo_is_not_in_its_copy(party: Party) -> None:
    party.put("a.jpg", 1, 2)
    party.ingest()
    with party.club.sql() as connection:
        connection.execute(sa.delete(t.appearances).where(t.appearances.c.subject == 1))
    party.put("b.jpg", 1, 2)
    party.ingest()
    assert (party.shown(1), party.shown(2)) == ([], ["a.jpg", "b.jpg"])


def test_photos_that_look_alike_are_grouped_and_looked_at_all_the_same(party: Party) -> None:
    party.put("burst-1.jpg", 1, likeness=0xFFFF_0000_FFFF_0000)
    party.put("other.jpg", 1, likeness=0x0F0F_0F0F_0F0F_0F0F)
    party.put("flat-1.jpg", 7, likeness=0)
    party.put("flat-2.jpg", 8, likeness=0)
    assert party.ingest().near == []
    party.put("burst-2.jpg", 1, likeness=0xFFFF_0000_FFFF_0003)
    party.put("burst-2-copy.jpg", 1, likeness=0xFFFF_0000_FFFF_0003)
    report = party.ingest()
    assert report.near == [("burst-1.jpg", "burst-2-copy.jpg")]
    assert party.engine.looked == [b"burst-2-copy.jpg"]
    assert party.ingest().near == []


# --- names and orders ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trace", ["a.jpg.json", "2024-05-01_10-11-12_UTC.jpg"])
def test_p26_names_of_scrapers_pause_the_source_before_a_photo_is_opened(party: Party, trace: str) -> None:
    for number in range(9):
        party.put(f"{number}.jpg", 1, salt=number)
    party.put("a.jpg", 1)
    party.put(trace, 1, salt="trace")
    with pytest.raises(errors.SourceRefused, match=r"1 of the first 1[01] photos carry a") as caught:
        party.ingest()
    assert (caught.value.requirement, party.engine.made, rows(party)) == ("P26", [], {})
    assert party.club.anna.sources.get("party").state == "paused"


def test_p26_a_mark_in_a_later_batch_keeps_nothing_of_that_batch(party: Party) -> None:
    for number in range(7):
        party.put(f"{number}.jpg", 1, salt=number, **({"scraped": "a mark"} if number == 6 else {}))
    with pytest.raises(errors.SourceRefused, match="1 of the first 3 photos carry a mark"):
        party.ingest()
    assert sorted(rows(party)) == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]
    assert party.engine.closed == 1


def test_p10_an_order_given_midway_stops_it_within_one_batch(party: Party) -> None:
    for number in range(20):
        party.put(f"{number:02}.jpg", 1, salt=number)
    given: list[bytes] = []

    def meanwhile(path: bytes) -> None:
        if path == b"09.jpg":
            given.append(path)
            party.club.obey("stop", source="party")

    party.engine.meanwhile = meanwhile
    with pytest.raises(errors.TerritoryRefused):
        party.ingest()
    assert given
    assert len(rows(party)) == 8, "the batch in which it came is not kept, nor any after it"
    assert (len(party.engine.looked), party.engine.closed) == (12, 1)
    with pytest.raises(errors.TerritoryRefused):
        party.ingest()
    assert party.engine.opened == []


def test_p10_an_order_does_not_wait_for_a_batch_that_fills_slowly(
    party: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_parts, "_LONGEST", 0.0)
    for number in range(4):
        party.put(f"{number}.jpg", 1, salt=number)

    def meanwhile(path: bytes) -> None:
        if path == b"2.jpg":
            party.club.obey("stop", source="party")

    party.engine.meanwhile, party.batch = meanwhile, 64
    with pytest.raises(errors.TerritoryRefused):
        party.ingest()
    assert (sorted(rows(party)), len(party.engine.looked)) == (["0.jpg", "1.jpg"], 3)


# --- progress --------------------------------------------------------------------------------------------------------


def test_progress_says_how_far_it_is_and_how_long_it_takes_still(party: Party) -> None:
    for number in range(3):
        party.put(f"{number}.jpg", 1, salt=number)
    party.put("notes.txt")
    party.ingest()
    for number in range(10, 20):
        party.put(f"{number}.jpg", 1, 7, salt=number)
    told: list[tuple[int, int, int, int, int]] = []
    rates: list[float | None] = []

    def tell(now: Progress) -> None:
        told.append((now.done, now.total, now.looked, now.to_look, now.report.faces_forgotten))
        rates.append(now.seconds_left)

    party.ingest(tell=tell)
    assert told == [(4, 14, 0, 10, 0), (8, 14, 4, 10, 4), (12, 14, 8, 10, 8), (14, 14, 10, 10, 10)]
    assert rates[0] is None
    assert rates[-1] == 0


def test_what_is_told_as_new_is_written(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told_often, "_OFTEN", 0)
    for number in range(10):
        party.put(f"{number}.jpg", 1, salt=number)
    told: list[tuple[int, int]] = []
    party.ingest(tell=lambda now: told.append((now.report.new, len(rows(party)))))
    assert len(told) > 10, "in the middle of a batch, too"
    assert all(new == written for new, written in told)


def test_an_interrupted_run_goes_on_where_it_was(party: Party) -> None:
    for number in range(10):
        party.put(f"{number}.jpg", 1, salt=number % 8)  # the last two are copies

    def stop(path: bytes) -> None:
        if path == b"6.jpg":
            raise KeyboardInterrupt

    party.engine.meanwhile = stop
    with pytest.raises(KeyboardInterrupt):
        party.ingest()
    assert (len(rows(party)), party.engine.closed) == (4, 1)
    party.engine.meanwhile = lambda _: None
    report = party.ingest()
    assert (report.new, report.already_known, report.duplicates) == (6, 4, 2)
    assert len(party.shown(1)) == 10
