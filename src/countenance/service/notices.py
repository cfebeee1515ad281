"""Notices: what people were told, and how (P2)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import AlreadyExists, InputError
from countenance.registry import schema as t
from countenance.types import iso

if TYPE_CHECKING:
    from countenance.service.context import Context


@dataclass(frozen=True, slots=True)
class Notice:
    """A text that was given. ``sha256`` is the text's; ``channel`` says how it reached people."""

    name: str
    sha256: str
    channel: str
    given: str

    def __str__(self) -> str:
        return self.name


class Notices:
    """Record and list what people were told."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def add(self, name: str, *, text: str | Path, channel: str) -> Notice:
        """Record a notice by its text's hash.

        Args:
            name: What it is called here, such as ``notice-2026``.
            text: The file with the text that people were given.
            channel: How they got it: ``email``, ``form``, ``poster`` …

        Raises `InputError` for an empty or unreadable text, `AlreadyExists` for a name that is taken.
        """
        context, now = self._context, self._context.clock()
        if not name.strip() or len(name) > 100:
            raise InputError("A notice needs a name of 1 to 100 characters.")
        content = _read(Path(text))
        digest = hashlib.sha256(content).hexdigest()
        with context.registry.write() as connection:
            same = sa.exists().where(t.notices.c.organisation == context.organisation, t.notices.c.name == name)
            if connection.scalar(sa.select(same)):
                raise AlreadyExists(f"There is a notice {name!r} already.", hint="A changed text is a new notice.")
            values = {"name": name, "sha256": digest, "channel": channel, "given": now, "created": now}
            connection.execute(sa.insert(t.notices).values(organisation=context.organisation, **values))
            context.desk.record(connection, "notice", "controller", facts={"text": digest, "channel": channel[:40]})
        context.book.publish()
        return Notice(name, digest, channel, iso(now))

    def list(self) -> list[Notice]:
        """All notices, oldest first."""
        query = sa.select(t.notices).where(t.notices.c.organisation == self._context.organisation)
        with self._context.registry.read() as connection:
            rows = connection.execute(query.order_by(t.notices.c.id)).all()
        return [Notice(row.name, row.sha256, row.channel, iso(row.given)) for row in rows]


def _read(file: Path) -> bytes:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"The text of the notice {file} cannot be read: {error.strerror}.") from None
    if not content.strip():
        raise InputError("The text of the notice is empty.")
    return content
