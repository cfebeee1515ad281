"""From what a source names as its root to the store that reads it."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from stat import S_ISREG

from countenance.config import Settings
from countenance.errors import BadConfiguration
from countenance.photos.folder import Folder
from countenance.photos.store import Store
from countenance.photos.tarred import Tar
from countenance.photos.zipped import Zip

S3 = "s3://"
BELOW = "photos://"
"""What a source's root begins with that lies below ``[photos] root``, wherever that is."""
KINDS = "zip, tar, tar.gz, tar.bz2 or tar.xz"
_STARTS = {b"PK\3\4": "zip", b"PK\5\6": "zip", b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\0": "xz"}
_ENDINGS = {
    ".zip": "zip", ".tar": "tar", ".tgz": "gz", ".tar.gz": "gz", ".tbz2": "bz2", ".tar.bz2": "bz2",
    ".txz": "xz", ".tar.xz": "xz",
}  # fmt: skip


def is_bucket(root: str) -> bool:
    """Whether this names a bucket rather than a place on this machine."""
    return root.startswith(S3)


def place_of(root: str, settings: Settings) -> str:
    """Where a source's root is. One that is named below ``[photos] root`` follows that setting.

    Where there is no such setting, it comes back as it is, and `open_store` refuses it.
    """
    base = settings.photos_root
    if base is None or not root.startswith(BELOW):
        return root
    rest = root.removeprefix(BELOW)
    return f"{base.rstrip('/')}/{rest}" if rest else base


def open_store(root: str, settings: Settings) -> Store:
    """The store at a source's root. Nothing is read yet; close it when done.

    Args:
        root: A folder, an archive file (told by its first bytes), ``s3://bucket/prefix``, or ``photos://NAME``.
        settings: Where the endpoint of the buckets is named. A root can name none.

    Raises `BadConfiguration` for a bucket when no endpoint or key is configured, `InputError` for a name that is none.
    """
    root = place_of(root, settings)
    if root.startswith(BELOW):
        raise BadConfiguration(
            "The photographs lie below [photos] root, and the configuration names none.",
            hint='Say where: [photos] root = "/srv/photos", or "s3://bucket/prefix".',
        )
    if is_bucket(root):
        from countenance.photos.bucket import open_bucket  # its library is heavy, and an extra

        return open_bucket(root.removeprefix(S3), settings.s3, settings.folder)
    place = Path(root)
    kind = archive_kind(place)
    if kind is None:
        return Folder(place)
    return Zip(place) if kind == "zip" else Tar(place, "" if kind == "tar" else kind)


class Stores:
    """Stores held open by those who read one photo here and one there: to open an archive anew each time takes long."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._held: dict[str, tuple[object, Store]] = {}

    def of(self, root: str) -> Store:
        """The store at a root; opened anew where the archive is another file by now."""
        root = place_of(root, self._settings)
        stamp = None if is_bucket(root) else _stamp(root)
        with self._lock:
            before, store = self._held.get(root, (None, None))
            if store is None or stamp != before:
                if store is not None:
                    store.close()
                store = open_store(root, self._settings)
                self._held[root] = stamp, store
            return store

    def close(self) -> None:
        """Close them all."""
        with self._lock:
            for _, store in self._held.values():
                store.close()
            self._held.clear()


def _stamp(root: str) -> object:
    try:
        about = os.stat(root)  # noqa: PTH116 - as `open_store` was given it
    except (OSError, ValueError):
        return None
    return (
        about.st_dev,
        about.st_ino,
        about.st_mode,
        *((about.st_size, about.st_mtime_ns) if S_ISREG(about.st_mode) else ()),
    )


def archive_kind(file: Path) -> str | None:
    """What archive a file is, by its first bytes; of one that cannot be read, by its name. None for all else."""
    try:
        if not S_ISREG(file.stat().st_mode):
            return None
        with file.open("rb") as opened:
            start = opened.read(512)
    except (OSError, ValueError):
        return next((kind for ending, kind in _ENDINGS.items() if file.name.lower().endswith(ending)), None)
    for sign, kind in _STARTS.items():
        if start.startswith(sign):
            return kind
    return "tar" if start[257:262] == b"ustar" else None
