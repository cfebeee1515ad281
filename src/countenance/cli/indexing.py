"""``countenance index``: the index, built anew, compared with the registry, moved to another engine."""

from __future__ import annotations

from typing import Annotated

import typer

from countenance.cli.command import CHECK, command, group
from countenance.cli.console import plural
from countenance.cli.session import Session
from countenance.errors import Tampered

_SHOWN = 10
"""Numbers that are told of each kind of difference."""
_WHAT = {
    "missing": "in the registry and not in the index",
    "extra": "in the index and not in the registry",
    "policy": "on other terms than the registry says",
    "template": "with another template than the registry's",
}


def register(app: typer.Typer) -> None:
    """Add the group."""
    index = group(app, "index", "The index that searches use, which follows from the registry.", panel=CHECK)
    command(index, "rebuild", "countenance index rebuild", "countenance index rebuild --json")(rebuild)
    command(index, "check", "countenance index check", "countenance index check --all")(check)
    command(index, "move", "countenance index move --to milvus", "countenance index move --to embedded")(move)


def rebuild(session: Session) -> None:
    """Build the index anew from the registry. Searches use the old one until the new one is whole.

    Stopped halfway, run it again: it goes on where it was. Needs the role controller or system.
    """
    with session.signed_in() as c, session.bar("people") as tick:
        done = c.index.rebuild(progress=tick)
    session.screen.done(f"{plural(done.people, 'person', 'people')} in a new index ({done.engine}).")
    session.screen.answer(done.as_json())


def check(
    session: Session,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Compare every template, not one in a few.")] = False,
    sample: Annotated[int, typer.Option("--sample", min=1, help="About how many templates to compare.")] = 1000,
) -> None:
    """Compare the index with the registry: who is in it, on which terms, and with which template.

    Exit 0 when they agree, 70 when they do not. Whatever the index says, nobody is shown whom the registry does not let
    be shown; what is missing in it is not found.
    """
    with session.signed_in() as c, session.bar("people") as tick:
        engine = c.index.engine
        found = c.index.check(sample=None if everything else sample, progress=tick)
    differs = {name: getattr(found, name) for name in _WHAT}
    for name, numbers in differs.items():
        if numbers:
            first = ", ".join(str(number) for number in numbers[:_SHOWN]) + (", …" if numbers[_SHOWN:] else "")
            session.screen.warn(f"{plural(len(numbers), 'reference is', 'references are')} {_WHAT[name]}: {first}")
    counted = f"{plural(found.rows, 'reference')}, {plural(found.vectors, 'template')} compared"
    if found.same:
        session.screen.done(f"The index ({engine}) and the registry agree: {counted}.")
    else:
        session.screen.warn(f"The index ({engine}) holds {found.held}, the registry has {counted}.")
        session.screen.command("countenance index rebuild")
    counts = {name: len(numbers) for name, numbers in differs.items()}
    told = {"rows": found.rows, "held": found.held, "templates_compared": found.vectors}
    session.screen.answer({"ok": found.same, "engine": engine, **told, "differs": counts})
    if not found.same:
        raise typer.Exit(Tampered.exit_code)


def move(
    session: Session,
    to: Annotated[str, typer.Option("--to", metavar="ENGINE", help="embedded, exact or milvus.")],
) -> None:
    """Build the index on another engine while this one is searched, then change the configuration.

    Stopped halfway, run it again: it goes on where it was. At the end [index] engine has the new name, and what the old
    engine kept is thrown away. Programs that have the gallery open have to be started again.
    """
    with session.signed_in() as c, session.bar("people") as tick:
        before = c.index.engine
        done = c.index.move(to, progress=tick)
    if before == to:
        session.screen.done(f"The engine is {to} already.")
    else:
        session.screen.done(f"{plural(done.people, 'person', 'people')} moved from {before} to {to}.")
        session.screen.advise("Start every other program anew that has the gallery open (`countenance serve`).")
    session.screen.answer(done.as_json())
