"""The shelf: models that the operator added, each a folder with its file and its card, beside the default pack's files.

A folder arrives whole, and only after its model was tried (`countenance.vision.trying`). Each file is compared with
its card's SHA-256 whenever it is loaded.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from countenance.errors import AlreadyExists, ModelMissing, ModelRefused, StorageFull, Tampered, Unavailable
from countenance.vision import packs
from countenance.vision.cards import PACK, SFACE, YUNET, Figure, ModelCard, ModelFile

FOLDER = "packs"
_FILE, _CARD = "model.onnx", "card.json"


def find(name: str, role: str, cache: Path | None = None) -> ModelFile:
    """The model by its id, of the default pack or on the shelf. Raises `ModelMissing`; reads no model file."""
    for each in packs.installed(cache):
        if each.card.id == name and each.card.role == role:
            return each
    place = _folder(cache) / name
    if place.is_dir() and (found := _read(place)).card.role == role:
        return found
    raise ModelMissing(
        f"There is no {role} {name!r} on this machine.",
        hint="`countenance models list` shows them; take one in: `countenance models add FILE --manifest NAME`.",
    )


def everything(cache: Path | None = None) -> list[ModelFile]:
    """The default pack and what is on the shelf."""
    return [*packs.installed(cache), *_shelved(cache)]


def chosen(recogniser: str, detector: str, cache: Path | None = None) -> tuple[ModelCard, ModelCard]:
    """The cards of a recogniser and a detector by their ids: those that a gallery is configured with.

    Raises `ModelMissing`, and `ModelRefused` where a licence was not accepted.
    """
    cards = []
    for name, role, usual in ((recogniser, "recogniser", SFACE), (detector, "detector", YUNET)):
        if name == usual.id:
            cards.append(usual)
            continue
        found = find(name, role, cache)
        check_licence(found)
        cards.append(found.card)
    return cards[0], cards[1]


def check_licence(model: ModelFile) -> None:
    """Raise `ModelRefused` where the licence forbids commercial use and nobody has accepted it by its name."""
    card = model.card
    if card.non_commercial and model.accepted != card.licence:
        raise ModelRefused(
            f"{card.name} may not be used commercially: its licence is {card.licence}.",
            hint=f'If your use is allowed, accept it by name: --accept-licence "{card.licence}".',
        )


def ready(card: ModelCard, cache: Path | None = None) -> bytes:
    """The model's bytes for a backend, checked. Raises `ModelMissing` and `Tampered`."""
    return packs.folded(card, cache) if card.ours else check(card, cache)


def check(card: ModelCard, cache: Path | None = None) -> bytes:
    """The file's bytes, after their SHA-256 was found right: of the default pack or on the shelf."""
    if card.ours:
        return packs.check(card, cache)
    path = _folder(cache) / card.id / _FILE
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelMissing(f"The model file {path} cannot be read: {error.strerror}.") from None
    if hashlib.sha256(data).hexdigest() != card.sha256:
        raise Tampered(
            f"The model file {path} is not the one that was added.",
            hint="Add the right one again, and find out who changed this one.",
        )
    return data


def put(card: ModelCard, data: bytes, accepted: str | None, cache: Path | None = None) -> ModelFile:
    """Keep a model that was tried. The same file again takes the place of what was said of it before.

    Raises `AlreadyExists` where another file has its id, `StorageFull` and `Unavailable`.
    """
    place = _folder(cache) / card.id
    before = _read(place) if place.is_dir() else None
    if card.id in {each.id for each in PACK} or (before is not None and before.card.sha256 != card.sha256):
        raise AlreadyExists(
            f"There is another model by the id {card.id!r}.", hint="Choose another id in a copy of the manifest."
        )
    accepted = accepted or (before.accepted if before else None)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=place.parent) as temporary:
            fresh = Path(temporary) / card.id
            fresh.mkdir()
            (fresh / _FILE).write_bytes(data)
            _write_card(fresh, card, accepted)
            if place.exists():
                shutil.rmtree(place)
            fresh.replace(place)
    except OSError as error:
        raise _unwritable(place.parent, error) from None
    return ModelFile(card, place / _FILE, accepted)


def accept(model: ModelFile, licence: str, cache: Path | None = None) -> ModelFile:
    """Note that the operator accepts the licence, which must be named as the card does. Raises `ModelRefused`."""
    card = model.card
    if licence != card.licence:
        raise ModelRefused(
            f"The licence of {card.name} is {card.licence}, not {licence}.",
            hint=f'Read it, then name it exactly: --accept-licence "{card.licence}".',
        )
    if card.ours or model.path is None:
        return model
    try:
        _write_card(_folder(cache) / card.id, card, licence)
    except OSError as error:
        raise _unwritable(_folder(cache), error) from None
    return replace(model, accepted=licence)


def _folder(cache: Path | None) -> Path:
    return packs.cache_folder(cache) / FOLDER


def _shelved(cache: Path | None) -> list[ModelFile]:
    try:
        places = sorted(each for each in _folder(cache).iterdir() if each.is_dir() and not each.name.startswith("."))
    except OSError:
        return []
    return [_read(place) for place in places]


def _read(place: Path) -> ModelFile:
    try:
        told: dict[str, Any] = json.loads((place / _CARD).read_bytes())
        accepted = told.pop("accepted")
        figures: dict[str, Any] = {
            kind: tuple(Figure(**each) for each in told.pop(kind)) for kind in ("published", "measured")
        }
        card = ModelCard(**{name: _tuples(value) for name, value in told.items()}, **figures)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        card = None
    if card is None or card.id != place.name or card.ours:
        raise Tampered(
            f"The card of the model in {place} was changed or lost.", hint=f"Remove {place}, and add the model again."
        )
    path = place / _FILE
    return ModelFile(card, path if path.is_file() else None, accepted)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(each) for each in value) if isinstance(value, list) else value


def _write_card(place: Path, card: ModelCard, accepted: str | None) -> None:
    told = asdict(card) | {"accepted": accepted}
    packs.write_whole(place / _CARD, json.dumps(told, indent=1, ensure_ascii=False).encode())


def _unwritable(place: Path, error: OSError) -> Unavailable:
    kind = StorageFull if error.errno == 28 else Unavailable
    return kind(f"{place} cannot be written: {error.strerror}.")
