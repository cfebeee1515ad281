"""``countenance keys api``: what lets a program in over HTTP, in the name of the person who makes it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countenance.cli.command import CHECK, command, group
from countenance.cli.options import Collective, Condition, Evidence, Ground, NoticeName, Until
from countenance.cli.session import Session, listed
from countenance.errors import InputError

if TYPE_CHECKING:
    from countenance.service.forms import Wish
    from countenance.service.programs import ApiKey


_HOW: dict[str | None, str] = {
    None: "The program sends it with each request: Authorization: Bearer cnt_…",
    "rekognition": "Its client is given them with endpoint_url: docs/how-to/leave-rekognition.md.",
    "compreface": "The program sends it with each request: x-api-key: cnt_…",
}


def register(keys: typer.Typer) -> None:
    """Add the group."""
    api = group(keys, "api", "Keys of programs that come in over HTTP.", panel=CHECK)
    command(
        api, "create", 'countenance keys api create "archive website" --role operator --purpose photo-library',
        'countenance keys api create importer --role controller,operator --purpose photo-library --case "import 7"',
        'countenance keys api create "door app" --for rekognition --purpose photo-library --case door '
        "--evidence form.pdf --notice notice-2027 --collective",
    )(create)  # fmt: skip
    command(api, "list", "countenance keys api list", "countenance keys api list --json")(list_)
    command(api, "revoke", "countenance keys api revoke K1")(revoke)


def create(
    session: Session,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="What the program is.")],
    purpose: Annotated[
        list[str],
        typer.Option("--purpose", help="What it may search for; the first is taken where a request names none."),
    ],
    role: Annotated[
        list[str] | None,
        typer.Option(
            "--role",
            help="What it may be: some of your own roles; never a reviewer. With --for: controller, operator, officer.",
            show_default=False,
        ),
    ] = None,
    case: Annotated[
        str | None, typer.Option("--case", help="Taken where a request names none; it serves for 30 days.")
    ] = None,
    days: Annotated[int, typer.Option("--days", help="How long the key is good for, up to 366.")] = 90,
    quota: Annotated[int, typer.Option("--quota", help="Comparisons a day.")] = 1000,
    door: Annotated[
        str | None,
        typer.Option("--for", metavar="ENDPOINT", help="rekognition or compreface; /v1 when left out."),
    ] = None,
    evidence: Evidence = None,
    notice: NoticeName = None,
    ground: Ground = "consent",
    condition: Condition = "explicit-consent",
    until: Until = None,
    collective: Collective = False,
) -> None:
    """Make a key for a program. It acts in your name, can do no more than you, and never signs an approval or a review.

    The key is shown this once. Keep it where the program alone can read it; revoke it when the program goes.

    With --for, the key opens an endpoint that another product's clients speak to. Such a client names people and sends
    photos; --evidence, --notice and what goes with them are the form from which each person's basis is recorded, for
    --purpose. It finds nobody before a second account has countersigned it. Without a form, the key records nobody.
    """
    purposes = listed(purpose)
    form = _form(evidence, notice, ground=ground, condition=condition, until=until, collective=collective)
    roles = listed(role or []) or (["controller", "operator", "officer"] if door else [])
    with session.signed_in() as c:
        made = c.api_keys.create(
            label, roles=roles, purposes=purposes, purpose=purposes[0] if purposes else None, case=case,
            days=days, quota=quota, door=door, form=form,
        )  # fmt: skip
    session.screen.done(f"{made.key.id} for {made.key.label}, until {made.key.expires[:10]}.")
    told = {"token": made.token}
    if made.access:
        told = {"aws_access_key_id": made.access, "aws_secret_access_key": made.token}
    for name, value in told.items():
        session.screen.say(f"{name} = {value}" if made.access else value, "bold")
    session.screen.warn("It is shown this once, and kept nowhere.")
    session.screen.advise(_HOW[door])
    if door and not made.key.form:
        session.screen.advise("It carries no basis form (--evidence, --notice): it searches, and records nobody.")
    session.screen.answer(_told(made.key) | told)


def _form(evidence: Path | None, notice: str | None, **more: Any) -> Wish | None:
    from countenance.service.forms import Wish

    if evidence is None and notice is None:
        return None
    if evidence is None or notice is None:
        raise InputError(
            "A basis form needs what shows that people agreed, and what they were told.",
            hint="Give both: --evidence FILE --notice NAME.",
        )
    return Wish(evidence, notice, **more)


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
            each.door or "/v1",
            each.expires[:10],
            each.state,
        )
        for each in found
    ]
    columns = ("key", "program", "account", "roles", "purposes", "for", "until", "state")
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
