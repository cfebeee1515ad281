"""What an engine owes beside the port when it outlives the process and is shared by several.

Such an index is not built again at each start. It remembers how far it has got, so that only what has changed since is
delivered (see `countenance.gallery.outbox`); and a new one is filled beside the one that is searched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from countenance.index.port import Ids, Index, Rows


@dataclass(frozen=True, slots=True)
class Position:
    """How far an index has got.

    Attributes:
        sequence: Every change of the registry up to this number is in it.
        year: In which people's ages were looked at: whoever comes of age does so without a change in the registry.
    """

    sequence: int
    year: int


@dataclass(frozen=True, slots=True)
class Filling:
    """How far an index that is being filled has got.

    Attributes:
        since: Where the registry stood when it was begun. What has changed after that is delivered when it is full. A
            sequence below 0: nothing is in it yet.
        reached: Everybody up to this subject is in it.
    """

    since: Position
    reached: int


@runtime_checkable
class Lasting(Index, Protocol):
    """An index that outlives the process. Whoever changes it holds the registry's write lock, so nobody else does.

    Every method raises `Unavailable` when its server is gone.
    """

    @property
    def removal(self) -> str:
        """How entries are removed from it, for a certificate."""

    def position(self) -> Position | None:
        """How far the one that is searched has got; None when there is none."""

    def deliver(self, subjects: Ids, rows: Rows | None, to: Position) -> None:
        """Hold exactly ``rows`` of these subjects, and remember the position.

        They are taken out of every other index of this gallery as well: the one that is being filled, and old ones.
        Where none is searched, that is all that is done. To deliver the same twice does no harm.
        """

    def begin(self) -> None:
        """Make room for a new index beside the one that is searched, unless there is one that is not full yet."""

    def filling(self) -> Filling | None:
        """How far the one that is being filled has got; None when there is none."""

    def fill(self, rows: Rows | None, to: Filling) -> None:
        """Put rows into the one that is being filled."""

    def put_in_place(self) -> None:
        """The one that was being filled is searched from now on."""

    def tidy(self) -> None:
        """Drop every index of this gallery but the one that is searched and the one that is being filled."""

    def drop_filling(self) -> None:
        """Throw away what is being filled."""

    def held(self, after: int, up_to: int) -> Rows:
        """Everything held of the subjects with a number above ``after``, up to ``up_to``."""

    def remains(self, seconds: float) -> str:
        """Have deleted entries cleared out of its files, wait so long for it, and say in words how far that got."""

    def close(self) -> None:
        """Let go of the server."""
