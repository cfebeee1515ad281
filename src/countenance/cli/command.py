"""How a command is registered: its own parameters, the ones that every command has, and a help that teaches."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

Body = Callable[..., None]
COMMON = "Every command"
BEGIN, MAIN_JOB, RIGHTS, RECORDS, CHECK = PANELS = (
    "Begin",
    "The main job",
    "Rights and orders",
    "Records",
    "Look and check",
)
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="The gallery: its countenance.toml, or the folder of it; the current folder by default.",
        envvar="COUNTENANCE_CONFIG",
        rich_help_panel=COMMON,
    ),
]
Account = Annotated[
    str | None,
    typer.Option(
        "--account", help="Who acts; the gallery's usual account by default.", rich_help_panel=COMMON, metavar="EMAIL"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, for programs.", rich_help_panel=COMMON)]
Quiet = Annotated[bool, typer.Option("--quiet", help="No advice, no progress.", rich_help_panel=COMMON)]
_SHARED = {"config": (Config, None), "account": (Account, None), "json": (Json, False), "quiet": (Quiet, False)}


def group(parent: typer.Typer, name: str, about: str, *, panel: str) -> typer.Typer:
    """A group of commands, such as ``countenance basis``."""
    made = typer.Typer(
        name=name, help=about, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
    )
    parent.add_typer(made, rich_help_panel=panel)
    return made


def command(app: typer.Typer, name: str, *examples: str, panel: str | None = None) -> Callable[[Body], Body]:
    """Register a function as a command. Its first parameter is the `Session`, the others are its own.

    Args:
        app: Where it belongs.
        name: What is typed.
        examples: Whole command lines; they are shown by ``--help``, and a test parses each of them.
        panel: The heading under which ``countenance --help`` lists it.
    """

    def register(body: Body) -> Body:
        hints = get_type_hints(body, include_extras=True)
        own = [each for each in inspect.signature(body).parameters.values() if each.name != "session"]
        parameters = [
            inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context),
            *(each.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[each.name]) for each in own),
            *(
                inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
                for key, (kind, default) in _SHARED.items()
            ),
        ]

        def run(*, context: typer.Context, **given: Any) -> None:
            common = {key: given.pop(key) for key in _SHARED}
            # The session stays with the context, so that an error is printed the way that this line asked for.
            context.find_root().obj["session"] = session = context.find_root().obj["session"].having(**common)
            body(session, **given)

        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        app.command(name, help=_help(body, examples), rich_help_panel=panel)(run)
        return body

    return register


def _help(body: Body, examples: tuple[str, ...]) -> str:
    """The docstring, each paragraph on one line, and the examples."""
    paragraphs = [" ".join(part.split()) for part in inspect.cleandoc(body.__doc__ or "").split("\n\n")]
    shown = "\n".join(["Example:" if len(examples) == 1 else "Examples:", *(f"  $ {each}" for each in examples)])
    # Square brackets are markup to the library that prints this.
    return "\n\n".join([*paragraphs, shown]).replace("[", "\\[")
