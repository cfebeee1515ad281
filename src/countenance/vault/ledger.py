"""The erasure ledger: who was erased, by number alone, kept with the keys and apart from the data (DESIGN §6, §10).

A restored backup is opened only after what the ledger names has been erased from it again, so the ledger is never in a
backup. Each line is RFC 8785 JSON and carries its own hash and that of the line before it, the first one a hash of the
gallery's name: a line that was changed, taken out or moved is found, and a ledger can be told from a shorter or another
one.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import rfc8785
from filelock import FileLock

from countenance.errors import LedgerTooOld, Tampered, Unavailable
from countenance.vault.secretfile import sync_folder


@dataclass(frozen=True, slots=True)
class Line:
    """One erasure: its number in the registry, whose (all of a subject, or one basis), and the log's decision on it."""

    number: int
    subject: int
    basis: int | None
    reason: str
    log_index: int
    at: int
    """Seconds since 1970."""


class Ledger:
    """The ledger file of one gallery, named by its ``id`` in the configuration."""

    def __init__(self, path: Path, gallery: str) -> None:
        self.path = path
        self._start = hashlib.sha256(f"countenance erasure ledger/{gallery}".encode()).hexdigest()

    def lines(self) -> list[Line]:
        """Everything in it, in order. A last line that a crash cut off is not there yet.

        Raises `Tampered` when a line was changed and `LedgerTooOld` when it is another gallery's.
        """
        return self._read()[0]

    def head(self) -> tuple[int, str]:
        """How many lines there are, and the hash of the last."""
        heads = self._read()[1]
        return len(heads) - 1, heads[-1]

    def covers(self, count: int, head: str) -> bool:
        """Whether this ledger, or its beginning, is the one that had ``count`` lines and ended in ``head``."""
        heads = self._read()[1]
        return count < len(heads) and heads[count] == head

    def begin(self) -> None:
        """Make the file where it is not there, so that a gallery without an erasure has a ledger to show as well."""
        if not self.path.exists():
            with FileLock(str(self.path) + ".lock"):
                self._write(b"", self._read()[2])

    def follow(self, wanted: Iterable[Line]) -> None:
        """Add those lines whose number is higher than the last one's, on disk before this returns."""
        with FileLock(str(self.path) + ".lock"):
            lines, heads, size = self._read()
            head = heads[-1]
            last = lines[-1].number if lines else 0
            added = b""
            for line in sorted(wanted, key=lambda each: each.number):
                if line.number > last:
                    said = {**asdict(line), "before": head}
                    head, last = _hash(said), line.number
                    added += rfc8785.dumps(said | {"hash": head}) + b"\n"
            if added:
                self._write(added, size)

    def _write(self, added: bytes, size: int) -> None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600), "r+b") as file:
                file.truncate(size)  # a line that a crash cut off
                file.seek(size)
                file.write(added)
                file.flush()
                os.fsync(file.fileno())
            sync_folder(self.path.parent)
        except OSError as error:
            raise Unavailable(f"The erasure ledger {self.path} cannot be written: {error.strerror}.") from None

    def _read(self) -> tuple[list[Line], list[str], int]:
        """The lines, the hash that each begins and the last ends with, and how many bytes are whole lines."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            content = b""
        except OSError as error:
            raise Unavailable(f"The erasure ledger {self.path} cannot be read: {error.strerror}.") from None
        whole = content[: content.rfind(b"\n") + 1]
        lines: list[Line] = []
        heads = [self._start]
        for number, text in enumerate(whole.splitlines(), start=1):
            try:
                said = json.loads(text)
                head = said.pop("hash")
                whole_line, before = _hash(said) == head, said.pop("before")
                lines.append(Line(**said))
            except (ValueError, TypeError, KeyError, AttributeError):
                whole_line, before = False, ""
            if not whole_line or before != heads[-1]:
                if number == 1 and whole_line:
                    raise LedgerTooOld(
                        f"{self.path} is the erasure ledger of another gallery.",
                        hint="Give the ledger of this gallery: it lies beside its vault.",
                    )
                raise Tampered(
                    f"Line {number} of the erasure ledger was changed.", hint="Put back the newest copy of the ledger."
                )
            heads.append(head)
        return lines, heads, len(whole)


def _hash(said: dict[str, Any]) -> str:
    return hashlib.sha256(rfc8785.dumps(said)).hexdigest()
