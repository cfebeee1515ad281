"""Files written below a folder that the operator names: none outside it, none in another's place.

Every step from the folder down is opened without following a link, so that a name, or a link that somebody has put
there, leads nowhere else.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from countenance.errors import AlreadyExists, InputError, StorageFull

MOST_OF_OURS = 8 << 20
"""Bytes that are read of a file that is in the way, to see whose it is."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FRESH = b".countenance-new"


def check_free(folder: Path, paths: Mapping[bytes, bytes], ours: Callable[[bytes], bool]) -> None:
    """Raise before anything is written: `InputError` for a path that leads out, `AlreadyExists` for another's file.

    Args:
        folder: Where they will go; it need not be there yet.
        paths: Contents by path below the folder.
        ours: Whether a file of this content may be replaced.
    """
    for path in paths:
        steps = _steps(path)
        try:
            with _inside(folder, steps[:-1], make=False) as within:
                content = None if within is None else _read(within, steps[-1])
        except OSError as error:
            raise _refused(folder, path, error) from None
        if content is not None and not ours(content):
            raise AlreadyExists(
                f"{_shown(path)} is in {folder} already, and is not ours to replace.",
                hint="Nothing was written. Name another folder with --to, or move that file away.",
            )


def check_inside(paths: Iterable[bytes]) -> None:
    """Raise `InputError` for a path that leads out of the folder that it will be put in, by whomever."""
    for path in paths:
        _steps(path)


def write_all(folder: Path, paths: Mapping[bytes, bytes]) -> None:
    """Write all files, or none. Readable by their own user alone. Raises `InputError` or `StorageFull`."""
    done: list[bytes] = []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path, content in paths.items():
            done.append(path)
            with _inside(folder, _steps(path)[:-1], make=True) as within:
                _put(within, _steps(path)[-1] + _FRESH, content)
        for path in paths:
            with _inside(folder, _steps(path)[:-1], make=True) as within:
                name = _steps(path)[-1]
                os.rename(name + _FRESH, name, src_dir_fd=within, dst_dir_fd=within)
    except OSError as error:
        for path in done:
            with contextlib.suppress(OSError), _inside(folder, _steps(path)[:-1], make=False) as within:
                os.unlink(_steps(path)[-1] + _FRESH, dir_fd=within)
        raise _refused(folder, done[-1] if done else b".", error) from None


def _steps(path: bytes) -> list[bytes]:
    """The path's names. Raises `InputError` for one that leads out of its folder."""
    steps = path.split(b"/")
    if any(step in (b"", b".", b"..") or b"\0" in step for step in steps):
        raise InputError(f"The path {_shown(path)} leads out of the folder.", hint="Ingest its source again.")
    return steps


@contextlib.contextmanager
def _inside(folder: Path, steps: list[bytes], *, make: bool) -> Iterator[int | None]:
    """A handle of the folder at the end of these steps; None where it is not there and is not made."""
    held: list[int] = []
    try:
        try:
            held.append(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
            for step in steps:
                if make:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(step, 0o700, dir_fd=held[-1])
                held.append(os.open(step, _FOLDER, dir_fd=held[-1]))
        except FileNotFoundError:
            if make:
                raise
            yield None
            return
        yield held[-1]
    finally:
        for each in held:
            os.close(each)


def _read(within: int, name: bytes) -> bytes | None:
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=within)
    except FileNotFoundError:
        return None
    with open(handle, "rb") as opened:  # noqa: PTH123 - a handle
        return opened.read(MOST_OF_OURS)


def _put(within: int | None, name: bytes, content: bytes) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=within)
    handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=within)
    with open(handle, "wb") as opened:  # noqa: PTH123 - a handle, so that nobody else can ever read the file
        opened.write(content)


def _refused(folder: Path, path: bytes, error: OSError) -> InputError | StorageFull:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull(f"There is no space left in {folder}.")
    why = "a link or a file stands in its way" if error.errno in (errno.ELOOP, errno.ENOTDIR) else error.strerror
    return InputError(
        f"{_shown(path)} cannot be written to {folder}: {why}.", hint="Nothing was written. Name another folder."
    )


def _shown(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")
