"""P12 on what is really handed out: every single value of a certificate is changed in turn, and each copy fails."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from clubs import Club
from countenance.check import CheckError, check_certificate, parse_key


def values(inside: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every value that is no object and no list."""
    if isinstance(inside, dict | list):
        for step, child in inside.items() if isinstance(inside, dict) else enumerate(inside):
            yield from values(child, (*path, step))
    else:
        yield path


def others(value: Any) -> list[Any]:
    """Other values that a forger might put there."""
    if isinstance(value, bool) or value is None:
        return [not value, 1, ""]
    if isinstance(value, int):
        return [value + 1, -value - 1, str(value), None]
    return [value + "0", value[:-1] if value else "x", value.swapcase() if value != value.swapcase() else "x", None]


def test_p12_every_value_of_a_real_certificate_is_under_its_signature(club: Club) -> None:
    club.person("Ada", 1)
    club.search(1)
    certified = club.ben.erase("ada", reason="request").certificate
    proof = club.anna.logbook.prove(3)
    key = parse_key(club.anna.context.book.verifier_key)
    for document in (certified, proof):
        assert check_certificate(json.dumps(document).encode(), key)["key_vouched_for"]
        places = list(values(document))
        assert len(places) > 15
        for *path, last in places:
            for other in others(copy.copy(_at(document, path)[last])):
                spoiled = copy.deepcopy(document)
                _at(spoiled, path)[last] = other
                for given in (key, None):
                    with pytest.raises(CheckError):
                        check_certificate(json.dumps(spoiled).encode(), given)
    assert check_certificate(json.dumps(certified).encode(), key)["log"]["only_grew_from"] is not None


def test_p12_a_certificate_names_nobody(club: Club) -> None:
    club.person("Zebedee Quux", 1, handle="zq-1984", contact="zebedee@quux.example")
    text = json.dumps(club.ben.erase("zq-1984", reason="request").certificate).lower()
    assert not [word for word in ("zebedee", "quux", "zq-1984", "anna@", "ben@", str(club.root)) if word in text]


def _at(inside: Any, path: list[Any]) -> Any:
    for step in path:
        inside = inside[step]
    return inside
