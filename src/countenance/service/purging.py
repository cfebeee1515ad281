"""The purge: what retention says has to go, goes; a dry run lists the same (P3, P13, P16)."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.gallery import probes
from countenance.gallery.eligible import parts
from countenance.photos.opening import place_of
from countenance.policy.bearing import held
from countenance.policy.confirming import BY_BEARER
from countenance.registry import schema as t
from countenance.rights import retention
from countenance.rights.retention import Item, Kept, Person, Shown, doable
from countenance.service.lapsing import KEPT, forget, lapsed
from countenance.service.leaving import RETENTION
from countenance.types import BasisId, SubjectId
from countenance.vault.keyring import subject_key

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.service.executing import Executed, Executing
    from countenance.service.leaving import Certified, Leaving

ROLES = ("officer", "system")


@dataclass(frozen=True, slots=True)
class Purged:
    """What was due, and what became of it. ``handles`` are for the screen: whose each item is."""

    items: tuple[Item, ...]
    dry_run: bool
    handles: dict[int, str]
    certified: list[Certified] = field(default_factory=list)
    orders: list[Executed] = field(default_factory=list)

    @property
    def due(self) -> list[Item]:
        """What goes, or would go."""
        return [item for item in self.items if item.blocked is None]

    @property
    def blocked(self) -> list[Item]:
        """What is due and stays, because something forbids it."""
        return [item for item in self.items if item.blocked is not None]

    def rows(self, *, blocked: bool = False) -> list[tuple[str, ...]]:
        """For a screen: what, whose, since when, why, how many; and by what it is kept where it is."""
        return [
            (f"{each.what} {each.id}", self.handles.get(each.subject or 0, ""), each.since, each.why, str(each.count))
            + ((each.blocked,) if each.blocked else ())
            for each in (self.blocked if blocked else self.due)
        ]

    def as_json(self) -> dict[str, Any]:
        """The machine-readable answer (``countenance purge --json``)."""
        return {
            "dry_run": self.dry_run,
            "due": [item.as_json() | {"subject": self.handles.get(item.subject or 0)} for item in self.due],
            "blocked": [item.as_json() | {"subject": self.handles.get(item.subject or 0)} for item in self.blocked],
            "certificates": [each.certificate for each in self.certified],
            "orders": [each.as_json() for each in self.orders],
        }


class Purging:
    """Lists what is due, and carries it out."""

    def __init__(self, context: Context, leaving: Leaving, executing: Executing) -> None:
        self._context = context
        self._leaving = leaving
        self._executing = executing

    def purge(self, *, dry_run: bool = False) -> Purged:
        """Erase and delete everything whose time has come.

        Args:
            dry_run: Only list it, each with its reason and since when.

        Raises `RoleRefused` unless the account is an officer's or a system account, before anything is done.
        """
        context = self._context
        context.own()
        with context.registry.read() as connection:
            items = tuple(self._items(connection))
            handles = self._handles(connection, items)
        purged = Purged(items, dry_run, handles)
        if dry_run:
            return purged
        counts = Counter(item.what for item in purged.due)
        with context.registry.write() as connection:
            context.desk.record(
                connection, "purge", *ROLES, facts={"due": dict(counts), "blocked": len(purged.blocked)}
            )
        if purged.due:
            self._erase(purged)
            self._forget(purged)
        purged.orders.extend(self._executing.execute_due())
        context.book.publish()
        return purged

    # --- what is due -------------------------------------------------------------------------------------------------

    def _items(self, connection: sa.Connection) -> Iterator[Item]:
        now = self._context.clock()
        yield from retention.of_people(self._people(connection), now)
        yield from retention.of_photos(self._photos(connection), now)
        yield from self._others(connection, now)

    def _people(self, connection: sa.Connection) -> Iterator[Person]:
        mine = (
            t.subjects.c.organisation == self._context.organisation,
            t.subjects.c.state.not_in(("erasing", "erased")),
        )
        bases = self._bases(connection)
        asking = set(connection.scalars(sa.select(t.requests.c.subject).where(t.requests.c.state == "open")))
        holding = connection.scalar(sa.select(sa.exists().where(t.orders.c.kind == "hold")))
        on_hold = set(connection.scalars(sa.select(t.subjects.c.id).where(*mine, held()))) if holding else set()
        for row in connection.execute(sa.select(t.subjects).where(*mine).order_by(t.subjects.c.id)):
            restricted = retention.RESTRICTED if row.restricted else None
            blocked = retention.HOLD if row.id in on_hold else restricted
            yield Person(
                row.id, row.created, row.last_interaction, row.id in asking, blocked, tuple(bases.get(row.id, ()))
            )

    def _bases(self, connection: sa.Connection) -> dict[int, list[Kept]]:
        """The bases of each person, with when the first face was kept under those that nobody confirmed."""
        pending = sa.select(t.bases.c.id).where(t.bases.c.state == "pending")
        faces: dict[int, int] = {}
        for table in (t.references, t.appearances):
            query = sa.select(table.c.basis, sa.func.min(table.c.created)).group_by(table.c.basis)
            for basis, first in connection.execute(query.where(table.c.basis.in_(pending))):
                faces[basis] = min(first, faces.get(basis, first))
        mine = (t.bases.c.organisation == self._context.organisation, t.bases.c.state != "erased")
        found: dict[int, list[Kept]] = defaultdict(list)
        for row in connection.execute(sa.select(t.bases).where(*mine).order_by(t.bases.c.id)):
            kept = Kept(row.id, row.state, row.purposes, row.starts, row.ends, row.withdrawn, faces.get(row.id))
            found[row.subject].append(kept)
        return found

    def _photos(self, connection: sa.Connection) -> Iterator[Shown]:
        """Photos with appearances. Where a source's whole folder is away, nobody can say that a file is gone."""
        forbidden = sa.or_(held(), t.subjects.c.restricted.is_not(None))
        query = (
            sa.select(t.photos, t.sources.c.root, t.sources.c.retention_days, forbidden.label("held"))
            .add_columns(sa.func.count().label("faces"))
            .select_from(
                t.appearances.join(t.photos, t.appearances.c.photo == t.photos.c.id)
                .join(t.sources, t.photos.c.source == t.sources.c.id)
                .join(t.subjects, t.appearances.c.subject == t.subjects.c.id)
            )
            .where(t.photos.c.organisation == self._context.organisation)
            .group_by(t.photos.c.id, t.sources.c.id, sa.text("held"))
            .order_by(t.photos.c.id)
        )
        there: dict[str, bool] = {}
        for row in connection.execute(query):
            root = place_of(row.root, self._context.settings)
            if root not in there:
                there[root] = Path(root).is_dir()
            file = os.path.join(os.fsencode(root), bytes(row.path))  # noqa: PTH118 - not always UTF-8
            # What lies in no folder is not looked for here: the last ingest has, and wrote down what was gone.
            gone = not os.path.lexists(file) if there[root] else row.missing is not None
            blocked = retention.HOLD if row.held else None
            yield Shown(row.id, row.faces, row.ingested, row.retention_days, gone, blocked)

    def _others(self, connection: sa.Connection, now: int) -> Iterator[Item]:
        mine = self._context.organisation
        for row in connection.execute(
            sa.select(t.probes.c.search, t.probes.c.expires).where(t.probes.c.expires <= now)
        ):
            yield Item("probe", row.search, row.expires, f"not reviewed within {probes.DAYS} days")
        # A basis that a link confirmed is signed over that link: the two go together.
        confirmed = sa.exists().where(t.bases.c.id == t.links.c.basis, t.bases.c.confirmed_how.in_(BY_BEARER.values()))
        # So is a guest's, whose stills have fitted and whom the organiser has not approved yet.
        waiting = sa.exists().where(t.guests.c.basis == t.links.c.basis, t.guests.c.stills.is_not(None))
        spent = sa.case((t.links.c.used.is_(None), t.links.c.expires <= now), else_=~confirmed & ~waiting)
        for row in connection.execute(sa.select(t.links).where(t.links.c.organisation == mine, spent)):
            why = "the link was used" if row.used else "the link has expired"
            yield Item("link", row.id, row.used or row.expires, why)
        for row in lapsed(self._context, connection, now):
            yield Item("request", row.id, row.answered + KEPT, "answered thirty days ago", row.subject)
        old = (t.activations.c.kind == "archive", t.activations.c.ended.is_(None))
        late = t.activations.c.created <= now - retention.ARCHIVE
        for row in connection.execute(sa.select(t.activations).where(t.activations.c.organisation == mine, *old, late)):
            yield Item("activation", row.id, row.created + retention.ARCHIVE, "not renewed within 24 months")
        # What a guest agreed to names the event, so it stays until the last of them has gone.
        came = sa.exists().where(t.guests.c.invitation == t.invitations.c.id, t.invitations.c.event == t.events.c.id)
        over = (t.events.c.organisation == mine, t.events.c.ends <= now, ~came)
        for row in connection.execute(sa.select(t.events).where(*over)):
            yield Item("event", row.id, row.ends, "ninety days after the event")
        for order in self._executing.due(connection):
            yield Item("order", order.id, order.deadline, "the order's deadline has come")

    def _handles(self, connection: sa.Connection, items: Sequence[Item]) -> dict[int, str]:
        """Whose each item is, as people call them."""
        found: dict[int, str] = {}
        for part in parts(sorted({item.subject for item in items if item.subject})):
            query = sa.select(t.subjects.c.id, t.subjects.c.handle_sealed).where(t.subjects.c.id.in_(part))
            rows = [(number, sealed) for number, sealed in connection.execute(query) if sealed]
            opened = self._context.keys.unseal_many(
                [(subject_key(number), sealed) for number, sealed in rows], "handle"
            )
            found |= {number: plain.decode() for (number, _), plain in zip(rows, opened, strict=True) if plain}
        return found

    # --- doing it ----------------------------------------------------------------------------------------------------

    def _erase(self, purged: Purged) -> None:
        subjects = [SubjectId(item.number) for item in doable(purged.items, "subject")]
        bases = [BasisId(item.number) for item in doable(purged.items, "basis")]
        if subjects:
            purged.certified.append(self._leaving.erase_many(subjects, RETENTION, due="retention"))
        if bases:
            purged.certified.append(self._leaving.erase_bases(bases, RETENTION, due="retention"))

    def _forget(self, purged: Purged) -> None:
        """Appearances, probes, links and activations: one transaction; then the write-ahead log is truncated."""
        context, now = self._context, self._context.clock()
        probes.forget_expired(context.registry, context.keys, now)
        free = sa.select(t.subjects.c.id).where(held() | t.subjects.c.restricted.is_not(None))
        appearances = doable(purged.items, "appearances")
        with context.registry.write() as connection:
            for part in parts([item.number for item in appearances]):
                going = (t.appearances.c.photo.in_(part), t.appearances.c.subject.not_in(free))
                connection.execute(sa.delete(t.appearances).where(*going))
            # Without its record a photo that comes back is a new one, and is looked at again.
            for part in parts([item.number for item in appearances if item.why.endswith("is gone")]):
                kept = sa.exists().where(t.appearances.c.photo == t.photos.c.id).correlate(t.photos)
                connection.execute(sa.delete(t.photos).where(t.photos.c.id.in_(part), ~kept))
            for part in parts([item.number for item in doable(purged.items, "link")]):
                connection.execute(sa.delete(t.links).where(t.links.c.id.in_(part)))
            for part in parts([item.number for item in doable(purged.items, "event")]):
                connection.execute(sa.delete(t.invitations).where(t.invitations.c.event.in_(part)))
                connection.execute(sa.delete(t.events).where(t.events.c.id.in_(part)))
            forget(context, connection, lapsed(context, connection, now))
            for part in parts([item.number for item in doable(purged.items, "activation")]):
                connection.execute(sa.update(t.activations).where(t.activations.c.id.in_(part)).values(ended=now))
            facts = {"step": "done", "appearances": sum(item.count for item in appearances)}
            context.desk.write(connection, "purge", facts=facts)
        context.registry.scrub()
