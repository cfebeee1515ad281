"""Models that are added: what is said of them, what they are, and whether the two agree. Nothing else takes one in."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from countenance.errors import ModelRefused, TooLarge
from countenance.vision import shelf
from countenance.vision.cards import ModelCard, ModelFile
from countenance.vision.decode import spawn
from countenance.vision.manifest import Manifest, read_manifest, shipped

LARGEST = 1 << 30
"""Bytes of a model file. InsightFace's largest has 260 MB."""
SECONDS = 120.0


def add(
    file: Path,
    manifest: str | Path | None = None,
    *,
    sha256: str | None = None,
    accept_licence: str | None = None,
    cache: Path | None = None,
) -> ModelFile:
    """Take in a model that the operator fetched: described by a manifest, of a stated hash, and tried.

    Args:
        file: The ONNX file.
        manifest: A file, or the id of a manifest that ships; found by the file's hash when left out.
        sha256: What the file's hash must be; may be left out where the manifest states it.
        accept_licence: The licence, by its name, where it forbids commercial use. It may be accepted later.
        cache: Where models are kept; the user's cache directory when None.

    Raises:
        ModelRefused: No card, a card that is not complete, another hash, or a model that is not what its card says.
        TooLarge: The file is larger than any such model.
        AlreadyExists: Another model has this id.
    """
    data = _read(file)
    digest = hashlib.sha256(data).hexdigest()
    said = _manifest(manifest, digest)
    card = _agreed(said, digest, sha256, file)
    if accept_licence is not None:
        shelf.accept(ModelFile(card, None), accept_licence, cache)
    found = attempt(data, card, said.output.name if said.output else None)
    card = replace(card, output=found["output"], single=found["single"])
    return shelf.put(card, data, accept_licence, cache)


def attempt(data: bytes, card: ModelCard, output: str | None, *, seconds: float = SECONDS) -> dict[str, Any]:
    """Have a model tried in a process of its own. Raises `ModelRefused` with what is wrong with it."""
    plain = asdict(card) | {"published": (), "measured": (), "calibration": ()}
    settings = {"card": plain, "output": output, "bytes": len(data), "seconds": seconds}
    with spawn("countenance.vision.trying_worker", json.dumps(settings)) as process:
        try:
            told, _ = process.communicate(data, timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise ModelRefused(f"{card.name} was not tried within {seconds:g} seconds.") from None
    try:
        answer = json.loads(told)
    except ValueError:
        raise ModelRefused(f"{card.name} stopped the process that tried it: damaged, or made to do harm.") from None
    if "refused" in answer:
        raise ModelRefused(f"{card.name} cannot be used: {answer['refused']}.")
    return {"output": int(answer["output"]), "single": bool(answer["single"])}


def _read(file: Path) -> bytes:
    try:
        size = file.stat().st_size
        if size > LARGEST:
            raise TooLarge(f"{file} has {size >> 20} MiB; no model has that many.", hint="Give the ONNX file itself.")
        return file.read_bytes()
    except OSError as error:
        raise ModelRefused(f"{file} cannot be read: {error.strerror}.") from None


def _manifest(named: str | Path | None, digest: str) -> Manifest:
    known = shipped()
    if named is None:
        fitting = next((each for each in known if each.sha256 == digest), None)
        if fitting is None:
            raise ModelRefused(
                f"Nothing is said of this model (SHA-256 {digest[:12]}…), and one without a card is not taken in.",
                hint="Describe it: --manifest FILE, or one that ships: " + ", ".join(each.id for each in known) + ".",
            )
        return fitting
    by_id = next((each for each in known if each.id == str(named)), None)
    return by_id or read_manifest(Path(named))


def _agreed(said: Manifest, digest: str, stated: str | None, file: Path) -> ModelCard:
    wanted = [each.lower() for each in (stated, said.sha256) if each]
    if not wanted:
        raise ModelRefused(
            f"Neither the manifest nor you say what the SHA-256 of {file.name} must be.",
            hint="Take it from where the model is published, or from your own export, and give it: --sha256.",
        )
    if any(each != digest for each in wanted):
        raise ModelRefused(
            f"{file.name} is another file than was stated: its SHA-256 is {digest}.",
            hint="Fetch it again from where it is published: " + said.upstream,
        )
    return replace(said.card(), sha256=digest)
