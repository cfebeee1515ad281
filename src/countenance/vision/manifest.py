"""Manifests: a model's card as a file, TOML or JSON, with a schema. Those that ship lie in ``manifests/``.

A manifest is what somebody says of a model. What can be checked is (`countenance.vision.trying`); the rest, such as
what it learned from, is shown as it was said.
"""

from __future__ import annotations

import json
import tomllib
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from countenance.errors import ModelRefused
from countenance.vision.cards import SIZE, Figure, ModelCard

_LARGEST = 1 << 20
Three = tuple[float, float, float]


class _Part(BaseModel):
    """A table. Unknown keys are errors: a misspelt one must not be silently ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Input(_Part):
    size: Literal[112] | None = None
    channels: Literal["rgb", "bgr"] = "rgb"
    mean: Three = (127.5, 127.5, 127.5)
    std: Three = (127.5, 127.5, 127.5)
    alignment: Literal["arcface-112"] | None = None

    @model_validator(mode="after")
    def _divides(self) -> Self:
        if min(self.std) <= 0:
            raise ValueError("std divides, so it must be more than zero")
        return self


class _Output(_Part):
    name: str | None = Field(default=None, max_length=200)
    dimension: int = Field(ge=8, le=4096, multiple_of=8)


class _Figure(_Part):
    what: str = Field(min_length=3, max_length=300)
    percent: float = Field(ge=0, le=100)
    source: str = Field(min_length=3, max_length=500)


class _Calibration(_Part):
    rates: tuple[tuple[float, float], ...] = Field(min_length=2, max_length=100)
    decay: float = Field(gt=0)
    spread: float = Field(gt=0)
    measured_on: str = Field(min_length=3, max_length=300)
    people: int = Field(ge=2)
    photos: int = Field(ge=2)
    measured_to: float = Field(gt=0, le=1)

    @model_validator(mode="after")
    def _falls(self) -> Self:
        _check_falling(self.rates)
        return self


class Manifest(_Part):
    """What a manifest says. ``docs/reference/model-manifest.md`` explains every field."""

    manifest: Literal[1]
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{1,39}$")
    name: str = Field(min_length=2, max_length=100)
    role: Literal["recogniser", "detector"]
    style: Literal["arcface", "yunet", "scrfd"]
    file: str = Field(pattern=r"^[^/\\\x00]{1,200}$")
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    licence: str = Field(min_length=2, max_length=200)
    non_commercial: bool
    trained_on: str = Field(min_length=20, max_length=2000)
    upstream: str = Field(min_length=3, max_length=500)
    input: _Input
    output: _Output | None = None
    thresholds: tuple[tuple[float, float], ...] = ()
    published: tuple[_Figure, ...] = ()
    measured: tuple[_Figure, ...] = ()
    calibration: _Calibration | None = None
    calibration_flipped: _Calibration | None = None
    notes: str = Field(default="", max_length=2000)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        recogniser = self.role == "recogniser"
        if recogniser != (self.style == "arcface"):
            raise ValueError("a recogniser's style is arcface, a detector's is yunet or scrfd")
        if recogniser and (self.output is None or self.input.size is None or self.input.alignment is None):
            raise ValueError(f"a recogniser states [output] dimension, and [input] size = {SIZE} and its alignment")
        if recogniser and not (self.published or self.measured):
            raise ValueError("a recogniser states how often it is right: [[published]] or [[measured]]")
        if not recogniser and (
            self.output is not None or self.thresholds or self.calibration or self.calibration_flipped
        ):
            raise ValueError("a detector has neither [output] nor thresholds nor a calibration")
        if len(self.thresholds) == 1:
            raise ValueError("thresholds are at least two pairs of a cosine and its false accept rate, or none")
        _check_falling(self.thresholds)
        return self

    def card(self) -> ModelCard:
        """The card, its hash empty where the manifest states none, its output the first one until it was tried."""
        return ModelCard(
            name=self.name,
            role=self.role,
            file=self.file,
            sha256=self.sha256 or "",
            licence=self.licence,
            trained_on=self.trained_on,
            dimension=self.output.dimension if self.output else 0,
            thresholds=self.thresholds,
            id=self.id,
            style=self.style,
            channels=self.input.channels,
            mean=self.input.mean,
            std=self.input.std,
            non_commercial=self.non_commercial,
            upstream=self.upstream,
            published=tuple(Figure(each.what, each.percent, each.source) for each in self.published),
            measured=tuple(Figure(each.what, each.percent, each.source) for each in self.measured),
            calibration=_plain(self.calibration),
            calibration_flipped=_plain(self.calibration_flipped),
            notes=self.notes,
        )


def _plain(told: _Calibration | None) -> tuple[tuple[str, Any], ...]:
    return tuple(told.model_dump().items()) if told else ()


def _check_falling(pairs: tuple[tuple[float, float], ...]) -> None:
    if any(not -1 <= cosine <= 1 or not 0 < rate <= 1 for cosine, rate in pairs):
        raise ValueError("a threshold is a cosine from -1 to 1 and a rate over 0, up to 1")
    if any(low[0] >= high[0] or low[1] <= high[1] for low, high in pairwise(pairs)):
        raise ValueError("thresholds stand in rising order of the cosine, and their rates fall")


def read_manifest(path: Path) -> Manifest:
    """The manifest in a file. Raises `ModelRefused`, naming the field that is wrong."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ModelRefused(f"{path} is too large to be a manifest.")
        data = path.read_bytes()
    except OSError as error:
        raise ModelRefused(f"The manifest {path} cannot be read: {error.strerror}.") from None
    return parse_manifest(data, str(path))


def parse_manifest(data: bytes, name: str) -> Manifest:
    """As `read_manifest`, from bytes: JSON where they begin with a brace, else TOML."""
    try:
        text = data.decode("utf-8")
        told: Any = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
        return Manifest.model_validate(told)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(part) for part in fault["loc"]) or "the whole"
        what = str(fault["msg"]).removeprefix("Value error, ")
        raise ModelRefused(f"The manifest {name} is not complete: {where}: {what}.") from None
    except (ValueError, RecursionError) as error:
        raise ModelRefused(f"The manifest {name} is neither TOML nor JSON: {error}.") from None


def shipped() -> list[Manifest]:
    """The manifests that come with this program, in the order of their names. Their model files do not come."""
    folder = resources.files("countenance.vision") / "manifests"
    files = sorted((each for each in folder.iterdir() if each.name.endswith(".toml")), key=lambda each: each.name)
    return [parse_manifest(each.read_bytes(), each.name) for each in files]
