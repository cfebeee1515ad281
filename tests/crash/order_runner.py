"""Runs by itself: the execution of an order that is killed at its k-th write, for every k (see `killing`).

The order erases who lives in GB or nobody knows where, and everything of a supplier. Prints one line of JSON a kill:
what was being written, and what the gallery was like when it was opened again, by somebody who gives no passphrase.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import sqlalchemy as sa

from clubs import ANNA, WORDS, Club, looked
from countenance.check import check_certificate, parse_key
from countenance.errors import CountenanceError, NotSignedIn
from countenance.registry import schema as t
from countenance.wiring import open_gallery
from crash.killing import ALL, Every, bytes_in
from traces import markers_of

GONE = {0: "GB", 1: "unknown"}
HERE = {2: "FR", 3: "US-IL"}
COUNTS = {
    "subjects_erased": 2, "templates_erased": 2, "appearances_erased": 6, "photo_records_erased": 2,
    "sources_erased": 1, "in_scope": 0, "quarantined": 0, "held": 0, "sources_in_scope": 1, "sources_held": 0,
}  # fmt: skip


def made(root: Path) -> Club:
    """Four people, in two photos of our own source and two of a supplier's; the order is in force."""
    club = Club(root, engine="exact")
    for number, territory in (GONE | HERE).items():
        club.person(f"Person {number}", number, territory=territory)
    for name in ("ours", "bought"):
        people = [*GONE, *HERE]
        club.ingest(club.source(name), [looked(f"{name}-1.jpg", people[::2]), looked(f"{name}-2.jpg", people[1::2])])
    with club.sql() as connection:
        bought = t.sources.c.name == "bought"
        connection.execute(sa.update(t.sources).where(bought).values(supplier="Face Data Ltd"))
    return club


def execute(club: Club) -> Callable[[], object]:
    club.anna = club.open(ANNA)
    club.anna.sign_in()
    return partial(club.anna.orders.execute, "O1")


def without_a_key(club: Club) -> Callable[[], None]:
    """Open as a timer or a passer-by does: nobody's key can be used, and what was begun is finished all the same.

    Gives back what lets Anna type her passphrase from then on.
    """
    here: list[bool] = []

    def asked() -> str:
        if not here:
            raise NotSignedIn("Nobody is here to type a passphrase.")
        return WORDS[ANNA]

    club.anna = open_gallery(club.folder, account=ANNA, passphrase=asked, clock=club.clock)
    club.opened.append(club.anna)
    return lambda: here.append(True)


def judge(club: Club, markers: list[bytes], leaves: int) -> dict[str, Any]:
    """Look for faults."""
    comes = without_a_key(club)
    began = club.anna.orders.get("O1").state == "complied"
    faults: list[str] = []
    comes()
    try:
        if club.anna.check_log().size < leaves:
            faults.append("the log lost entries")
        here = {subject.handle for subject in club.anna.subjects.list()}
        if not began:
            # The kill came before the execution was asked for: all are whole, and out of search as before.
            faults += [] if here == {f"person-{n}" for n in GONE | HERE} else [f"half done: {here}"]
            club.anna.orders.execute("O1")
        club.anna.check_log()
    except CountenanceError as error:
        faults.append(error.message)
    faults += [f"found: {hit}" for number in GONE for hit in club.found(number)]
    for number in HERE:
        (found,) = club.search(number).candidates
        shown = [each.photo.source for each in found.appearances]
        faults += [] if (found.subject, shown) == (f"person-{number}", ["ours"]) else [f"{number}: {found}"]
    faults += bytes_in(club.places, markers)
    order = club.anna.orders.get("O1")
    certificate = club.anna.orders.certificate("O1")
    check_certificate(json.dumps(certificate).encode(), parse_key(club.anna.context.book.verifier_key))
    body = certificate["body"]
    faults += [] if body["counts"] == COUNTS else [f"counts: {body['counts']}"]
    faults += [] if (order.state, order.executing) == ("complied", False) else [f"order {order}"]
    club.close()
    return {"began": began, "faults": faults}


def main() -> None:
    base = Path(sys.argv[1])
    club = made(base / "origin")
    people = [club.anna.subjects.get(f"person-{number}").id for number in GONE]
    markers = markers_of(club, *people)
    club.obey("erase", territory="GB", supplier="Face Data Ltd")
    leaves = club.anna.check_log().size
    club.close()
    Every(base, execute, partial(judge, markers=markers, leaves=leaves), ALL).tell()


main()
