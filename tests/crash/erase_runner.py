"""Runs by itself: an erasure that is killed at its k-th write, for every k, each in a forked child (see `killing`).

Prints one line of JSON a kill: what was being written, and what the gallery was like when it was opened again. The
second argument says who is erased: ``single`` or ``batch``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from clubs import ANNA, Club, looked
from countenance.errors import CountenanceError
from crash.killing import ALL, Every, bytes_in
from traces import markers_of

VICTIMS = {"single": (3,), "batch": (3, 5)}[sys.argv[2]]
OTHERS = (1, 2, 4)
HANDLES = [f"person-{number}" for number in VICTIMS]


def made(root: Path) -> Club:
    club = Club(root, engine="embedded")
    source = club.source()
    for number in (*OTHERS, *VICTIMS):
        club.person(f"Person {number}", number)
    club.ingest(source, [looked(f"{number}.jpg", [number, *VICTIMS]) for number in OTHERS])
    for number, handle in zip(VICTIMS, HANDLES, strict=True):
        assert club.found(number) == [handle]
    return club


def numbers(club: Club) -> list[Any]:
    return [club.anna.subjects.get(handle).id for handle in HANDLES]


def erase(club: Club) -> Callable[[], object]:
    club.anna = club.open(ANNA)
    return partial(club.anna._leaving.erase_many, numbers(club), "withdrawn")


def judge(club: Club, markers: list[bytes], leaves: int) -> dict[str, Any]:
    """Open as a person would, and look for faults."""
    club.anna = club.open(ANNA)
    here = {subject.handle for subject in club.anna.subjects.list()}
    began = not here & set(HANDLES)
    faults = [] if began or here >= set(HANDLES) else ["some of them are gone and some are here"]
    try:
        if club.anna.check_log().size < leaves:
            faults.append("the log lost entries")
        if not began:
            # The kill came before the decision took effect: they are whole, and the same command erases them.
            found = [club.found(number) for number in VICTIMS]
            faults += [] if found == [[handle] for handle in HANDLES] else ["somebody is neither here nor gone"]
            club.anna._leaving.erase_many(numbers(club), "withdrawn")
        club.anna.check_log()
    except CountenanceError as error:
        faults.append(error.message)
    faults += [f"found: {hit}" for number in VICTIMS for hit in club.found(number)]
    compared = club.anna.index.check(sample=None)
    faults += [] if compared.same and compared.held == len(here - set(HANDLES)) else [f"the index: {compared}"]
    faults += [f"lost: {n}" for n in OTHERS if club.found(n) != [f"person-{n}"]]
    shown = [candidate for n in OTHERS for candidate in club.search(n).candidates]
    faults += [f"appearances of {c.subject}: {len(c.appearances)}" for c in shown if len(c.appearances) != 1]
    faults += bytes_in(club.places, markers)
    certificates = certificates_of(club)
    people = len(VICTIMS)
    counts = {"subjects": people, "bases": people, "references": people, "appearances": 3 * people}
    if [each["counts"] for each in certificates] != [counts]:
        faults.append(f"certificates: {[each['counts'] for each in certificates]}")
    faults += [] if all(each["scan"]["complete"] for each in certificates) else ["the scan was not complete"]
    faults += [f"left: {file.name}" for file in (club.folder / "vault").glob("erasing-*")]
    lines = club.anna.context.ledger.lines()
    if sorted(line.subject for line in lines) != sorted(gone(club)) or len(lines) != people:
        faults.append(f"ledger: {lines}")
    status = club.anna.status()
    if status["unfinished_erasures"] or status["counts"]["erasures"] != people:
        faults.append(f"erasures {status['counts']['erasures']}, unfinished {status['unfinished_erasures']}")
    club.close()
    return {"began": began, "faults": faults, "scanned": certificates[0]["scan"]["markers"] if certificates else 0}


def gone(club: Club) -> list[int]:
    import sqlalchemy as sa

    from countenance.registry import schema as t

    with club.anna.context.registry.read() as connection:
        return list(connection.scalars(sa.select(t.subjects.c.id).where(t.subjects.c.state == "erased")))


def certificates_of(club: Club) -> list[dict[str, Any]]:
    import sqlalchemy as sa

    from countenance.registry import schema as t

    with club.anna.context.registry.read() as connection:
        rows = connection.scalars(sa.select(t.erasures.c.certificate)).all()
    return [json.loads(row)["body"] for row in rows if row]


def main() -> None:
    base = Path(sys.argv[1])
    club = made(base / "origin")
    markers = markers_of(club, *numbers(club))
    leaves = club.anna.check_log().size
    club.close()
    Every(base, erase, partial(judge, markers=markers, leaves=leaves), ALL).tell()


main()
