"""What an ingest finds, by the way in which it looks: small faces in large photos, and faces where there are none.

    python -m benchmarks.detection [--widths 16 24 32 48 96] [--crowds 3] [--nobody 300] [--json] [--docs]

Photos are generated (`benchmarks.groups`) and looked at in all three ways on one core. A face counts as found where a
box shares at least three tenths of what both cover with where the face was put (intersection over union); any other box
is a false one.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from benchmarks.groups import KINDS, Crowd, crowd, nobody
from benchmarks.measuring import ROOT
from benchmarks.pages import processor, write_section
from countenance.types import Box
from countenance.vision.engine import BACKENDS
from countenance.vision.looking import Looker, open_looker
from countenance.vision.pace import PACES

PAGE = ROOT / "docs" / "reference" / "detection.md"
GOAL_WIDTH, GOAL = 24, 0.9
"""The least share of faces so many pixels wide that a thorough look is to find."""
_SAME = 0.3

Told = dict[str, Any]


@dataclass
class Count:
    """What one way of looking found in some photos."""

    photos: int = 0
    faces: int = 0
    found: int = 0
    false: int = 0
    seconds: float = 0.0

    def take(self, looker: Looker, photo: Crowd) -> None:
        """Look at one more."""
        began = time.thread_time()
        boxes = [face.box for face in looker.look(photo.data).faces]
        self.seconds += time.thread_time() - began
        self.photos += 1
        self.faces += len(photo.faces)
        self.found += sum(any(shared(box, face) >= _SAME for box in boxes) for face in photo.faces)
        self.false += sum(all(shared(box, face) < _SAME for face in photo.faces) for box in boxes)

    def told(self) -> Told:
        """For a program."""
        share = round(self.found / self.faces, 4) if self.faces else None
        each = round(self.seconds / self.photos, 3)
        return {"photos": self.photos, "faces": self.faces, "found": share, "false": self.false, "seconds": each}


def shared(one: Box, other: Box) -> float:
    """Intersection over union."""
    wide = min(one.x + one.w, other.x + other.w) - max(one.x, other.x)
    high = min(one.y + one.h, other.y + other.h) - max(one.y, other.y)
    both = max(wide, 0.0) * max(high, 0.0)
    return both / (one.w * one.h + other.w * other.h - both)


def measured(options: argparse.Namespace) -> Told:
    """Look at everything in every way."""
    lookers = {name: open_looker(options.backend, max_pixels=120_000_000, threads=1, detect=name) for name in PACES}
    told: Told = {"widths": {}, "nobody": {}, "kinds": {}}
    for width in options.widths:
        counts = {name: Count() for name in lookers}
        for number in range(options.crowds):
            photo = crowd(options.megapixels, width, number, seed=options.seed)
            for name, looker in lookers.items():
                counts[name].take(looker, photo)
        told["widths"][str(width)] = {name: count.told() for name, count in counts.items()}
        _progress(f"{width} pixels: " + ", ".join(f"{n} {c.found} of {c.faces}" for n, c in counts.items()))
    told["nobody"], told["kinds"] = _nobody(lookers, options)
    return told


def _nobody(lookers: dict[str, Looker], options: argparse.Namespace) -> tuple[Told, Told]:
    """False faces in pictures that have none: in all, and by the kind of picture."""
    counts = {name: Count() for name in lookers}
    kinds: dict[str, Counter[str]] = {name: Counter() for name in lookers}
    for number in range(options.nobody):
        photo = Crowd(nobody(options.nobody_megapixels, number, seed=options.seed), ())
        for name, looker in lookers.items():
            before = counts[name].false
            counts[name].take(looker, photo)
            kinds[name][KINDS[number % len(KINDS)]] += counts[name].false - before
        if (number + 1) % 50 == 0:
            done = ", ".join(f"{name} {count.false}" for name, count in counts.items())
            _progress(f"{number + 1} of {options.nobody} pictures with no face; false: {done}")
    if not options.nobody:
        return {}, {}
    return (
        {
            name: count.told() | {"per_1000": round(1000 * count.false / count.photos, 1)}
            for name, count in counts.items()
        },
        {name: {kind: found[kind] for kind in KINDS} for name, found in kinds.items()},
    )


def shown(told: Told) -> str:
    """For a person at a terminal, and for the page."""
    names = list(PACES)
    lines = [f"| | {' | '.join(names)} |", "|---|" + "---:|" * len(names)]
    for width, found in told["widths"].items():
        faces = found[names[0]]["faces"]
        cells = [f"{found[name]['found']:.1%}" for name in names]
        lines.append(f"| of {faces} faces {width} pixels wide, found | {' | '.join(cells)} |")
    every = told["widths"].values()
    cells = [str(sum(found[name]["false"] for found in every)) for name in names]
    lines.append(
        f"| false faces in these {sum(found[names[0]]['photos'] for found in every)} photos | {' | '.join(cells)} |"
    )
    slow = [max((found[name]["seconds"] for found in every), default=0.0) for name in names]
    lines.append(f"| seconds a photo on one core, at most | {' | '.join(f'{one:.2f}' for one in slow)} |")
    if told["nobody"]:
        total = told["nobody"][names[0]]["photos"]
        cells = [f"{told['nobody'][name]['per_1000']:g}" for name in names]
        lines.append(f"| false faces in 1,000 pictures with no face (of {total} looked at) | {' | '.join(cells)} |")
        for kind in KINDS:
            cells = [str(told["kinds"][name][kind]) for name in names]
            lines.append(f"| – in those of {kind}, so many | {' | '.join(cells)} |")
    return "\n".join(lines)


def write_docs(told: Told) -> None:
    """Write the table into the page, between its marks."""
    conditions = told["conditions"]
    said = (
        f"Photos of {conditions['megapixels']:g} megapixels with {conditions['crowds']} crowds for each width, and "
        f"pictures with no face of {conditions['nobody_megapixels']:g} megapixels. One core of an "
        f"{conditions['processor']}; seconds of computing; load {conditions['load']} at the end."
    )
    write_section("figures", [said, "", shown(told)], PAGE)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.detection", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--megapixels", type=float, default=12, help="size of the photos with people")
    parser.add_argument("--widths", type=int, nargs="+", default=[16, 24, 32, 48, 96], help="pixels across a face")
    parser.add_argument("--crowds", type=int, default=3, help="photos for each width, of up to 80 people")
    parser.add_argument("--nobody", type=int, default=300, help="pictures with no face")
    parser.add_argument("--nobody-megapixels", type=float, default=2, help="their size")
    parser.add_argument("--backend", default="auto", choices=BACKENDS, help="what computes")
    parser.add_argument("--seed", type=int, default=1, help="of the photos")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--docs", action="store_true", help="write the table into the documentation")
    options = parser.parse_args()
    told = measured(options)
    kept = ("megapixels", "crowds", "nobody_megapixels", "seed")
    load = round(os.getloadavg()[0], 1)
    told["conditions"] = {name: getattr(options, name) for name in kept} | {"processor": processor(), "load": load}
    if options.docs:
        write_docs(told)
    sys.stdout.write(json.dumps(told, indent=2) + "\n" if options.json else shown(told) + "\n")


def _progress(line: str) -> None:
    sys.stderr.write(f"  {line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
