"""All commands, each known by its name: a line that names one imports and builds the module of that one alone.

To import every module here and to build what is asked of all hundred commands takes longer than most commands do.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from countenance.cli.command import PANELS

PARTS = {
    "starting": ("start",),
    "trying": ("demo", "samples", "serve"),
    "founding": ("init",),
    "enrolling": ("enrol",),
    "importing": ("import",),
    "ingesting": ("ingest",),
    "sweeping": ("sweep",),
    "searching": ("search", "verify"),
    "reviewing": ("review",),
    "gathering": ("people",),
    "exporting": ("export",),
    "visiting": ("visit",),
    "leaving": ("withdraw", "erase"),
    "orders": ("order",),
    "requests": ("request",),
    "purging": ("purge", "originals"),
    "people": ("account", "organisation"),
    "records": ("subject", "notice", "source"),
    "bases": ("basis",),
    "agreements": ("agreement", "case"),
    "hosting": ("event",),
    "assessing": ("dpia", "purpose"),
    "upkeep": ("status",),
    "reporting": ("report",),
    "logbook": ("log",),
    "evaluating": ("evaluate",),
    "calibrating": ("calibrate",),
    "keys": ("keys",),
    "backup": ("backup", "restore"),
    "registry": ("registry",),
    "upgrading": ("upgrade",),
    "indexing": ("index",),
    "models": ("models",),
}
"""The modules beside this one, and the commands and groups that the ``register`` of each adds."""


class Whole(TyperGroup):
    """``countenance`` itself: a command is there from when it is asked for; a list of them asks for all."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name, or none; what was meant instead is looked for among all of them."""
        if cmd_name not in self.commands:
            for module, names in PARTS.items():
                if cmd_name in names or not _known(cmd_name):
                    self.commands.update(_built(module))
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: Any) -> list[str]:
        """The names in the order in which ``--help`` shows them: by panel, single commands before groups."""
        shown = {name: self.get_command(ctx, name) for names in PARTS.values() for name in names}

        def place(name: str) -> tuple[int, bool]:
            return PANELS.index(shown[name].rich_help_panel), isinstance(shown[name], TyperGroup)

        return sorted(shown, key=place)


def _known(command: str) -> bool:
    return any(command in names for names in PARTS.values())


def _built(module: str) -> dict[str, Any]:
    """The commands of one module, by name."""
    part = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
    import_module(f"countenance.cli.{module}").register(part)
    return dict(typer.main.get_group(part).commands)
