"""Where an account is signed in with a browser: listed, and ended at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import NotFound
from countenance.policy.directory import binding_of
from countenance.policy.sessions import IDLE
from countenance.registry import schema as t
from countenance.service import directory
from countenance.types import iso, parse_number, reference_number

if TYPE_CHECKING:
    from countenance.service.context import Context


@dataclass(frozen=True, slots=True)
class Browser:
    """A session that is open. ``here``: it is the one that asks."""

    id: str
    how: str
    created: str
    seen: str
    ends: str
    here: bool

    def __str__(self) -> str:
        return self.id


class Browsers:
    """List and end the asking account's own sessions."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self) -> list[Browser]:
        """Those that are open now, the newest first."""
        context, now, c = self._context, self._context.clock(), t.sessions.c
        here = context.actor.session if context.actor else None
        open_ = (c.account == context.account, c.ended.is_(None), c.expires > now, c.seen > now - IDLE)
        with context.registry.read() as connection:
            rows = connection.execute(sa.select(t.sessions).where(*open_).order_by(c.id.desc())).all()
        return [
            Browser(
                reference_number("N", row.id), row.how, iso(row.created), iso(row.seen), iso(row.expires),
                row.id == here,
            )
            for row in rows
        ]  # fmt: skip

    def end(self, browser: str | Browser) -> None:
        """Sign a browser out, wherever it is. Raises `NotFound`: absent, ended already, or not yours."""
        number = parse_number("N", str(browser), "session")
        if not self._end(number):
            raise NotFound(f"There is no open session {reference_number('N', number)}.")

    def end_here(self) -> None:
        """Sign the asking browser out."""
        actor = self._context.actor
        if actor is not None and actor.session is not None:
            self._end(actor.session)

    def directory(self) -> str | None:
        """Since when the account's key has said who it is in the organisation's directory; None where it has not."""
        section = self._context.settings.http.oidc
        if section is None:
            return None
        with self._context.registry.read() as connection:
            bound = binding_of(connection, self._context.account, section.issuer)
        return None if bound is None else iso(bound.created)

    def leave_directory(self) -> None:
        """End what was said of it: the next sign-in by password says it anew."""
        directory.ended(self._context)

    def _end(self, number: int) -> bool:
        context, c = self._context, t.sessions.c
        mine = (c.id == number, c.account == context.account, c.ended.is_(None))
        with context.registry.write() as connection:
            ended = connection.execute(sa.update(t.sessions).where(*mine).values(ended=context.clock())).rowcount
            if ended:
                facts = {"session": reference_number("N", number)}
                context.desk.write(connection, "sign-out", facts=facts)
        context.book.publish()
        return bool(ended)
