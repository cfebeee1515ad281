"""The reference pages that are made from the program itself: ``python -m countenance.cli.manual docs/reference``.

A test compares the pages in the repository with what this makes, so that they cannot go stale.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from countenance import errors
from countenance.cli.app import STOPPED, USAGE, app
from countenance.cli.command import COMMON, PANELS

MADE = "<!-- Made by `python -m countenance.cli.manual docs/reference`. Do not edit: change the program. -->"


def leaves(whole: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its path, such as ``("basis", "list")``, in the order of ``--help``."""
    for name in whole.list_commands(None):
        command = whole.commands[name]
        if hasattr(command, "commands"):
            yield from leaves(command, (*path, name))
        else:
            yield (*path, name), command


def cli_page() -> str:
    """docs/reference/cli.md."""
    whole: Any = typer.main.get_command(app)
    lines = [
        "# The command line",
        "",
        MADE,
        "",
        (
            "`countenance --help` lists the commands, `countenance COMMAND --help` explains one. "
            "`python -m countenance` is the same."
        ),
        "",
        "## Options of every command",
        "",
        "They stand before the command or behind it.",
        "",
        *_parameters(whole, lambda each: getattr(each, "rich_help_panel", None) == COMMON),
        "",
        (
            "A passphrase comes from `COUNTENANCE_PASSPHRASE`, or is asked for on the terminal when a key has to sign. "
            "Exit codes are those of [errors](errors.md). With `COUNTENANCE_DEBUG=1` an unexpected error shows where "
            "it happened."
        ),
    ]
    for panel in PANELS:
        lines += ["", f"## {panel}"]
        for path, command in leaves(whole):
            if whole.commands[path[0]].rich_help_panel == panel:
                lines += _command(path, command)
    return "\n".join(lines) + "\n"


def errors_page() -> str:
    """docs/reference/errors.md."""
    lines = [
        "# Errors",
        "",
        MADE,
        "",
        (
            "Each error has a stable code, an exit code for the command line, and an HTTP status. It is told in two "
            "lines: what is wrong, and what to do. With `--json` it is also an object on standard output: "
            '`{"error": {"code", "message", "hint", …}}`. A refusal adds the requirement that refuses '
            "(`requirement`) and the log entry that records it (`log_index`)."
        ),
        "",
        "| code | exit | HTTP | what it means | what to do, when nothing more exact is said |",
        "|---|---|---|---|---|",
    ]
    for kind in _kinds(errors.CountenanceError):
        about = " ".join(inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0].split())
        hint = kind.default_hint.replace("|", "\\|")
        lines.append(f"| `{kind.code}` | {kind.exit_code} | {kind.status} | {about} | {hint} |")
    lines += [
        "",
        (
            f"The command line has four more of its own: `usage` (exit {USAGE}, a line that was not understood), "
            f"`stopped` (exit {STOPPED}, Ctrl-C), `machine` (exit 1, the system said no) and `unexpected` (exit 1, a "
            "fault of ours)."
        ),
    ]
    return "\n".join(lines) + "\n"


def _command(path: tuple[str, ...], command: Any) -> list[str]:
    about, _, examples = command.help.replace("\\[", "[").rpartition("\n\nExample")
    lines = ["", f"### countenance {' '.join(path)}", "", about, "", "```console"]
    lines += [line.strip() for line in examples.splitlines()[1:]]
    lines += ["```", ""]
    return lines + _parameters(command, lambda each: getattr(each, "rich_help_panel", None) != COMMON)


def _parameters(command: Any, wanted: Any) -> list[str]:
    context = command.make_context("countenance", [], resilient_parsing=True)
    shown = [each for each in command.params if each.name != "help" and not getattr(each, "hidden", False)]
    found = [each for each in shown if wanted(each)]
    if not found:
        return ["No options of its own."]
    rows = [each.get_help_record(context) for each in found]
    cells = ((name.replace("|", "\\|"), " ".join(about.split()).replace("|", "\\|")) for name, about in rows)
    return ["| | |", "|---|---|", *(f"| `{name}` | {about} |" for name, about in cells)]


def _kinds(kind: type[errors.CountenanceError]) -> Iterator[type[errors.CountenanceError]]:
    """The class and all below it that the errors module defines, by exit code within each branch."""
    yield kind
    for below in sorted(kind.__subclasses__(), key=lambda each: (each.exit_code, each.code)):
        if below.__module__ == errors.__name__:
            yield from _kinds(below)


def main(folder: str) -> int:
    """Write both pages into a folder."""
    for name, page in (("cli.md", cli_page()), ("errors.md", errors_page())):
        (Path(folder) / name).write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
