"""What the gallery asks of whatever keeps an index in step with the registry."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Protocol

import numpy as np

from countenance.errors import Unavailable
from countenance.gallery.compared import Compared, Progress
from countenance.gallery.outbox import Outbox
from countenance.index.port import Eligibility, Hits


class Following(Protocol):
    """An index that follows the registry: a `Mirror` in this process, an `Outbox` to a server."""

    def search(self, vectors: np.ndarray, k: int, eligible: Eligibility) -> tuple[Hits, int]:
        """The index' answer on the registry as it is now, and the sequence number that it was given on."""

    def search_people(
        self, vector: np.ndarray, k: int, people: int, least: float, eligible: Eligibility
    ) -> tuple[Hits, int]:
        """`search` for one template, deep enough that so many people are among the hits."""

    def count(self, eligible: Eligibility) -> int:
        """How many templates a search may show, on the registry as it is now."""

    def forget(self) -> None:
        """Apply what has changed at once, so that what was erased is out of it too. Raises `Unavailable`."""

    def rebuild(self, progress: Progress | None = None) -> int:
        """Build it anew from the registry, while the old one is searched. Returns how many people are in it."""

    def compare(self, every: int, progress: Progress | None = None) -> Compared:
        """What it holds beside what the registry says."""

    def drop(self) -> None:
        """Throw it away, with whatever was kept of it."""

    @property
    def engine(self) -> str:
        """What it is, in one word, for a certificate."""

    @property
    def removal(self) -> str:
        """How entries are removed from it, for a certificate."""

    def remains(self) -> list[dict[str, Any]]:
        """What an erasure leaves in its files, for a certificate."""

    def close(self) -> None:
        """Let go of what it holds open."""


class Beside:
    """An index that is searched, and a server that is configured and not searched: what has to go goes from both.

    Something may lie on the server: a move there that was cut short, or one away from it.
    """

    def __init__(self, searched: Following, server: Outbox) -> None:
        self._searched = searched
        self._server = server
        self.search = searched.search
        self.search_people = searched.search_people
        self.count = searched.count
        self.rebuild = searched.rebuild
        self.compare = searched.compare
        self.drop = searched.drop

    def forget(self) -> None:
        """Apply what has changed to both."""
        self._searched.forget()
        self._server.forget()

    @property
    def engine(self) -> str:
        """The one that is searched."""
        return self._searched.engine

    @property
    def removal(self) -> str:
        """How entries are removed, for a certificate: from the server as well, where something lay there."""
        here, there = self._searched.removal, self._server.removal
        return f"{here}; {there}" if self._server.holds_something() else here

    def remains(self) -> list[dict[str, Any]]:
        """What an erasure leaves in the files of either."""
        return [*self._searched.remains(), *(self._server.remains() if self._server.holds_something() else [])]

    def close(self) -> None:
        """Let go of both."""
        self._searched.close()
        self._server.close()


def forget_if_there(index: Following) -> None:
    """Apply what has changed, if the server is there; otherwise it is delivered later, before anything is searched."""
    with suppress(Unavailable):
        index.forget()
