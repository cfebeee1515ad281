"""Sources that are no folders: an archive and a bucket, from `source add` to the certificate of an erasure."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from buckets import KEYS, Server, serving
from clubs import Club
from countenance import errors
from countenance.gallery.originals import ARCHIVED, BUCKETED
from countenance.samples.made import with_data_mining_prohibited
from countenance.service.sources import Source
from rawfiles import dng
from robust import photos
from robust.attacks import refused

Fill = Callable[[Club, str, dict[str, bytes]], str]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as started:
        yield started


def zipped(club: Club, name: str, files: dict[str, bytes]) -> str:
    with zipfile.ZipFile(club.root / f"{name}.zip", "w") as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return str(club.root / f"{name}.zip")


def tarred(club: Club, name: str, files: dict[str, bytes]) -> str:
    with tarfile.open(club.root / f"{name}.tar.gz", "w:gz") as archive:
        for path, data in files.items():
            about = tarfile.TarInfo(path)
            about.size = len(data)
            archive.addfile(about, io.BytesIO(data))
    return str(club.root / f"{name}.tar.gz")


@pytest.fixture
def bucket(server: Server, members: Club, monkeypatch: pytest.MonkeyPatch) -> Fill:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    members.configure("[s3]", f'endpoint = "{server.endpoint}"')

    def fill(club: Club, name: str, files: dict[str, bytes]) -> str:
        server.fill(f"{club.root.name}-{name}".lower().replace("_", "x"), files)
        return f"s3://{club.root.name}-{name}".lower().replace("_", "x")

    return fill


@pytest.fixture(params=["zip", "tar", "bucket"])
def fill(request: pytest.FixtureRequest) -> Fill:
    if request.param == "bucket":
        return request.getfixturevalue("bucket")
    return {"zip": zipped, "tar": tarred}[request.param]


def add(club: Club, place: str, name: str = "party") -> Source:
    return club.anna.sources.add(name, place, statement="our own photographer", purposes=["photo-library"])


def test_from_the_source_to_the_certificate(members: Club, fill: Fill) -> None:
    place = fill(
        members,
        "party",
        {
            "2026/ada.jpg": photos.portrait("Ada"),
            "2026/raw.dng": dng(photos.portrait("Bruno"), 640, 800),
            "rights.jpg": with_data_mining_prohibited(photos.portrait("Chidi")),
            "film.mp4": b"\0\0\0\x18ftypisom" + bytes(100),
            "cut.jpg": photos.portrait("Ada")[:3000],
        },
    )
    source = add(members, place)
    assert str(source.root) == place
    report = members.anna.ingest(source)
    assert (report.new, report.faces_kept) == (2, 2)
    assert {each.path: each.code for each in report.skipped} == {
        "rights.jpg": "rights", "film.mp4": "video", "cut.jpg": "unreadable",
    }  # fmt: skip
    again = members.anna.ingest(source)
    assert (again.new, again.already_known) == (0, report.photos)
    found = members.anna.search(photos.portrait("Ada"), purpose="photo-library", case="press 12")
    (seen,) = found[0].appearances
    assert seen.photo.path == "2026/ada.jpg"
    shown = members.anna.pictures.of(seen)
    assert shown.pixels.shape[2] == 3
    certified = members.ben.erase("ada", reason="withdrawn")
    residuals = certified.certificate["body"]["residuals"]
    kind = BUCKETED if place.startswith("s3://") else ARCHIVED
    assert {"what": kind, "count": 1} in residuals
    assert f"{place}/2026/ada.jpg" in certified.originals
    number = certified.certificate["body"]["number"]
    assert members.ben.is_original(number, f"{place}/2026/ada.jpg")
    assert not members.ben.is_original(number, f"{place}/2026/raw.dng")


def test_an_archive_that_was_made_anew_is_read_anew(members: Club) -> None:
    source = add(members, zipped(members, "party", {"a.jpg": photos.portrait("Ada")}))
    members.anna.ingest(source)
    (seen,) = members.anna.search(photos.portrait("Ada"), purpose="photo-library", case="press 12")[0].appearances
    members.anna.pictures.of(seen)
    zipped(members, "party", {"b.jpg": photos.portrait("Ada"), "a.jpg": photos.portrait("Bruno")})
    with pytest.raises(errors.Unreadable, match="changed"):
        members.anna.pictures.of(seen)
    members.anna.ingest(source)
    found = members.anna.search(photos.portrait("Ada"), purpose="photo-library", case="press 12")[0].appearances
    assert [each.photo.path for each in found] == ["b.jpg"]
    members.anna.pictures.of(found[0])


def test_p26_a_sidecar_in_an_archive_pauses_the_source(members: Club) -> None:
    source = add(members, zipped(members, "party", {"a.jpg": photos.portrait("Ada"), "a.jpg.json": b"{}"}))
    fault = refused(members, errors.SourceRefused, lambda: members.anna.ingest(source))
    assert fault.requirement == "P26"
    assert members.anna.sources.get("party").state == "paused"


def test_p25_a_source_is_a_place_of_ours_and_no_address(members: Club) -> None:
    text = members.root / "text.zip"
    text.write_bytes(b"no archive")
    for address in ("https://example.org/a.zip", "http://127.0.0.1/", "ftp://example.org"):
        fault = refused(members, errors.SourceRefused, lambda p=address: add(members, p))
        assert "nothing is ever fetched" in fault.message
    for place in (str(text), str(members.root / "no.zip")):
        fault = refused(members, errors.InputError, lambda p=place: add(members, p))
        assert Path(place).name in fault.message
    fault = refused(members, errors.BadConfiguration, lambda: add(members, "s3://photos"))
    assert "s3" in fault.message + fault.hint


def test_p25_a_manifest_that_names_an_address_is_refused(members: Club, pictures: Path) -> None:
    manifest = members.root / "manifest.csv"
    manifest.write_text("path,holder,origin,licence,date\nhttps://example.org/a.jpg,Anna,her own,all,2026\n")
    fault = refused(
        members,
        errors.InputError,
        lambda: members.anna.sources.add(
            "bought", pictures, statement="bought", purposes=["photo-library"], supplier="X Ltd", manifest=manifest
        ),
    )
    assert "address" in fault.message


def test_an_archive_among_our_own_files_is_no_source(members: Club) -> None:
    inside = members.folder / "data" / "party.zip"
    inside.write_bytes(Path(zipped(members, "party", {"a.jpg": photos.portrait("Ada")})).read_bytes())
    fault = refused(members, errors.InputError, lambda: add(members, str(inside)))
    assert "own files" in fault.message


def test_a_damaged_archive_is_no_source(members: Club) -> None:
    file = Path(zipped(members, "party", {"a.jpg": photos.portrait("Ada")}))
    file.write_bytes(file.read_bytes()[:-30])
    fault = refused(members, errors.InputError, lambda: add(members, str(file)))
    assert "damaged" in fault.message


def test_an_archive_that_is_gone_stops_the_ingest_and_nothing_is_missing(members: Club) -> None:
    source = add(members, zipped(members, "party", {"a.jpg": photos.portrait("Ada")}))
    members.anna.ingest(source)
    (members.root / "party.zip").unlink()
    fault = refused(members, errors.InputError, lambda: members.anna.ingest(source))
    assert "gone" in fault.message
    assert members.anna.search(photos.portrait("Ada"), purpose="photo-library", case="press 12")[0].appearances


def test_a_bucket_that_is_away_stops_the_ingest_and_it_goes_on_later(
    members: Club, bucket: Fill, server: Server
) -> None:
    place = bucket(members, "party", {f"{number}.jpg": photos.portrait("Ada") + bytes(number) for number in range(3)})
    source = add(members, place)
    name = place.removeprefix("s3://")
    for number in range(3):
        server.client.delete_object(Bucket=name, Key=f"{number}.jpg")
    server.client.delete_bucket(Bucket=name)
    refused(members, errors.InputError, lambda: members.anna.ingest(source))
    server.fill(name, {"0.jpg": photos.portrait("Ada")})
    assert members.anna.ingest(source).faces_kept == 1
