"""Reports from live state: accountability, the register of processing, orphans, and what is public (P1, P28)."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import rfc8785
import sqlalchemy as sa

from countenance.errors import InputError
from countenance.gallery.orphans import orphans
from countenance.registry import schema as t
from countenance.service.accountability import accountability
from countenance.service.counting import evaluations
from countenance.service.exports import FOLDER, exports_of
from countenance.service.publishing import public
from countenance.service.register import register
from countenance.types import iso

if TYPE_CHECKING:
    from countenance.service.context import Context


class Reporting:
    """Four reports, each as plain data. `countenance.reports.papers` makes pages of them."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def accountability(self) -> dict[str, Any]:
        """What laws on face recognition ask an agency to publish. Raises `NotFound` for another organisation."""
        self._context.own()
        return accountability(self._context)

    def register(self) -> dict[str, Any]:
        """The record of processing, GDPR Article 30. Raises `NotFound` for another organisation."""
        self._context.own()
        return register(self._context)

    def accuracy(self) -> list[dict[str, Any]]:
        """What the log says of each evaluation that was made here, the last one first."""
        self._context.own()
        with self._context.registry.read() as connection:
            return list(evaluations(connection))

    def evaluation(self, content: bytes) -> dict[str, Any]:
        """The answer of an evaluation that was made here, read again: its hash must stand in the log.

        ``content`` is what ``countenance evaluate --json`` printed. Raises `InputError` for anything else.
        """
        wrong = InputError(
            "This is no answer of an evaluation that was made here: its hash is not in the log.",
            hint="Give the file that `countenance evaluate --json` made in this gallery, unchanged.",
        )
        try:
            told = json.loads(content)
            answer = {name: value for name, value in told.items() if name != "logged"}
            digest = hashlib.sha256(rfc8785.dumps(answer)).hexdigest()
        except (ValueError, AttributeError, RecursionError, rfc8785.CanonicalizationError):
            raise wrong from None
        if digest not in {each.get("answer") for each in self.accuracy()}:
            raise wrong
        return dict(told)

    def public(self) -> dict[str, Any]:
        """What anybody may see; asked for without an account, too."""
        return public(self._context)

    def orphans(self) -> dict[str, Any]:
        """Everything that is held of nobody, or without a reason: ``found`` must be empty."""
        context = self._context
        context.own()
        with context.registry.read() as connection:
            found = orphans(connection, context.keys.vault.ids())
            found += self._answers_of_the_gone(connection)
        return {"report": "orphans", "made": iso(context.clock()), "found": found}

    def _answers_of_the_gone(self, connection: sa.Connection) -> list[str]:
        """Access answers that lie sealed for somebody who is gone."""
        folder = self._context.settings.data / FOLDER
        gone = connection.scalars(sa.select(t.subjects.c.id).where(t.subjects.c.state.in_(("erasing", "erased"))))
        return [f"access answer of {number}, who is gone" for number in gone if exports_of(folder, number).exists()]
