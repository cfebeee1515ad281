"""``countenance-check certificate``: good ones pass, and every field that is changed is refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.check import CheckError, check_certificate, main, parse_key


def encode(certificate: Any) -> bytes:
    return json.dumps(certificate).encode()


def save(folder: Path, certificate: Any) -> str:
    path = folder / "certificate.json"
    path.write_bytes(encode(certificate))
    return str(path)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value, objects and lists included."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in inner for place in places(child, (*path, key)))]


def changed(value: Any, data: st.DataObject) -> Any:
    """Another value of the same kind."""
    if isinstance(value, dict):
        name = data.draw(st.sampled_from([*value, "more"]))
        return {k: v for k, v in value.items() if k != name} if name in value else value | {"more": 1}
    if isinstance(value, list):
        return [*value, *value[-1:]] if value and data.draw(st.booleans()) else value[:-1] if value else ["more"]
    if isinstance(value, int):
        return value + data.draw(st.sampled_from([-1, 1, 2**32]))
    place = data.draw(st.integers(0, len(value) - 1))
    letter = data.draw(st.characters(codec="utf-8").filter(lambda c: c != value[place]))
    return value[:place] + letter + value[place + data.draw(st.integers(0, 1)) :]


@given(data=st.data(), index=st.integers(0, 6), with_key=st.booleans())
def test_p12_every_change_of_every_field_is_refused(log: Any, data: st.DataObject, index: int, with_key: bool) -> None:
    given_key = parse_key(log.vkey) if with_key else None
    certificate = log.certificate(index, 7, before=index)
    assert check_certificate(encode(certificate), given_key)["key_vouched_for"] is with_key
    spoiled = copy.deepcopy(certificate)
    *path, last = data.draw(st.sampled_from(places(certificate)[1:]))
    inside: Any = spoiled
    for step in path:
        inside = inside[step]
    inside[last] = changed(inside[last], data)
    with pytest.raises(CheckError) as refused:
        check_certificate(encode(spoiled), given_key)
    assert refused.value.exit_code == 70


@given(data=st.data())
def test_no_byte_can_be_changed_to_say_something_else(log: Any, data: st.DataObject) -> None:
    original = encode(log.certificate(3, 8))
    place = data.draw(st.integers(0, len(original) - 1))
    spoiled = original[:place] + bytes([original[place] ^ data.draw(st.integers(1, 255))]) + original[place + 1 :]
    try:
        check_certificate(spoiled, parse_key(log.vkey))
    except CheckError:
        return
    assert json.loads(spoiled) == json.loads(original)  # only how a letter or blank is written was changed


def test_it_tells_what_was_certified(log: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = {"number": "E2", "issued": "2027-01-15T08:00:00Z", "witness": "unwitnessed", "steps": [1, 2]}
    body = log.certificate(3, 8)["body"] | more | {"scan": {"files": 12, "found": 0}, "counts": {"subjects": 1}}
    path = save(tmp_path, log.signed(body))
    assert main(["certificate", path, "--key", log.vkey]) == 0
    first, *told = capsys.readouterr().out.splitlines()
    assert first == "This certificate (erasure) checks."
    assert [line.split(maxsplit=1) for line in told] == [
        ["number", "E2"],
        ["issued", "2027-01-15T08:00:00Z"],
        ["counts", "subjects 1"],
        ["scan", "files 12, found 0"],
        ["witness", "unwitnessed"],
        ["log", "entry 3 of club.example/log, which had 8 entries"],
        ["key", f"{log.vkey}, the one that you gave"],
    ]
    assert main(["certificate", path, "--key", log.vkey, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["key_vouched_for"], told["body"]) == (True, body)


def test_the_key_may_lie_in_a_file(log: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "club.vkey").write_text(log.vkey + "\n")
    path = save(tmp_path, log.certificate(3, 8))
    assert main(["certificate", path, "--key", str(tmp_path / "club.vkey"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["kind"], told["key_vouched_for"], told["log"]["index"]) == (True, "erasure", True, 3)


def test_without_a_key_it_says_that_nobody_vouches_for_it(
    forger: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["certificate", save(tmp_path, forger.certificate(3, 8))]) == 0
    assert "NOT VOUCHED FOR" in capsys.readouterr().out


def test_a_certificate_made_by_somebody_else_is_refused(
    log: Any, forger: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["certificate", save(tmp_path, forger.certificate(3, 8)), "--key", log.vkey]) == 70
    assert "another key" in capsys.readouterr().err


def test_a_checkpoint_of_somebody_else_inside_is_refused(log: Any, forger: Any) -> None:
    body = log.certificate(3, 8)["body"]
    body["log"]["checkpoint"] = forger.checkpoint(8)
    with pytest.raises(CheckError, match="checkpoint is not signed by"):
        check_certificate(encode(log.signed(body)), parse_key(log.vkey))


def test_an_entry_of_another_place_is_refused_though_it_is_signed(log: Any) -> None:
    body = log.certificate(3, 8)["body"]
    body["log"]["leaf"] = log.entries[4]
    with pytest.raises(CheckError, match="another place"):
        check_certificate(encode(log.signed(body)), parse_key(log.vkey))


def test_text_that_would_steer_the_terminal_is_shown_as_escapes(
    log: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = log.certificate(3, 8)["body"] | {"witness": "fine\x1b[2J\u202e\nThe key is the one that you gave."}
    assert main(["certificate", save(tmp_path, log.signed(body))]) == 0
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "\nfine" not in told
    assert "fine\\x1b[2J\\u202e\\nThe key" in told


@pytest.mark.parametrize(
    "content", [b"", b"no json", b"[]", b"{}", b'{"body": {}}', b"\xff\xfe", b"[" * 100_000, b'{"a":1,"a":2}']
)
def test_what_is_no_certificate_is_told_in_two_lines(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert main(["certificate", str(path)]) == 10
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_a_name_given_twice_is_no_way_around_the_signature(log: Any) -> None:
    text = encode(log.certificate(3, 8)).replace(b'"kind": "erasure"', b'"kind": "order", "kind": "erasure"')
    with pytest.raises(CheckError):
        check_certificate(text, parse_key(log.vkey))


def test_a_missing_file_or_key_is_told_as_json_too(
    log: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["certificate", str(tmp_path / "none.json"), "--json"]) == 10
    assert json.loads(capsys.readouterr().out)["code"] == "input"
    path = save(tmp_path, log.certificate(3, 8))
    for key in ("a+b+c", str(tmp_path / "none.vkey")):
        assert main(["certificate", path, "--key", key]) == 10


def test_nothing_unsigned_may_ride_along(log: Any) -> None:
    with pytest.raises(CheckError, match="nobody signed"):
        check_certificate(encode(log.certificate(3, 8) | {"remark": "all erased"}), parse_key(log.vkey))
