"""Groups that testers stated for themselves: a table of person and group. Nobody's group is ever inferred (P22)."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from countenance.errors import InputError
from countenance.evaluate.dataset import DataSet

MOST = 50
"""More groups than this are no groups."""


def read_groups(file: Path, data: DataSet) -> tuple[tuple[str, ...], dict[int, int]]:
    """The names of the groups, and each person's group by its place among them.

    The table is CSV with the columns ``person`` (the name of the folder) and ``group``. People who stated none are
    left out of it. Raises `InputError` for a table that does not fit the data set.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"The groups in {file} cannot be read: {error}.") from None
    if not rows or not {"person", "group"} <= set(rows[0]):
        raise InputError(f"{file} has no columns person and group.", hint="Its first line is: person,group")
    numbers = {os.fsdecode(photo.path).partition("/")[0]: photo.person for photo in data.photos}
    named = [((row["person"] or "").strip(), (row["group"] or "").strip()) for row in rows]
    names = tuple(sorted({group for _, group in named if group}))
    if not 1 <= len(names) <= MOST:
        raise InputError(f"{file} names {len(names)} groups.", hint=f"Name 1 to {MOST}.")
    stated = {}
    for person, group in named:
        if person not in numbers:
            raise InputError(
                f"{file} names {person!r}, who has no folder in the data set.",
                hint="Write the folder's name, or nobody.",
            )
        if numbers[person] in stated:
            raise InputError(f"{file} names {person!r} twice.")
        if group:
            stated[numbers[person]] = names.index(group)
    return names, stated
