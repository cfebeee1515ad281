"""``countenance-check log``: whatever is done to a log is seen from a checkpoint held outside (P19)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from countenance.check import CheckError, check_log, main, open_checkpoint, parse_key


class Held:
    """The files that an outsider holds."""

    def __init__(self, folder: Path, log: Any) -> None:
        self.folder, self.log = folder, log
        self.leaves = self.write("leaves.jsonl", b"".join(log.lines))

    def write(self, name: str, content: bytes) -> str:
        (self.folder / name).write_bytes(content)
        return str(self.folder / name)

    def run(self, *sizes: int, lines: list[bytes] | None = None, extra: tuple[str, ...] = ()) -> int:
        leaves = self.leaves if lines is None else self.write("changed.jsonl", b"".join(lines))
        held = [self.write(f"at-{size}.txt", self.log.checkpoint(size).encode()) for size in sizes]
        options = [word for path in held for word in ("--checkpoint", path)]
        return main(["log", leaves, *options, "--key", self.log.vkey, *extra])


@pytest.fixture
def held(tmp_path: Path, log: Any) -> Held:
    return Held(tmp_path, log)


def entries(lines: list[bytes]) -> list[bytes]:
    return [line.removesuffix(b"\n") for line in lines]


def renumbered(lines: list[bytes]) -> list[bytes]:
    """The lines as a careful forger writes them: each with the index of its new place."""
    return [rfc8785.dumps(json.loads(line) | {"index": i}) + b"\n" for i, line in enumerate(lines)]


def test_a_whole_log_fits_its_checkpoints(held: Held, capsys: pytest.CaptureFixture[str]) -> None:
    assert held.run(3, 8) == 0
    assert "8 entries" in capsys.readouterr().out
    assert held.run(3, 8, extra=("--complete", "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["size"], told["covered"]) == (True, 8, 8)


def test_a_log_without_an_entry_is_none(held: Held, capsys: pytest.CaptureFixture[str]) -> None:
    assert held.run(lines=[]) == 10
    assert "is empty" in capsys.readouterr().err
    assert held.run(3, lines=[]) == 70


@given(data=st.data(), size=st.integers(1, 8))
def test_any_rewriting_of_what_was_signed_is_seen(log: Any, data: st.DataObject, size: int) -> None:
    seen = [("the outside checkpoint", open_checkpoint(log.checkpoint(size), parse_key(log.vkey)))]
    lines = log.lines
    assert check_log(entries(lines), seen)["covered"] == size
    place = data.draw(st.integers(0, size - 1))
    edited = lines[place].replace(b'"done"', b'"refused"')
    forged = {
        "edited": [*lines[:place], edited, *lines[place + 1 :]],
        "left out": [*lines[:place], *lines[place + 1 :]],
        "doubled": [*lines[:place], lines[place], *lines[place:]],
        "put before": [edited, *lines],
        "cut": lines[:place],
        "turned round": [*lines[:place], *lines[place:][::-1]],
    }
    way = data.draw(st.sampled_from(sorted(forged)))
    if renumbered(forged[way])[:size] == lines[:size]:
        return  # turning one last line round changes nothing
    with pytest.raises(CheckError):
        check_log(entries(renumbered(forged[way])), seen)


def test_it_says_which_line(held: Held, capsys: pytest.CaptureFixture[str]) -> None:
    lines = list(held.log.lines)
    assert held.run(8, lines=[lines[1], lines[0], *lines[2:]]) == 70
    assert capsys.readouterr().err.startswith("Line 1 says that it is entry 1: it was moved.")
    assert held.run(8, lines=[*lines[:4], lines[4].replace(b":", b": ", 1), *lines[5:]]) == 70
    assert capsys.readouterr().err.startswith("Line 5 is not written as the log writes it")
    assert held.run(8, lines=[*lines[:7], lines[7][:-1]]) == 70
    assert capsys.readouterr().err.startswith("Line 8 is cut off")
    assert held.run(8, lines=[*lines[:2], b"\n", *lines[2:]]) == 70
    assert capsys.readouterr().err.startswith("Line 3 is no log entry")
    edited = [*lines[:6], lines[6].replace(b"done", b"lost"), lines[7]]
    assert held.run(5, 8, lines=edited) == 70
    assert "Something in lines 6 to 8 was rewritten" in capsys.readouterr().err
    assert held.run(5, 8, lines=lines[:6]) == 70
    assert "The log was cut: it has 6 entries" in capsys.readouterr().err


def test_a_fork_is_seen_from_two_checkpoints_of_one_size(held: Held, capsys: pytest.CaptureFixture[str]) -> None:
    from countenance.log.merkle import EMPTY_ROOT
    from countenance.log.note import sign_checkpoint

    fork = held.write("fork.txt", sign_checkpoint(held.log.key.name, 8, EMPTY_ROOT, held.log.key).encode())
    assert held.run(8, extra=("--checkpoint", fork)) == 70
    assert "signed over other entries" in capsys.readouterr().err


def test_entries_after_the_checkpoint_are_pointed_out(held: Held, capsys: pytest.CaptureFixture[str]) -> None:
    assert held.run(6) == 0
    assert "the last 2 entries came later" in capsys.readouterr().out
    assert held.run(6, extra=("--complete",)) == 70


def test_a_certificate_serves_as_a_witness(held: Held, capsys: pytest.CaptureFixture[str]) -> None:
    receipt = held.write("receipt.json", json.dumps(held.log.certificate(2, 6)).encode())
    assert held.run(extra=("--checkpoint", receipt, "--json")) == 0
    assert json.loads(capsys.readouterr().out)["covered"] == 6
    assert held.run(extra=("--checkpoint", receipt), lines=renumbered(held.log.lines[1:])) == 70


def test_a_checkpoint_signed_by_another_is_refused(held: Held, forger: Any) -> None:
    path = held.write("forged.txt", forger.checkpoint(8).encode())
    assert main(["log", held.leaves, "--checkpoint", path, "--key", held.log.vkey]) == 70


def test_without_witness_or_key_it_says_so(held: Held, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", held.leaves]) == 0
    assert "UNWITNESSED" in capsys.readouterr().out
    path = held.write("at-8.txt", held.log.checkpoint(8).encode())
    assert main(["log", held.leaves, "--checkpoint", path]) == 0
    assert "NOT VOUCHED FOR" in capsys.readouterr().out


def test_a_missing_log_is_said_in_two_lines(held: Held, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", str(held.folder / "none")]) == 10
    assert len(capsys.readouterr().err.splitlines()) == 2
