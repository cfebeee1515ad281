"""The index as a thing to look after: build it anew, compare it with the registry, move to another engine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from countenance.config import set_values
from countenance.gallery.compared import Compared
from countenance.gallery.only_one import OnlyOne
from countenance.policy.desk import Ask
from countenance.types import Grant, Reindex

if TYPE_CHECKING:
    from countenance.service.context import Context

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """An index that was built: of how many people, and with which engine."""

    engine: str
    people: int
    moved_from: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The machine-readable answer."""
        return {"engine": self.engine, "people": self.people, "moved_from": self.moved_from}


class Indexing:
    """Look after the index."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def engine(self) -> str:
        """The engine that is searched."""
        return self._context.settings.index.engine

    def rebuild(self, *, progress: Progress | None = None) -> Rebuilt:
        """Build the index anew from the registry; the old one is searched until the new one is whole.

        Cut short, it goes on where it was. Raises `RoleRefused`, `Busy`, `Unavailable`.
        """
        context = self._context
        with self._only_one():
            grant = self._decide("rebuild", self.engine)
            people = context.gallery.reindex(progress=progress, grant=grant)
            self._done(grant, people, self.engine)
        return Rebuilt(self.engine, people)

    def check(self, *, sample: int | None = 1000, progress: Progress | None = None) -> Compared:
        """Compare the index with the registry: who is in it, on which terms, and the templates of ``sample`` of them.

        ``sample``: about how many templates are compared; None for all.
        """
        grant = self._decide("check", self.engine)
        return self._context.gallery.compare_index(sample, progress=progress, grant=grant)

    def move(self, to: str, *, progress: Progress | None = None) -> Rebuilt:
        """Build the index on another engine while this one is searched, then write its name to the configuration.

        What the old one kept is thrown away at the end. Cut short, it goes on where it was: until the last step the
        configuration names the old engine. Other programs go on with it until they open the gallery again.

        Raises `BadConfiguration`, `RoleRefused`, `Busy`, `Unavailable`.
        """
        context, before = self._context, self.engine
        with self._only_one():
            target = context.follow(to)
            try:
                if to == before:  # perhaps a move that was cut short in its last step
                    self._clear_away(to)
                    return Rebuilt(to, 0, before)
                grant = self._decide("move", to)
                people = context.gallery.reindex(into=target, progress=progress, grant=grant)
                set_values(context.settings.file, "index", {"engine": to})
                self._clear_away(to, before)
                self._done(grant, people, to)
            finally:
                target.close()
        return Rebuilt(to, people, before)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _clear_away(self, to: str, *others: str) -> None:
        """Throw away what other engines have kept: on a server that is not searched, erasures would not reach it."""
        for name in dict.fromkeys((*others, *self._context.servers)):
            if name != to:
                with closing(self._context.follow(name)) as other:
                    other.drop()

    def _only_one(self) -> OnlyOne:
        lock = self._context.settings.data / "locks" / "index.lock"
        return OnlyOne(lock, "Another process is building the index.")

    def _decide(self, what: str, engine: str) -> Grant[Reindex]:
        return self._context.desk.decide(Reindex, Ask(facts={"step": what, "engine": engine}))

    def _done(self, grant: Grant[Reindex], people: int, engine: str) -> None:
        with self._context.registry.write() as connection:
            facts = {"people": people, "engine": engine}
            self._context.desk.effect(connection, "reindex", grant.log_index, facts=facts)
        self._context.book.publish()
