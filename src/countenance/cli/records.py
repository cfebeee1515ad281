"""Accounts, subjects, notices and sources: who acts, who is here, what they were told, where photos lie."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from countenance.cli.command import RECORDS, command, group
from countenance.cli.options import Purposes, SubjectName, Territory
from countenance.cli.session import NEW_PASSPHRASE, Session, listed

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="One named person's address.")]


def register(app: typer.Typer) -> None:
    """Add the groups."""
    accounts = group(app, "account", "Named people who act here, each with a key of their own.", panel=RECORDS)
    command(accounts, "add", "countenance account add ben@club.example --role controller,officer")(account_add)
    command(accounts, "revoke", "countenance account revoke ben@club.example")(account_revoke)
    command(accounts, "list", "countenance account list")(account_list)
    subjects = group(app, "subject", "The people who may be found.", panel=RECORDS)
    command(subjects, "add", 'countenance subject add "Anna Berg" --territory GB --contact anna@club.example')(
        subject_add
    )
    command(subjects, "list", "countenance subject list")(subject_list)
    command(subjects, "show", "countenance subject show anna-berg")(subject_show)
    notices = group(app, "notice", "What people were told, and how.", panel=RECORDS)
    command(notices, "add", "countenance notice add notice-2026 --text notice.txt --channel form")(notice_add)
    command(notices, "list", "countenance notice list")(notice_list)
    sources = group(app, "source", "The folders of photographs that you are entitled to hold.", panel=RECORDS)
    command(
        sources, "add", 'countenance source add party ~/party --statement "our own photographer, contract of May 2026"'
    )(source_add)
    command(sources, "stop", 'countenance source stop party --reason "the contract ended"')(source_stop)
    command(sources, "list", "countenance source list")(source_list)


# --- accounts --------------------------------------------------------------------------------------------------------


def account_add(
    session: Session,
    email: Email,
    role: Annotated[
        list[str],
        typer.Option("--role", metavar="R", help="One or more of controller, operator, reviewer, officer; commas too."),
    ],
) -> None:
    """Add a named person; they choose the passphrase of their own key.

    It is typed twice, or taken from COUNTENANCE_NEW_PASSPHRASE. Whoever adds them signs with their own.
    """
    with session.open() as c:
        c.sign_in()
        passphrase = session.new_passphrase(email, NEW_PASSPHRASE)
        account = c.accounts.add(email, roles=listed(role), passphrase=passphrase)
        solo = c.status()["solo"]
    session.screen.done(f"{account.email} has an account: {', '.join(account.roles)}.")
    if solo:
        session.screen.advise("Still solo: fewer than three named people.")
    session.screen.answer(asdict(account))


def account_revoke(session: Session, email: Email) -> None:
    """End an account at once: its key signs nothing any more."""
    with session.open() as c:
        c.sign_in()
        c.accounts.revoke(email)
    session.screen.done(f"{email} can do nothing here any more.")
    session.screen.answer({"email": email, "revoked": True})


def account_list(session: Session) -> None:
    """Show all accounts and their roles."""
    with session.open() as c:
        accounts = c.accounts.list()
    rows = ((each.email, ", ".join(each.roles), "revoked" if each.revoked else "live") for each in accounts)
    session.screen.table(("account", "roles", "state"), rows, empty="There are no accounts.")
    session.screen.answer([asdict(each) for each in accounts])


# --- subjects --------------------------------------------------------------------------------------------------------


def subject_add(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As it shall be shown.")],
    territory: Territory = "unknown",
    handle: Annotated[str | None, typer.Option("--handle", help="A short name to type; made from NAME.")] = None,
    contact: Annotated[
        str | None, typer.Option("--contact", help="An e-mail address, for their rights and their own confirmation.")
    ] = None,
    born: Annotated[
        int | None,
        typer.Option("--born", metavar="YEAR", help="Where told; minors are searchable for find-my-photos only."),
    ] = None,
) -> None:
    """Record a person. Nothing of their face is stored by this."""
    with session.open() as c:
        c.sign_in()
        subject = c.subjects.add(name, territory=territory, handle=handle, contact=contact, birth_year=born)
    session.screen.done(f"{subject.name} is recorded as {subject.handle}.")
    session.screen.advise("Next, why their face may be held:")
    session.screen.command(f"countenance basis record {subject.handle} --evidence form.pdf --notice notice-2026")
    session.screen.answer(_subject(subject))


def subject_list(session: Session) -> None:
    """Show everybody who is here."""
    with session.open() as c:
        subjects = c.subjects.list()
    rows = ((each.handle, each.name, each.territory, each.state) for each in subjects)
    session.screen.table(("subject", "name", "territory", "state"), rows, empty="Nobody is here yet.")
    session.screen.answer([_subject(each) for each in subjects])


def subject_show(session: Session, subject: SubjectName) -> None:
    """Show one person's record and bases."""
    with session.open() as c:
        person = c.subjects.get(subject)
        bases = c.bases.list(person)
    session.screen.facts((key, "not recorded" if value is None else value) for key, value in _subject(person).items())
    rows = (
        (
            each.id,
            "expired" if each.expired else each.state,
            ", ".join(each.purposes),
            each.notice or "none yet",
            each.ends[:10],
            each.confirmed_how,
        )
        for each in bases
    )
    session.screen.table(
        ("basis", "state", "purposes", "notice", "until", "confirmed"),
        rows,
        empty="There is no basis to hold their face.",
    )
    told = [asdict(basis) | {"subject": person.handle} for basis in bases]
    session.screen.answer(_subject(person) | {"bases": told})


def _subject(subject: Any) -> dict[str, Any]:
    told = asdict(subject)
    told["subject"] = told.pop("handle")
    del told["id"]
    return {"subject": told.pop("subject"), **told}


# --- notices ---------------------------------------------------------------------------------------------------------


def notice_add(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called here.")],
    text: Annotated[Path, typer.Option("--text", metavar="FILE", help="The text that people were given.")],
    channel: Annotated[str, typer.Option("--channel", help="How it reached them: email, form, poster …")],
) -> None:
    """Record what people were told. The text's SHA-256 is kept; keep the text yourself."""
    with session.open() as c:
        c.sign_in()
        notice = c.notices.add(name, text=text, channel=channel)
    session.screen.done(f"The notice {notice.name} is recorded (SHA-256 {notice.sha256[:12]}…).")
    session.screen.answer(asdict(notice))


def notice_list(session: Session) -> None:
    """Show all notices."""
    with session.open() as c:
        notices = c.notices.list()
    rows = ((each.name, each.channel, each.given[:10], each.sha256[:12] + "…") for each in notices)
    session.screen.table(("notice", "channel", "given", "SHA-256"), rows, empty="There are no notices.")
    session.screen.answer([asdict(each) for each in notices])


# --- sources ---------------------------------------------------------------------------------------------------------


def source_add(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called here.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the photographs lie. They stay there.")],
    statement: Annotated[
        str | None, typer.Option("--statement", metavar="TEXT", help="What entitles you to hold these photographs.")
    ] = None,
    purposes: Purposes = None,
    territory: Annotated[str, typer.Option("--territory", metavar="CODE", help="Where they were taken.")] = "unknown",
    origin: Annotated[
        str | None,
        typer.Option("--origin", metavar="TEXT", help="Where they came from; shown with candidates, never fetched."),
    ] = None,
    unknown_faces: Annotated[
        str, typer.Option("--unknown-faces", help="forget; keeping them is for closed archives, not offered yet.")
    ] = "forget",
) -> None:
    """Register a folder of photographs. Faces that match nobody who agreed are forgotten at ingest."""
    statement = statement or session.ask("What entitles you to hold these photographs", "--statement", default="")
    with session.open() as c:
        c.sign_in()
        wanted = listed(purposes) or listed([c.context.settings.gallery.purpose or ""])
        source = c.sources.add(
            name,
            folder,
            statement=statement,
            purposes=wanted,
            territory=territory,
            origin=origin,
            unknown_faces=unknown_faces,
        )
    session.screen.done(f"{source.name} is a source, for {', '.join(source.purposes)}.")
    session.screen.command(f"countenance ingest {source.name}")
    session.screen.answer(_source(source))


def source_stop(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The source.")],
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
) -> None:
    """Stop collecting from a source; what was kept from it is shown no more."""
    with session.open() as c:
        c.sign_in()
        source = c.sources.stop(name, reason)
    session.screen.done(f"{source.name} is stopped: {source.reason}.")
    session.screen.answer(_source(source))


def source_list(session: Session) -> None:
    """Show all sources and their state."""
    with session.open() as c:
        sources = c.sources.list()
    rows = (
        (each.name, each.root, ", ".join(each.purposes), each.state + (f": {each.reason}" if each.reason else ""))
        for each in sources
    )
    session.screen.table(("source", "folder", "purposes", "state"), rows, empty="There are no sources.")
    session.screen.answer([_source(each) for each in sources])


def _source(source: Any) -> dict[str, Any]:
    return asdict(source) | {"root": str(source.root)}
