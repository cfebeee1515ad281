"""Whether keys and records fit together: every key opens, each has its record and each record its key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from countenance.errors import Tampered
from countenance.gallery.rows import TEMPLATE
from countenance.registry import schema as t
from countenance.registry.database import Registry
from countenance.vault.keyring import BACKUP_KEY, LOG_KEY, Keyring, organisation_key, subject_key

Row = sa.Row[Any]
Progress = Callable[[int, int], None]
"""Told how many sealed fields have been opened, and how many there are."""
_BATCH = 500
_SHOWN = 5
"""Names that a fault lists."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed column: which key a row's field is under, and the label that is bound into it."""

    table: sa.Table
    column: str
    key: Callable[[Row], str]
    label: Callable[[Row], str]


def _fixed(table: sa.Table, key: Callable[[Row], str], **labels: str) -> tuple[Sealed, ...]:
    return tuple(
        Sealed(table, column, key, lambda _, label=label: label)  # type: ignore[misc]
        for column, label in labels.items()
    )


SEALED = (
    *_fixed(
        t.subjects,
        lambda row: subject_key(row.id),
        handle_sealed="handle",
        name_sealed="name",
        contact_sealed="contact",
        guardian_sealed="guardian",
    ),
    *_fixed(
        t.references,
        lambda row: subject_key(row.subject),
        photo_sealed="photo",
        face_sealed="face",
        template_sealed=TEMPLATE,
    ),
    *_fixed(t.cases, lambda row: organisation_key(row.organisation), reference_sealed="case"),
    *_fixed(t.api_keys, lambda row: organisation_key(row.organisation), case_sealed="case"),
    *_fixed(t.collected, lambda row: subject_key(row.subject), external_sealed="external"),
    *_fixed(t.collection_users, lambda row: organisation_key(row.organisation), user_sealed="user"),
    *_fixed(
        t.replies,
        lambda row: organisation_key(row.organisation) if row.subject is None else subject_key(row.subject),
        answer_sealed="reply",
    ),
    *_fixed(t.events, lambda row: organisation_key(row.organisation), name_sealed="event"),
    *_fixed(t.requests, lambda row: str(row.key), details_sealed="request"),
    *_fixed(t.visits, lambda row: subject_key(row.subject), details_sealed="visit"),
    *_fixed(t.probes, lambda row: str(row.key), sealed="probe"),
    Sealed(t.openings, "sealed", lambda row: str(row.key), lambda row: f"opening:{row.index}"),
)
"""Every sealed column of the registry; a test objects where one is forgotten."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and what to do."""

    what: str
    do: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, and what was found. ``strays`` are the names of keys without a record."""

    keys: int
    sealed: int
    faults: tuple[Fault, ...]
    strays: tuple[str, ...]


def check_keys(registry: Registry, keys: Keyring, progress: Progress | None = None) -> Checked:
    """Go through the whole vault and every sealed field."""
    faults = []
    try:
        keys.vault.check()
    except Tampered as error:
        faults.append(Fault(error.message, "Put back the newest copy of the vault."))
    # Records and keys are made in the registry's write transactions, so neither changes between these two looks.
    with registry.write() as connection:
        needed, spared = _needed(connection), _spared(connection)
        names = set(keys.vault.ids())
    missing = sorted(needed - names)
    strays = tuple(sorted(names - needed - spared - {BACKUP_KEY}))
    if missing:
        faults.append(
            Fault(
                f"No key for {_list(missing)}: what is sealed under them cannot be read.",
                "Put back the newest copy of the vault. If there is none, erase these records and enrol anew.",
            )
        )
    if strays:
        faults.append(
            Fault(
                f"No record for the keys {_list(strays)}.",
                "They are of people who came after a backup that was restored. If no newer backup will be: "
                "`countenance keys check --destroy-strays`.",
            )
        )
    opened, closed = _open_all(registry, keys, progress or (lambda _done, _total: None))
    faults += [
        Fault(
            f"{count} of {where} do not open with their keys: they were changed.",
            "Restore the newest backup: `countenance restore`.",
        )
        for where, count in closed.items()
    ]
    return Checked(len(names), opened, tuple(faults), strays)


def _needed(connection: sa.Connection) -> set[str]:
    here = sa.select(t.subjects.c.id).where(t.subjects.c.state.not_in(("erasing", "erased")))
    found = {LOG_KEY, *(organisation_key(number) for number in connection.scalars(sa.select(t.organisations.c.id)))}
    found.update(subject_key(number) for number in connection.scalars(here))
    for table in (t.requests, t.probes):
        found.update(connection.scalars(sa.select(table.c.key)))
    return found


def _spared(connection: sa.Connection) -> set[str]:
    """Keys of erasures that are under way: they go when these are finished."""
    query = sa.select(t.erasures.c.subject).where(t.erasures.c.state != "done")
    return {subject_key(number) for number in connection.scalars(query)}


def _open_all(registry: Registry, keys: Keyring, progress: Progress) -> tuple[int, dict[str, int]]:
    """How many fields opened, and how many of each column did not although their key is there."""
    opened, closed = 0, dict[str, int]()
    with registry.read() as connection:
        total = sum(connection.scalar(sa.select(sa.func.count(each.table.c[each.column]))) or 0 for each in SEALED)
        for each in SEALED:
            for rows in _batches(connection, each):
                good, bad = _opened(keys, each, rows)
                opened += good
                if bad:
                    name = f"{each.table.name.rstrip('_')}.{each.column}"
                    closed[name] = closed.get(name, 0) + bad
                progress(opened, total)
    return opened, closed


def _batches(connection: sa.Connection, sealed: Sealed) -> Iterator[list[Row]]:
    query = sa.select(sealed.table).where(sealed.table.c[sealed.column].is_not(None))
    with closing(connection.execute(query.execution_options(yield_per=_BATCH))) as found:
        yield from ([*part] for part in found.partitions())


def _opened(keys: Keyring, sealed: Sealed, rows: list[Row]) -> tuple[int, int]:
    """How many of these open, and how many do not. Those whose key is missing are neither: they are told already."""
    names = [sealed.key(row) for row in rows]
    there = keys.vault.get_many(names)
    good = bad = 0
    for name, row in zip(names, rows, strict=True):
        if name in there:
            try:
                keys.open_with(there[name], name, getattr(row, sealed.column), sealed.label(row))
                good += 1
            except Tampered:
                bad += 1
    return good, bad


def _list(names: tuple[str, ...] | list[str]) -> str:
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
