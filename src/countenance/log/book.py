"""The log: append-only, tamper-evident, in the registry (DESIGN §10).

A leaf is the RFC 8785 canonical JSON of one decision or effect. It carries salted commitments, no personal data (P20):
what a commitment stands for lies beside it, sealed under the key of the person or organisation that it concerns.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import rfc8785
import sqlalchemy as sa

from countenance.errors import KeyMissing, Tampered
from countenance.log import merkle, note
from countenance.registry.database import Registry
from countenance.registry.schema import leaves, log_state, openings
from countenance.types import OrganisationId, SubjectId, iso
from countenance.vault.keyring import LOG_KEY, Keyring, organisation_key, subject_key


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be written. ``facts`` are counts, codes and hashes; ``opening`` is sealed for the organisation."""

    act: str
    outcome: str
    at: int
    organisation: OrganisationId
    account: str | None = None
    case: str | None = None
    purpose: str | None = None
    subjects: tuple[SubjectId, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    opening: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """Where an entry stands: its index, and the root of the log that it completed."""

    index: int
    root: str


class Book:
    """Writes leaves, signs checkpoints, proves inclusion. ``folder`` takes the derived files."""

    def __init__(self, registry: Registry, keys: Keyring, gallery: str, folder: Path) -> None:
        self._registry = registry
        self._keys = keys
        self._gallery = gallery
        self._file = folder / "checkpoint"
        self.origin = f"countenance/{gallery}"

    # --- writing -----------------------------------------------------------------------------------------------------

    def append(self, connection: sa.Connection, entry: Entry) -> Written:
        """Write one leaf inside the caller's write transaction, which is the one lock that orders leaves."""
        frontier = self._frontier(connection)
        index = frontier.size
        leaf = rfc8785.dumps(self._leaf(index, entry))
        hashed = merkle.leaf_hash(leaf)
        grown = frontier.append(hashed)
        connection.execute(sa.insert(leaves).values(index=index, leaf=leaf, hash=hashed))
        connection.execute(sa.insert(openings), list(self._openings(index, entry)))
        state = json.dumps(grown.to_json())
        if index == 0:
            connection.execute(sa.insert(log_state).values(id=1, frontier=state))
        else:
            connection.execute(sa.update(log_state).where(log_state.c.id == 1).values(frontier=state))
        return Written(index, grown.root().hex())

    def _leaf(self, index: int, entry: Entry) -> dict[str, Any]:
        leaf: dict[str, Any] = {
            "v": 1,
            "index": index,
            "at": iso(entry.at),
            "gallery": self._gallery,
            "act": entry.act,
            "outcome": entry.outcome,
            "facts": dict(entry.facts),
        }
        owner = organisation_key(entry.organisation)
        if entry.account is not None:
            leaf["account"] = self._commit(owner, index, f"account:{entry.account}")
        if entry.case is not None:
            leaf["case"] = self._commit(owner, index, f"case:{entry.case}")
        if entry.purpose is not None:
            leaf["purpose"] = entry.purpose
        if entry.subjects:
            leaf["subjects"] = [self._commit(subject_key(s), index, f"subject:{s}") for s in entry.subjects]
        return leaf

    def _commit(self, key: str, index: int, value: str) -> str:
        """SHA-256 over a salt that is derived from the key, so that it is destroyed together with the key."""
        return hashlib.sha256(self._keys.salt(key, f"log:{index}") + value.encode()).hexdigest()

    def _openings(self, index: int, entry: Entry) -> Iterator[dict[str, Any]]:
        owner = organisation_key(entry.organisation)
        opened = {"account": entry.account, "case": entry.case, "os_user": _os_user(), **entry.opening}
        yield self._opening(index, owner, opened)
        for subject in dict.fromkeys(entry.subjects):
            yield self._opening(index, subject_key(subject), {"subject": subject, "act": entry.act})

    def _opening(self, index: int, key: str, content: Mapping[str, Any]) -> dict[str, Any]:
        sealed = self._keys.seal(key, json.dumps(dict(content)).encode(), f"opening:{index}")
        return {"index": index, "key": key, "sealed": sealed}

    # --- reading -----------------------------------------------------------------------------------------------------

    def size(self) -> int:
        """How many leaves there are."""
        with self._registry.read() as connection:
            return self._frontier(connection).size

    def entries(self, start: int = 0, limit: int | None = None) -> list[dict[str, Any]]:
        """Leaves from ``start`` on, with what the organisation's key can open of each under ``opened``."""
        query = sa.select(leaves.c.index, leaves.c.leaf).where(leaves.c.index >= start).order_by(leaves.c.index)
        found = []
        with self._registry.read() as connection:
            for index, leaf in connection.execute(query.limit(limit)).all():
                content = json.loads(leaf)
                content["opened"] = self._open(connection, index)
                found.append(content)
        return found

    def _open(self, connection: sa.Connection, index: int) -> dict[str, Any]:
        query = sa.select(openings).where(openings.c.index == index, openings.c.key.like("organisation:%"))
        row = connection.execute(query).first()
        if row is None:
            return {}
        try:
            opened = json.loads(self._keys.unseal(row.key, row.sealed, f"opening:{index}"))
        except (KeyMissing, Tampered):
            return {}
        return {name: value for name, value in opened.items() if value is not None and name != "signature"}

    def export(self) -> Iterator[bytes]:
        """Every leaf's exact bytes, in order: the input of ``countenance-check log``, one a line."""
        with self._registry.read() as connection:
            for (leaf,) in connection.execute(sa.select(leaves.c.leaf).order_by(leaves.c.index)):
                yield bytes(leaf)

    def inclusion(self, index: int, size: int) -> tuple[dict[str, Any], list[str]]:
        """A leaf and its inclusion proof (RFC 6962 §2.1.1) in the log's first ``size`` leaves."""
        query = sa.select(leaves.c.hash).where(leaves.c.index < size).order_by(leaves.c.index)
        with self._registry.read() as connection:
            hashes = [bytes(row.hash) for row in connection.execute(query)]
            leaf = connection.scalar(sa.select(leaves.c.leaf).where(leaves.c.index == index))
        return json.loads(leaf or b"{}"), [step.hex() for step in merkle.inclusion_proof(index, hashes)]

    # --- signing -----------------------------------------------------------------------------------------------------

    def signer(self) -> note.SignerKey:
        """The key that signs checkpoints and certificates."""
        return note.SignerKey.from_seed(self.origin, self._keys.vault.get(LOG_KEY))

    @property
    def verifier_key(self) -> str:
        """The public key in C2SP signed-note form. Whoever holds it can check without us."""
        return str(self.signer().verifier)

    def checkpoint(self) -> str:
        """The signed state of the log as it is now (C2SP tlog-checkpoint)."""
        with self._registry.read() as connection:
            frontier = self._frontier(connection)
        return note.sign_checkpoint(self.origin, frontier.size, frontier.root(), self.signer())

    def publish(self) -> Path:
        """Write the current checkpoint to its file, whole or not at all.

        It is derived after the commit: where it cannot be written now (a full disk), what was committed stands, and the
        next one takes its place.
        """
        fresh = self._file.with_name(f"checkpoint.{os.getpid()}.{threading.get_ident()}.new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("w", encoding="utf-8") as file:
                file.write(self.checkpoint())
                file.flush()
                os.fsync(file.fileno())  # a checkpoint that a power cut left empty would look like tampering
            fresh.replace(self._file)
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink()
        return self._file

    # --- checking ----------------------------------------------------------------------------------------------------

    def check(self, outside: Mapping[str, str] | None = None) -> note.Checkpoint:
        """Recompute the whole log and compare it with our own newest checkpoint and with those held outside.

        Args:
            outside: signed checkpoints by the name of where they come from.

        Raises:
            Tampered: an entry was edited, moved, cut off or added; the message names the first place that shows it.
        """
        # Our own checkpoint first, then the log as it is at one moment: others may be writing to both.
        ours = self._own_checkpoint()
        with self._registry.read() as connection:
            hashes, frontier = self._rehash(connection), self._frontier(connection)
        if frontier.size != len(hashes) or frontier.root() != merkle.root_of(hashes):
            raise Tampered(f"The log holds {len(hashes)} entries that do not add up to its recorded state.")
        for name, text in (ours | dict(outside or {})).items():
            self._compare(name, text, hashes)
        return note.open_checkpoint(self.checkpoint(), self.signer().verifier)

    def _own_checkpoint(self) -> dict[str, str]:
        """Our newest signed checkpoint. Its absence is a finding: without it, cutting the log would leave no trace."""
        if self._file.exists():
            return {"our own checkpoint": self._file.read_text("utf-8")}
        if self.size():
            raise Tampered(
                "The log has entries, but its own signed checkpoint is gone.",
                hint="Compare the log with a checkpoint held outside: `countenance log check --against FILE`.",
            )
        return {}

    def _rehash(self, connection: sa.Connection) -> list[bytes]:
        hashes: list[bytes] = []
        rows = connection.execute(sa.select(leaves.c.index, leaves.c.leaf, leaves.c.hash).order_by(leaves.c.index))
        for place, (index, leaf, stored) in enumerate(rows):
            hashed = merkle.leaf_hash(bytes(leaf))
            if index != place or hashed != bytes(stored) or _own_index(leaf) != place:
                raise Tampered(f"Log entry {place} was changed after it was written.")
            hashes.append(hashed)
        return hashes

    def _compare(self, name: str, text: str, hashes: list[bytes]) -> None:
        seen = note.open_checkpoint(text, self.signer().verifier)
        if seen.size > len(hashes):
            raise Tampered(f"The log was cut: it has {len(hashes)} entries, and {name} was signed over {seen.size}.")
        if merkle.root_of(hashes[: seen.size]) != seen.root:
            raise Tampered(f"The log was rewritten: its first {seen.size} entries are not those of {name}.")

    def _frontier(self, connection: sa.Connection) -> merkle.Frontier:
        state = connection.scalar(sa.select(log_state.c.frontier).where(log_state.c.id == 1))
        return merkle.Frontier.from_json(json.loads(state)) if state else merkle.Frontier()


def _own_index(leaf: bytes) -> int | None:
    try:
        index = json.loads(leaf).get("index")
    except (ValueError, AttributeError):
        return None
    return index if isinstance(index, int) else None


def _os_user() -> str:
    """Who the operating system says is at the keyboard; logged beside the account (DESIGN §10)."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid {os.getuid()}"
