"""Where a source may be: nothing is fetched from the web; and what follows ``[photos] root`` stays bound and apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from clubs import Club, looked
from countenance.errors import BadConfiguration, InputError, SourceRefused

STATED = {"statement": "our own photographer", "purposes": ["photo-library"]}


def names(club: Club) -> list[str]:
    return [source.name for source in club.anna.sources.list()]


@pytest.mark.parametrize(
    "address",
    [
        "https://photos.example.org/album", "http://127.0.0.1:8000/", "HTTPS://photos.example.org", "ftp://files.example",
        "https:/photos.example.org", "gs://bucket", "file:///srv/photos", "rtsp://camera.example/1",
        "https://user:hunter2@example.org/",
    ],
    ids=["https", "http", "capitals", "ftp", "as a path", "another cloud", "file", "camera", "with a password"],
)  # fmt: skip
def test_p25_an_address_is_no_source(club: Club, address: str) -> None:
    with pytest.raises(SourceRefused, match="nothing is ever fetched from the web") as refused:
        club.anna.sources.add("web", address, **STATED)
    assert refused.value.requirement == "P25"
    assert "s3://bucket" in refused.value.hint
    assert "hunter2" not in f"{refused.value.message}{refused.value.hint}"
    with pytest.raises(SourceRefused):
        club.anna.sources.add("web", Path(address), **STATED)
    assert names(club) == []


@pytest.fixture
def below(club: Club) -> Club:
    """Photographs below one folder, two sources among them."""
    for name in ("party", "summer"):
        (club.root / "photos" / name).mkdir(parents=True)
    club.configure("[photos]", f'root = "{club.root / "photos"}"')
    for name in ("party", "summer"):
        club.anna.sources.add(name, f"photos://{name}/", **STATED)
    return club


def move(club: Club, to: str) -> None:
    config = club.folder / "countenance.toml"
    config.write_text(config.read_text().replace(str(club.root / "photos"), to))
    club.reopen()


def test_sources_below_the_photos_follow_one_line_of_the_configuration(below: Club) -> None:
    assert [source.root for source in below.anna.sources.list()] == [
        below.root / "photos" / "party", below.root / "photos" / "summer",
    ]  # fmt: skip
    person = below.person("Ada", 1)
    below.ingest(below.anna.sources.get("party").id, [looked("a.jpg", [1])])
    (below.root / "photos").rename(below.root / "elsewhere")
    move(below, str(below.root / "elsewhere"))
    assert below.anna.sources.get("party").root == below.root / "elsewhere" / "party"
    assert len(below.search(1).candidates[0].appearances) == 1
    assert below.anna.ingest("summer").photos == 0
    done = below.ben.erase(str(person), reason="request")
    assert str(below.root / "elsewhere" / "party" / "a.jpg") in done.originals


@pytest.mark.parametrize(
    "name", ["photos://../data", "photos://a//b", "photos://.hidden", "photos://a/./b", "photos:///etc"]
)
def test_a_name_below_the_photos_leads_nowhere_else(below: Club, name: str) -> None:
    with pytest.raises(InputError):
        below.anna.sources.add("more", name, **STATED)
    assert names(below) == ["party", "summer"]


def test_without_the_setting_it_says_so(club: Club) -> None:
    with pytest.raises(BadConfiguration, match=r"\[photos\] root"):
        club.anna.sources.add("party", "photos://party", **STATED)
    assert names(club) == []


def test_an_erasure_does_not_wait_for_the_setting(below: Club) -> None:
    person = below.person("Ada", 1)
    below.ingest(below.anna.sources.get("party").id, [looked("a.jpg", [1])])
    config = below.folder / "countenance.toml"
    config.write_text(config.read_text().partition("[photos]\nroot")[0])
    below.reopen()
    assert "photos://party/a.jpg" in below.ben.erase(str(person), reason="request").originals
    with pytest.raises(BadConfiguration):
        below.anna.ingest("party")


def test_photos_among_our_own_files_are_refused_there_too(below: Club) -> None:
    move(below, str(below.folder))
    with pytest.raises(InputError, match="own files"):
        below.anna.sources.add("more", "photos://data", **STATED)


@pytest.mark.parametrize("address", ["https://photos.example.org", "ftp://x", ""])
def test_p25_the_setting_is_no_address_either(below: Club, address: str) -> None:
    below.close()
    with pytest.raises(BadConfiguration, match="photos root"):
        move(below, address)


def test_p26_what_was_stopped_is_not_collected_by_turning_the_setting(below: Club) -> None:
    bought = below.root / "bought" / "party"
    bought.mkdir(parents=True)
    below.anna.sources.add("bought", bought, **STATED)
    below.anna.sources.stop("bought", "the contract ended")
    assert below.anna.ingest("party").photos == 0
    move(below, str(below.root / "bought"))
    with pytest.raises(SourceRefused, match="'bought', which is stopped") as refused:
        below.anna.ingest("party")
    assert refused.value.requirement == "P26"
    assert below.anna.log_entries()[-1]["outcome"] == "refused"
    with pytest.raises(SourceRefused):
        below.anna.sources.add("again", "photos://party", **STATED)
