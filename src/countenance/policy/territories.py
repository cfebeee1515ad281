"""Where people live, as lists of ISO 3166 codes: which of them a list covers, and which it does not.

Unknown means no: who lives nobody knows where, or in a country of which only a part is listed, is not covered. (For an
authority's order it is the other way round, see `countenance.policy.bearing`: there the doubt is the person's gain.)
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from countenance.registry import schema as t

EVERYWHERE = "*"
UNKNOWN = "unknown"


def read(text: str) -> frozenset[str] | None:
    """The codes of a recorded list; None for everywhere."""
    codes = frozenset(text.split())
    return None if EVERYWHERE in codes else codes


def covers(codes: frozenset[str] | None, territory: str) -> bool:
    """Whether a list covers a residence: the same code, or the country of which it is a part."""
    return codes is None or bool(codes & {territory, territory.partition("-")[0]})


def missing(wanted: Iterable[str], codes: frozenset[str] | None) -> list[str]:
    """Those of the wanted codes that a list does not cover, sorted; `EVERYWHERE` is covered by everywhere alone."""
    return sorted(code for code in set(wanted) if not covers(codes, code))


def residents(codes: frozenset[str]) -> sa.ColumnElement[bool]:
    """The person of a query over subjects lives where the list says."""
    parts = [t.subjects.c.territory.like(f"{code}-%") for code in sorted(codes)]
    return sa.or_(t.subjects.c.territory.in_(sorted(codes)), *parts)
