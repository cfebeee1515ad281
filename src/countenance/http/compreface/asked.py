"""What CompreFace's clients may ask. Unlike under ``/v1``, what is not known is passed over, as CompreFace does."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from countenance.http.route import Fields

NOT_OFFERED = ("age", "gender", "mask", "pose", "calculator")
"""Plugins of CompreFace that are not here: what a face says of somebody is never inferred, and no template leaves."""


class Asked(Fields):
    """Nothing of interest."""

    model_config = ConfigDict(extra="ignore", str_max_length=2_000)


class Looking(Asked):
    """How a photo is looked at. ``limit``: so many faces, the largest first; 0 for all."""

    limit: int = Field(0, ge=0)
    det_prob_threshold: float | None = Field(None, ge=0, le=1)
    face_plugins: str = ""
    status: bool = False

    @property
    def plugins(self) -> set[str]:
        """What was asked for besides the boxes."""
        return {each.strip() for each in self.face_plugins.split(",") if each.strip()}


class Recognising(Looking):
    """How many people are told of each face."""

    prediction_count: int = Field(1, ge=1, le=1_000)


class Named(Asked):
    """A person's name."""

    subject: str = ""


class Adding(Named):
    """Whose example it is, and how sure the detector has to be."""

    det_prob_threshold: float | None = Field(None, ge=0, le=1)


class Listing(Named):
    """A page of examples, of everybody or of one person."""

    page: int = Field(0, ge=0, le=10_000_000)
    size: int = Field(20, ge=1, le=1_000)
