"""The erasure ledger replayed on a restored registry: whoever was erased since is erased from it again (P7).

Their keys are gone from the vault already, so that nothing of theirs opens; here their rows go as well, and the
erasures are on record again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from countenance.errors import KeyMissing, LedgerTooOld
from countenance.gallery.eligible import parts
from countenance.gallery.removing import keys_of, remove_bases, remove_subjects
from countenance.registry import schema as t
from countenance.registry.dump import give_out_from, given_out
from countenance.types import AccountId, OrganisationId
from countenance.vault.keyring import subject_key
from countenance.vault.ledger import Line

GAP = 1000
"""Numbers that are passed over where nobody knows how many were given out since the backup."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the ledger took out of the backup. ``keys`` are to be destroyed, where they are not gone already."""

    lines: int
    people: int
    bases: int
    keys: tuple[str, ...]


def replay(
    connection: sa.Connection, lines: Sequence[Line], organisation: OrganisationId, account: AccountId
) -> Replayed:
    """Carry out every erasure that the ledger names and the registry does not know as done.

    ``account`` is who restores; who ordered the erasure is in the log.

    Raises `LedgerTooOld` where registry and ledger tell of different erasures under one number.
    """
    known = {row.id: row for row in connection.execute(sa.select(t.erasures))}
    for line in lines:
        row = known.get(line.number)
        if row is not None and (row.subject, row.basis) != (line.subject, line.basis):
            raise LedgerTooOld(
                f"Erasure {line.number} of this ledger is not the one that the backup tells of.",
                hint="Give the ledger of the same gallery: it lies beside the vault.",
            )
    missing = [line for line in lines if line.number not in known or known[line.number].state != "done"]
    people = sorted({line.subject for line in missing if line.basis is None})
    bases = sorted({line.basis for line in missing if line.basis is not None})
    _number(connection, {line.subject for line in missing}, organisation)
    keys = keys_of(connection, people)
    remove_bases(connection, bases)
    remove_subjects(connection, people)
    for line in missing:
        _record(connection, line, organisation, account, known=line.number in known)
    return Replayed(len(missing), len(people), len(bases), tuple(keys))


def without_a_key(connection: sa.Connection, lines: Iterable[Line], keys: Collection[str]) -> list[int]:
    """The people in the registry whose key the vault does not hold, though no line says that they were erased."""
    erased = {line.subject for line in lines if line.basis is None}
    here = connection.scalars(sa.select(t.subjects.c.id).where(t.subjects.c.state.not_in(("erasing", "erased"))))
    return [number for number in here if number not in erased and subject_key(number) not in keys]


def take_out_unreadable(connection: sa.Connection, people: Sequence[int], *, agreed: bool) -> None:
    """Nothing sealed of these can be read, so they could be neither found nor answered. Raises `KeyMissing`."""
    if people and not agreed:
        raise KeyMissing(
            f"The vault lacks the keys of {len(people)} people in this backup whom the ledger does not name as erased.",
            hint="Put back the newest copy of the vault, or go on without them: --forget-unreadable.",
        )
    remove_subjects(connection, people)


def pass_over(connection: sa.Connection, lines: Iterable[Line], keys: Iterable[str], since: int | None) -> None:
    """No number is given out again that was given out after the backup: it stands in the log, ledger or vault.

    ``since`` is how many entries the log has after the backup; None when nobody knows.
    """
    lines = list(lines)
    people = [int(key.partition(":")[2]) for key in keys if key.startswith("subject:")]
    least = {
        "subjects": max([*people, *(line.subject for line in lines)], default=0),
        "bases": max((line.basis for line in lines if line.basis is not None), default=0),
        "erasures": max((line.number for line in lines), default=0),
    }
    numbers = given_out(connection)
    gap = GAP if since is None else since
    for table in t.metadata.sorted_tables:
        if table.dialect_options["sqlite"]["autoincrement"]:
            give_out_from(connection, table.name, max(numbers.get(table.name, 0) + gap, least.get(table.name, 0)))


def _number(connection: sa.Connection, subjects: Collection[int], organisation: OrganisationId) -> None:
    """People who came and went after the backup: their numbers without a person, so that nobody else gets them."""
    wanted = sorted(subjects)
    there: set[int] = set()
    for part in parts(wanted):
        there.update(connection.scalars(sa.select(t.subjects.c.id).where(t.subjects.c.id.in_(part))))
    for number in wanted:
        if number not in there:
            empty = {"handle_hash": f"erased:{number}", "territory": "unknown", "state": "erased"}
            values = {"id": number, "organisation": organisation, "created": 0, "last_interaction": 0, **empty}
            connection.execute(sa.insert(t.subjects).values(**values))


def _record(
    connection: sa.Connection, line: Line, organisation: OrganisationId, account: AccountId, *, known: bool
) -> None:
    if known:
        connection.execute(sa.update(t.erasures).where(t.erasures.c.id == line.number).values(state="done"))
        return
    connection.execute(
        sa.insert(t.erasures).values(
            id=line.number,
            organisation=organisation,
            subject=line.subject,
            basis=line.basis,
            reason=line.reason,
            state="done",
            ordered_by=account,
            faces=0,
            log_index=line.log_index,
            residuals="{}",
            created=line.at,
        )
    )
