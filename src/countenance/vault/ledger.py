"""The erasure ledger: who was erased, by number alone, kept with the keys and apart from the data (DESIGN §6, §10).

A restored backup is opened only after what the ledger names has been erased from it again, so the ledger is never in a
backup. Each line is RFC 8785 JSON and carries the hash of the line before it: a line that was changed, taken out or
moved is found, and a ledger can be told from a shorter or another one.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import rfc8785
from filelock import FileLock

from countenance.errors import Tampered, Unavailable
from countenance.vault.secretfile import sync_folder

_START = "0" * 64


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
    """The ledger file of one gallery."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def lines(self) -> list[Line]:
        """Everything in it, in order. A last line that a crash cut off is not there yet.

        Raises `Tampered` when a line was changed.
        """
        return self._read()[0]

    def head(self) -> tuple[int, str]:
        """How many lines there are, and the hash of the last."""
        lines, head, _ = self._read()
        return len(lines), head

    def follow(self, wanted: Iterable[Line]) -> None:
        """Add those lines whose number is higher than the last one's, on disk before this returns."""
        with FileLock(str(self.path) + ".lock"):
            lines, head, size = self._read()
            last = lines[-1].number if lines else 0
            added = b""
            for line in sorted(wanted, key=lambda each: each.number):
                if line.number > last:
                    text = rfc8785.dumps({**asdict(line), "before": head})
                    head, last = hashlib.sha256(text).hexdigest(), line.number
                    added += text + b"\n"
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

    def _read(self) -> tuple[list[Line], str, int]:
        """The lines, the last one's hash, and how many bytes of the file are whole lines."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            content = b""
        except OSError as error:
            raise Unavailable(f"The erasure ledger {self.path} cannot be read: {error.strerror}.") from None
        whole = content[: content.rfind(b"\n") + 1]
        lines: list[Line] = []
        head = _START
        for number, text in enumerate(whole.splitlines(), start=1):
            try:
                value = json.loads(text)
                before = value.pop("before")
                lines.append(Line(**value))
            except (ValueError, TypeError, KeyError, AttributeError):
                before = None
            if before != head:
                raise Tampered(
                    f"Line {number} of the erasure ledger was changed.", hint="Put back the newest copy of the ledger."
                )
            head = hashlib.sha256(text).hexdigest()
        return lines, head, len(whole)
