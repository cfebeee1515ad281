"""A visitor for the desk of a served club."""

from __future__ import annotations

from browser.served import Served
from countenance.demo import club as demo
from countenance.samples import cast
from countenance.service.visits import PURPOSE, Visit


def expected(served: Served, name: str, person: str, host: str = "Ben Hall", *, confirmed: bool = True) -> Visit:
    """Somebody who is expected today, with the face of one of the cast; Ben has seen the form."""
    club = served.club
    if not any(PURPOSE in each.purposes for each in club.agreements.list()):
        club.agreements.add([PURPOSE])
    handle = f"visitor-{len(club.visits.list()) + 1}"
    made = club.visits.add(
        name, cast().portrait(person), evidence=f"consent of {handle}".encode(), notice=club.notices.list()[0].name,
        territory="GB", host=host, handle=handle,
    )  # fmt: skip
    if confirmed:
        with demo.Places(club.context.settings.folder.parent).open(demo.BEN) as ben:
            ben.bases.countersign(made.basis)
    return made
