"""Made-up people in bulk: records of the program's own tables, sealed with its own sealing, written without its desk.

A million enrolments through the use cases would take a day of key derivations and log entries. Here each person gets a
key, a subject, a live basis and one reference with a sealed template (a random direction, nobody's face), and where
they are asked for, what an ingest and the log keep of a person as well: a photo, an appearance, two entries of the log.
The program cannot tell them from people who were enrolled; only their bases bear no signature, so it would show none
of them to anybody.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import rfc8785
import sqlalchemy as sa

from countenance.gallery.rows import TEMPLATE
from countenance.log import merkle
from countenance.policy.purposes import PURPOSES
from countenance.registry import schema as t
from countenance.service.countenance import Countenance
from countenance.types import Template
from countenance.vault.keyring import subject_key
from countenance.vault.seal import derive, seal

PURPOSE = "photo-library"
PART = 5000
"""People who are written in one transaction."""


@dataclass(frozen=True)
class Crowded:
    """Which people are made.

    Attributes:
        numbers: Their subjects' numbers, and their bases'. None of them is there yet.
        apart: A reference's number is its subject's number times this: more than one is a gallery in which most
            references were replaced over the years, so that its rows lie in several segments of the index.
        records: Whether each has a photo, an appearance and two entries of the log as well.
    """

    numbers: range
    apart: int = 1
    records: bool = True


def fill(club: Countenance, made: Crowded, *, account: str) -> None:
    """Write them. The gallery has a notice 1, and where ``records`` are asked for, a source 1."""
    keys = _keys(club, made.numbers)
    chance = np.random.default_rng(1)
    for start in range(0, len(made.numbers), PART):
        part = made.numbers[start : start + PART]
        with club.context.registry.write() as connection:
            _write(connection, club, made, part, keys, chance)
            if made.records:
                _photos(connection, club, part)
                _log(connection, club, part, keys, account)
        if (start // PART) % 10 == 9 or start + PART >= len(made.numbers):
            sys.stderr.write(f"  {start + len(part):,} of {len(made.numbers):,} people\n")
    club.context.registry.scrub()


def _keys(club: Countenance, numbers: range) -> dict[str, bytes]:
    """Keys for everybody, written as the vault writes them, in one transaction; one by one would take an hour."""
    vault: Any = club.context.keys.vault
    keys = {subject_key(number): secrets.token_bytes(32) for number in numbers}
    database = vault._database  # noqa: SLF001 - bulk loading is nobody's use case
    database.execute("BEGIN IMMEDIATE")
    for name, key in keys.items():
        wrapped = seal(vault._kek, key, name.encode())  # noqa: SLF001
        slot = database.execute("INSERT INTO slots (wrapped) VALUES (?)", (wrapped,)).lastrowid
        database.execute("INSERT INTO keys VALUES (?, ?)", (name, slot))
    database.execute("COMMIT")
    return keys


def _write(
    connection: sa.Connection, club: Countenance, made: Crowded, numbers: range, keys: dict[str, bytes], chance: Any
) -> None:
    now, contract = club.context.clock(), club.context.vision.contract
    one = {"organisation": club.context.organisation, "created": now}
    vectors = chance.standard_normal((len(numbers), club.context.vision.dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)

    def sealed(number: int, plain: bytes, label: str) -> bytes:
        key = subject_key(number)
        return seal(keys[key], plain, f"{key}/{label}".encode())

    connection.execute(sa.insert(t.subjects), [
        one | {
            "id": n, "handle_hash": secrets.token_hex(32), "handle_sealed": sealed(n, f"p{n}".encode(), "handle"),
            "name_sealed": sealed(n, f"Person {n}".encode(), "name"), "contact_hash": secrets.token_hex(32),
            "contact_sealed": sealed(n, f"p{n}@example.org".encode(), "contact"), "territory": "GB",
            "state": "active", "last_interaction": now,
        } for n in numbers
    ])  # fmt: skip
    connection.execute(sa.insert(t.bases), [
        one | {
            "id": n, "subject": n, "ground": "consent", "condition": "explicit-consent",
            "purposes": PURPOSES[PURPOSE].mask, "evidence_sha256": secrets.token_hex(32), "collective": False,
            "notice": 1, "starts": now, "ends": now + 10**7, "state": "live", "recorded_by": 1,
            "confirmation": secrets.token_bytes(64),
        } for n in numbers
    ])  # fmt: skip
    connection.execute(sa.insert(t.references), [
        one | {
            "id": n * made.apart, "subject": n, "basis": n, "photo_sha256": secrets.token_hex(32),
            "photo_sealed": sealed(n, f"/pictures/{n}.jpg".encode(), "photo"),
            "face_sealed": sealed(n, secrets.token_bytes(180), "face"),
            "template_sealed": sealed(n, Template(vector, contract).to_bytes(), TEMPLATE),
            "contract": contract, "expires": now + 10**7,
        } for n, vector in zip(numbers, vectors, strict=True)
    ])  # fmt: skip


def _photos(connection: sa.Connection, club: Countenance, numbers: Sequence[int]) -> None:
    now = club.context.clock()
    one = {"organisation": club.context.organisation, "created": now}
    connection.execute(sa.insert(t.photos), [
        one | {
            "id": n, "source": 1, "path": f"{n}.jpg".encode(), "sha256": secrets.token_hex(32), "bytes": 1000,
            "modified_ns": 1, "state": "done", "faces_found": 3, "ingested": now,
        } for n in numbers
    ])  # fmt: skip
    connection.execute(sa.insert(t.appearances), [
        one | {
            "photo": n, "subject": n, "basis": n, "box": "[10.0, 10.0, 80.0, 80.0]", "score": 0.9, "band": "high",
        } for n in numbers
    ])  # fmt: skip


def _log(
    connection: sa.Connection, club: Countenance, numbers: Sequence[int], keys: dict[str, bytes], account: str
) -> None:
    """Two log entries a person, as recording and enrolling make: the leaves and sealed openings that an erasure meets.

    In bulk: the log's state is carried in memory and written once, where the program writes it with each entry.
    """
    owner = club.context.own_key
    known = keys | {owner: club.context.keys.vault.get(owner)}
    state = connection.scalar(sa.select(t.log_state.c.frontier).where(t.log_state.c.id == 1))
    frontier = merkle.Frontier.from_json(json.loads(state))
    leaves, openings = [], []
    for number in numbers:
        key = subject_key(number)
        for act in ("subject", "enrol"):
            index = frontier.size
            salt = derive(known[key], f"log:{index}")
            committed = hashlib.sha256(salt + f"subject:{number}".encode()).hexdigest()
            leaf = rfc8785.dumps({
                "v": 1, "index": index, "at": "2026-11-22T18:00:00Z", "gallery": "benchmark", "act": act,
                "outcome": "done", "facts": {}, "subjects": [committed],
            })  # fmt: skip
            hashed = merkle.leaf_hash(leaf)
            frontier = frontier.append(hashed)
            leaves.append({"index": index, "leaf": leaf, "hash": hashed})
            for name, said in (
                (owner, {"account": account, "os_user": "anna"}),
                (key, {"subject": number, "act": act}),
            ):
                bound = f"{name}/opening:{index}".encode()
                openings.append(
                    {"index": index, "key": name, "sealed": seal(known[name], json.dumps(said).encode(), bound)}
                )
    connection.execute(sa.insert(t.leaves), leaves)
    connection.execute(sa.insert(t.openings), openings)
    grown = json.dumps(frontier.to_json())
    connection.execute(sa.update(t.log_state).where(t.log_state.c.id == 1).values(frontier=grown))
