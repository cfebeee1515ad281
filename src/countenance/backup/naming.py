"""Whom an entry of the log is about. Only the keys of the people themselves can tell (P20)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from countenance.log.book import commitment

Leaf = Mapping[str, Any]


def concerned(leaf: Leaf, people: Sequence[tuple[int, bytes]]) -> Iterator[int]:
    """Those of these people, each with their key, whom the entry commits to."""
    named = set(leaf.get("subjects") or ())
    if named:
        for number, key in people:
            if commitment(key, int(leaf["index"]), f"subject:{number}") in named:
                yield number


def at(leaf: Leaf) -> int:
    """When it was written, in seconds since 1970."""
    return int(datetime.fromisoformat(str(leaf["at"])).timestamp())
