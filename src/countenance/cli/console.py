"""What is printed, and where: answers on stdout, progress and errors on stderr, JSON when it is asked for.

Nothing that came from a file, a name or the network reaches the terminal as it is: whatever could steer the terminal is
written out as an escape.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from countenance.errors import CountenanceError

PIPE_WIDTH = 160
"""Columns of a table that no terminal shows, so that a file or a pipe gets whole names."""


def plain(value: object) -> str:
    """A value as text that is safe on a terminal: control, direction and half characters become escapes."""
    text = value if isinstance(value, str) else str(value)
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in text)


@dataclass(frozen=True, slots=True)
class Mishap:
    """What the command line itself has to tell that is no error of ours: a misspelt line, Ctrl-C, a full memory."""

    code: str
    message: str
    hint: str
    exit_code: int

    def diagnostics(self) -> dict[str, Any]:
        """As plain data, in the shape of our own errors."""
        return {"code": self.code, "message": self.message, "hint": self.hint}


class Screen:
    """Where a command writes. With ``json``, only `answer` writes to stdout; with ``quiet``, advice is left out."""

    def __init__(self, *, json: bool = False, quiet: bool = False) -> None:
        self.json = json
        self.quiet = quiet
        self.out = _console(sys.stdout)
        self.err = _console(sys.stderr)

    def say(self, line: str = "", style: str = "", *, wrap: bool = True) -> None:
        """One line of the result; without ``wrap`` it stays one line on a narrow terminal, so that it can be copied."""
        if not self.json:
            self.out.print(plain(line), style=style or None, soft_wrap=not wrap)

    def done(self, line: str) -> None:
        """One line that says what was done."""
        if not self.json:
            from rich.text import Text

            self.out.print(Text("✓ ", style="green").append(plain(line), style="default"))

    def advise(self, line: str) -> None:
        """One line of what to do next, or what to keep in mind."""
        if not (self.json or self.quiet):
            self.out.print(f"→ {plain(line)}", style="cyan")

    def command(self, line: str, what_for: str = "") -> None:
        """A command to run next, on a line of its own, so that it can be copied."""
        if not (self.json or self.quiet):
            from rich.text import Text

            shown = Text("    ").append(plain(line), style="bold")
            self.out.print(shown.append(f"   # {plain(what_for)}", style="dim") if what_for else shown, soft_wrap=True)

    def warn(self, line: str) -> None:
        """One line that must not be overlooked, on stderr, quiet or not."""
        self.err.print(f"! {plain(line)}", style="yellow")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
        """Rows under headings; ``empty`` is said when there are none."""
        from rich.box import SIMPLE_HEAD
        from rich.table import Table

        if self.json:
            return
        table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column, overflow="fold", justify="right" if column == "#" else "left")
        for row in rows:
            table.add_row(*("" if cell is None else plain(cell) for cell in row))
        if table.row_count:
            self.out.print(table)
        else:
            self.say(empty)

    def facts(self, facts: Iterable[tuple[str, object]]) -> None:
        """Names and values, one a line."""
        from rich.table import Table

        if self.json:
            return
        table = Table.grid(padding=(0, 2))
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        for name, value in facts:
            table.add_row(plain(name), plain(value))
        self.out.print(table)

    def answer(self, data: object) -> None:
        """The machine-readable answer, one JSON value; nothing unless ``--json`` was given."""
        if self.json:
            write_json(data)

    def fault(self, error: CountenanceError | Mishap) -> None:
        """An error in two lines on stderr, and with ``--json`` as an object on stdout too."""
        told = error.diagnostics()
        self.err.print(f"✗ {plain(error.message)}", style="red", soft_wrap=True)
        context = [f"requirement {told['requirement']}"] if told.get("requirement") else []
        context += [f"log entry {told['log_index']}"] if told.get("log_index") is not None else []
        hint = plain(error.hint) + (f" ({', '.join(context)})" if context else "")
        if hint.strip():
            self.err.print(f"→ {hint.strip()}", soft_wrap=True)
        self.answer({"error": told})


def write_json(data: object, *, indent: int | None = 2) -> None:
    """A JSON value on stdout, in ASCII, so that any name survives any pipe."""
    sys.stdout.write(json.dumps(data, indent=indent) + "\n")
    sys.stdout.flush()


def plural(count: int, one: str, many: str = "") -> str:
    """``1 photo``, ``2 photos``; ``1 face``, ``no faces``."""
    return f"{count or 'no'} {one if count == 1 else many or one + 's'}"


def _console(stream: IO[str]) -> Console:
    from rich.console import Console

    wide: dict[str, Any] = {} if stream.isatty() or "COLUMNS" in os.environ else {"width": PIPE_WIDTH}
    return Console(file=stream, markup=False, highlight=False, emoji=False, **wide)
