"""Making an access answer: everything that is held, read, explained, and drawn as one page (P15)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import InputError, NotFound
from countenance.registry import schema as t
from countenance.reports.access import AccessPage, Sight, render_access
from countenance.rights.access import everything, nothing
from countenance.rights.reading import Reading
from countenance.rights.requests import RIGHTS
from countenance.service.exports import Letter
from countenance.service.showing import shown_appearance
from countenance.types import Appearance, Box, PhotoRef, iso

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.service.pictures import Pictures
    from countenance.service.subjects import Subject

HOW = (
    "Say so with your receipt, or from the contact that is on record. It costs nothing, needs no account and no photo, "
    "and is answered within a month. With your receipt you can also withdraw or be erased without waiting for anybody."
)
AUTHORITIES = {
    "AU": "the Office of the Australian Information Commissioner",
    "CA": "the Office of the Privacy Commissioner of Canada",
    "CH": "the Federal Data Protection and Information Commissioner",
    "DE": "the data protection authority of the Land where you live",
    "ES": "the Agencia Española de Protección de Datos",
    "FR": "the Commission nationale de l'informatique et des libertés (CNIL)",
    "GB": "the Information Commissioner's Office (ICO)",
    "GR": "the Hellenic Data Protection Authority",
    "IE": "the Data Protection Commission",
    "IT": "the Garante per la protezione dei dati personali",
    "NL": "the Autoriteit Persoonsgegevens",
}
"""Where to complain, for those who live there; everybody else is told how to find theirs."""
ANYWHERE = "the data protection authority of the country where you live or work, or where you think the wrong was done"


def disclose(context: Context, pictures: Pictures, row: Any, person: Subject | None) -> Letter:
    """The answer to a request for access, as a page and as JSON, which say the same."""
    answer = _answer(context, row, person)
    sights = [] if person is None else _sights(pictures, answer["held"]["appearances"])
    page = AccessPage(answer, tuple(sights))
    return Letter(render_access(page), json.dumps(answer, indent=2, ensure_ascii=False) + "\n")


def _answer(context: Context, row: Any, person: Subject | None) -> dict[str, Any]:
    with context.registry.read() as connection:
        held = nothing()
        if person is not None:
            held = everything(Reading(connection, context.keys, context.organisation, person.id))
        officers = _officers(connection, context)
    place = (person.territory if person else "").split("-")[0]
    return {
        "answer_to": f"R{row.id}",
        "made": iso(context.clock()),
        "holder": {
            "organisation": context.settings.gallery.organisation,
            "gallery": context.settings.gallery.id,
            "officers": officers,
        },
        "held": held,
        "rights": {"what": RIGHTS, "how": HOW},
        "complain_to": AUTHORITIES.get(place, ANYWHERE),
    }


def _officers(connection: sa.Connection, context: Context) -> list[str]:
    query = sa.select(t.accounts.c.email, t.accounts.c.roles).where(
        t.accounts.c.organisation == context.organisation, t.accounts.c.revoked.is_(None)
    )
    return sorted(row.email for row in connection.execute(query) if "officer" in row.roles.split())


def _sights(pictures: Pictures, appearances: list[dict[str, Any]]) -> list[Sight]:
    """Each photo with every other face covered. One that is gone, or was changed since, is told without its picture."""
    sights = []
    for told in appearances:
        where = PhotoRef(told["photo"], told["path"], told["source"], told["origin"])
        try:
            shown = shown_appearance(pictures, Appearance(where, Box(*told["box"]), told["score"]), "You")
        except (InputError, NotFound) as error:
            sights.append(Sight(told, None, error.message))
        else:
            sights.append(Sight(told, shown))
    return sights
