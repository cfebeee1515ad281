"""A small signed log and a certificate over one of its entries, as the service hands them out."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

import pytest
import rfc8785

from countenance.log import merkle
from countenance.log.note import SignerKey, sign_checkpoint


@dataclass(frozen=True)
class SmallLog:
    key: SignerKey
    entries: list[dict[str, Any]]

    @property
    def lines(self) -> list[bytes]:
        return [rfc8785.dumps(entry) + b"\n" for entry in self.entries]

    @property
    def hashes(self) -> list[bytes]:
        return [merkle.leaf_hash(line[:-1]) for line in self.lines]

    @property
    def vkey(self) -> str:
        return str(self.key.verifier)

    def checkpoint(self, size: int) -> str:
        return sign_checkpoint(self.key.name, size, merkle.root_of(self.hashes[:size]), self.key)

    def certificate(self, index: int, size: int, before: int | None = None) -> dict[str, Any]:
        proof = merkle.inclusion_proof(index, self.hashes[:size])
        body: dict[str, Any] = {
            "kind": "erasure",
            "erased": {"faces": 3, "files_scanned": 41},
            "residuals": ["2 original files of the operator"],
            "log": {
                "checkpoint": self.checkpoint(size),
                "index": index,
                "leaf": self.entries[index],
                "inclusion": [step.hex() for step in proof],
            },
        }
        if before is not None:
            grown = merkle.consistency_proof(before, self.hashes[:size])
            body["log"] |= {"before": self.checkpoint(before), "consistency": [step.hex() for step in grown]}
        return self.signed(body)

    def signed(self, body: dict[str, Any]) -> dict[str, Any]:
        value = b64encode(self.key.sign(rfc8785.dumps(body))).decode()
        return {"body": body, "signature": {"algorithm": "Ed25519", "key": self.vkey, "value": value}}


def small_log(seed: int = 1, size: int = 8) -> SmallLog:
    key = SignerKey.from_seed("club.example/log", bytes([seed]) * 32)
    entries = [{"v": 1, "index": i, "act": "search", "outcome": "done", "facts": {"shown": i}} for i in range(size)]
    return SmallLog(key, entries)


@pytest.fixture(scope="session")
def log() -> SmallLog:
    return small_log()


@pytest.fixture(scope="session")
def forger() -> SmallLog:
    """The same entries and name under another key."""
    return small_log(seed=2)
