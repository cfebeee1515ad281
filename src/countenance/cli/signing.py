"""``countenance account password`` and ``passkey``: how a person signs in with a browser."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from countenance.cli.command import RECORDS, command, group
from countenance.cli.session import NEW_PASSPHRASE, Session


def register(accounts: typer.Typer) -> None:
    """Add the commands."""
    command(
        accounts, "password", "countenance account password", "countenance account password --account ben@club.example"
    )(password)
    passkeys = group(accounts, "passkey", "Passkeys that people sign in and sign with, in a browser.", panel=RECORDS)
    command(passkeys, "list", "countenance account passkey list", "countenance account passkey list --json")(list_)
    command(passkeys, "remove", "countenance account passkey remove W1")(remove)


def password(session: Session) -> None:
    """Choose another passphrase for your key, which is your password in the browser as well.

    Every browser that you have signed in is signed out. The old passphrase comes from COUNTENANCE_PASSPHRASE or is
    asked for, the new one from COUNTENANCE_NEW_PASSPHRASE.
    """
    with session.open() as c:
        whose = f"the key of {c.context.actor.email}" if c.context.actor else "an account's key"
        before = session.passphrase(whose)
        ended = c.accounts.change_passphrase(before, session.new_passphrase(whose, NEW_PASSPHRASE))
    session.screen.done(f"The new passphrase opens {whose}. Browsers signed out: {ended}.")
    session.screen.answer({"changed": True, "signed_out": ended})


def list_(session: Session) -> None:
    """List your passkeys; a controller sees everybody's. They are added in the browser, under "My account"."""
    with session.open() as c:
        found = c.passkeys.list()
    rows = [
        (each.id, each.label, each.account, each.site, each.created[:10], (each.used or "never")[:10], each.state)
        for each in found
    ]
    columns = ("passkey", "name", "account", "for", "added", "last used", "state")
    session.screen.table(columns, rows, empty="There are no passkeys.")
    session.screen.answer([asdict(each) for each in found])


def remove(
    session: Session, passkey: Annotated[str, typer.Argument(metavar="PASSKEY", help="Its number, such as W1.")]
) -> None:
    """End a passkey at once: it signs nothing any more, and what it had opened is signed out."""
    with session.signed_in() as c:
        ended = c.passkeys.remove(passkey)
    session.screen.done(f"{ended.id} ({ended.label}, {ended.account}) opens nothing any more.")
    session.screen.answer(asdict(ended))
