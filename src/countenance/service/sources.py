"""Sources: the folders, archives and buckets whose photographs the organisation is entitled to hold."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import AlreadyExists, InputError, NotFound, SourceRefused
from countenance.ingest.manifest import read_manifest
from countenance.photos.opening import BELOW, KINDS, archive_kind, is_bucket, open_store, place_of
from countenance.policy import bearing, rules
from countenance.policy.purposes import PURPOSES, mask, names, purpose
from countenance.registry import schema as t
from countenance.service.instruments import words_or_none
from countenance.service.refusing import recording
from countenance.service.releasing import release
from countenance.service.sources_apart import keep_from_bound
from countenance.service.sources_below import below, inside, offered
from countenance.service.subjects import check_territory
from countenance.types import SourceId

if TYPE_CHECKING:
    from countenance.service.context import Context


LONGEST = 36_500
"""Days that a source's photos may be kept at the most: a hundred years."""
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/?/")
"""How an address begins, also one that a path has taken a stroke from."""


@dataclass(frozen=True, slots=True)
class Source:
    """A folder, archive or bucket of photographs, with the owner's statement of right.

    ``root``: the path of the folder or of the archive's file; of a bucket the text ``s3://bucket/prefix``. Of a source
    below ``[photos] root``, where it is now.
    """

    id: SourceId
    name: str
    root: Path | str
    statement: str
    territory: str
    purposes: tuple[str, ...]
    unknown_faces: str
    state: str
    reason: str | None
    origin: str | None
    supplier: str | None = None
    manifest_sha256: str | None = None
    rights_holder: str | None = None

    def __str__(self) -> str:
        return self.name


class Sources:
    """Add, stop and list sources."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def add(
        self,
        name: str,
        root: str | Path,
        *,
        statement: str,
        purposes: Iterable[str],
        territory: str = "unknown",
        origin: str | None = None,
        unknown_faces: str = "forget",
        retention_days: int = 1095,
        supplier: str | None = None,
        manifest: str | Path | None = None,
    ) -> Source:
        """Record a folder, an archive or a bucket that photographs may be ingested from.

        Args:
            name: What it is called here.
            root: The folder, never inside our own data folder, nor around it; or an archive (zip, tar); or
                ``s3://bucket/prefix``, at the endpoint that the configuration names (P25); or ``photos://NAME``,
                which is any of these below ``[photos] root``.
            statement: What entitles the organisation to hold these photographs.
            purposes: What the faces kept from it may be shown for.
            territory: Where they were taken, or ``unknown``.
            origin: Where they came from, as text; shown with every candidate, never fetched.
            unknown_faces: ``forget`` (``keep``, for closed archives, is refused for now: P27).
            retention_days: How long what is kept from it lasts.
            supplier: Who supplied the photographs, where others collected them.
            manifest: The supplier's list: per photo its rights holder, origin, licence and date. Without one, or for
                photos that it lacks, the ingest of a supplier's source pauses (P26).

        Raises `TerritoryRefused` where an order to stop collecting bears on it (P10).
        """
        place = self._check(name, root, statement, unknown_faces)
        check_territory(territory)
        wanted = _purposes(purposes)
        if not 1 <= retention_days <= LONGEST:
            raise InputError(f"{retention_days} is no number of days.", hint=f"Give 1 to {LONGEST}.")
        file = None if manifest is None else Path(manifest).expanduser().absolute()
        values = {
            "name": name,
            "root": place,
            "statement": statement.strip(),
            "origin": origin,
            "territory": territory,
            "purposes": mask(wanted),
            "unknown_faces": unknown_faces,
            "retention_days": retention_days,
            "supplier": words_or_none("supplier", supplier),
            "manifest": None if file is None else str(file),
            "manifest_sha256": None if file is None else read_manifest(file).sha256,
        }
        return self._record(values, wanted)

    def add_below(self, name: str, place: str, **stated: Any) -> Source:
        """Record what lies below ``[photos] root`` as a source: all that the web page may name (decision 0028).

        ``place``: a name below it, as `places` offers them. ``stated``: as for `add`, without a manifest, which is a
        path. Raises `SourceRefused` where the name leads elsewhere, through a link say.
        """
        return self.add(name, inside(self._context.settings, place), **stated)

    def places(self) -> list[str] | None:
        """What lies below ``[photos] root`` and is no source yet; None where the configuration names no such place."""
        with self._context.registry.read() as connection:
            mine = t.sources.c.organisation == self._context.organisation
            taken = connection.scalars(sa.select(t.sources.c.root).where(mine)).all()
        return offered(self._context.settings, taken)

    def purposes(self) -> dict[str, str]:
        """What the faces kept from a source may be shown for: each purpose's name, and what it means."""
        return {each.name: each.means for each in PURPOSES.values()}

    def _record(self, values: dict[str, Any], wanted: list[str]) -> Source:
        context, digest = self._context, values["manifest_sha256"]
        with recording(context, "source") as connection:
            self._insert(connection, values)
            facts = {"purposes": wanted, "territory": values["territory"], "manifest": digest or ""}
            context.desk.record(connection, "source", "controller", facts=facts)
        return self.get(values["name"])

    def _insert(self, connection: sa.Connection, values: dict[str, Any]) -> None:
        context, name = self._context, values["name"]
        same = sa.exists().where(t.sources.c.organisation == context.organisation, t.sources.c.name == name)
        if connection.scalar(sa.select(same)):
            raise AlreadyExists(f"There is a source {name!r} already.")
        keep_from_bound(connection, context.organisation, values["root"], context.settings)
        more = {"organisation": context.organisation, "state": "active", "created": context.clock()}
        row = connection.execute(sa.insert(t.sources).values(**values, **more))
        # Asked of the record as it would stand, and taken back with it when an order says no (P10).
        refusal = rules.stopped(bearing.stops_on_source(connection, (row.inserted_primary_key or (0,))[0]))
        if refusal is not None:
            raise refusal

    def stop(self, name: str, reason: str) -> Source:
        """Stop collecting from a source; what was kept from it is shown no more."""
        context = self._context
        source = self.get(name)
        with context.registry.write() as connection:
            mine = t.sources.c.id == source.id
            connection.execute(sa.update(t.sources).where(mine).values(state="stopped", reason=reason))
            context.desk.record(connection, "source-stopped", "controller", facts={"source": int(source.id)})
        context.book.publish()
        return self.get(name)

    def release(self, name: str, *, rights_holder: str) -> tuple[Source, int]:
        """Let a paused source go on: two accounts sign for its rights holder. See `countenance.service.releasing`.

        Returns the source, and how many signatures are still missing.
        """
        missing = release(self._context, self.get(name).id, rights_holder)
        return self.get(name), missing

    def get(self, name: str) -> Source:
        """The source by this name. Raises `NotFound`."""
        for source in self.list():
            if source.name == name:
                return source
        raise NotFound(f"There is no source {name!r}.", hint="`countenance source list` shows them.")

    def list(self) -> list[Source]:
        """All sources of this organisation."""
        query = sa.select(t.sources).where(t.sources.c.organisation == self._context.organisation)
        with self._context.registry.read() as connection:
            rows = connection.execute(query.order_by(t.sources.c.id)).all()
        return [
            Source(
                SourceId(row.id),
                row.name,
                root if "://" in root else Path(root),
                row.statement,
                row.territory,
                tuple(names(row.purposes)),
                row.unknown_faces,
                row.state,
                row.reason,
                row.origin,
                row.supplier,
                row.manifest_sha256,
                row.rights_holder,
            )
            for row in rows
            for root in (place_of(row.root, self._context.settings),)
        ]

    def _check(self, name: str, root: str | Path, statement: str, unknown_faces: str) -> str:
        if not name.strip() or len(name) > 100:
            raise InputError("A source needs a name of 1 to 100 characters.")
        if unknown_faces != "forget":
            raise SourceRefused(
                "A source that keeps unknown faces is a closed archive, and those are not offered yet.",
                requirement="P27", hint="Leave it out: strangers are forgotten.",
            )  # fmt: skip
        if not statement.strip():
            raise SourceRefused(
                "A source needs a statement of what entitles you to its photographs.",
                requirement="P26", hint='For example: --statement "our own photographer, contract of May 2026".',
            )  # fmt: skip
        return self._place(os.fspath(root))

    def _place(self, root: str) -> str:
        """The root as it is recorded, once its store was asked whether it is there."""
        settings = self._context.settings
        if root.startswith(BELOW):
            named = below(root)
            open_store(named, settings).close()  # which says so where no [photos] root is configured
            self._place(place_of(named, settings))
            return named
        if not is_bucket(root):
            if _ADDRESS.match(root):
                raise SourceRefused(
                    f"A source is no address ({root.partition(':')[0]}:), and nothing is ever fetched from the web.",
                    requirement="P25",
                    hint="Copy what you are entitled to into a folder, or into a bucket of yours: s3://bucket/prefix.",
                )
            path = Path(root).expanduser().absolute()
            if not os.path.isdir(path) and not (os.path.isfile(path) and archive_kind(path)):  # noqa: PTH112, PTH113
                raise InputError(
                    f"{path} is no folder that can be read, and no archive.",
                    hint=f"Give a folder, an archive ({KINDS}) or s3://bucket/prefix; nothing else is fetched.",
                )
            keep_apart(self._context, path)
        place = root.rstrip("/") if is_bucket(root) else str(path)
        with closing(open_store(place, settings)) as store:
            store.check()
        return place


def _purposes(given: Iterable[str]) -> list[str]:
    """At least one, and each of them known."""
    wanted = sorted(set(given))
    if not wanted:
        raise InputError("A source needs at least one purpose.")
    for each in wanted:
        purpose(each)
    return wanted


def keep_apart(context: Context, folder: Path | str) -> None:
    """Refuse a folder that holds, or lies in, our own files. Asked again at each ingest, for a link may have moved.

    A bucket, which is a text, lies elsewhere.
    """
    if isinstance(folder, str):
        return
    resolved = folder.resolve()
    for ours in (context.settings.data.resolve(), context.settings.vault_path.parent.resolve()):
        if resolved.is_relative_to(ours) or ours.is_relative_to(resolved):
            raise InputError(
                f"{folder} holds, or lies in, this gallery's own files.",
                hint="Put the photographs into a folder of their own.",
            )
