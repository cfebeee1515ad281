"""Erasing people, or what was kept under single bases, in steps that each can be repeated (DESIGN §6, P6, P7).

However many there are, it is one pass:

1. tombstone: one transaction of state, ledger rows and log; out of the next search.
2. ledger: the file beside the vault says so as well, before anything is destroyed, so that no restore brings it back.
3. index and markers: the keys of the segments of the index' snapshot that hold them are destroyed (see
   `countenance.gallery.snapshot`); what will be looked for is written to a file beside the vault (see
   `countenance.gallery.scanning`).
4. delete: rows and log openings, overwritten with zeros by SQLite's ``secure_delete``.
5. scrub: the write-ahead log is truncated, which VACUUM alone would not do.
6. keys: destroyed, in one transaction of the vault, and asked for again: every copy of what was sealed under them, in
   any backup, is unreadable from here on. The key of a person who stays is kept.
7. scan: every file of ours is searched for the bytes. ``secure_delete`` can miss a copy that a page split left behind;
   if one is found, the registry's file is written anew (VACUUM), and searched again.

A crash after any step is made good at the next start, from the rows and the file of markers.

On PostgreSQL step 5 has no counterpart: deleted rows stay in the server's files until their pages are used again, and
in its write-ahead log until it is recycled. The role that we are owns no table and may not clean one; its owner does
(`countenance registry tidy`). What counts until then is that the keys are destroyed. Those files are not ours to scan:
the tables are asked again instead, and the certificate names the server's files as a residual (decision 0015).
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from countenance.errors import Tampered, Unavailable
from countenance.gallery import marking, snapshot
from countenance.gallery.appearing import shown_path
from countenance.gallery.eligible import parts
from countenance.gallery.originals import Where, answers, elsewhere, originals_of, residuals
from countenance.gallery.removing import left_of, remove_bases, remove_subjects
from countenance.gallery.scanning import Scan, Wanted, look_for
from countenance.policy.desk import Desk
from countenance.registry import schema as t
from countenance.registry.database import Registry
from countenance.types import AccountId, reference_number
from countenance.vault.keyring import Keyring, subject_key
from countenance.vault.ledger import Ledger, Line

_PATIENCE = 5.0
"""Seconds to wait for readers that keep the write-ahead log from being truncated."""
_AT_ONCE = 1000
"""People whose rows go in one transaction, so that other writers get their turn."""


@dataclass(frozen=True, slots=True)
class What:
    """What is erased together: whole people, or single bases of people who stay."""

    subjects: tuple[int, ...] = ()
    bases: tuple[int, ...] = ()

    def of(self, table: sa.Table, part: Sequence[int]) -> sa.ColumnElement[bool]:
        """The rows of a table that belong to a part of it."""
        return (table.c.basis if self.bases else table.c.subject).in_(part)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the bases, or else of the people."""
        return self.bases or self.subjects


@dataclass(frozen=True, slots=True)
class Order:
    """Why it is erased: the reason, the account, the log entry of the decision, and the authority's order, if any."""

    reason: str
    account: AccountId | None
    decision: int
    under: int | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased. ``originals`` are the operator's own files, not ours to delete; for the screen only.

    ``subjects`` is nought where it was single bases of people who stay.
    """

    number: int
    subjects: int
    bases: int
    references: int
    appearances: int
    reason: str
    under: int | None
    decision: int
    scan: Scan
    whole_scan: bool
    keys: int
    residuals: list[dict[str, Any]]
    originals: tuple[str, ...]
    on_server: bool = False
    """The registry is no file of ours: what its server keeps is out of reach."""
    segments: int = 0
    """Parts of the index on disk that held them, whose keys were destroyed."""
    engine: str = ""
    """The index that is searched."""
    removal: str = ""
    """How their entries were removed from it."""

    @property
    def faces(self) -> int:
        """Templates and appearances together."""
        return self.references + self.appearances


@dataclass(frozen=True, slots=True)
class Tools:
    """What an erasure works with. ``places`` are the folders of ours, all of which are searched."""

    registry: Registry
    keys: Keyring
    ledger: Ledger
    places: tuple[Path, ...]
    answers: Path
    """Where access answers wait to be sent: a folder a person."""
    snapshot: Path
    """Where the index is kept, in encrypted segments."""
    place: Where
    """Where a source's root is."""

    def markers(self, number: int) -> Path:
        """The file of what an erasure looks for."""
        return self.ledger.path.with_name(f"erasing-{number}.markers")


def tombstone(tools: Tools, desk: Desk, what: What, order: Order, now: int) -> int:
    """Step 1. Returns the erasure's number: that of its first row, which all its rows share as ``batch``."""
    with tools.registry.write() as connection:
        whose = _whose(connection, what)
        references, appearances = (_counted(connection, what, each) for each in (t.references, t.appearances))
        bases = dict.fromkeys(what.bases, 1) or _counted(connection, what, t.bases)
        files = originals_of(connection, tools.keys, what, tools.place)
        remaining = residuals(tools.keys, desk.gallery, files, order.decision)
        remaining += elsewhere(connection, what, tools.place)
        remaining += answers(connection, [subject for _, subject in whose])
        rows = [
            {
                "organisation": desk.gallery,
                "subject": subject,
                "basis": number if what.bases else None,
                "under": order.under,
                "reason": order.reason,
                "state": "tombstoned",
                "ordered_by": order.account,
                "faces": references.get(number, 0) + appearances.get(number, 0),
                "log_index": order.decision,
                "residuals": "{}",
                "created": now,
            }
            for number, subject in whose
        ]
        counts = {"references": sum(references.values()), "appearances": sum(appearances.values())}
        counts["bases"] = sum(bases.values())
        rows[0]["residuals"] = json.dumps(counts | {"residuals": remaining})
        first = connection.execute(sa.insert(t.erasures).values(**rows[0]))
        batch = int((first.inserted_primary_key or (0,))[0])
        connection.execute(sa.update(t.erasures).where(t.erasures.c.id == batch).values(batch=batch))
        if rows[1:]:
            connection.execute(sa.insert(t.erasures), [row | {"batch": batch} for row in rows[1:]])
        _out_of_search(connection, what, [subject for _, subject in whose])
        facts = {"step": "tombstoned", "erasure": reference_number("E", batch), "records": len(whose)}
        # Of many, the log keeps the count: their commitments would be numbers that nobody can open in a moment.
        named = tuple(what.subjects) if len(what.subjects) == 1 else ()
        desk.effect(connection, "erase", order.decision, subjects=named, facts=facts)  # type: ignore[arg-type]
    return batch


def follow(tools: Tools) -> None:
    """Step 2: write to the ledger what the registry says was erased, and what a crash left out of it."""
    lines = tools.ledger.lines()
    last = lines[-1].number if lines else 0
    with tools.registry.read() as connection:
        rows = connection.execute(sa.select(t.erasures).where(t.erasures.c.id > last).order_by(t.erasures.c.id)).all()
    if rows:
        tools.ledger.follow(
            Line(row.id, row.subject, row.basis, row.reason, row.log_index, row.created) for row in rows
        )


def carry_out(tools: Tools, batch: int) -> Erased:
    """Steps 2 to 7. Repeats what a crash cut short; what is done already does no harm to do again."""
    with tools.registry.read() as connection:
        rows = rows_of(connection, batch)
        what = _what(rows)
        originals = originals_of(connection, tools.keys, what, tools.place)
    follow(tools)
    told = json.loads(rows[0].residuals) | {"segments": _drop_segments(tools, batch, what)}
    wanted = _wanted(tools, batch, what, untouched=all(row.state == "tombstoned" for row in rows))
    _delete(tools, batch, what)
    _scrub(tools.registry)
    whole = wanted is not None
    if wanted is None:
        # The rows are gone, and somebody took the file of markers away: write the whole registry anew instead.
        tools.registry.rewrite()
        wanted = Wanted.of([], keys=[subject_key(subject) for subject in what.subjects])
    tools.keys.vault.destroy_many(wanted.keys)
    _check_keys(tools.keys, wanted.keys)
    scan = _scan(tools, wanted)
    if tools.registry.file is None:
        _ask_again(tools.registry, what)
    first = rows[0]
    return Erased(
        batch, len(what.subjects), told.get("bases", len(what.bases)), told["references"], told["appearances"],
        first.reason, first.under, first.log_index, scan, whole, len(wanted.keys), told["residuals"],
        tuple(shown_path(path) for path in originals), tools.registry.file is None, len(told["segments"]),
    )  # fmt: skip


def rows_of(connection: sa.Connection, batch: int) -> Sequence[sa.Row[tuple[object, ...]]]:
    """The rows of one erasure, the first one first."""
    mine = sa.func.coalesce(t.erasures.c.batch, t.erasures.c.id) == batch
    return connection.execute(sa.select(t.erasures).where(mine).order_by(t.erasures.c.id)).all()


def forget_markers(tools: Tools) -> None:
    """Remove the files of markers that no unfinished erasure needs any more."""
    with tools.registry.read() as connection:
        batch = sa.func.coalesce(t.erasures.c.batch, t.erasures.c.id)
        open_ = set(connection.scalars(sa.select(batch).where(t.erasures.c.state != "done").distinct()))
    needed = {tools.markers(number) for number in open_}
    for file in tools.ledger.path.parent.glob("erasing-*.markers*"):
        if file not in needed:
            file.unlink(missing_ok=True)


# --- the steps -------------------------------------------------------------------------------------------------------


def _whose(connection: sa.Connection, what: What) -> list[tuple[int, int]]:
    """Each number that is erased, with the person whose it is."""
    if not what.bases:
        return [(subject, subject) for subject in what.subjects]
    found: list[tuple[int, int]] = []
    for part in parts(what.bases):
        query = sa.select(t.bases.c.id, t.bases.c.subject).where(t.bases.c.id.in_(part)).order_by(t.bases.c.id)
        found += [(number, subject) for number, subject in connection.execute(query)]
    return found


def _counted(connection: sa.Connection, what: What, table: sa.Table) -> dict[int, int]:
    """How many rows of a table each of them has."""
    column = table.c.basis if what.bases else table.c.subject
    found: dict[int, int] = {}
    for part in parts(what.numbers):
        query = sa.select(column, sa.func.count()).where(what.of(table, part)).group_by(column)
        found |= {row[0]: row[1] for row in connection.execute(query)}
    return found


def _out_of_search(connection: sa.Connection, what: What, subjects: Sequence[int]) -> None:
    for part in parts(what.bases):
        connection.execute(sa.update(t.bases).where(t.bases.c.id.in_(part)).values(state="erased"))
    for part in parts(what.subjects):
        connection.execute(sa.update(t.subjects).where(t.subjects.c.id.in_(part)).values(state="erasing"))
    connection.execute(sa.insert(t.changes), [{"subject": subject} for subject in dict.fromkeys(subjects)])


def _what(rows: Sequence[sa.Row[tuple[object, ...]]]) -> What:
    if rows[0].basis is None:
        return What(subjects=tuple(row.subject for row in rows))
    return What(bases=tuple(row.basis for row in rows))


def _drop_segments(tools: Tools, batch: int, what: What) -> list[int]:
    """The index' snapshot: the segments that hold them cannot be opened from here on, by anybody.

    Which ones had a key is written down before it is destroyed, so that a certificate after a crash says the same.
    Returns all that were written down.
    """
    held: set[int] = set()
    with tools.registry.read() as connection:
        for part in parts(what.numbers):
            held |= set(connection.scalars(sa.select(t.references.c.id).where(what.of(t.references, part))))
    keyed = snapshot.keyed(tools.keys.vault, held)
    mine = t.erasures.c.id == batch
    with tools.registry.write() if keyed else tools.registry.read() as connection:
        told = json.loads(connection.scalar(sa.select(t.erasures.c.residuals).where(mine)) or "{}")
        told["segments"] = sorted({*told.get("segments", ()), *keyed})
        if keyed:
            connection.execute(sa.update(t.erasures).where(mine).values(residuals=json.dumps(told)))
    snapshot.drop(tools.keys.vault, tools.snapshot, held)
    return list(told["segments"])


def _wanted(tools: Tools, batch: int, what: What, *, untouched: bool) -> Wanted | None:
    """Step 3: the markers, as an earlier attempt kept them, or gathered now while every row is still there."""
    file = tools.markers(batch)
    kept = Wanted.load(file)
    if kept is not None or not untouched:
        return kept
    with tools.registry.read() as connection:
        if what.bases:
            markers = marking.of_bases(connection, tools.keys, what.bases)
        else:
            markers = marking.of_subjects(connection, tools.keys, what.subjects)
    wanted = markers.wanted()
    wanted.save(file)
    return wanted


def _delete(tools: Tools, batch: int, what: What) -> None:
    """Step 4: access answers that wait to be sent, then rows."""
    for subject in what.subjects:
        shutil.rmtree(tools.answers / str(subject), ignore_errors=True)
    for start in range(0, len(what.numbers), _AT_ONCE):
        last = start + _AT_ONCE >= len(what.numbers)
        with tools.registry.write() as connection:
            remove_subjects(connection, what.subjects[start : start + _AT_ONCE])
            remove_bases(connection, what.bases[start : start + _AT_ONCE])
            if last:
                mine = sa.func.coalesce(t.erasures.c.batch, t.erasures.c.id) == batch
                connection.execute(
                    sa.update(t.erasures).where(mine, t.erasures.c.state == "tombstoned").values(state="deleted")
                )


def _scrub(registry: Registry) -> None:
    """Step 5: truncate the write-ahead log, waiting a little for readers."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            registry.scrub()
        except Unavailable:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


def _check_keys(keys: Keyring, names: Sequence[str]) -> None:
    """Step 6: ask the vault again. What it does not give, nobody can open anything with."""
    if keys.vault.get_many(names):
        raise Tampered(
            "A key that was destroyed is still in the vault.", hint="Check the vault file: `countenance keys check`."
        )


def _scan(tools: Tools, wanted: Wanted) -> Scan:
    """Step 7: where SQLite left a stale copy in the slack of a split page, write the whole file anew and look again."""
    with tools.registry.read() as connection:
        roots = [tools.place(root) for root in connection.scalars(sa.select(t.sources.c.root))]
    sources = [Path(root) for root in roots if "://" not in root]
    try:
        return look_for(wanted, tools.places, but=sources)
    except Tampered:
        tools.registry.rewrite()
        return look_for(wanted, tools.places, but=sources)


def _ask_again(registry: Registry, what: What) -> None:
    """Where the files are a server's: ask its tables whether any still names them."""
    with registry.read() as connection:
        left = left_of(connection, what.subjects, what.bases)
    if left:
        raise Tampered(f"Rows of who was erased are still in {left[0]}.", hint="It is tried again at the next start.")
