"""P12 on what is really handed out: every single value of a certificate is changed in turn, and each copy fails."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clubs import Club
from countenance.check import CheckError, check_certificate, main, parse_key

OLD = Path(__file__).with_name("erasure-of-0.1.json")


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


def test_p12_a_certificate_of_an_earlier_version_still_checks(capsys: pytest.CaptureFixture[str]) -> None:
    """It says nothing of the index; the key is the one that made it."""
    assert main(["certificate", str(OLD), "--key", json.loads(OLD.read_bytes())["signature"]["key"]]) == 0
    told = capsys.readouterr().out
    assert "subjects 1" in told
    assert "index" not in told


def test_p12_a_person_is_told_what_became_of_the_index(
    club: Club, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    club.person("Ada", 1)
    file = club.ben.erase("ada", reason="request").save(tmp_path / "certificate.json")
    assert main(["certificate", str(file), "--key", club.anna.context.book.verifier_key]) == 0
    assert "engine embedded, segments_destroyed 0" in capsys.readouterr().out


def test_p12_a_certificate_names_nobody(club: Club) -> None:
    club.person("Zebedee Quux", 1, handle="zq-1984", contact="zebedee@quux.example")
    text = json.dumps(club.ben.erase("zq-1984", reason="request").certificate).lower()
    assert not [word for word in ("zebedee", "quux", "zq-1984", "anna@", "ben@", str(club.root)) if word in text]


def _at(inside: Any, path: list[Any]) -> Any:
    for step in path:
        inside = inside[step]
    return inside
