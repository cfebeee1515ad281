"""Access answers between being made and being sent: sealed files that nobody but the holder of the key can read.

An answer holds everything about a person, pictures included. In the data folder it therefore lies sealed under the
person's own key, and is unreadable from the moment that the person is erased (P6, P30). In clear it is written only
where an officer says, readable by their own user alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from countenance.errors import InputError, NotFound, Unavailable
from countenance.types import SubjectId, reference_number
from countenance.vault.keyring import Keyring

if TYPE_CHECKING:
    from countenance.service.context import Context

FOLDER = "exports"
NAMES = ("access-{number}.html", "access-{number}.json")


@dataclass(frozen=True, slots=True)
class Letter:
    """An access answer: one page that stands alone, and the same as JSON."""

    html: str
    json: str


def exports(context: Context) -> Exports:
    """The sealed answers of an opened gallery."""
    return Exports(context.settings.data / FOLDER, context.keys)


class Exports:
    """The sealed answers of one gallery. ``folder`` lies in the data folder, where every erasure looks."""

    def __init__(self, folder: Path, keys: Keyring) -> None:
        self._folder = folder
        self._keys = keys

    def put(self, number: int, subject: int | None, key: str, letter: Letter) -> None:
        """Keep an answer, sealed, whole or not at all."""
        content = zlib.compress(json.dumps([letter.html, letter.json]).encode(), 6)
        file = self._file(number, subject)
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(file, self._keys.seal(key, content, _label(number)))
        except OSError as error:
            raise Unavailable(f"The answer cannot be kept: {error.strerror}.") from None

    def has(self, number: int, subject: int | None) -> bool:
        """Whether an answer is kept, and not sent yet."""
        return self._file(number, subject).is_file()

    def get(self, number: int, subject: int | None, key: str) -> Letter:
        """An answer that was kept. Raises `NotFound` when it was sent and removed, or never made."""
        try:
            sealed = self._file(number, subject).read_bytes()
        except OSError:
            name = reference_number("R", number)
            raise NotFound(
                f"No answer to {name} is kept here.", hint=f"Make it: `countenance request answer {name}`."
            ) from None
        return Letter(*json.loads(zlib.decompress(self._keys.unseal(key, sealed, _label(number)))))

    def remove(self, number: int, subject: int | None) -> bool:
        """Remove an answer; whether there was one."""
        file = self._file(number, subject)
        try:
            file.unlink()
        except FileNotFoundError:
            return False
        with contextlib.suppress(OSError):  # other answers to the same person may wait
            file.parent.rmdir()
        return True

    def _file(self, number: int, subject: int | None) -> Path:
        return exports_of(self._folder, subject) / f"{reference_number('R', number)}.sealed"


def exports_of(folder: Path, subject: SubjectId | int | None) -> Path:
    """Where the answers to one person lie; those to somebody who is not on record lie under 0."""
    return folder / str(subject or 0)


def elsewhere(context: Context, out: Path) -> None:
    """Raise `InputError` for a folder among our own files: an answer in clear would stay there after an erasure."""
    for folder in context.settings.places:
        if out.resolve().is_relative_to(folder.resolve()):
            raise InputError(
                f"{out} lies in {folder}, among the gallery's own files.",
                hint="An answer in clear goes elsewhere, and is deleted once it is sent: --out ~/for-anna.",
            )


def hand_over(letter: Letter, number: int, out: Path) -> tuple[Path, Path]:
    """Write an answer in clear, for sending; only the officer's own user may read it."""
    page, data = (out / name.format(number=reference_number("R", number)) for name in NAMES)
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(page, letter.html.encode())
        _write(data, letter.json.encode())
    except OSError as error:
        raise InputError(f"The answer cannot be written to {out}: {error.strerror}.") from None
    return page, data


def _write(file: Path, content: bytes) -> None:
    fresh = file.with_name(file.name + ".new")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "wb") as opened:  # noqa: PTH123 - a handle, so that nobody else can ever read the file
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    fresh.replace(file)


def _label(number: int) -> str:
    return f"answer:{reference_number('R', number)}"
