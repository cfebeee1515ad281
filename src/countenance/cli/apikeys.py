"""``countenance keys api``: what lets a program in over HTTP, in the name of the person who makes it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.command import CHECK, command, group
from countenance.cli.session import Session, listed

if TYPE_CHECKING:
    from countenance.service.programs import ApiKey


def register(keys: typer.Typer) -> None:
    """Add the group."""
    api = group(keys, "api", "Keys of programs that come in over HTTP.", panel=CHECK)
    command(
        api, "create", 'countenance keys api create "archive website" --role operator --purpose photo-library',
        'countenance keys api create importer --role controller,operator --purpose photo-library --case "import 7"',
    )(create)  # fmt: skip
    command(api, "list", "countenance keys api list", "countenance keys api list --json")(list_)
    command(api, "revoke", "countenance keys api revoke K1")(revoke)


def create(
    session: Session,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="What the program is.")],
    role: Annotated[
        list[str], typer.Option("--role", help="What it may be: some of your own roles; never a reviewer.")
    ],
    purpose: Annotated[
        list[str],
        typer.Option("--purpose", help="What it may search for; the first is taken where a request names none."),
    ],
    case: Annotated[
        str | None, typer.Option("--case", help="Taken where a request names none; it serves for 30 days.")
    ] = None,
    days: Annotated[int, typer.Option("--days", help="How long the key is good for, up to 366.")] = 90,
    quota: Annotated[int, typer.Option("--quota", help="Comparisons a day.")] = 1000,
) -> None:
    """Make a key for a program. It acts in your name, can do no more than you, and never signs an approval or a review.

    The key is shown this once. Keep it where the program alone can read it; revoke it when the program goes.
    """
    purposes = listed(purpose)
    with session.signed_in() as c:
        made = c.api_keys.create(
            label, roles=listed(role), purposes=purposes, purpose=purposes[0] if purposes else None, case=case,
            days=days, quota=quota,
        )  # fmt: skip
    session.screen.done(f"{made.key.id} for {made.key.label}, until {made.key.expires[:10]}.")
    session.screen.say(made.token, "bold")
    session.screen.warn("It is shown this once, and kept nowhere.")
    session.screen.advise("The program sends it with each request: Authorization: Bearer cnt_…")
    session.screen.answer(_told(made.key) | {"token": made.token})


def list_(session: Session) -> None:
    """List your API keys; a controller sees everybody's. No secret is shown: there is none here."""
    with session.open() as c:
        found = c.api_keys.list()
    rows = [
        (
            each.id,
            each.label,
            each.account,
            ", ".join(each.roles),
            ", ".join(each.purposes),
            each.expires[:10],
            each.state,
        )
        for each in found
    ]
    columns = ("key", "program", "account", "roles", "purposes", "until", "state")
    session.screen.table(columns, rows, empty="There are no API keys.")
    session.screen.answer([_told(each) for each in found])


def revoke(
    session: Session, key: Annotated[str, typer.Argument(metavar="KEY", help="Its number, such as K1.")]
) -> None:
    """End a key at once. Whatever the program asks from now on is refused."""
    with session.signed_in() as c:
        ended = c.api_keys.revoke(key)
    session.screen.done(f"{ended.id} ({ended.label}) opens nothing any more.")
    session.screen.answer(_told(ended))


def _told(key: ApiKey) -> dict[str, object]:
    return asdict(key)
