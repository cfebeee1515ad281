"""Changing settings in the file, and no other line of it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from countenance.errors import BadConfiguration


def set_values(file: Path, table: str, values: dict[str, str | float]) -> None:
    """Write settings of one table into a configuration file, and leave every other line of it as it is.

    Raises `BadConfiguration` when the file is written in a way that this cannot change, or cannot be written.
    """
    try:
        text = file.read_text("utf-8")
        changed, wanted = text, tomllib.loads(text)
        for key, value in values.items():
            changed = _with_value(changed, table, key, value)
        wanted[table] = {**wanted.get(table, {}), **values}
        if _parsed(changed) != wanted:
            lines = ", ".join(f"{key} = {_literal(value)}" for key, value in values.items())
            raise BadConfiguration(
                f"{file} is written in a way that cannot be changed here.",
                hint=f"Write it yourself: {lines} in the table [{table}].",
            )
        fresh = file.with_name(f"{file.name}.new")
        fresh.write_text(changed, encoding="utf-8")
        fresh.chmod(file.stat().st_mode & 0o777)
        fresh.replace(file)
    except OSError as error:
        raise BadConfiguration(f"{file} cannot be written: {error.strerror}.") from None


def _literal(value: str | float) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _with_value(text: str, table: str, key: str, value: str | float) -> str:
    lines, setting = text.splitlines(keepends=True), f"{key} = {_literal(value)}"
    start = next((number for number, line in enumerate(lines, 1) if re.match(rf"\s*\[{table}\]\s*(#|$)", line)), None)
    if start is None:
        return f"{text}\n[{table}]\n{setting}\n"
    for number in range(start, len(lines)):
        if lines[number].lstrip().startswith("["):
            break
        if re.match(rf"\s*{key}\s*=", lines[number]):
            old = rf"{key}\s*=\s*(\"[^\"]*\"|'[^']*'|[-+.\w]+)"
            lines[number] = re.sub(old, lambda _: setting, lines[number], count=1)
            return "".join(lines)
    lines.insert(start, f"{setting}\n")
    return "".join(lines)


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
