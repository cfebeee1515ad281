"""Somebody with a database tool and the stolen key: every way of changing the past, with all traces made to fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import rfc8785

from clubs import Club
from countenance.log import merkle

Leaf = dict[str, Any]


def leaves_of(club: Club) -> list[Leaf]:
    with club.sql() as connection:
        rows = connection.exec_driver_sql('SELECT leaf FROM leaves ORDER BY "index"').scalars().all()
    return [json.loads(bytes(row)) for row in rows]


def rewrite(club: Club, changed: list[Leaf]) -> None:
    """Put other entries in the place of the log's, renumbered, with a state and a checkpoint that fit them."""
    with club.sql() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        connection.exec_driver_sql('DELETE FROM openings WHERE "index" >= ?', (len(changed),))
        connection.exec_driver_sql("DELETE FROM leaves")
        frontier = merkle.Frontier()
        for index, leaf in enumerate(changed):
            data = rfc8785.dumps(leaf | {"index": index})
            frontier = frontier.append(merkle.leaf_hash(data))
            values = (index, data, merkle.leaf_hash(data))
            connection.exec_driver_sql("INSERT INTO leaves VALUES (?, ?, ?)", values)
        connection.exec_driver_sql("UPDATE log_state SET frontier = ?", (json.dumps(frontier.to_json()),))
    club.anna.context.book.publish()  # signed with the log's own key


def edit(leaves: list[Leaf]) -> list[Leaf]:
    return [*leaves[:3], leaves[3] | {"outcome": "granted", "act": "nothing"}, *leaves[4:]]


def cut(leaves: list[Leaf]) -> list[Leaf]:
    return leaves[:-2]


def cut_and_written_on(leaves: list[Leaf]) -> list[Leaf]:
    """As long as before, and longer: what was cut off was replaced by something harmless."""
    return [*leaves[:-2], *[leaves[0]] * 4]


def reorder(leaves: list[Leaf]) -> list[Leaf]:
    return [*leaves[:3], leaves[4], leaves[3], *leaves[5:]]


def leave_one_out(leaves: list[Leaf]) -> list[Leaf]:
    return [*leaves[:3], *leaves[4:]]


FORGERIES: dict[str, Callable[[list[Leaf]], list[Leaf]]] = {
    each.__name__: each for each in (edit, cut, cut_and_written_on, reorder, leave_one_out)
}
