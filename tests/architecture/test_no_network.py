"""The main job opens no socket, and nothing that comes in can name an address to be fetched (P25)."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from clubs import Club
from countenance.errors import CountenanceError
from countenance.samples import cast


@pytest.fixture
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    for name in ("socket", "create_connection", "getaddrinfo", "gethostbyname"):
        monkeypatch.setattr(socket, name, refuse)


@pytest.mark.usefixtures("no_sockets")
def test_p25_enrol_ingest_search_and_erase_open_no_socket(club: Club, tmp_path: Path) -> None:
    people = cast()
    folder = tmp_path / "party"
    folder.mkdir()
    (folder / "one.jpg").write_bytes(people.photos("Ada")[2].read_bytes())
    ada = club.subject("Ada")
    club.anna.enrol(ada, people.portrait("Ada"), basis=club.basis(ada))
    club.anna.sources.add("party", folder, statement="ours", purposes=["photo-library"], origin="https://example.org/a")
    assert club.anna.ingest("party").faces_kept == 1
    found = club.anna.search(people.photos("Ada")[1], purpose="photo-library", case="press 12")
    assert [hit.subject for hit in found] == ["ada"]
    assert club.ben.erase("ada", reason="request").faces_erased == 2


@pytest.mark.usefixtures("no_sockets")
@pytest.mark.parametrize("address", ["https://example.org/a.jpg", "file:///etc/passwd", "s3://bucket/a.jpg"])
def test_p25_an_address_is_no_photo(club: Club, address: str) -> None:
    ada = club.subject("Ada")
    basis = club.basis(ada)
    with pytest.raises(CountenanceError):
        club.anna.search(address, purpose="photo-library", case="press 12")
    with pytest.raises(CountenanceError):
        club.anna.enrol(ada, address, basis=basis)
    with pytest.raises(CountenanceError):
        club.anna.sources.add("far", address, statement="ours", purposes=["photo-library"])
