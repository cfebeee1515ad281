"""Putting a restored data folder in its place, and what a crash on the way leaves.

The new folder is made whole as ``data.restoring``. Then the old one steps aside as ``data.before-restore``, the new one
takes its name, and the old one is deleted. Whatever a crash cuts short: either ``data`` is there and is the old one or
the new one, whole; or it is not, and the old one is put back. The old folder is the newest state and holds nobody who
was erased, so it is no residual; but a later erasure would not reach it, so it never stays.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from countenance.gallery.only_one import OnlyOne
from countenance.vault.secretfile import sync_folder


def fresh(data: Path) -> Path:
    """Where the new data folder is made."""
    return data.with_name(f"{data.name}.restoring")


def aside(data: Path) -> Path:
    """Where the old data folder is for the moment of the change."""
    return data.with_name(f"{data.name}.before-restore")


def alone(data: Path) -> OnlyOne:
    """One restore at a time."""
    return OnlyOne(data.with_name(f"{data.name}.restore.lock"), "This gallery is being restored by another process.")


def tidy(data: Path) -> None:
    """Undo or finish what a restore that was killed has left. Costs two looks at the folder where nothing is."""
    if not aside(data).exists() and not fresh(data).exists():
        return
    with alone(data):
        tidy_alone(data)


def tidy_alone(data: Path) -> None:
    """`tidy`, for whoever is `alone` already."""
    if aside(data).exists() and not data.exists():
        aside(data).rename(data)
        sync_folder(data.parent)
    for left in (aside(data), fresh(data)):
        if left.exists():
            shutil.rmtree(left)


def put_in_place(data: Path) -> None:
    """The new folder becomes the data folder."""
    _sync(fresh(data))
    if data.exists():
        data.rename(aside(data))
    fresh(data).rename(data)
    sync_folder(data.parent)
    if aside(data).exists():
        shutil.rmtree(aside(data))


def _sync(folder: Path) -> None:
    for place in [folder, *folder.rglob("*")]:
        if place.is_dir():
            sync_folder(place)
        else:
            with place.open("rb") as file:
                os.fsync(file.fileno())
