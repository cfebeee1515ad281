"""Accounts and organisations: who acts here, each with a key of their own, and for whom."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli import signing
from countenance.cli.command import RECORDS, command, group
from countenance.cli.session import NEW_PASSPHRASE, Session, listed

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="One named person's address.")]


def register(app: typer.Typer) -> None:
    """Add the groups."""
    accounts = group(app, "account", "Named people who act here, each with a key of their own.", panel=RECORDS)
    command(
        accounts, "add",
        "countenance account add ben@club.example --role controller,officer",
        'countenance account add dan@county.example --organisation "County Records" --role operator,reviewer '
        "--public-key 8f14e45fceea167a5a36dedd4bea2543ecc2e3b4a3a6c6d0f5d7d5f1b0c2a9de",
    )(account_add)  # fmt: skip
    command(accounts, "key", "countenance account key dan.pem")(account_key)
    command(accounts, "revoke", "countenance account revoke ben@club.example")(account_revoke)
    command(accounts, "list", "countenance account list")(account_list)
    signing.register(accounts)
    organisations = group(app, "organisation", "Those with whom agreements are made.", panel=RECORDS)
    command(organisations, "add", 'countenance organisation add "County Police Records"')(organisation_add)
    command(organisations, "list", "countenance organisation list")(organisation_list)


def account_add(
    session: Session,
    email: Email,
    role: Annotated[
        list[str],
        typer.Option(
            "--role", "--roles", metavar="R",
            help="One or more of controller, operator, reviewer, officer, system; commas too.",
        ),
    ],
    organisation: Annotated[
        str | None, typer.Option("--organisation", metavar="NAME", help="Whose account it is, when not your own.")
    ] = None,
    public_key: Annotated[
        str | None,
        typer.Option("--public-key", metavar="HEX", help="Of a key that its person made with `account key`."),
    ] = None,
) -> None:  # fmt: skip
    """Add a named person, with a key of their own. The address of an office is refused: nobody knows who sat there.

    They choose the passphrase, typed twice or taken from COUNTENANCE_NEW_PASSPHRASE; or they have made their key
    elsewhere and give its public half. Whoever adds them signs with their own.
    """
    with session.signed_in() as c:
        passphrase = None if public_key else session.new_passphrase(email, NEW_PASSPHRASE)
        account = c.accounts.add(
            email, roles=listed(role), passphrase=passphrase, public_key=public_key, organisation=organisation
        )
        solo = c.status()["solo"]
    session.screen.done(f"{account.email} has an account at {account.organisation}: {', '.join(account.roles)}.")
    if solo:
        session.screen.advise("Still solo: fewer than three named people.")
    session.screen.answer(asdict(account))


def account_key(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the key file is to lie. It stays with you.")],
) -> None:
    """Make a key pair for an account that somebody else will add, and print its public half, which is no secret."""
    from countenance.service.accounts import make_key

    public = make_key(file, session.new_passphrase("the new key", NEW_PASSPHRASE))
    session.screen.done(f"The key is in {file}. Send this to whoever adds your account:")
    session.screen.say(public)
    session.screen.answer({"file": str(file), "public_key": public})


def account_revoke(session: Session, email: Email) -> None:
    """End an account at once: its key signs nothing any more."""
    with session.signed_in() as c:
        c.accounts.revoke(email)
    session.screen.done(f"{email} can do nothing here any more.")
    session.screen.answer({"email": email, "revoked": True})


def account_list(session: Session) -> None:
    """Show all accounts, their organisations and their roles."""
    with session.open() as c:
        accounts = c.accounts.list()
    rows = (
        (each.email, each.organisation, ", ".join(each.roles), "revoked" if each.revoked else "live")
        for each in accounts
    )
    session.screen.table(("account", "organisation", "roles", "state"), rows, empty="There are no accounts.")
    session.screen.answer([asdict(each) for each in accounts])


def organisation_add(
    session: Session, name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, as agreements say it.")]
) -> None:
    """Record another organisation. It may do nothing until it has accounts and an agreement that both have signed."""
    with session.signed_in() as c:
        added = c.organisations.add(name)
    session.screen.done(f"{added.name} is recorded.")
    session.screen.advise("Next, its people (at least three where they search), and an agreement:")
    session.screen.command(f'countenance account add … --organisation "{added.name}" --role operator')
    session.screen.command(f'countenance agreement propose "{added.name}" --help')
    session.screen.answer(asdict(added))


def organisation_list(session: Session) -> None:
    """Show the gallery's owner, and all others that it has recorded."""
    with session.open() as c:
        found = c.organisations.list()
    rows = ((each.name, "owner" if each.owner else "", each.people, each.since[:10]) for each in found)
    session.screen.table(("organisation", "", "accounts", "since"), rows, empty="There are no organisations.")
    session.screen.answer([asdict(each) for each in found])
