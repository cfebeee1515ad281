"""``countenance init``: a new gallery."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.command import BEGIN, command
from countenance.cli.options import Purposes
from countenance.cli.session import KEK_PASSPHRASE, Session, listed
from countenance.errors import InputError

if TYPE_CHECKING:
    from countenance.service.countenance import Countenance

_KEKS = {
    "file": "{}",
    "passphrase": "from your passphrase, with the salt in {}",
    "environment": "in COUNTENANCE_KEK; no file",
}
RegistryAddress = Annotated[
    str,
    typer.Option(
        "--registry",
        metavar="ADDRESS",
        help="Where the records shall be: postgresql://ROLE@HOST/DATABASE for a prepared server.",
    ),
]
SOLO_MEANS = "purposes that need two reviewers are off, and every certificate says so"


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app, "init", 'countenance init club/ --organisation "Rowing Club" --account anna@club.example',
        panel=BEGIN,
    )(init)  # fmt: skip


Fpir = Annotated[
    float, typer.Option("--fpir", min=1e-6, max=0.5, help="Searches for a stranger that may show anybody: 0.01 is 1 %.")
]
Threshold = Annotated[
    float | None,
    typer.Option("--threshold", min=-1, max=1, help="A fixed cosine in place of --fpir, whatever the size."),
]
High = Annotated[
    float | None, typer.Option("--high", min=-1, max=1, help="From here on the band is high; 0.05 above if left out.")
]


def init(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the gallery shall lie; made when missing.")],
    organisation: Annotated[str | None, typer.Option("--organisation", help="Whose gallery it is.")] = None,
    purposes: Purposes = None,
    keys: Annotated[
        Path | None,
        typer.Option("--keys", metavar="FOLDER", help="Where the keys shall lie; your own configuration by default."),
    ] = None,
    fpir: Fpir = 0.01,
    threshold: Threshold = None,
    high: High = None,
    territories: Annotated[
        list[str] | None,
        typer.Option(
            "--territories",
            metavar="CODE",
            help="Where its people live: GB, DE … Everywhere when left out; later ones need a DPIA.",
        ),
    ] = None,
    kek: Annotated[
        str,
        typer.Option(
            "--kek",
            metavar="file|passphrase",
            help="Whether the key-encryption key lies in a file, or is stretched from a passphrase (COUNTENANCE_KEK "
            "in the environment goes before both).",
        ),
    ] = "file",
    registry: RegistryAddress = "sqlite:///data/registry.db",
) -> None:
    """Make a gallery: its folder, its keys, its first account, and a commented countenance.toml.

    Asks for what is not given. --account is the first named person; the passphrase of their key is taken from
    COUNTENANCE_PASSPHRASE, or typed.
    """
    from countenance.service.founding import Plan
    from countenance.wiring import found_gallery

    organisation = organisation or session.ask("The organisation", "--organisation")
    email = session.account or session.ask("Your e-mail address", "--account")
    wanted = listed(purposes) or listed([session.ask("The purpose", "--purposes", default="photo-library")])
    if threshold is None and high is not None:
        raise InputError("--high goes with --threshold.", hint="Leave it out: the high band follows from --fpir.")
    passphrase = session.new_passphrase(email)
    locking = session.new_passphrase("the key-encryption key", KEK_PASSPHRASE) if kek == "passphrase" else None
    plan = Plan(
        folder, organisation, email, passphrase, wanted, keys, fpir, threshold, high,
        territories=listed(territories) or ("*",), kek=kek, kek_passphrase=locking, registry=registry,
    )  # fmt: skip
    with found_gallery(plan) as made:
        _tell(session, folder, made, wanted)


def _tell(session: Session, folder: Path, made: Countenance, purposes: list[str]) -> None:
    screen, settings, solo = session.screen, made.context.settings, made.status()["solo"]
    screen.done(f"{folder} is a gallery of {settings.gallery.organisation}, with a self-agreement on its purposes.")
    screen.facts(
        [
            ("Settings", folder / "countenance.toml"),
            ("Key-encryption key", _KEKS[made.keys.kind].format(settings.kek_path)),
            ("Vault and erasure ledger", settings.vault_path.parent),
            ("Account keys", settings.accounts_path),
        ]
    )
    screen.warn(
        "If the key-encryption key or the vault is lost, so is everything that is sealed here: templates, names, "
        "cases, every backup. Nobody can bring it back."
    )
    screen.warn(
        "Keep one copy of the key-encryption key, and one of the vault (`countenance keys copy FOLDER`), apart from "
        "the data and from each other."
    )
    if solo:
        screen.advise(f"This gallery is solo (fewer than three named people): {SOLO_MEANS}.")
    screen.advise("Next:")
    go = f"cd {folder}"
    screen.command(go)
    screen.command("countenance account add ben@club.example --role controller", "a second person, who countersigns")
    screen.command("countenance notice add notice-2026 --text notice.txt --channel form", "what people were told")
    screen.command("countenance enrol --from people/ --evidence form.pdf --notice notice-2026", "who agreed")
    screen.command('countenance source add party ~/party --statement "our own photographer"', "photos you may hold")
    screen.command("countenance ingest party")
    if "find-my-photos" in purposes:
        asks = 'countenance search photo.jpg --purpose find-my-photos --case "spring party" --on-behalf-of anna'
        screen.command(asks, "find-my-photos finds one person, for whom it is")
    screen.answer(
        {
            "folder": str(settings.folder),
            "gallery": settings.gallery.id,
            "organisation": settings.gallery.organisation,
            "account": settings.gallery.account,
            "kek": str(settings.kek_path),
            "accounts": str(settings.accounts_path),
            "solo": solo,
        }
    )
