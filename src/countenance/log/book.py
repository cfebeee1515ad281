"""The log: append-only, tamper-evident, in the registry (DESIGN §10).

A leaf is the RFC 8785 canonical JSON of one decision or effect. It carries salted commitments, no personal data (P20):
what a commitment stands for lies beside it, sealed under the key of the person or organisation that it concerns.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import rfc8785
import sqlalchemy as sa

from countenance.errors import BadSignature, ClockWentBack, CountenanceError, InputError, KeyMissing, Tampered
from countenance.log import checking, merkle, note, proving, tiles, witness
from countenance.registry.database import Registry, when_undone
from countenance.registry.schema import leaves, log_state, openings
from countenance.types import OrganisationId, SubjectId, iso
from countenance.vault.keyring import LOG_KEY, Keyring, organisation_key, subject_key
from countenance.vault.seal import derive

CLOCK = "clock"
"""The act of an entry about the machine's clock. One that an officer signed may be earlier than the entry before it; a
refusal bears that entry's time."""
TOLERANCE = 120
"""Seconds by which a clock may be set back before it is noticed: time servers correct small errors all the time."""
NAMED = 500
"""People whom one entry can concern. More of them stand in further entries, which say which one they continue."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be written. ``facts`` are counts, codes and hashes; ``opening`` is sealed for the organisation.

    ``among``: as many commitments stand in the entry, or a multiple of it, whoever it concerns: the others are random,
    and nobody can tell them apart. So it does not say whether it concerns anybody.
    """

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
    among: int = 0


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
        self.folder = folder
        self._file = folder / "checkpoint"
        self.origin = f"countenance/{gallery}"

    # --- writing -----------------------------------------------------------------------------------------------------

    def append(self, connection: sa.Connection, entry: Entry) -> Written:
        """Write an entry inside the caller's write transaction, which is the one lock that orders leaves.

        Raises `ClockWentBack` when the clock says an earlier time than the last leaf; that is then in the log.
        """
        last = self.last_time(connection)
        if entry.act != CLOCK:
            self._refuse_the_past(connection, entry, last)
        elif entry.outcome != "done":
            entry = replace(entry, at=max(entry.at, last))
        written = self._write(connection, replace(entry, subjects=entry.subjects[:NAMED]))
        root = written.root
        for start in range(NAMED, len(entry.subjects), NAMED):
            some = entry.subjects[start : start + NAMED]
            root = self._write(connection, replace(entry, subjects=some, facts={"continues": written.index})).root
        return Written(written.index, root)

    def _write(self, connection: sa.Connection, entry: Entry) -> Written:
        frontier = self._frontier(connection)
        index = frontier.size
        leaf = rfc8785.dumps(self._leaf(index, entry))
        if len(leaf) > tiles.MAX_ENTRY:
            raise InputError(f"A log entry may hold {tiles.MAX_ENTRY:,} bytes, and this one has {len(leaf):,}.")
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

    def _refuse_the_past(self, connection: sa.Connection, entry: Entry, last: int) -> None:
        if entry.at >= last - TOLERANCE:
            return
        facts = {"act": entry.act, "behind_seconds": last - entry.at}
        refusal = replace(entry, act=CLOCK, outcome="refused", facts=facts, subjects=(), opening={})
        # The caller's transaction ends with nothing in it; what is written of it is written after that.
        when_undone(connection, lambda: self._write_refusal(refusal))
        raise ClockWentBack(
            f"The clock says {iso(entry.at)}, but the log's last entry is of {iso(last)}.",
            hint="Set the clock right. If it ran ahead before, an officer says so: `countenance log clock --accept`.",
        )

    def _write_refusal(self, refusal: Entry) -> None:
        with contextlib.suppress(CountenanceError), self._registry.write() as connection:
            self.append(connection, refusal)

    def last_time(self, connection: sa.Connection) -> int:
        """When the last entry was written, in seconds since 1970; 0 of an empty log."""
        leaf = connection.scalar(sa.select(leaves.c.leaf).order_by(leaves.c.index.desc()).limit(1))
        return int(datetime.fromisoformat(json.loads(leaf)["at"]).timestamp()) if leaf else 0

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
        named = [self._commit(subject_key(s), index, f"subject:{s}") for s in entry.subjects]
        if entry.among:
            nobody = -len(named) % entry.among if named else entry.among
            named += [secrets.token_hex(32) for _ in range(nobody)]
        return leaf | ({"subjects": named} if named else {})

    def _commit(self, key: str, index: int, value: str) -> str:
        return commitment(self._keys.vault.get(key), index, value)

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
                content["opened"] = self.opened(connection, index)
                found.append(content)
        return found

    def opened(self, connection: sa.Connection, index: int) -> dict[str, Any]:
        """What the organisation's key can open of an entry."""
        query = sa.select(openings).where(openings.c.index == index, openings.c.key.like("organisation:%"))
        row = connection.execute(query).first()
        if row is None:
            return {}
        try:
            opened = json.loads(self._keys.unseal(row.key, row.sealed, f"opening:{index}"))
        except (KeyMissing, Tampered):
            return {}
        return {name: value for name, value in opened.items() if value is not None and name != "signature"}

    def concerns(self, leaf: Mapping[str, Any], subject: SubjectId | int) -> bool:
        """Whether an entry commits to this person. Raises `KeyMissing` once they are erased."""
        return self._commit(subject_key(subject), int(leaf["index"]), f"subject:{subject}") in leaf.get("subjects", ())

    def did(
        self, connection: sa.Connection, act: str, who: str, facts: Mapping[str, Any], owner: int, since: int
    ) -> bool:
        """Whether an entry after ``since`` says that this account did this. ``owner``: whose log it is."""
        query = sa.select(leaves.c.index, leaves.c.leaf).where(leaves.c.index > since).order_by(leaves.c.index.desc())
        key, wanted = organisation_key(owner), rfc8785.dumps(act)
        with contextlib.closing(connection.execute(query.execution_options(yield_per=500))) as found:
            for index, leaf in found:
                if wanted in bytes(leaf):
                    told = json.loads(leaf)
                    named = (told["act"], told["outcome"], told["facts"]) == (act, "done", facts)
                    if named and told.get("account") == self._commit(key, index, f"account:{who}"):
                        return True
        return False

    def export(self) -> Iterator[bytes]:
        """Every leaf's exact bytes, in order: the input of ``countenance-check log``, one a line."""
        with self._registry.read() as connection:
            for (leaf,) in connection.execute(sa.select(leaves.c.leaf).order_by(leaves.c.index)):
                yield bytes(leaf)

    def inclusion(self, index: int, size: int) -> tuple[dict[str, Any], list[str]]:
        """A leaf and its inclusion proof (RFC 6962 §2.1.1) in the log's first ``size`` leaves."""
        with self._registry.read() as connection:
            leaf, proof = proving.inclusion(connection, self.folder, self._frontier(connection), index, size)
        return json.loads(leaf), [step.hex() for step in proof]

    def consistency(self, old_size: int, new_size: int) -> list[str]:
        """The proof (RFC 6962 §2.1.2) that the log at ``old_size`` entries is the start of the log at ``new_size``."""
        with self._registry.read() as connection:
            proof = proving.consistency(connection, self.folder, self._frontier(connection), old_size, new_size)
        return [step.hex() for step in proof]

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
        """Write the current checkpoint to its file, whole or not at all, and the tiles that are full by now.

        They are derived after the commit: where they cannot be written now (a full disk), what was committed stands,
        and the next ones take their place.
        """
        fresh = self._file.with_name(f"checkpoint.{os.getpid()}.{threading.get_ident()}.new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._registry.read() as connection:
                frontier = self._frontier(connection)
                tiles.write_full(connection, self.folder, frontier.size)
                tiles.write_tail(connection, self.folder, frontier.size)
            with fresh.open("w", encoding="utf-8") as file:
                file.write(note.sign_checkpoint(self.origin, frontier.size, frontier.root(), self.signer()))
                file.flush()
                os.fsync(file.fileno())  # a checkpoint that a power cut left empty would look like tampering
            fresh.replace(self._file)
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink()
        return self._file

    def catch_up(self) -> None:
        """Write what a process that died after its commit did not: a restore reads the log's own files alone.

        A checkpoint that is gone, or that this log's key has not signed, is left as it is: `check` is to say so.
        """
        try:
            told = note.open_checkpoint(self._own_checkpoint(), self.signer().verifier).size
        except (KeyMissing, Tampered, BadSignature, OSError):
            return
        with self._registry.read() as connection:
            behind = told < self._frontier(connection).size
        if behind:
            self.publish()

    def write_tiles(self, folder: Path) -> str:
        """Write the whole log as C2SP tlog-tiles, with the tiles that are not full yet; returns its checkpoint.

        A search does not pay for this: it is done when a checkpoint is sent outside, or somebody asks.
        """
        with self._registry.read() as connection:
            frontier = self._frontier(connection)
            tiles.write_full(connection, folder, frontier.size, every=True)
            tiles.write_partial(connection, folder, frontier.size)
        text = note.sign_checkpoint(self.origin, frontier.size, frontier.root(), self.signer())
        tiles.put(folder / "checkpoint", text.encode())
        return text

    # --- checking ----------------------------------------------------------------------------------------------------

    def check(self, outside: Mapping[str, str] | None = None) -> note.Checkpoint:
        """Recompute the whole log and compare it with our own newest checkpoint and with those held outside.

        Args:
            outside: signed checkpoints by the name of where they come from.

        Raises:
            Tampered: an entry was edited, moved, cut off or added; the message names the first place that shows it.
        """
        # Our own files first, then the log as it is at one moment: others may be writing to both.
        ours, files = self._own_checkpoint(), tiles.listed(self.folder)
        with self._registry.read() as connection:
            hashes, frontier = checking.rehash(connection), self._frontier(connection)
            witness.check(connection, hashes)
        if frontier.size != len(hashes) or frontier.root() != merkle.root_of(hashes):
            raise Tampered(f"The log holds {len(hashes)} entries that do not add up to its recorded state.")
        key = self.signer().verifier
        try:
            checking.compare("our own checkpoint", ours, hashes, key)
        except BadSignature:
            raise Tampered("The log's own signed checkpoint was changed after it was written.") from None
        for name, text in (outside or {}).items():
            checking.compare(name, text, hashes, key)
        tiles.check(self.folder, files, hashes)
        return note.Checkpoint(self.origin, frontier.size, frontier.root())

    def _own_checkpoint(self) -> str:
        """Our newest signed checkpoint. Its absence is a finding: without it, cutting the log would leave no trace."""
        try:
            return self._file.read_bytes().decode("utf-8", "replace")
        except FileNotFoundError:
            raise Tampered(
                "The log's own signed checkpoint is gone.",
                hint="Compare the log with a checkpoint held outside: `countenance log check --against FILE`.",
            ) from None

    def _frontier(self, connection: sa.Connection) -> merkle.Frontier:
        state = connection.scalar(sa.select(log_state.c.frontier).where(log_state.c.id == 1))
        if state is None:
            return merkle.Frontier()
        try:
            return merkle.Frontier.from_json(json.loads(state))
        except ValueError:
            raise Tampered("The recorded state of the log cannot be read.") from None


def commitment(key: bytes, index: int, value: str) -> str:
    """SHA-256 over a salt that is derived from a key and the entry's place: gone together with the key (P20)."""
    return hashlib.sha256(derive(key, f"log:{index}") + value.encode()).hexdigest()


def _os_user() -> str:
    """Who the operating system says is at the keyboard; logged beside the account (DESIGN §10)."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid {os.getuid()}"
