"""Sources of a supplier: a manifest a photo, a pause where it lacks one, and a release that two people sign (P26)."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from clubs import Club
from countenance import errors
from countenance.registry import schema as t
from countenance.samples.made import with_data_mining_prohibited, with_facebook_mark
from countenance.service.sources import Source
from robust import photos
from robust.attacks import refused

HEAD = "path,holder,origin,licence,date\n"


def supplied(club: Club, folder: Path, manifest: str | None) -> Source:
    """The folder as a supplier's source."""
    file = club.root / "manifest.csv"
    if manifest is not None:
        file.write_text(HEAD + manifest, "utf-8")
    return club.anna.sources.add(
        "bought", folder, statement="contract 7", purposes=["photo-library"], supplier="Face Data Ltd",
        manifest=None if manifest is None else file,
    )  # fmt: skip


def told(club: Club) -> list[tuple[str | None, ...]]:
    """What is recorded of each photo."""
    query = sa.select(t.photos.c.holder, t.photos.c.origin, t.photos.c.licence, t.photos.c.taken_at)
    with club.anna.context.registry.read() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_p26_what_the_manifest_says_is_kept_and_the_origin_shown(members: Club, pictures: Path) -> None:
    (pictures / "a.jpg").write_bytes(photos.portrait())
    source = supplied(members, pictures, "a.jpg,Anna Berg,https://album.example/17,CC BY 4.0,2026-05\n")
    assert members.anna.ingest(source).faces_kept == 1
    assert told(members) == [("Anna Berg", "https://album.example/17", "CC BY 4.0", "2026-05")]
    found = members.anna.search(photos.portrait(), purpose="photo-library", case="press 12")
    assert found[0].appearances[0].photo.origin == "https://album.example/17"


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        (None, "2 of the first 2 photos come from a supplier without a manifest"),
        ("a.jpg,Anna,an album,CC0,2026\n", "1 of the first 2 photos have no line in the supplier's manifest"),
    ],
)
def test_p26_a_supplier_without_a_manifest_pauses_the_source(
    members: Club, pictures: Path, manifest: str | None, says: str
) -> None:
    for name in ("a.jpg", "b.jpg"):
        (pictures / name).write_bytes(photos.portrait())
    source = supplied(members, pictures, manifest)
    fault = refused(members, errors.SourceRefused, lambda: members.anna.ingest(source))
    assert says in fault.message
    assert (fault.diagnostics()["requirement"], told(members)) == ("P26", [])
    paused = members.anna.sources.get("bought")
    assert (paused.state, paused.reason) == ("paused", says)


def test_p26_a_manifest_that_was_changed_or_is_gone_is_refused(members: Club, pictures: Path) -> None:
    (pictures / "a.jpg").write_bytes(photos.portrait())
    source = supplied(members, pictures, "a.jpg,Anna,an album,CC0,2026\n")
    manifest = members.root / "manifest.csv"
    manifest.write_text(HEAD + "a.jpg,Eve,an album,CC0,2026\n", "utf-8")
    assert "changed" in refused(members, errors.InputError, lambda: members.anna.ingest(source)).message
    manifest.unlink()
    refused(members, errors.InputError, lambda: members.anna.ingest(source))
    assert told(members) == []


@pytest.fixture
def paused(members: Club, source: Source) -> Source:
    """A source that Facebook's mark has paused, with a second photo whose rights forbid mining."""
    (source.root / "a.jpg").write_bytes(with_facebook_mark(photos.portrait()))
    (source.root / "b.jpg").write_bytes(with_data_mining_prohibited(photos.portrait()))
    with pytest.raises(errors.SourceRefused, match=r"source is paused: 1 of the first 2"):
        members.anna.ingest(source)
    return source


def test_p26_two_accounts_release_a_paused_source_for_its_rights_holder(members: Club, paused: Source) -> None:
    cleo = members.cleo
    source, missing = members.anna.sources.release("pictures", rights_holder="Anna Berg")
    assert (source.state, missing) == ("paused", 1)
    refused(members, errors.RoleRefused, lambda: members.anna.sources.release("pictures", rights_holder="Anna Berg"))
    assert members.ben.sources.release("pictures", rights_holder="Somebody Else")[1] == 1
    refused(members, errors.SourceRefused, lambda: members.anna.ingest("pictures"))
    source, missing = cleo.sources.release("pictures", rights_holder="Anna Berg")
    assert (source.state, missing, source.rights_holder) == ("active", 0, "Anna Berg")
    acts = [entry["act"] for entry in members.anna.log_entries()]
    assert acts.count("source-release") == 4
    assert acts[-1] == "source-released"
    report = members.anna.ingest("pictures")
    assert report.faces_kept == 1
    assert [(skipped.path, skipped.code) for skipped in report.skipped] == [("b.jpg", "rights")]


def test_p26_a_release_is_for_that_source_and_that_cause_alone(members: Club, paused: Source, tmp_path: Path) -> None:
    cleo = members.cleo
    for session in (members.anna, cleo):
        session.sources.release("pictures", rights_holder="Anna Berg")
    other = members.root / "other"
    other.mkdir()
    (other / "a.jpg").write_bytes(with_facebook_mark(photos.portrait()))
    members.anna.sources.add("other", other, statement="ours", purposes=["photo-library"])
    refused(members, errors.SourceRefused, lambda: members.anna.ingest("other"))
    with members.sql() as connection:
        connection.execute(sa.update(t.sources).where(t.sources.c.name == "pictures").values(supplier="Face Data Ltd"))
    fault = refused(members, errors.SourceRefused, lambda: members.anna.ingest("pictures"))
    assert "without a manifest" in fault.message


def test_p26_a_solo_installation_releases_nothing(members: Club, paused: Source) -> None:
    fault = refused(
        members, errors.RoleRefused, lambda: members.anna.sources.release("pictures", rights_holder="Anna Berg")
    )
    assert fault.diagnostics()["requirement"] == "P26"


def test_p26_only_a_paused_source_is_released_and_only_for_somebody(members: Club, source: Source) -> None:
    _ = members.cleo
    refused(members, errors.SourceRefused, lambda: members.anna.sources.release("pictures", rights_holder="Anna"))
    refused(members, errors.InputError, lambda: members.anna.sources.release("pictures", rights_holder=" "))
    fault = refused(members, errors.NotFound, lambda: members.anna.sources.release("nowhere", rights_holder="Anna"))
    assert "nowhere" in fault.message
