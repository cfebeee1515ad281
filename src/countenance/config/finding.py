"""How faces are found: pictures and models, ingest, the index, and what a score means."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from countenance.config.section import Section


class VisionSection(Section):
    """How pictures are read, and by which models (`countenance models`). Sizes in bytes, pixels, and seconds.

    ``gate``: the least that is asked of a face; ``enrolment_gate``: of one to be enrolled, where that is another level.

    ``flip``: a template is the mean of the face's and its mirror image's. It is part of what a template is, as the
    model is: `countenance models use` changes it where people are enrolled.

    ``detect``: how closely an ingest looks for faces. One photo that a person gives is looked at in the standard way.
    """

    recogniser: str = Field(default="sface", pattern=r"^[a-z0-9-]{2,40}$")
    detector: str = Field(default="yunet", pattern=r"^[a-z0-9-]{2,40}$")
    flip: bool = False
    backend: Literal["auto", "onnxruntime", "openvino", "cuda"] = "auto"
    gate: Literal["standard", "strict"] = "standard"
    enrolment_gate: Literal["standard", "strict"] | None = None
    detect: Literal["quick", "standard", "thorough"] = "standard"
    threads: int | None = Field(default=None, ge=1)
    max_bytes: int = Field(default=64 * 2**20, ge=1024)
    max_pixels: int = Field(default=120_000_000, ge=10_000)
    seconds: float = Field(default=20.0, gt=0)


class IngestSection(Section):
    """How photos are gone through. ``workers``: processes that look at them; as many as there are cores, when None.

    ``batch``: how many photos are decided on and written at once, at most: after a few seconds it is those that there
    are.
    ``engine``: where these processes are: ``local`` for this machine, ``ray`` for a cluster's machines.
    """

    batch: int = Field(default=64, ge=1, le=1024)
    workers: int | None = Field(default=None, ge=1, le=256)
    engine: Literal["local", "ray"] = "local"


class RaySection(Section):
    """The cluster, the only one that is ever spoken to: its head's ``HOST:PORT``, or one that is started here."""

    address: str = Field(default="local", pattern=r"^(local|[A-Za-z0-9.-]+:[0-9]{1,5}|\[[0-9A-Fa-f:]+\]:[0-9]{1,5})$")


class IndexSection(Section):
    """The search engine: ``embedded`` (turbovec), ``exact`` (numpy) or ``milvus`` (a cluster).

    ``snapshot``: from how many templates on the embedded index is kept on disk, encrypted, so that it opens in seconds;
    0 for never. Fewer are built from the registry in the same time.
    """

    engine: str = "embedded"
    snapshot: int = Field(default=100_000, ge=0)


class MilvusSection(Section):
    """The Milvus server, the only one that is ever spoken to, over TLS or on this machine.

    ``encrypted_disk`` is the operator's word that its disks are encrypted: it keeps vectors in clear. ``index``:
    ``flat`` looks at every eligible row, ``hnsw`` follows a graph; its other types learn from what they hold.
    ``certificates``: PEM of an authority of your own. A token is read from COUNTENANCE_MILVUS_TOKEN.
    """

    address: str = Field(
        pattern=r"^(https://[A-Za-z0-9.-]+(:[0-9]{1,5})?|http://(127\.0\.0\.1|localhost|\[::1\]):[0-9]{1,5})/?$"
    )
    encrypted_disk: bool = False
    index: Literal["flat", "hnsw"] = "flat"
    certificates: Path | None = None


class SearchSection(Section):
    """Scores are cosine similarities, and the threshold follows from a rate that is stated and the gallery's size.

    ``fpir``: how often a search for somebody who is not enrolled may show anybody. ``calibration``: what
    ``countenance calibrate`` wrote; the model's own where it is left out. ``threshold`` and ``high`` fix the cosine of
    a candidate and of the high band instead, whatever the size.
    """

    fpir: float = Field(default=0.01, ge=1e-6, le=0.5)
    calibration: Path | None = None
    threshold: float | None = Field(default=None, ge=-1, le=1)
    high: float | None = Field(default=None, ge=-1, le=1)
    limit: int = Field(default=10, ge=1, le=1000)
