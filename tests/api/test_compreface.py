"""CompreFace's routes, in one process: what its clients get, and what the rules keep from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from callers import PURPOSE, serving
from clubs import Club
from countenance.samples import cast
from countenance.service.forms import Wish

RECOGNITION = "/api/v1/recognition"


class Client:
    """What a CompreFace client does, with a key of Anna's."""

    def __init__(self, club: Club, **more: Any) -> None:
        given = {
            "roles": ["controller", "operator", "officer"], "purposes": [PURPOSE], "purpose": PURPOSE,
            "case": "door 1", "door": "compreface", "form": Wish(club.evidence("everybody"), "notice-2027"),
        } | more  # fmt: skip
        self.club = club
        self.token = club.anna.api_keys.create("a client", **given).token
        self.browser = serving(club)

    def ask(self, method: str, path: str, **more: Any) -> Any:
        headers = {"x-api-key": self.token} | more.pop("headers", {})
        return self.browser.request(method, path, headers=headers, **more)

    def add(self, name: str, photo: bytes, **query: Any) -> Any:
        return self.ask("POST", f"{RECOGNITION}/faces", params={"subject": name} | query, files={"file": photo})

    def recognize(self, photo: bytes, **query: Any) -> Any:
        return self.ask("POST", f"{RECOGNITION}/recognize", params=query, files={"file": photo})


@pytest.fixture
def client(club: Club) -> Client:
    return Client(club)


def photo(name: str, number: int = 0) -> bytes:
    return cast().photos(name)[number].read_bytes()


def confirm(club: Club) -> None:
    """Ben countersigns everybody's paper form."""
    for basis in club.anna.bases.list():
        if basis.state == "pending":
            club.ben.bases.countersign(basis)


def test_an_added_person_is_found_by_nobody_until_somebody_else_has_confirmed_it(client: Client) -> None:
    made = client.add("Ada Lovelace", photo("Ada"))
    assert made.status_code == 201, made.text
    assert made.json()["subject"] == "Ada Lovelace"
    before = client.recognize(photo("Ada", 1)).json()
    assert before["result"][0]["subjects"] == []
    confirm(client.club)
    (face,) = client.recognize(photo("Ada", 1)).json()["result"]
    assert [each["subject"] for each in face["subjects"]] == ["Ada Lovelace"]
    assert face["subjects"][0]["similarity"] >= 0.8
    assert "embedding" not in face
