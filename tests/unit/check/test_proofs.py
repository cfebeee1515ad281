"""The verifier's own proofs: the published vectors, and agreement with the log's on every small tree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance import check
from countenance.check import CheckError, Checkpoint, check_certificate, check_consistency, main, parse_key
from countenance.log import merkle
from rfc6962 import CONSISTENCY, INCLUSION, LEAF_HASHES, ROOTS


def at(size: int, root: bytes | None = None, origin: str = "log") -> Checkpoint:
    return Checkpoint(origin, size, root or (bytes.fromhex(ROOTS[size - 1]) if size else merkle.EMPTY_ROOT))


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSION)
def test_p19_the_published_inclusion_proofs(index: int, size: int, proof: list[str]) -> None:
    steps = [bytes.fromhex(step) for step in proof]
    assert check._proven_root(index, size, bytes.fromhex(LEAF_HASHES[index]), steps).hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("old", "new", "proof"), CONSISTENCY)
def test_p19_the_published_consistency_proofs(old: int, new: int, proof: list[str]) -> None:
    check_consistency(at(old), at(new), proof)
    for place in range(len(proof)):
        with pytest.raises(CheckError):
            check_consistency(at(old), at(new), [*proof[:place], "00" * 32, *proof[place + 1 :]])
    for spoiled in ([*proof, "00" * 32], proof[:-1]):
        if spoiled != proof:
            with pytest.raises(CheckError):
                check_consistency(at(old), at(new), spoiled)


@given(data=st.data(), size=st.integers(1, 40))
def test_p19_proofs_of_every_small_log_check_and_those_of_a_rewritten_one_do_not(
    data: st.DataObject, size: int
) -> None:
    hashes = [merkle.leaf_hash(bytes([i])) for i in range(size)]
    old, index = data.draw(st.integers(0, size)), data.draw(st.integers(0, size - 1))
    root = merkle.root_of(hashes)
    included = merkle.inclusion_proof(index, hashes)
    assert check._proven_root(index, size, hashes[index], included) == root
    before = at(old, merkle.root_of(hashes[:old]))
    grown = [step.hex() for step in merkle.consistency_proof(old, hashes)]
    check_consistency(before, at(size, root), grown)
    place = data.draw(st.integers(0, size - 1))
    rewritten = [*hashes[:place], merkle.leaf_hash(b"edited"), *hashes[place + 1 :]]
    forged = [step.hex() for step in merkle.consistency_proof(old, rewritten)]
    if place < old:
        with pytest.raises(CheckError):
            check_consistency(before, at(size, merkle.root_of(rewritten)), forged)


def test_p19_two_logs_are_not_one() -> None:
    with pytest.raises(CheckError, match="different logs"):
        check_consistency(at(3), at(3, origin="another"), [])
    with pytest.raises(CheckError, match="cut"):
        check_consistency(at(3), at(2), [])


def test_p12_a_certificate_with_a_checkpoint_from_before_proves_that_the_log_only_grew(log: Any) -> None:
    certificate = log.certificate(5, 7, before=3)
    found = check_certificate(json.dumps(certificate).encode(), parse_key(log.vkey))
    assert found["log"]["only_grew_from"] == 3
    assert check_certificate(json.dumps(log.certificate(5, 7)).encode(), None)["log"]["only_grew_from"] is None


def test_p12_a_rewritten_log_is_seen_though_the_certificate_is_signed_with_its_own_key(log: Any, forger: Any) -> None:
    """Whoever has stolen the key signs whatever they like; the two checkpoints still do not fit one another."""
    body = log.certificate(5, 7, before=3)["body"]
    rewritten = type(log)(log.key, [entry | {"act": "nothing"} for entry in log.entries])
    for place, text in (("before", rewritten.checkpoint(3)), ("before", log.checkpoint(6)), ("consistency", [])):
        forged = body | {"log": body["log"] | {place: text}}
        with pytest.raises(CheckError):
            check_certificate(json.dumps(log.signed(forged)).encode(), parse_key(log.vkey))
    without = body | {"log": {name: value for name, value in body["log"].items() if name != "before"}}
    with pytest.raises(CheckError, match="malformed"):
        check_certificate(json.dumps(log.signed(without)).encode(), parse_key(log.vkey))


@pytest.mark.parametrize("kind", ["erasure", "order", "batch", "receipt", "entry", "something of tomorrow"])
def test_p12_every_kind_of_certificate_checks_alike(log: Any, kind: str) -> None:
    body = log.certificate(3, 8)["body"] | {"kind": kind}
    assert check_certificate(json.dumps(log.signed(body)).encode(), None)["kind"] == kind


class Files:
    def __init__(self, folder: Path, log: Any) -> None:
        self.folder, self.log = folder, log

    def write(self, name: str, content: bytes) -> str:
        (self.folder / name).write_bytes(content)
        return str(self.folder / name)

    def consistency(self, old: str, new: str, lines: list[bytes]) -> int:
        return main(
            [
                "consistency",
                self.write("old.txt", old.encode()),
                self.write("new.txt", new.encode()),
                self.write("leaves.jsonl", b"".join(lines)),
                "--key",
                self.log.vkey,
            ]
        )


def test_p19_the_command_tells_growth_from_rewriting(
    log: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = Files(tmp_path, log)
    assert files.consistency(log.checkpoint(3), log.checkpoint(8), log.lines) == 0
    assert "It fits 2 checkpoint(s)" in capsys.readouterr().out
    assert files.consistency(log.checkpoint(8), log.checkpoint(3), log.lines) == 70
    assert "The log was cut between the two" in capsys.readouterr().err
    rewritten = type(log)(log.key, [entry | {"act": "nothing"} for entry in log.entries])
    assert files.consistency(log.checkpoint(3), rewritten.checkpoint(8), rewritten.lines) == 70
    assert files.consistency(log.checkpoint(3), rewritten.checkpoint(8), log.lines) == 70
    assert files.consistency(log.checkpoint(3), log.checkpoint(8), log.lines[:5]) == 70


def test_a_command_with_too_few_files_says_how_many(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["consistency", "one.txt"])
    assert ended.value.code == 2
    assert "takes 3 file(s)" in capsys.readouterr().err
