"""Subjects, notices and sources: who is here, what they were told, where photos lie."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from countenance.cli.command import RECORDS, command, group
from countenance.cli.options import Purposes, SubjectName, Territory
from countenance.cli.session import Session, listed


def register(app: typer.Typer) -> None:
    """Add the groups."""
    subjects = group(app, "subject", "The people who may be found.", panel=RECORDS)
    command(subjects, "add", 'countenance subject add "Anna Berg" --territory GB --contact anna@club.example')(
        subject_add
    )
    command(subjects, "list", "countenance subject list")(subject_list)
    command(subjects, "show", "countenance subject show anna-berg")(subject_show)
    command(subjects, "correct", "countenance subject correct anna-berg --contact anna@example.org --territory DE")(
        subject_correct
    )
    notices = group(app, "notice", "What people were told, and how.", panel=RECORDS)
    command(notices, "add", "countenance notice add notice-2026 --text notice.txt --channel form")(notice_add)
    command(notices, "list", "countenance notice list")(notice_list)
    sources = group(
        app, "source", "The folders, archives and buckets of photographs that you are entitled to hold.", panel=RECORDS
    )
    command(
        sources,
        "add",
        'countenance source add party ~/party --statement "our own photographer, contract of May 2026"',
        'countenance source add scans scans-1950.tar.gz --statement "our own archive"',
        'countenance source add summer s3://photos/2026/summer --statement "our own photographer"',
        'countenance source add spring photos://2026/spring --statement "our own photographer"',
    )(source_add)
    command(sources, "stop", 'countenance source stop party --reason "the contract ended"')(source_stop)
    command(sources, "release", 'countenance source release party --rights-holder "Anna Berg"')(source_release)
    command(sources, "list", "countenance source list")(source_list)


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
    guardian: Annotated[
        str | None, typer.Option("--guardian", help="A minor's guardian's e-mail address; they confirm the consent.")
    ] = None,
) -> None:
    """Record a person. Nothing of their face is stored by this."""
    with session.signed_in() as c:
        subject = c.subjects.add(
            name, territory=territory, handle=handle, contact=contact, birth_year=born, guardian=guardian
        )
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


def subject_correct(
    session: Session,
    subject: SubjectName,
    name: Annotated[str | None, typer.Option("--name", help="As it shall be shown.")] = None,
    contact: Annotated[str | None, typer.Option("--contact", help="An e-mail address, for their rights.")] = None,
    born: Annotated[int | None, typer.Option("--born", metavar="YEAR", help="The year of birth, as told.")] = None,
    territory: Annotated[str | None, typer.Option("--territory", metavar="CODE", help="Where they live.")] = None,
) -> None:
    """Put right what is wrong about a person. What is left out stays; the handle never changes."""
    with session.signed_in() as c:
        person = c.subjects.update(subject, name=name, contact=contact, birth_year=born, territory=territory)
    session.screen.done(f"{person.handle} is put right.")
    session.screen.answer(_subject(person))


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
    with session.signed_in() as c:
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
    place: Annotated[
        str, typer.Argument(metavar="PLACE", help="A folder, an archive, s3://bucket/prefix, or photos://NAME.")
    ],
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
    supplier: Annotated[
        str | None, typer.Option("--supplier", metavar="NAME", help="Who supplied them, where others collected them.")
    ] = None,
    manifest: Annotated[
        Path | None,
        typer.Option("--manifest", metavar="FILE", help="A supplier's list: path, holder, origin, licence, date."),
    ] = None,
) -> None:
    """Register a folder, an archive or a bucket of photographs. Faces that match nobody who agreed are forgotten.

    An archive is a zip or tar file (also packed by gzip, bzip2 or xz); it is read where it lies. A bucket is read at
    the endpoint that [s3] in the configuration names, and nowhere else; the keys come from AWS_ACCESS_KEY_ID and
    AWS_SECRET_ACCESS_KEY. photos://NAME lies below [photos] root, a folder or a bucket, and moves with that line.
    Nothing is fetched from the web.
    """
    statement = statement or session.ask("What entitles you to hold these photographs", "--statement", default="")
    with session.signed_in() as c:
        wanted = listed(purposes) or listed([c.context.settings.gallery.purpose or ""])
        source = c.sources.add(
            name,
            place,
            statement=statement,
            purposes=wanted,
            territory=territory,
            origin=origin,
            unknown_faces=unknown_faces,
            supplier=supplier,
            manifest=manifest,
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
    with session.signed_in() as c:
        source = c.sources.stop(name, reason)
    session.screen.done(f"{source.name} is stopped: {source.reason}.")
    session.screen.answer(_source(source))


def source_release(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The paused source.")],
    rights_holder: Annotated[
        str, typer.Option("--rights-holder", metavar="WHO", help="Who lets these photographs be ingested; published.")
    ],
) -> None:
    """Let a paused source go on: two accounts sign, each naming the same rights holder, in the log and in public."""
    with session.signed_in() as c:
        source, missing = c.sources.release(name, rights_holder=rights_holder)
    if missing:
        session.screen.done(f"Signed for {source.name}. Another account must sign as well:")
        session.screen.command(
            f'countenance source release {source.name} --rights-holder "{rights_holder}" --account …'
        )
    else:
        session.screen.done(f"{source.name} is released, for {source.rights_holder}.")
        session.screen.command(f"countenance ingest {source.name}")
    session.screen.answer(_source(source) | {"signatures_missing": missing})


def source_list(session: Session) -> None:
    """Show all sources and their state."""
    with session.open() as c:
        sources = c.sources.list()
    rows = (
        (each.name, each.root, ", ".join(each.purposes), each.state + (f": {each.reason}" if each.reason else ""))
        for each in sources
    )
    session.screen.table(("source", "place", "purposes", "state"), rows, empty="There are no sources.")
    session.screen.answer([_source(each) for each in sources])


def _source(source: Any) -> dict[str, Any]:
    return asdict(source) | {"root": str(source.root)}
