"""Runs by itself: a restore, and a rotation of the key-encryption key, killed at their k-th write, for every k.

Prints one line of JSON a kill. No vision is loaded, so a fork is safe.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from clubs import ANNA, WORDS, Club, looked
from countenance.errors import BadConfiguration, CountenanceError
from countenance.wiring import open_gallery, restore_gallery
from crash.killing import Every
from restores import backup, ledger, traces, where

VICTIM, OTHERS = 3, (1, 2)


def opened(club: Club) -> None:
    club.anna = open_gallery(club.folder, account=ANNA, passphrase=WORDS[ANNA], clock=club.clock)
    club.opened.append(club.anna)


def people(club: Club) -> list[int]:
    return [number for number in (*OTHERS, VICTIM, 4) if club.found(number)]


def restore_again(club: Club, *, replace: bool) -> Callable[[], object]:
    return partial(
        restore_gallery, club.folder, club.root / "elsewhere" / "one.backup", ledger(club), account=ANNA,
        passphrase=WORDS[ANNA], clock=club.clock, replace=replace,
    )  # fmt: skip


def restores(base: Path, *, lost: bool) -> None:
    """``lost``: the data folder was lost; else the restore replaces a registry that is newer than the backup."""
    origin = base / "origin"
    club = Club(origin, engine="exact")
    source = club.source()
    for number in (*OTHERS, VICTIM):
        club.person(f"Person {number}", number)
    club.ingest(source, [looked(f"{number}.jpg", [number, VICTIM]) for number in OTHERS])
    marks = traces(club, 3, VICTIM)
    backup(club)
    club.anna.erase(f"person-{VICTIM}", reason="withdrawn")
    club.person("Person 4", 4)
    club.close()
    if lost:
        shutil.rmtree(origin / "club" / "data")
    Every(base, partial(restore_again, replace=not lost), partial(judged, marks=marks, lost=lost)).tell()


def judged(club: Club, marks: list[bytes], *, lost: bool) -> dict[str, Any]:
    """Right after the crash: the old state, the new one, or nothing that opens. Then the same command again."""
    faults: list[str] = []
    try:
        opened(club)
        after = people(club)
        club.anna.check_log()
        if after not in ([[*OTHERS]] if lost else [[*OTHERS, 4], [*OTHERS]]):
            faults.append(f"after the crash: {after}")
        if any(each.name.startswith("data.") and each.is_dir() for each in club.folder.iterdir()):
            faults.append("something half-restored is left")
    except BadConfiguration:
        after = None
        if not lost:
            faults.append("the old state is gone")
    except CountenanceError as error:
        after = None
        faults.append(f"after the crash: {error.message}")
    club.close()
    try:
        restore_again(club, replace=not lost or after is not None)()
        opened(club)
        if people(club) != [*OTHERS]:
            faults.append(f"after the restore: {people(club)}")
        club.anna.check_log()
        checked = club.anna.keys.check()
        faults += [fault.what for fault in checked.faults if "No record" not in fault.what]
    except CountenanceError as error:
        faults.append(f"again: {error.message}")
    faults += sorted(where(marks, club.folder / "data", club.folder / "vault"))
    club.close()
    return {"after": after, "faults": faults}


def rotations(base: Path) -> None:
    origin = base / "origin"
    club = Club(origin, engine="exact")
    for number in (*OTHERS, VICTIM):
        club.person(f"Person {number}", number)
    vault = club.anna.context.keys.vault
    wrapped = [vault.wrapped(name) or b"" for name in vault.ids()]
    keys = {name: vault.get(name) for name in vault.ids()}
    club.close()
    Every(base, rotate, partial(turned, keys=keys, wrapped=wrapped)).tell()


def rotate(club: Club) -> Callable[[], object]:
    def work() -> None:
        opened(club)
        club.anna.keys.rotate("file")

    return work


def turned(club: Club, keys: dict[str, bytes], wrapped: list[bytes]) -> dict[str, Any]:
    """Whether the vault was turned, and what is wrong with it."""
    faults: list[str] = []
    after = None
    try:
        opened(club)
        vault = club.anna.context.keys.vault
        vault.check()
        if vault.get_many(keys) != keys:
            faults.append("a key is another one")
        if club.found(VICTIM) != [f"person-{VICTIM}"]:
            faults.append("somebody is not found any more")
        after = vault.wrapped("log") not in wrapped
        if after and where(wrapped, club.folder / "vault"):
            faults.append("an old wrapping is still there")
        if list((club.root / "keys").glob("*.next")):
            faults.append("the rotation was neither finished nor forgotten")
        club.anna.keys.rotate("file")
    except CountenanceError as error:
        after = None
        faults.append(error.message)
    club.close()
    return {"after": after, "faults": faults}


def main() -> None:
    base, what = Path(sys.argv[1]), sys.argv[2]
    if what == "rotate":
        rotations(base)
    else:
        restores(base, lost=what == "lost")


main()
