"""What the registry holds that a caution follows from, for those whom a search is about to show."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from countenance.gallery.correcting import DIFFERENT
from countenance.gallery.eligible import parts
from countenance.policy.cautions import Compared, cautions, year_at, year_of
from countenance.registry import schema as t
from countenance.types import Appearance, Probe
from countenance.vault.keyring import Keyring, subject_key


def cautions_of(
    connection: sa.Connection,
    keys: Keyring,
    subjects: Sequence[int],
    probe: Probe,
    photos: Mapping[int, Sequence[Appearance]],
    now: int,
) -> dict[int, tuple[str, ...]]:
    """The cautions that each of these carries; nothing of them is kept but the codes."""
    searched = year_of(probe.taken_at, now)
    enrolled = _enrolled(connection, keys, subjects, probe.template.contract, now)
    born, parted = _born(connection, subjects), _parted(connection, subjects)
    found = {}
    for each in subjects:
        years = [year_of(one.photo.taken_at, now) for one in photos.get(each, ())]
        faces = enrolled.get(each, [])
        best = max((seen for _, seen in faces), default=1.0)
        found[each] = cautions(
            Compared(
                birth_year=born.get(each),
                probe=year_at(now) if searched is None else searched,
                references=[year for year, _ in faces],
                photos=[year for year in years if year is not None],
                seen=min(probe.face.score, best),
                parted=each in parted,
            )
        )
    return found


def _enrolled(
    connection: sa.Connection, keys: Keyring, subjects: Sequence[int], contract: str, now: int
) -> dict[int, list[tuple[float, float]]]:
    """Of each person's references, when the photo was taken and how surely the detector saw the face."""
    c = t.references.c
    found: dict[int, list[tuple[float, float]]] = {}
    for part in parts(sorted(set(subjects))):
        query = sa.select(c.subject, c.face_sealed, c.created).where(c.subject.in_(part), c.contract == contract)
        rows = connection.execute(query.where(c.expires > now)).all()
        opened = keys.unseal_many([(subject_key(row.subject), row.face_sealed) for row in rows], "face")
        for row, plain in zip(rows, opened, strict=True):
            face = json.loads(plain or b"{}")
            taken = year_of(face.get("taken_at"), now)
            seen = float(face.get("score", 1.0))  # enrolled before scores were kept
            found.setdefault(row.subject, []).append((year_at(row.created) if taken is None else taken, seen))
    return found


def _born(connection: sa.Connection, subjects: Sequence[int]) -> dict[int, int]:
    c = t.subjects.c
    found: dict[int, int] = {}
    for part in parts(sorted(set(subjects))):
        query = sa.select(c.id, c.birth_year).where(c.id.in_(part), c.birth_year.is_not(None))
        found |= {row.id: row.birth_year for row in connection.execute(query)}
    return found


def _parted(connection: sa.Connection, subjects: Sequence[int]) -> set[int]:
    c, found = t.pairs.c, set[int]()
    for part in parts(sorted(set(subjects))):
        for mine in (c.subject, c.other):
            found |= set(connection.scalars(sa.select(mine).where(mine.in_(part), c.decision == DIFFERENT)))
    return found
