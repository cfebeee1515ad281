"""How long an erasure takes in a large gallery, side by side with writing the whole registry anew.

    python -m benchmarks.erasure --subjects 100000 [--batch 1000] [--json]

A club is founded in a temporary folder and filled with made-up people: a key, sealed fields, a sealed template and an
appearance each, written in bulk with the program's own sealing and its own tables. Then one person is erased, then a
batch, by the use case itself: decision, tombstone, deletion, keys, byte scan of every file, certificate. In the same
run the registry's file is written anew once (VACUUM), which is what an erasure would cost without `secure_delete`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rfc8785
import sqlalchemy as sa

from countenance.config import FILE_NAME
from countenance.gallery.rows import TEMPLATE
from countenance.log import merkle
from countenance.registry import schema as t
from countenance.service.countenance import Countenance
from countenance.service.founding import Plan
from countenance.types import SubjectId, Template
from countenance.vault.keyring import subject_key
from countenance.vault.seal import derive, seal
from countenance.wiring import found_gallery, open_gallery

ANNA, WORDS = "anna@club.example", "a passphrase for a benchmark"
PART = 5000


@dataclass(frozen=True)
class Time:
    """Seconds by the clock, and seconds of this process' own computing, which other programs do not lengthen."""

    wall: float
    cpu: float


def main() -> None:
    """Build, measure, print."""
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="countenance-erasure-", dir=options.folder))
    try:
        with _founded(folder) as club:
            _, building = _timed(lambda: _fill(club, options.subjects))
        # Opened anew: as the command finds it, with nothing in memory.
        with open_gallery(folder / "club" / FILE_NAME, account=ANNA, passphrase=WORDS) as club:
            told = _measured(club, options.subjects, options.batch) | {"building": round(building.wall, 1)}
    finally:
        shutil.rmtree(folder)
    sys.stdout.write(json.dumps(told, indent=2) + "\n" if options.json else _shown(told))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.erasure", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--subjects", type=int, default=100_000, help="people in the gallery")
    parser.add_argument("--batch", type=int, default=1000, help="people erased together")
    parser.add_argument("--folder", type=Path, help="where the gallery is built; the temporary folder if left out")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def _founded(folder: Path) -> Countenance:
    plan = Plan(folder / "club", "Benchmark Club", ANNA, WORDS, ("photo-library",), keys=folder / "keys")
    return found_gallery(plan)


def _fill(club: Countenance, subjects: int) -> None:
    """People in bulk, sealed as the program seals them."""
    folder = club.context.settings.folder / "pictures"
    folder.mkdir()
    notice = club.context.settings.folder / "notice.txt"
    notice.write_text("notice")
    club.notices.add("notice", text=notice, channel="form")
    club.sources.add("party", folder, statement="made up", purposes=["photo-library"])
    keys = _keys(club, subjects)
    chance = np.random.default_rng(1)
    for start in range(0, subjects, PART):
        with club.context.registry.write() as connection:
            _write(connection, club, list(range(start + 1, min(start + PART, subjects) + 1)), keys, chance)
        _progress(f"{min(start + PART, subjects):,} of {subjects:,} people")
    club.context.registry.scrub()


def _keys(club: Countenance, subjects: int) -> dict[str, bytes]:
    """Keys for everybody, written as the vault writes them, in one transaction; one by one would take an hour."""
    vault: Any = club.context.keys.vault
    keys = {subject_key(number): secrets.token_bytes(32) for number in range(1, subjects + 1)}
    database = vault._database  # noqa: SLF001 - bulk loading is nobody's use case
    database.execute("BEGIN IMMEDIATE")
    for name, key in keys.items():
        wrapped = seal(vault._kek, key, name.encode())  # noqa: SLF001
        slot = database.execute("INSERT INTO slots (wrapped) VALUES (?)", (wrapped,)).lastrowid
        database.execute("INSERT INTO keys VALUES (?, ?)", (name, slot))
    database.execute("COMMIT")
    return keys


def _write(
    connection: sa.Connection, club: Countenance, numbers: list[int], keys: dict[str, bytes], chance: Any
) -> None:
    now, contract = club.context.clock(), club.context.vision.contract
    one = {"organisation": club.context.organisation, "created": now}
    vectors = chance.standard_normal((len(numbers), 128)).astype(np.float32)
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
            "id": n, "subject": n, "ground": "consent", "condition": "explicit-consent", "purposes": 4,
            "evidence_sha256": secrets.token_hex(32), "collective": False, "notice": 1, "starts": now,
            "ends": now + 10**7, "state": "live", "recorded_by": 1, "confirmation": secrets.token_bytes(64),
        } for n in numbers
    ])  # fmt: skip
    connection.execute(sa.insert(t.references), [
        one | {
            "id": n, "subject": n, "basis": n, "photo_sha256": secrets.token_hex(32),
            "photo_sealed": sealed(n, f"/pictures/{n}.jpg".encode(), "photo"),
            "face_sealed": sealed(n, secrets.token_bytes(180), "face"),
            "template_sealed": sealed(n, Template(vector, contract).to_bytes(), TEMPLATE),
            "contract": contract, "expires": now + 10**7,
        } for n, vector in zip(numbers, vectors, strict=True)
    ])  # fmt: skip
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
    _log(connection, club, numbers, keys)


def _log(connection: sa.Connection, club: Countenance, numbers: list[int], keys: dict[str, bytes]) -> None:
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
            for name, said in ((owner, {"account": ANNA, "os_user": "anna"}), (key, {"subject": number, "act": act})):
                bound = f"{name}/opening:{index}".encode()
                openings.append(
                    {"index": index, "key": name, "sealed": seal(known[name], json.dumps(said).encode(), bound)}
                )
    connection.execute(sa.insert(t.leaves), leaves)
    connection.execute(sa.insert(t.openings), openings)
    grown = json.dumps(frontier.to_json())
    connection.execute(sa.update(t.log_state).where(t.log_state.c.id == 1).values(frontier=grown))


def _measured(club: Countenance, subjects: int, batch: int) -> dict[str, Any]:
    people = [SubjectId(number) for number in range(1, subjects + 1)]
    one, single = _timed(lambda: club._leaving.erase_many(people[subjects // 2 :][:1], "request"))  # noqa: SLF001
    _progress(f"one erased in {single.wall:.2f} s")
    step = max(1, (subjects // 2) // batch)
    some, many = _timed(lambda: club._leaving.erase_many(people[: subjects // 2 : step][:batch], "request"))  # noqa: SLF001
    _progress(f"{batch:,} erased in {many.wall:.2f} s")
    _, rewriting = _timed(club.context.registry.rewrite)
    file = club.context.registry.file
    return {
        "subjects": subjects,
        "batch": some.certificate["body"]["counts"]["subjects"],
        "registry_bytes": file.stat().st_size if file else 0,
        "scanned_bytes": one.certificate["body"]["scan"]["bytes"],
        "markers": {
            "one": one.certificate["body"]["scan"]["markers"],
            "batch": some.certificate["body"]["scan"]["markers"],
        },
        "seconds": {"one": asdict(single), "batch": asdict(many), "rewrite": asdict(rewriting)},
        "ratio_to_rewrite": {
            "one": round(single.wall / rewriting.wall, 2),
            "batch": round(many.wall / rewriting.wall, 2),
        },
        "seconds_a_person_in_the_batch": round(many.wall / batch, 4),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }


def _timed(work: Callable[[], Any]) -> tuple[Any, Time]:
    began, used = time.perf_counter(), time.process_time()
    done = work()
    return done, Time(time.perf_counter() - began, time.process_time() - used)


def _progress(line: str) -> None:
    sys.stderr.write(f"  {line}\n")


def _shown(told: dict[str, Any]) -> str:
    sizes = f"registry of {told['registry_bytes'] / 1e6:,.0f} MB, {told['scanned_bytes'] / 1e6:,.0f} MB searched"
    lines = [f"{told['subjects']:,} people, {sizes}; {told['cores']} cores, load {told['load']}"]
    names = {"one": "one person", "batch": f"{told['batch']:,} together", "rewrite": "a rewrite (VACUUM)"}
    for key, name in names.items():
        taken, ratio = told["seconds"][key], told["ratio_to_rewrite"].get(key)
        compared = f"   {ratio:.2f} × the rewrite" if ratio else ""
        lines.append(f"  {name:20} {taken['wall']:8.2f} s  ({taken['cpu']:.2f} s of computing){compared}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
