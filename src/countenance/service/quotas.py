"""How much an account's programs may ask for in a time. Counted in the registry, for all processes together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import TooMany
from countenance.registry import schema as t
from countenance.types import DAY

if TYPE_CHECKING:
    from countenance.service.context import Context


class Quotas:
    """Draw from a quota."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def draw(self, kind: str, most: int, *, seconds: int = DAY, share: int = 1) -> int:
        """Draw up to ``share`` from what may be asked for in the present stretch of ``seconds``; returns how many.

        A process that draws several at once asks the registry less often; what it does not use is lost with the
        stretch, so that no number of processes together get more than ``most``.

        Raises `TooMany` when nothing is left; its hint says for how long.
        """
        context, c = self._context, t.drawn.c
        now = context.clock()
        starts = now - now % seconds
        mine = (c.account == context.account, c.kind == kind, c.starts == starts)
        with context.registry.write() as connection:
            used = connection.scalar(sa.select(c.used).where(*mine))
            given = min(share, most - (used or 0))
            if given > 0 and used is None:
                old = sa.delete(t.drawn).where(c.account == context.account, c.starts < now - 2 * DAY)
                connection.execute(old)
                values = {"organisation": context.party, "account": context.account, "kind": kind}
                connection.execute(sa.insert(t.drawn).values(**values, starts=starts, used=given))
            elif given > 0:
                connection.execute(sa.update(t.drawn).where(*mine).values(used=c.used + given))
        if given <= 0:
            left = starts + seconds - now
            raise TooMany(
                f"The {most} that may be asked for in {_stretch(seconds)} are used up.",
                hint=f"Ask again in {left} seconds.",
                after=left,
            )
        return given


def _stretch(seconds: int) -> str:
    return {DAY: "a day", 3600: "an hour", 60: "a minute"}.get(seconds, f"{seconds} seconds")
