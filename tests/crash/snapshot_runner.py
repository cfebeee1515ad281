"""Runs by itself: the writing of a snapshot, or an erasure beside one, killed at its k-th write, for every k.

Each kill is in a forked child (see `killing`). Prints one line of JSON a kill: what was being written, and what the
gallery was like when it was opened again. The second argument says what is killed: ``write`` or ``erase``.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from clubs import ANNA, BEN, Club
from countenance.errors import CountenanceError
from countenance.gallery import snapshot
from countenance.gallery.snapshot import Snapshot
from countenance.index import flat
from countenance.vault.keyring import snapshot_key
from crash.killing import Every

WORK = sys.argv[2]
PEOPLE, VICTIM, NEWCOMER = (1, 2, 3, 4, 5), 3, 6


def small() -> None:
    """A segment holds two references, and any gallery is large enough."""
    for module in (flat, snapshot):
        module.SEGMENT_BITS = 1
    Snapshot.ids_each = 2


def mirror_of(club: Club) -> Any:
    return club.anna.context.gallery._mirror


def made(root: Path) -> Club:
    club = Club(root, engine="exact")
    config = club.folder / "countenance.toml"
    config.write_text(config.read_text().replace("snapshot = 100_000", "snapshot = 1"))
    club.reopen()
    for number in PEOPLE:
        club.person(f"Person {number}", number)
    club.found(1)
    club.reopen()
    assert len(list((club.folder / "data" / "index").glob("*.segment"))) == 3
    return club


def write(club: Club) -> Callable[[], object]:
    """Two people more, and one less: three segments are written anew."""
    club.anna, club.ben = club.open(ANNA), club.open(BEN)
    club.form, club.notice = club.root / "form.pdf", club.root / "notice.txt"
    club.person(f"Person {NEWCOMER}", NEWCOMER)
    club.ben.withdraw(f"person-{VICTIM}")
    mirror = mirror_of(club)
    mirror._save_in_background = lambda: None  # a thread of its own would not be watched
    mirror._catch_up()
    mirror._snapshot._fresh = True
    return partial(mirror._save)


def erase(club: Club) -> Callable[[], object]:
    club.anna = club.open(ANNA)
    number = club.anna.subjects.get(f"person-{VICTIM}").id
    mirror_of(club)._save_in_background = lambda: None
    return partial(club.anna._leaving.erase_many, [number], "withdrawn")


def judge(club: Club) -> dict[str, Any]:
    """Open as a person would, and look for faults."""
    club.anna = club.open(ANNA)
    faults = []
    here = {subject.handle for subject in club.anna.subjects.list()}
    gone = f"person-{VICTIM}" not in here or WORK == "write"
    try:
        for number in (*PEOPLE, NEWCOMER):
            wanted = [f"person-{number}"] if f"person-{number}" in here and not (gone and number == VICTIM) else []
            if club.found(number) != wanted:
                faults.append(f"{number} found: {club.found(number)}")
        if WORK == "erase" and gone:
            faults += opened(club)
    except CountenanceError as error:
        faults.append(error.message)
    club.close()
    club.anna = club.open(ANNA)
    faults += [f"{VICTIM} found after another start"] if gone and club.found(VICTIM) else []
    club.close()
    return {"faults": faults}


def opened(club: Club) -> list[str]:
    """The segment of the one who was erased, as it was before: no key there is opens it."""
    keys, mirror = club.anna.context.keys, mirror_of(club)
    if mirror._saving is not None:
        mirror._saving.join()
    try:
        keys.unseal(snapshot_key(VICTIM >> 1), BEFORE, mirror._snapshot._label(VICTIM >> 1))
    except CountenanceError:
        return []
    return ["an old copy of the segment opens"]


if __name__ == "__main__":
    small()
    with tempfile.TemporaryDirectory(dir=sys.argv[1]) as name:
        base = Path(name)
        club = made(base / "origin")
        BEFORE = (club.folder / "data" / "index" / f"{VICTIM >> 1}.segment").read_bytes()
        club.close()
        Every(base, {"write": write, "erase": erase}[WORK], judge, each=1).tell()
