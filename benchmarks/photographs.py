"""Photographs for benchmarks: made from the cast, as large and as noisy as a camera's, and the same each time.

    python -m benchmarks.photographs FOLDER [--megapixels 12] [--photos 150] [--seed 1]

Each photo has a scene of soft shapes and edges, one to three faces of the cast between a twelfth and three tenths of
the photo's height (250 to 900 pixels of 3,000), a sensor's grain, and a camera's metadata; a 12-megapixel one is a
baseline JPEG of 3 to 5 MB. Photo ``i`` has ``1 + i % 3`` faces, so that any first three, six, … are mixed like all.
"""

from __future__ import annotations

import argparse
import functools
import io
import math
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from countenance.samples import cast
from countenance.types import Box
from countenance.vision import packs
from countenance.vision.backends import OnnxRuntimeSession
from countenance.vision.detect import Detector

VERSION = 1
"""Raised when other pictures are made: they are kept in a folder of their own then."""

SMALLEST, LARGEST = 1 / 12, 0.3
"""A face's height, in heights of the photo."""
SHOTS = (0, 1, 2)
"""Which shots of the cast's people stand in the photos: the near-frontal ones."""
ENROLLED = 10
"""So many of the cast are enrolled in a benchmark; the others are strangers."""
_GRAIN = 5.0, 8.5
"""Standard deviation of the grain, in levels, from bright light to a dim room: with quality 90, 3 to 5 MB for 12
megapixels."""
_QUALITY = 90
_FEW = 4
"""So many photos are made here; for more, processes are started."""
_STRIP = 256
"""Rows to which grain is added at once, so that a large photo needs no large memory."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Order:
    """Which photos are wanted."""

    folder: Path
    megapixels: float
    seed: int = 1

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, 4 : 3."""
        width = round(math.sqrt(self.megapixels * 1e6 * 4 / 3) / 16) * 16
        return width, width * 3 // 4

    @property
    def place(self) -> Path:
        """Where these photos lie."""
        return self.folder / f"v{VERSION}-{self.megapixels:g}mp-seed{self.seed}"


def photographs(order: Order, count: int) -> list[Path]:
    """The first ``count`` photos of the order; those that are not there yet are made."""
    order.place.mkdir(parents=True, exist_ok=True)
    paths = [order.place / f"photo-{number:05}.jpg" for number in range(count)]
    missing = [number for number, path in enumerate(paths) if not path.exists()]
    if len(missing) <= _FEW:
        for number in missing:
            _write(order, number)
        return paths
    with ProcessPoolExecutor(_processes(order), get_context("spawn")) as pool:
        for done, _ in enumerate(pool.map(functools.partial(_write, order), missing), start=1):
            if done % 50 == 0 or done == len(missing):
                sys.stderr.write(f"  made {done} of {len(missing)} photos of {order.megapixels:g} megapixels\n")
    return paths


def people() -> list[str]:
    """Who is enrolled in a benchmark, in the cast's order."""
    return list(cast().identities[:ENROLLED])


def portraits() -> dict[str, Path]:
    """Their enrolment portraits."""
    return {name: cast().portrait(name) for name in people()}


def picture(order: Order, number: int) -> Image.Image:
    """One photo's pixels."""
    chance = np.random.default_rng([order.seed, round(order.megapixels * 1000), number])
    image = scene(order.size, chance)
    for path, height, middle in _placed(order.size, 1 + number % 3, chance):
        paste(image, path, height, middle)
    return grained(image, chance)


def _processes(order: Order) -> int:
    """As many as there are cores; a very large photo takes a gigabyte while it is made, so one at a time."""
    return 1 if order.megapixels > 24 else len(os.sched_getaffinity(0))


def _write(order: Order, number: int) -> None:
    path = order.place / f"photo-{number:05}.jpg"
    held = io.BytesIO()
    picture(order, number).save(held, "JPEG", quality=_QUALITY, subsampling="4:2:0", exif=_metadata(number))
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_bytes(held.getvalue())
    part.replace(path)


# --- the scene -------------------------------------------------------------------------------------------------------


def scene(size: tuple[int, int], chance: np.random.Generator) -> Image.Image:
    """Broad light, coloured shapes with sharp edges, and texture in four octaves."""
    small = size[0] // 4, size[1] // 4
    image = Image.fromarray(chance.integers(60, 200, (3, 4, 3), dtype=np.uint8)).resize(small, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for _ in range(24):
        x, y = (int(chance.integers(0, side)) for side in small)
        w, h = (int(chance.integers(side // 30, side // 5)) for side in small)
        colour = tuple(int(level) for level in chance.integers(30, 225, 3))
        shape = draw.rectangle if chance.random() < 0.6 else draw.ellipse
        shape((x, y, x + w, y + h), fill=colour)
    image = image.resize(size, Image.Resampling.BICUBIC)
    for cells, strength in ((24, 0.30), (90, 0.20), (360, 0.14), (1200, 0.10)):
        across = min(cells, size[0]), min(cells * 3 // 4, size[1])
        rough = Image.fromarray(chance.integers(0, 256, (across[1], across[0]), dtype=np.uint8))
        rough = rough.resize(size, Image.Resampling.BILINEAR).convert("RGB")
        image = Image.blend(image, rough, strength * 0.5)
    return image


@functools.cache
def _cast() -> tuple[tuple[str, Path], ...]:
    """The cast's near-frontal pictures and who is in them, strangers and enrolled people by turns."""
    enrolled, strangers = cast().identities[:ENROLLED], cast().identities[ENROLLED:]
    names = [name for pair in zip(enrolled, strangers, strict=False) for name in pair]
    return tuple((name, cast().photos(name)[shot]) for shot in SHOTS for name in names)


def standing() -> tuple[Path, ...]:
    """The cast's near-frontal pictures."""
    return tuple(path for _, path in _cast())


@functools.cache
def _detector() -> Detector:
    return Detector(OnnxRuntimeSession(packs.folded(packs.YUNET), threads=1))


@functools.cache
def face_in(path: Path) -> Box:
    """Where the face is in a picture of the cast."""
    with Image.open(path) as opened:
        return _detector().detect(np.array(opened.convert("RGB")))[0].box


def _placed(
    size: tuple[int, int], count: int, chance: np.random.Generator
) -> list[tuple[Path, float, tuple[float, float]]]:
    """Pictures of so many people, their faces' heights and middles: each in a column, so that none covers another."""
    width, height = size
    order = [_cast()[which] for which in chance.permutation(len(_cast()))]
    chosen = list(dict(order).values())[:count]  # nobody twice
    placed = []
    for column, path in enumerate(chosen):
        # Even in the logarithm: small faces are as frequent as large ones.
        share = SMALLEST * (LARGEST / SMALLEST) ** float(chance.random())
        middle = (column + 0.5 + 0.2 * (chance.random() - 0.5)) * width / count
        placed.append((path, share * height, (middle, float(chance.uniform(0.35, 0.62)) * height)))
    return placed


def paste(image: Image.Image, path: Path, height: float, middle: tuple[float, float]) -> None:
    """Head and shoulders of a cast picture, brought to size, with a soft edge."""
    box = face_in(path)
    with Image.open(path) as opened:
        source = opened.convert("RGB")
    scale = height / box.h
    x, y = box.x + box.w / 2, box.y + box.h / 2
    reach = min(box.h * 1.05, x, source.width - x), min(box.h * 1.05, y, source.height - y)
    piece = source.crop((round(x - reach[0]), round(y - reach[1]), round(x + reach[0]), round(y + reach[1])))
    sized = piece.resize((max(2, round(piece.width * scale)), max(2, round(piece.height * scale))))
    mask = Image.new("L", sized.size, 0)
    edge = round(min(sized.size) * 0.06)
    ImageDraw.Draw(mask).rounded_rectangle(
        (edge, edge, sized.width - edge, sized.height - edge), radius=min(sized.size) // 3, fill=255
    )
    mask = mask.filter(ImageFilter.BoxBlur(edge / 2))
    image.paste(sized, (round(middle[0] - sized.width / 2), round(middle[1] - sized.height / 2)), mask)


def grained(image: Image.Image, chance: np.random.Generator) -> Image.Image:
    """Grain as a small sensor has it in a room: mostly in the brightness."""
    pixels, strength = np.array(image), np.float32(chance.uniform(*_GRAIN))
    for top in range(0, pixels.shape[0], _STRIP):
        strip = pixels[top : top + _STRIP]
        grain = chance.standard_normal(strip.shape[:2], np.float32) * strength
        noisy = strip.astype(np.int16) + np.rint(grain).astype(np.int16)[:, :, None]
        pixels[top : top + _STRIP] = np.clip(noisy, 0, 255).astype(np.uint8)
    return Image.fromarray(pixels)


def _metadata(number: int) -> Image.Exif:
    """What a camera writes, so that reading it is part of the work."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Countenance", "Benchmark camera", 1
    exif[0x0132] = f"2026:06:{1 + number % 28:02} 12:00:00"
    detail = exif.get_ifd(0x8769)
    detail[0x9003], detail[0x9011] = exif[0x0132], "+01:00"
    return exif


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the photos, and say how large they came out."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.photographs", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--photos", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    order = Order(options.folder, options.megapixels, options.seed)
    sizes = [path.stat().st_size / 1e6 for path in photographs(order, options.photos)]
    sys.stdout.write(
        f"{len(sizes)} photos of {order.size[0]} × {order.size[1]} pixels, "
        f"{min(sizes):.1f} to {max(sizes):.1f} MB: {order.place}\n"
    )


if __name__ == "__main__":
    main()
