"""``countenance demo``, ``samples`` and ``serve``: to try things out on people who do not exist, and to look."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.command import BEGIN, command
from countenance.cli.session import Session
from countenance.errors import AlreadyExists, InputError, StorageFull

CROWD, QUICK_CROWD = 1_000_000, 20_000


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "demo", "countenance demo", "countenance demo --quick --folder /tmp/demo", panel=BEGIN)(demo)
    command(app, "samples", "countenance samples cast/", panel=BEGIN)(samples)
    command(app, "serve", "countenance serve --demo", "countenance serve --port 8080 --sign-in", panel=BEGIN)(serve)


def serve(
    session: Session,
    demo: Annotated[bool, typer.Option("--demo", help="The demo club: people who do not exist.")] = False,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="In place of [http] port, 8420.", show_default=False),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option("--host", metavar="ADDRESS", help="In place of [http] host, 127.0.0.1.", show_default=False),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, max=64, metavar="N", help="Processes that answer; several on PostgreSQL."),
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open a browser.")] = False,
    log_requests: Annotated[
        bool,
        typer.Option("--log-requests", help="Write a line of JSON to stderr for each request of a program; no names."),
    ] = False,
    sign_in: Annotated[
        bool | None,
        typer.Option(
            "--sign-in/--no-sign-in",
            help="Whether each person signs in as themselves; they do where there are three or more.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show the gallery in your browser, and answer programs (/v1), on this machine only. Stop it with Ctrl-C.

    Others reach it when [http] says how: an address, its public_url, and TLS or a proxy. What is missing is said.

    In a solo gallery and the demo, one browser on this machine acts for you. Where three or more people work, each
    signs in with the passphrase of their key, or with a passkey that they add under "My account".

    A program needs an API key: `countenance keys api create`. What it can ask is told at /v1/openapi.json.
    """
    from countenance.web.server import serve as serve_pages

    config = None if demo else session.config or session.settings.folder
    looks = not (no_open or session.json)
    serve_pages(
        config, demo=demo, port=port, open_browser=looks, log_requests=log_requests, sign_in=sign_in, host=host,
        workers=workers,
    )  # fmt: skip


def demo(
    session: Session,
    folder: Annotated[Path, typer.Option("--folder", help="Where the demo club is made, anew each time.")] = Path(
        ".demo"
    ),
    page: Annotated[
        Path | None, typer.Option("--page", metavar="FILE", help="The page that it writes; in the folder if left out.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="20,000 generated templates beside the cast, not a million.")
    ] = False,
) -> None:
    """Walk the main job on people who do not exist: enrol, ingest, find, refuse, withdraw, erase, check."""
    from rich.console import Console

    from countenance.demo.story import run

    file = page or folder / "story.html"
    console = Console(highlight=False, stderr=session.json, quiet=session.quiet)
    code = run(folder, page=file, crowd=QUICK_CROWD if quick else CROWD, console=console)
    session.screen.answer({"folder": str(folder), "page": str(file), "exit": code})
    if code:
        raise typer.Exit(code)


def samples(
    session: Session, folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to; must be new or empty.")]
) -> None:
    """Write photographs of thirty people who do not exist, to try things out on.

    people/ holds twenty portraits, probes/ one other photo of all thirty, party/ group photos, pictures of nobody and a
    broken file; form.txt and notice.txt are the papers.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise AlreadyExists(f"{folder} is there already and not empty.", hint="Give a new folder.")
    try:
        counts = _write_samples(folder)
    except OSError as error:
        kind = StorageFull if error.errno == 28 else InputError
        raise kind(f"{folder} cannot be written to: {error.strerror}.") from None
    for name, count in counts.items():
        session.screen.done(f"{folder / name}: {count} photos")
    session.screen.advise("Rendered people resemble one another more than real ones: use `init --threshold 0.57`.")
    session.screen.answer({"folder": str(folder), "photos": counts})


def _write_samples(folder: Path) -> dict[str, int]:
    from countenance.samples import cast
    from countenance.samples.made import broken_jpeg

    people = cast()
    copies = {f"people/{name}.jpg": people.portrait(name) for name in people.identities[:20]}
    copies |= {f"probes/{name}.jpg": people.photos(name)[1] for name in people.identities}
    copies |= {f"party/{photo.path.name}": photo.path for photo in people.party()}
    copies |= {f"party/nobody-{photo.name}": photo for photo in people.no_face()}
    copies["LICENSE"] = people.root / "LICENSE"
    for name, original in copies.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(original, folder / name)
    (folder / "party" / "broken.jpg").write_bytes(broken_jpeg())
    (folder / "form.txt").write_text("We agree that our faces are searched for in the club's photographs.\n", "utf-8")
    (folder / "notice.txt").write_text("The club looks for members' faces in its own photographs.\n", "utf-8")
    return {name: len(list((folder / name).iterdir())) for name in ("people", "probes", "party")}
