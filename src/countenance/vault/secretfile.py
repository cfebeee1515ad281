"""Writing a small secret to a new file, so that it is there whole or not at all, for its owner alone."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from countenance.errors import AlreadyExists, StorageFull, Unavailable


def write_secret(path: Path, data: bytes, what: str) -> None:
    """Writes ``data`` to the new file ``path`` with mode 0600, synced to disk; folders are made with mode 0700.

    Raises `AlreadyExists` rather than overwrite: a key that is written over is lost for good.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    except FileExistsError as error:
        if not path.parent.is_dir():
            raise _failed(path, error) from None
        raise AlreadyExists(
            f"There is {what} at {path} already.", hint="Use it, or choose another place; it is never overwritten."
        ) from None
    except OSError as error:
        raise _failed(path, error) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _failed(path, error) from None
    sync_folder(path.parent)


def blank(path: Path) -> None:
    """Overwrites a secret that has had its day with zeros where it lies, as far as a file system lets one."""
    try:
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
    except FileNotFoundError:
        return
    except OSError as error:
        raise _failed(path, error) from None


def put_over(fresh: Path, target: Path) -> None:
    """``fresh`` takes the place of ``target``, whose own bytes are overwritten as soon as nothing points at them."""
    try:
        old = target.open("r+b") if target.exists() else None
        fresh.replace(target)
        sync_folder(target.parent)
        if old is not None:
            with old:
                old.write(bytes(os.fstat(old.fileno()).st_size))
                old.flush()
                os.fsync(old.fileno())
    except OSError as error:
        raise _failed(target, error) from None


def sync_folder(folder: Path) -> None:
    """Makes a new name in ``folder`` last through a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _failed(path: Path, error: OSError) -> Unavailable:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFull(f"No space is left to write {path}.")
    return Unavailable(f"{path} cannot be written: {error.strerror}.", hint="Check the folder and its permissions.")
