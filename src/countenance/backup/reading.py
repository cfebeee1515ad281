"""Reading a backup: all of it is checked before any of it is used."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from countenance.backup.making import Progress
from countenance.backup.manifest import CONFIG, REGISTRY, Manifest
from countenance.backup.stream import read
from countenance.errors import InputError, Tampered
from countenance.registry.dump import Line, parse


def verify(file: Path, key: bytes, progress: Progress | None = None) -> Manifest:
    """Open every chunk of a backup, and compare its members with the manifest at its end.

    Raises `Tampered` for a file that was changed or cut, or was made under another vault's key; `InputError` for one
    that is no backup.
    """
    digest, config, last, done = hashlib.sha256(), "", b"", 0
    total = _size(file)
    for number, text in enumerate(_texts(file, key)):
        if number == 0:
            config = _config(text)
            continue
        digest.update(last)
        last = text
        done += len(text)
        if progress and number % 1000 == 0:
            progress(min(done, total), total)
    line = parse(last)
    manifest = Manifest.parse(line.get("manifest") if isinstance(line, dict) else None)
    found = {CONFIG: hashlib.sha256(config.encode()).hexdigest(), REGISTRY: digest.hexdigest()}
    if found != manifest.members:
        raise Tampered("The backup does not hold what its manifest says.", hint="Use another copy of the backup.")
    return manifest


def configuration(file: Path, key: bytes) -> str:
    """The text of the configuration in a backup that was verified."""
    return _config(next(_texts(file, key)))


def registry_lines(file: Path, key: bytes) -> Iterator[Line]:
    """The registry's lines of a backup that was verified."""
    texts = _texts(file, key)
    next(texts)
    for text in texts:
        line = parse(text)
        if isinstance(line, dict) and "manifest" in line:
            return
        yield line


def _config(text: bytes) -> str:
    line = parse(text)
    if not isinstance(line, dict) or line.get("member") != CONFIG:
        raise Tampered("The backup does not begin with its configuration.")
    return str(line["text"])


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError as error:
        raise _unread(file, error) from None


def _texts(file: Path, key: bytes) -> Iterator[bytes]:
    """The lines, without the ends of the chunks."""
    try:
        with file.open("rb") as opened:
            rest: list[bytes] = []
            for chunk in read(opened, key):
                first, *others = chunk.split(b"\n")
                rest.append(first)
                for other in others:
                    yield b"".join(rest) + b"\n"
                    rest = [other]
    except OSError as error:
        raise _unread(file, error) from None


def _unread(file: Path, error: OSError) -> InputError:
    return InputError(f"The backup {file} cannot be read: {error.strerror}.", hint="Name the file of the backup.")
