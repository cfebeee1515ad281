"""By what a gallery's thresholds are set: the rate that its configuration asks for, and a calibration of its model."""

from __future__ import annotations

import json
from pathlib import Path

from countenance.config import Settings
from countenance.errors import BadConfiguration, InputError, ModelRefused
from countenance.gallery.calibration import Calibration, from_thresholds
from countenance.gallery.scale import Scaling
from countenance.vision.cards import ModelCard

FILE = "calibration.json"
_LARGEST = 1 << 20
_AGAIN = "Run `countenance calibrate` again, or take the line out of [search]: the model's own then counts."


def scaling(settings: Settings, card: ModelCard, contract: str, *, flip: bool = False) -> Scaling:
    """The rule by which the threshold follows from a gallery's size, with this recogniser and embedding contract.

    ``flip``: a face's mirror image counts in its template.

    Raises `BadConfiguration` for a calibration that cannot be read, or is of another model.
    """
    search = settings.search
    file = search.calibration
    used = shipped(card, contract, flip=flip) if file is None else read(settings.folder / file.expanduser(), contract)
    return Scaling(used, search.fpir, search.threshold, search.high)


def shipped(card: ModelCard, contract: str, *, flip: bool = False) -> Calibration:
    """What stands on a model's card; where that has thresholds alone, what follows from these.

    Thresholds say nothing of templates in which the mirror image counts (``flip``): these need a calibration.

    Raises `ModelRefused` where there is none: nobody knows how often it is wrong.
    """
    told = card.calibration_flipped if flip else card.calibration
    if told:
        return Calibration.from_plain({"contract": contract, **dict(told)})
    if flip:
        raise ModelRefused(
            f"Nobody knows how often {card.name} is wrong with mirror images: its card has no calibration for them.",
            hint=f"Measure it: `countenance evaluate DATASET --model {card.id} --flip`; write [calibration_flipped] "
            "into a copy of its manifest, and add it again.",
        )
    if not card.thresholds:
        raise ModelRefused(
            f"Nobody knows how often {card.name} is wrong: its card states no thresholds and no calibration.",
            hint=f"Measure it: `countenance evaluate DATASET --model {card.id}`; write them into a copy of its "
            "manifest, and add it again.",
        )
    return from_thresholds(contract, card.thresholds, "what the model's card states")


def read(file: Path, contract: str) -> Calibration:
    """A calibration of one's own. Raises `BadConfiguration` unless it is one, and of this embedding contract."""
    try:
        if file.stat().st_size > _LARGEST:
            raise InputError("it is too large")
        with file.open(encoding="utf-8") as opened:
            made = Calibration.from_plain(json.load(opened)["calibration"])
    except (OSError, ValueError, KeyError, TypeError, InputError) as error:
        why = error.message if isinstance(error, InputError) else str(error)
        raise BadConfiguration(f"The calibration in {file} cannot be read: {why}", hint=_AGAIN) from None
    if made.contract != contract:
        raise BadConfiguration(f"The calibration in {file} is of another model than this gallery's.", hint=_AGAIN)
    return made
