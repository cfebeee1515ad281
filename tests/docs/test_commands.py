"""Each command that a document names exists, with the options that it is shown with."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
INLINE = re.compile(r"`(countenance(?: [^`\n]+)?)`")
LINE = re.compile(r"^(?:\$ )?(countenance [^\n]*)$", re.MULTILINE)


def lines(text: str) -> set[str]:
    """The command lines in a document: in code blocks and between the sentences."""
    blocks = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return {*INLINE.findall(prose), *(line for each in blocks for line in LINE.findall(each.replace("\\\n", " ")))}


@cache
def whole() -> Any:
    """The command with everything below it, which takes long to make."""
    import typer

    from countenance.cli.app import app

    made: Any = typer.main.get_command(app)
    made.list_commands(None)  # they are there from when they are asked for
    return made


def fault(line: str) -> str | None:
    """What is wrong with a command line, as far as its command and the names of its options go."""
    command = whole()
    options = {option for each in command.params for option in each.opts}
    for word in shlex.split(line, comments=True)[1:]:
        if word in ("|", ">", "&&"):
            break
        if word.startswith("--"):
            if word.partition("=")[0] not in options | {"--help"}:
                return f"{line}: no option {word}"
        elif hasattr(command, "commands"):
            if word not in command.commands:
                return f"{line}: no command {word}" if word.islower() else None
            command = command.commands[word]
            options |= {option for each in command.params for option in each.opts}
    return None


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_is_named_exists(document: Path) -> None:
    found = (fault(line) for line in sorted(lines(document.read_text(encoding="utf-8"))))
    assert [each for each in found if each] == []


def test_a_command_that_is_not_there_would_be_noticed() -> None:
    assert lines("Say `countenance frobnicate x`.\n") == {"countenance frobnicate x"}
    assert fault("countenance frobnicate x") is not None
    assert fault("countenance search who.jpg --no-such-option") is not None
