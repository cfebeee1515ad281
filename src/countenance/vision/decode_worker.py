"""The process that decodes pictures: ``python -m countenance.vision.decode_worker LIMITS``. Started by `decode`.

Reads a length (8 bytes, little-endian) and that many bytes from standard input; answers a length (4 bytes), that much
JSON, and height × width × 3 bytes of RGB unless the JSON has an ``error``. Over and over, until its input ends. It is
given bytes, never a path, and it may not write files, open many, dump its memory, or outgrow its limits.
"""

from __future__ import annotations

import io
import json
import mmap
import os
import resource
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from countenance.vision import raw
from countenance.vision.decode import HEAD, LENGTH, READY

Pixels = NDArray[np.uint8]

_PLUGINS = {
    "JPEG": "JpegImagePlugin",
    "PNG": "PngImagePlugin",
    "WEBP": "WebPImagePlugin",
    "AVIF": "AvifImagePlugin",
    "GIF": "GifImagePlugin",
    "TIFF": "TiffImagePlugin",
    "BMP": "BmpImagePlugin",
    "HEIF": "",
}
SCRATCH = 768 << 20
"""Address space for what decoders, and networks that are loaded, need while they run."""
_ORIENTATION = 0x0112
_HEIF = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"mif2"}
_VIDEO_START = (b"\x1a\x45\xdf\xa3", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3", b"FLV\x01", b"OggS", b"\x30\x26\xb2\x75")
_STARTS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"BM": "BMP",
}


class Refusal(Exception):
    """A picture that is not decoded, and why. ``code`` is that of the error which `decode` raises for it."""

    def __init__(self, message: str, *, code: str = "unreadable", hint: str = "") -> None:
        super().__init__(message)
        self.answer = {"error": code, "message": message, "hint": hint}


@dataclass(frozen=True)
class Decoded:
    """Upright pixels and the format that they came in.

    ``size`` is the whole photo's width and height, and ``scale`` how many of its pixels one of these is wide.
    ``tagged``: the file says which way is up.
    """

    pixels: Pixels
    format: str
    size: tuple[int, int]
    tagged: bool
    scale: int = 1


def sniff(data: bytes) -> str:
    """The format, by the file's first bytes (never its name). Raises `Refusal` for videos and all that is not read."""
    if raw.is_raw(data):
        return "RAW"
    for start, name in _STARTS.items():
        if data.startswith(start):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        return _sniff_boxes(data)
    if data.startswith(_VIDEO_START) or data[:4] == b"RIFF" or data[4:8] in (b"moov", b"mdat"):
        raise _video()
    raise Refusal("The file is no picture of a kind that is read.")


def _sniff_boxes(data: bytes) -> str:
    """AVIF, HEIC and videos share one container (ISO 14496-12); the brands tell them apart."""
    size = min(int.from_bytes(data[:4], "big"), 4096)
    brands = [data[8:12], *(data[i : i + 4] for i in range(16, size, 4))]
    if b"avif" in brands or b"avis" in brands:
        return "AVIF"
    if not _HEIF.isdisjoint(brands):
        return "HEIF"
    raise _video()


def _video() -> Refusal:
    return Refusal("The file is a video or a sound; only still pictures are read.", hint="Give single photos.")


def decode(data: bytes, max_pixels: int, *, side: int | None = None) -> Decoded:
    """The picture in ``data`` as upright RGB. Raises `Refusal`.

    With ``side``, a JPEG is decoded at the smallest scale of 1/8, 1/4, 1/2 and 1 whose longer side still has as many
    pixels; other kinds are decoded whole.
    """
    name = sniff(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            done = _decode_raw(data, max_pixels, side) if name == "RAW" else None
            if done is None:
                done = _decode_one(data, "TIFF" if name == "RAW" else name, max_pixels, side)
    except Refusal:
        raise
    except MemoryError as error:
        raise Refusal("The picture needs more memory to decode than is allowed.", code="too-large") from error
    except UnidentifiedImageError as error:
        raise Refusal(f"The file begins like a {name} picture, but is none that can be read.") from error
    except Exception as error:  # decoders raise all sorts on damaged bytes
        raise Refusal(f"The {name} picture is damaged or cut short.") from error
    return done


def _decode_raw(data: bytes, max_pixels: int, side: int | None) -> Decoded | None:
    """A camera's raw file, by its preview. None for a TIFF that only looks like one."""
    import rawpy

    try:
        found = raw.preview(data)
    except raw.NoPreview as error:
        raise Refusal(str(error), hint="Export it as a JPEG.") from None
    except rawpy.LibRawFileUnsupportedError:
        if data[:4] in (b"II*\0", b"MM\0*"):
            return None
        raise
    if found.pixels is not None:
        height, width = found.pixels.shape[:2]
        _check_size(width, height, max_pixels)
        return _upright(found.pixels, "RAW", (width, height), found.orientation)
    return replace(_decode_one(found.jpeg or b"", "JPEG", max_pixels, side), format="RAW")


def _decode_one(data: bytes, name: str, max_pixels: int, side: int | None) -> Decoded:
    done = _decode_jpeg(data, max_pixels, side) if name == "JPEG" else None
    return done or _decode_other(data, name, max_pixels)


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if width < 1 or height < 1:
        raise Refusal("The picture has no pixels.")
    if width * height > max_pixels:
        message = f"The picture has {width:,} × {height:,} pixels; at most {max_pixels:,} are taken."
        raise Refusal(message, code="too-large")


def _decode_jpeg(data: bytes, max_pixels: int, side: int | None) -> Decoded | None:
    """By libjpeg-turbo. None for what Pillow shall do: CMYK, and files that libjpeg-turbo warns of.

    Some cameras write stray bytes that are harmless; Pillow reads those, and refuses a file that is cut short.
    """
    height, width, space, _ = simplejpeg.decode_jpeg_header(data)
    _check_size(width, height, max_pixels)
    if space in ("CMYK", "YCCK"):
        return None
    scale = _scale(max(width, height), side)
    try:
        least = {"min_height": -(-height // scale), "min_width": -(-width // scale), "min_factor": scale}
        pixels = simplejpeg.decode_jpeg(data, colorspace="RGB", strict=True, **least if scale > 1 else {})
    except ValueError:
        return None
    return replace(_upright(pixels, "JPEG", (width, height), _orientation(data)), scale=scale)


def _scale(longest: int, side: int | None) -> int:
    """By how much a JPEG is made smaller while it is decoded: only these four have fast transforms."""
    return next((scale for scale in (8, 4, 2) if side and longest >= side * scale), 1)


def _orientation(data: bytes) -> int | None:
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG", "MPO"]) as image:
            return _orientation_of(image)
    except Exception:  # noqa: BLE001 (Pillow may refuse what libjpeg-turbo has just decoded)
        return None


def _orientation_of(image: Image.Image) -> int | None:
    """EXIF orientation 1 to 8; None when there is none, or it cannot be read: no reason to refuse sound pixels."""
    try:
        told = int(image.getexif().get(_ORIENTATION, 0))
    except Exception:  # noqa: BLE001 (a damaged EXIF block raises all sorts)
        return None
    return told if 1 <= told <= 8 else None


def _upright(pixels: Pixels, name: str, size: tuple[int, int], orientation: int | None) -> Decoded:
    made = np.ascontiguousarray(_turn(pixels, orientation or 1))
    return Decoded(made, name, size[::-1] if (orientation or 1) > 4 else size, orientation is not None)


def _turn(pixels: Pixels, orientation: int) -> Pixels:
    """Upright, from how the camera was held (EXIF 2.32, tag 0x0112: where row 0 and column 0 belong)."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels


def _decode_other(data: bytes, name: str, max_pixels: int) -> Decoded:
    if name == "HEIF":
        import pi_heif

        pi_heif.register_heif_opener()
    formats = ["JPEG", "MPO"] if name == "JPEG" else [name]
    with Image.open(io.BytesIO(data), formats=formats) as image:
        _check_size(*image.size, max_pixels)
        image.load()
        pixels, orientation = np.asarray(_to_rgb(image)), _orientation_of(image)
    if name in ("HEIF", "AVIF"):  # their containers say which way is up, and the decoders have obeyed
        orientation = orientation or 1
    return _upright(pixels, "HEIC" if name == "HEIF" else name, (pixels.shape[1], pixels.shape[0]), orientation)


def _to_rgb(image: Image.Image) -> Image.Image:
    """8-bit RGB whatever it was: deep greys are scaled, not cut; what is transparent lies on white."""
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_scaled(np.asarray(image), image.mode)).convert("RGB")
    if image.has_transparency_data:
        over = image.convert("RGBA")
        ground = Image.new("RGBA", over.size, "white")
        ground.alpha_composite(over)
        return ground.convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _scaled(values: NDArray[Any], mode: str) -> Pixels:
    """Grey levels deeper than 8 bits, brought to 0–255: 16-bit by its full range, others by the range they keep to."""
    levels = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    highest = float(levels.max(initial=0.0))
    ranges = {"I;16": (65535.0,), "I": (255.0, 65535.0), "F": (1.0, 255.0, 65535.0)}
    full = next((top for top in ranges.get(mode[:4], (65535.0,)) if highest <= top), highest)
    return np.asarray(np.clip(levels * (255.0 / full), 0, 255).round(), dtype=np.uint8)


def own_output() -> int:
    """Where this process answers. What a library prints goes nowhere, so that it does not come between the answers."""
    answers = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return answers


def loaded() -> int:
    """Bytes of address space that this process has by now, all its libraries and networks among them."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * mmap.PAGESIZE


def confine(limits: dict[str, Any], base: int = SCRATCH) -> None:
    """Give up what decoding does not need: core dumps, writing files, many open files, unbounded memory.

    ``base``: bytes of address space for all that is no picture, such as libraries.
    """
    # Pixels are held a few times over while they are converted (4 bytes each in Pillow).
    memory = base + 24 * int(limits["max_pixels"]) + 4 * int(limits["max_bytes"])
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 16,
        resource.RLIMIT_AS: memory,
    }
    for kind, value in wanted.items():
        hard = resource.getrlimit(kind)[1]
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (allowed, allowed))


def allow_seconds(seconds: float) -> None:
    """RLIMIT_CPU counts from the start of the process, so each picture's share is put on top of what is used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(used.ru_utime + used.ru_stime + seconds * (os.cpu_count() or 1)) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def serve(source: IO[bytes], sink: IO[bytes], limits: dict[str, Any]) -> None:
    """Answer pictures until ``source`` ends."""
    sink.write(READY)
    sink.flush()
    while len(head := source.read(HEAD.size)) == HEAD.size:
        (length,) = HEAD.unpack(head)
        if length > limits["max_bytes"]:
            return
        allow_seconds(float(limits["seconds"]))
        data = source.read(length)
        if len(data) < length:
            return
        answer(sink, data, int(limits["max_pixels"]), lambda _: {})


def answer(sink: IO[bytes], data: bytes, max_pixels: int, known: Callable[[Decoded], dict[str, Any]]) -> None:
    """Answer one picture with its pixels, or why there are none; ``known``: what else is said of it."""
    try:
        done = decode(data, max_pixels)
    except Refusal as refusal:
        tell(sink, refusal.answer)
        return
    height, width = done.pixels.shape[:2]
    tell(sink, {"format": done.format, "width": width, "height": height, **known(done)}, done.pixels.data.cast("B"))


def tell(sink: IO[bytes], told: dict[str, Any], more: bytes | memoryview = b"") -> None:
    """Write an answer: JSON, and the bytes that follow it."""
    text = json.dumps(told).encode()
    sink.write(LENGTH.pack(len(text)) + text)
    sink.write(more)
    sink.flush()


def load_decoders() -> None:
    """Import all that decoding may need, as later no more files can be opened than a few."""
    from importlib import import_module

    for plugin in _PLUGINS.values():
        if plugin:
            import_module(f"PIL.{plugin}")
    import_module("PIL.MpoImagePlugin")
    # Our own limit, told before decoding and in words, takes the place of Pillow's.
    Image.MAX_IMAGE_PIXELS = None


def main() -> None:
    """Load the decoders, then confine ourselves, then serve."""
    limits = json.loads(sys.argv[1])
    load_decoders()
    confine(limits)
    serve(sys.stdin.buffer, sys.stdout.buffer, limits)


if __name__ == "__main__":
    main()
