"""An order to stop collecting binds every way in: by person, source, territory and supplier, midway too (P10)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clubs import Club, looked
from countenance import errors
from countenance.ingest.run import Progress
from robust import photos


def lift(club: Club, order: str) -> None:
    for session in (club.anna, club.ben):
        session.orders.stay(order, evidence=club.document("lifted"))


def test_p10_nobody_in_its_territory_is_enrolled(club: Club) -> None:
    order = club.obey("stop", territory="GB")
    for name, territory in (("Ada", "GB"), ("Bruno", "unknown")):
        subject = club.subject(name, territory=territory)
        basis = club.basis(subject)
        with pytest.raises(errors.TerritoryRefused) as caught:
            club.enrol(subject, basis, 1)
        assert (caught.value.requirement, caught.value.log_index is not None) == ("P10", True)
    club.person("Chidi", 2, territory="FR")
    lift(club, order)
    club.enrol(club.anna.subjects.get("ada"), club.anna.bases.list(club.anna.subjects.get("ada"))[0], 1)
    assert club.found(1) == ["ada"]


def test_p10_a_person_by_name_is_not_enrolled_again(club: Club) -> None:
    ada = club.person("Ada", 1)
    club.obey("stop", subject="ada")
    with pytest.raises(errors.TerritoryRefused):
        club.enrol(ada, club.anna.bases.list(ada)[0], 1, 1)
    assert club.anna.status()["counts"]["references"] == 1


@pytest.mark.parametrize("scope", [{"source": "party"}, {"supplier": "Face Data Ltd"}, {"territory": "GB"}])
def test_p10_no_source_in_its_scope_is_ingested_nor_added(club: Club, scope: dict[str, str], tmp_path: Path) -> None:
    club.person("Ada", 1, territory="FR")
    known = {"statement": "ours", "purposes": ["photo-library"], "supplier": "Face Data Ltd", "territory": "GB"}
    source = club.anna.sources.add("party", tmp_path, **known).id  # type: ignore[arg-type]
    order = club.obey("stop", **scope)
    club.reopen()
    with pytest.raises(errors.TerritoryRefused) as caught:
        club.ingest(source, [looked("a.jpg", [1])])
    assert caught.value.requirement == "P10"
    if "source" not in scope:
        entries = len(club.anna.log_entries())
        with pytest.raises(errors.TerritoryRefused):
            club.anna.sources.add("again", tmp_path, **known)  # type: ignore[arg-type]
        assert [each.name for each in club.anna.sources.list()] == ["party"]
        assert [each["outcome"] for each in club.anna.log_entries()[entries:]] == ["refused"]
    lift(club, order)
    assert club.ingest(source, [looked("a.jpg", [1])]).kept == 1


def test_p10_a_source_that_nobody_knows_the_place_of_counts_as_there(club: Club) -> None:
    source = club.source()
    club.obey("stop", territory="GB")
    with pytest.raises(errors.TerritoryRefused):
        club.ingest(source, [looked("a.jpg", [1])])
    assert club.anna.status()["counts"]["photos"] == 0


def test_p10_its_people_are_forgotten_in_other_sources(club: Club, tmp_path: Path) -> None:
    for number, territory in enumerate(["GB", "unknown", "FR"]):
        club.person(f"Person {number}", number, territory=territory)
    french = club.anna.sources.add("fete", tmp_path, statement="ours", purposes=["photo-library"], territory="FR").id
    club.obey("stop", territory="GB")
    kept = club.ingest(french, [looked("a.jpg", [0, 1, 2])])
    assert (kept.kept, kept.forgotten) == (1, 2)
    assert [len(club.search(number).candidates[0].appearances) for number in range(3)] == [0, 0, 1]


def test_p10_an_order_that_comes_while_photos_are_looked_at_binds_them_too(club: Club) -> None:
    from countenance.policy.desk import Ask
    from countenance.types import Ingest

    club.person("Ada", 1, territory="FR")
    source = club.source()
    context = club.anna.context
    grant = context.desk.decide(Ingest, Ask(source=source, facts={"photos": 1}))
    club.obey("stop", source="party")
    with pytest.raises(errors.TerritoryRefused):
        context.gallery.keep_known(source, [looked("a.jpg", [1])], grant=grant)
    assert club.search(1).candidates[0].appearances == ()


@pytest.fixture
def twenty(club: Club) -> Iterator[Path]:
    """A folder of twenty photos without faces, more than one batch."""
    folder = club.root / "twenty"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number:02}.jpg").write_bytes(photos.plain(number))
    return folder


def test_p10_an_order_stops_a_running_ingest_within_one_batch(
    club: Club, twenty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTENANCE_INGEST__BATCH", "16")
    club.reopen()
    club.anna.sources.add("party", twenty, statement="ours", purposes=["photo-library"], territory="GB")
    done: list[int] = []

    def midway(progress: Progress) -> None:
        done.append(progress.done)
        if done[-1] == 16:
            club.obey("stop", territory="GB")

    with pytest.raises(errors.TerritoryRefused):
        club.anna.ingest("party", progress=midway)
    assert sorted(set(done)) == [0, 16]
    assert club.anna.status()["counts"]["photos"] == 16
    club.reopen()
    with pytest.raises(errors.TerritoryRefused):
        club.anna.ingest("party")
    with pytest.raises(errors.TerritoryRefused):
        club.anna.ingest("party", again=True)


@pytest.mark.parametrize("kind", ["stop", "erase"])
def test_p10_what_an_order_stopped_is_not_collected_under_another_name(club: Club, kind: str) -> None:
    club.person("Ada", 1)
    source = club.source("bought")
    club.ingest(source, [looked("a.jpg", [1])])
    place = club.anna.sources.get("bought").root
    (place / "inside").mkdir()
    (club.root / "link").symlink_to(place)
    club.obey(kind, source="bought")
    known = {"statement": "ours", "purposes": ["photo-library"]}
    for _ in range(2):
        for folder in (place, place / "inside", club.root / "link", club.root / "link" / "inside"):
            with pytest.raises(errors.TerritoryRefused) as caught:
                club.anna.sources.add("again", folder, **known)  # type: ignore[arg-type]
            assert caught.value.requirement == "P10"
        if kind == "erase" and club.anna.orders.get("O1").state == "in-force":
            club.ben.orders.execute("O1")
    assert club.source("another")


def test_p26_a_source_that_was_stopped_is_not_added_again(club: Club) -> None:
    club.source("party")
    club.anna.sources.stop("party", "the photographer asked us to")
    folder = club.anna.sources.get("party").root
    with pytest.raises(errors.SourceRefused) as caught:
        club.anna.sources.add("again", folder, statement="ours", purposes=["photo-library"])
    assert (caught.value.requirement, "'party'" in caught.value.message) == ("P26", True)
