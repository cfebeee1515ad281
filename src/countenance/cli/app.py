"""The ``countenance`` command: its parts put together, and every error caught once."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from countenance import __version__
from countenance.cli import (
    agreements,
    assessing,
    backup,
    bases,
    calibrating,
    enrolling,
    evaluating,
    founding,
    gathering,
    indexing,
    ingesting,
    keys,
    leaving,
    logbook,
    models,
    orders,
    people,
    purging,
    records,
    registry,
    reporting,
    requests,
    reviewing,
    searching,
    starting,
    sweeping,
    trying,
    upkeep,
)
from countenance.cli.command import COMMON, Account, Config, Json, Ordered, Quiet
from countenance.cli.console import Mishap, Screen
from countenance.cli.session import Session
from countenance.errors import CountenanceError, StorageFull

FAILED, USAGE, STOPPED = 1, 2, 130

app = typer.Typer(
    name="countenance",
    cls=Ordered,
    help="Face search by permission: find a person in photographs that you are entitled to hold.\n\n"
    "New here? `countenance demo` walks the whole job on people who do not exist. `countenance start ~/Pictures` "
    "finds you in your own pictures. `countenance init club/` makes a gallery.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for part in (starting, trying, founding, enrolling, ingesting, sweeping, searching, reviewing, gathering, leaving):
    part.register(app)
for part in (orders, requests, purging, people, records, bases, agreements, assessing, upkeep, reporting, logbook):
    part.register(app)
for part in (evaluating, calibrating, keys, backup, registry, indexing, models):
    part.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"countenance {__version__}\n")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    *,
    config: Config = None,
    account: Account = None,
    json: Json = False,
    quiet: Quiet = False,
    version: Annotated[  # noqa: ARG001 - handled by its callback
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version.", rich_help_panel=COMMON),
    ] = False,
) -> None:
    """Options may stand before the command as well as behind it."""
    context.obj["session"] = context.obj["session"].having(config=config, account=account, json=json, quiet=quiet)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; returns its exit code. Nothing that goes wrong ends in a traceback."""
    line = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that cannot show a sign gets its escape
            stream.reconfigure(errors="backslashreplace")
    state = {"session": Session(json="--json" in line)}
    try:
        return _run(line, state)
    except (BrokenPipeError, SystemExit):  # Rich ends the process itself when nobody reads any more
        _silence(sys.stdout)
        return 1
    except BaseException as error:
        if os.environ.get("COUNTENANCE_DEBUG"):
            raise
        return _told(error, state["session"].screen)


def _run(line: list[str], state: dict[str, Session]) -> int:
    whole = typer.main.get_command(app)
    try:
        with whole.make_context("countenance", line, obj=state) as context:
            whole.invoke(context)
    except typer.Exit as done:
        return done.exit_code
    finally:
        sys.stdout.flush()
    return 0


def _told(error: BaseException, screen: Screen) -> int:
    """Say what went wrong; returns the exit code."""
    fault = _typed(error)
    try:
        screen.fault(fault)
        sys.stdout.flush()
    except OSError:  # nobody is listening, or the disk behind stdout is full
        _silence(sys.stdout)
    return fault.exit_code


def _typed(error: BaseException) -> CountenanceError | Mishap:
    """Any error in two lines: our own as it is, and whatever comes from outside in words for a person."""
    if isinstance(error, CountenanceError):
        return error
    if isinstance(error, typer.BadParameter.__mro__[2]):  # click's own base class, whichever click typer carries
        return _usage(error)
    if isinstance(error, KeyboardInterrupt | EOFError | typer.Abort):
        again = "What was finished stays. Run the same command again: it goes on from there."
        return Mishap("stopped", "Stopped.", again, STOPPED)
    if isinstance(error, OSError):
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return StorageFull("The disk is full.")
        where = f" ({os.fsdecode(error.filename)})" if isinstance(error.filename, str | bytes) else ""
        return Mishap(
            "machine", f"{error.strerror or type(error).__name__}{where}.", "Check the path and its rights.", FAILED
        )
    if isinstance(error, MemoryError):
        return Mishap("machine", "There is not enough memory.", "Close other programs, or use smaller photos.", FAILED)
    # The words of an unexpected error may hold anything, a name or a path of somebody's photo included.
    words = f"Something went wrong inside Countenance: {type(error).__name__}."
    hint = "Please report it. With COUNTENANCE_DEBUG=1 the same command shows where it happened."
    return Mishap("unexpected", words, hint, FAILED)


def _usage(error: Any) -> Mishap:
    """A line that could not be understood."""
    path = error.ctx.command_path if getattr(error, "ctx", None) else "countenance"
    return Mishap(
        "usage", error.format_message() or "No command was named.", f"{path} --help shows how it is used.", USAGE
    )


def _silence(stream: Any) -> None:
    """Give the stream nowhere to fail when Python closes it at exit."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):
        return
