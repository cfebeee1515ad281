"""The log as files: C2SP tlog-tiles, derived from the registry, for whoever wants to check it without us.

``tile/<L>/<N>`` holds 256 hashes of level L, ``tile/entries/<N>`` the entries under 256 hashes of level 0. What is not
full yet is ``<N>.p/<W>``, W wide. A full tile never changes; everything here can be deleted, and is written anew.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import sqlalchemy as sa

from countenance.errors import Tampered
from countenance.log.merkle import HASH_SIZE, leaf_hash, root_of
from countenance.registry.schema import leaves

WIDTH = 256
MAX_ENTRY = 0xFFFF
"""Bytes of an entry: a bundle tells the length of each in two bytes."""
_NAME = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([0-9]{1,3}))?", re.ASCII)
_ANEW = "Delete the folder `tile` that it lies in; `countenance log tiles` writes it anew from the registry."


def path(folder: Path, level: int | str, number: int) -> Path:
    """The file of a full tile, or with ``entries`` of a full bundle: 1234067 is ``x001/x234/067``."""
    parts = [f"{number % 1000:03}"]
    while number := number // 1000:
        parts.insert(0, f"x{number % 1000:03}")
    return folder.joinpath("tile", str(level), *parts)


# --- writing ---------------------------------------------------------------------------------------------------------


def write_full(connection: sa.Connection, folder: Path, size: int, *, every: bool = False) -> None:
    """Write the tiles that ``size`` entries fill and that are not there yet.

    They are looked for from the newest backwards, as far as the first that is there; with ``every``, all of them.
    """
    missing = []
    for number in reversed(range(size // WIDTH)):
        if not path(folder, 0, number).exists():
            missing.append(number)
        elif not every:
            break
    for number in reversed(missing):
        _write_entries(connection, folder, number, WIDTH)
        level, filled = 1, number + 1
        while filled % WIDTH == 0:  # with it, a tile of the level above is full too
            filled //= WIDTH
            put(path(folder, level, filled - 1), b"".join(_above(folder, level, filled - 1, WIDTH)))
            level += 1


def write_partial(connection: sa.Connection, folder: Path, size: int) -> None:
    """Write the tiles that ``size`` entries have begun. A checkpoint that goes outside must find them there."""
    if size % WIDTH:
        _write_entries(connection, folder, size // WIDTH, size % WIDTH)
    level, wide = 1, size // WIDTH
    while wide:
        if wide % WIDTH:
            hashes = _above(folder, level, wide // WIDTH, wide % WIDTH)
            put(_narrow(path(folder, level, wide // WIDTH), wide % WIDTH), b"".join(hashes))
        level, wide = level + 1, wide // WIDTH


def write_tail(connection: sa.Connection, folder: Path, size: int) -> None:
    """Write the entries of the bundle that is not full yet to the file ``tail``, for a restore to go on from.

    No tile: it changes with every entry, is not flushed to the disk, and nobody outside needs it.
    """
    first = size - size % WIDTH
    query = sa.select(leaves.c.leaf).where(leaves.c.index.between(first, size - 1)).order_by(leaves.c.index)
    fresh = folder / f"tail.{os.getpid()}.{threading.get_ident()}.new"
    try:
        fresh.write_bytes(b"".join(len(leaf).to_bytes(2) + bytes(leaf) for leaf in connection.scalars(query)))
        fresh.replace(folder / "tail")
    finally:
        fresh.unlink(missing_ok=True)


def _write_entries(connection: sa.Connection, folder: Path, number: int, width: int) -> None:
    """Entries first, then their hashes: where the hashes are, the entries are too."""
    first = number * WIDTH
    query = sa.select(leaves.c.leaf, leaves.c.hash).where(leaves.c.index.between(first, first + width - 1))
    rows = connection.execute(query.order_by(leaves.c.index)).all()
    bundle = b"".join(len(row.leaf).to_bytes(2) + bytes(row.leaf) for row in rows)
    put(_narrow(path(folder, "entries", number), width), bundle)
    put(_narrow(path(folder, 0, number), width), b"".join(bytes(row.hash) for row in rows))


def _above(folder: Path, level: int, number: int, width: int) -> list[bytes]:
    """The hashes of a tile: each is the root of a full tile of the level below."""
    below = range(number * WIDTH, number * WIDTH + width)
    return [root_of(read_tile(path(folder, level - 1, each)) or ()) for each in below]


def _narrow(full: Path, width: int) -> Path:
    return full if width == WIDTH else full.with_name(f"{full.name}.p") / str(width)


def put(file: Path, data: bytes) -> None:
    """Write a file whole or not at all: others may be reading."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.{os.getpid()}.{threading.get_ident()}.new")
    try:
        with fresh.open("wb") as written:
            written.write(data)
            written.flush()
            os.fsync(written.fileno())
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
    if file.parent.suffix != ".p":
        shutil.rmtree(file.with_name(f"{file.name}.p"), ignore_errors=True)  # the full one takes its place


# --- reading ---------------------------------------------------------------------------------------------------------


def read_tile(file: Path) -> list[bytes] | None:
    """The hashes of a full tile; None where there is none."""
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return None
    return _hashes(data) if len(data) == WIDTH * HASH_SIZE else None


def read_leaves(folder: Path) -> Iterator[bytes]:
    """Every entry in a folder of tiles, in order, as far as full bundles and then the widest partial one go.

    Raises `Tampered` for a bundle that is cut off.
    """
    for number in count():
        file = path(folder, "entries", number)
        partial = file.with_name(f"{file.name}.p")
        if not file.exists():
            widths = [each for each in partial.glob("*") if each.name.isdecimal()]
            if not widths:
                return
            file = max(widths, key=lambda each: int(each.name))
        yield from _entries(file)


def read_tail(folder: Path) -> list[bytes]:
    """The entries of the bundle that was not full yet; none where there is no such file, or it is cut off."""
    try:
        return list(_entries(folder / "tail"))
    except (FileNotFoundError, Tampered):
        return []


def _entries(file: Path) -> Iterator[bytes]:
    data, place = file.read_bytes(), 0
    while place < len(data):
        end = place + 2 + int.from_bytes(data[place : place + 2])
        if end > len(data):
            raise Tampered(f"The log's file {file.name} is cut off.", hint=_ANEW)
        yield data[place + 2 : end]
        place = end


def _hashes(data: bytes) -> list[bytes]:
    return [data[place : place + HASH_SIZE] for place in range(0, len(data), HASH_SIZE)]


# --- checking --------------------------------------------------------------------------------------------------------


def listed(folder: Path) -> list[Path]:
    """The files that are there. Others may be writing more, so they are listed before the registry is read."""
    return [file for file in sorted(folder.joinpath("tile").rglob("*")) if file.is_file()]


def check(folder: Path, files: Sequence[Path], hashes: Sequence[bytes]) -> None:
    """Compare files with the log's leaf hashes. Raises `Tampered` naming the first that differs."""
    for file in files:
        name = file.relative_to(folder).as_posix()
        kind = _NAME.fullmatch(name)
        if kind is not None and not _same(file, kind, hashes):
            raise Tampered(f"The log's file {name} does not hold what the registry holds.", hint=_ANEW)


def _same(file: Path, kind: re.Match[str], hashes: Sequence[bytes]) -> bool:
    level, number, width = kind[1], int(kind[2].replace("x", "").replace("/", "")), int(kind[3] or WIDTH)
    each = 1 if level == "entries" else WIDTH ** int(level)
    begin = number * WIDTH
    if (begin + width) * each > len(hashes):
        return False
    expected = [root_of(hashes[place * each : (place + 1) * each]) for place in range(begin, begin + width)]
    found = [leaf_hash(leaf) for leaf in _entries(file)] if level == "entries" else _hashes(file.read_bytes())
    return found == expected
