"""How long an erasure takes in a large gallery, side by side with writing the whole registry anew.

    python -m benchmarks.erasure --subjects 100000 [--batch 1000] [--json]

A club is founded in a temporary folder and filled with made-up people: a key, sealed fields, a sealed template and an
appearance each, written in bulk with the program's own sealing and its own tables. Then one person is erased, then a
batch, by the use case itself: decision, tombstone, deletion, keys, byte scan of every file, certificate. In the same
run the registry's file is written anew once (VACUUM), which is what an erasure would cost without `secure_delete`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.people import Crowded, fill
from countenance.config import FILE_NAME
from countenance.service.countenance import Countenance
from countenance.service.founding import Plan
from countenance.types import SubjectId
from countenance.wiring import found_gallery, open_gallery

ANNA, WORDS = "anna@club.example", "a passphrase for a benchmark"


@dataclass(frozen=True)
class Time:
    """Seconds by the clock, and seconds of this process' own computing, which other programs do not lengthen."""

    wall: float
    cpu: float


def main() -> None:
    """Build, measure, print."""
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="countenance-erasure-", dir=options.folder))
    try:
        with _founded(folder) as club:
            _, building = _timed(lambda: _fill(club, options.subjects))
        # Opened anew: as the command finds it, with nothing in memory.
        with open_gallery(folder / "club" / FILE_NAME, account=ANNA, passphrase=WORDS) as club:
            told = _measured(club, options.subjects, options.batch) | {"building": round(building.wall, 1)}
    finally:
        shutil.rmtree(folder)
    sys.stdout.write(json.dumps(told, indent=2) + "\n" if options.json else _shown(told))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.erasure", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--subjects", type=int, default=100_000, help="people in the gallery")
    parser.add_argument("--batch", type=int, default=1000, help="people erased together")
    parser.add_argument("--folder", type=Path, help="where the gallery is built; the temporary folder if left out")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def _founded(folder: Path) -> Countenance:
    plan = Plan(folder / "club", "Benchmark Club", ANNA, WORDS, ("photo-library",), keys=folder / "keys")
    return found_gallery(plan)


def _fill(club: Countenance, subjects: int) -> None:
    """What people refer to, then the people."""
    folder = club.context.settings.folder / "pictures"
    folder.mkdir()
    notice = club.context.settings.folder / "notice.txt"
    notice.write_text("notice")
    club.notices.add("notice", text=notice, channel="form")
    club.sources.add("party", folder, statement="made up", purposes=["photo-library"])
    fill(club, Crowded(range(1, subjects + 1)), account=ANNA)


def _measured(club: Countenance, subjects: int, batch: int) -> dict[str, Any]:
    people = [SubjectId(number) for number in range(1, subjects + 1)]
    one, single = _timed(lambda: club._leaving.erase_many(people[subjects // 2 :][:1], "request"))  # noqa: SLF001
    _progress(f"one erased in {single.wall:.2f} s")
    step = max(1, (subjects // 2) // batch)
    some, many = _timed(lambda: club._leaving.erase_many(people[: subjects // 2 : step][:batch], "request"))  # noqa: SLF001
    _progress(f"{batch:,} erased in {many.wall:.2f} s")
    _, rewriting = _timed(club.context.registry.rewrite)
    file = club.context.registry.file
    return {
        "subjects": subjects,
        "batch": some.certificate["body"]["counts"]["subjects"],
        "registry_bytes": file.stat().st_size if file else 0,
        "scanned_bytes": one.certificate["body"]["scan"]["bytes"],
        "markers": {
            "one": one.certificate["body"]["scan"]["markers"],
            "batch": some.certificate["body"]["scan"]["markers"],
        },
        "seconds": {"one": asdict(single), "batch": asdict(many), "rewrite": asdict(rewriting)},
        "ratio_to_rewrite": {
            "one": round(single.wall / rewriting.wall, 2),
            "batch": round(many.wall / rewriting.wall, 2),
        },
        "seconds_a_person_in_the_batch": round(many.wall / batch, 4),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }


def _timed(work: Callable[[], Any]) -> tuple[Any, Time]:
    began, used = time.perf_counter(), time.process_time()
    done = work()
    return done, Time(time.perf_counter() - began, time.process_time() - used)


def _progress(line: str) -> None:
    sys.stderr.write(f"  {line}\n")


def _shown(told: dict[str, Any]) -> str:
    sizes = f"registry of {told['registry_bytes'] / 1e6:,.0f} MB, {told['scanned_bytes'] / 1e6:,.0f} MB searched"
    lines = [f"{told['subjects']:,} people, {sizes}; {told['cores']} cores, load {told['load']}"]
    names = {"one": "one person", "batch": f"{told['batch']:,} together", "rewrite": "a rewrite (VACUUM)"}
    for key, name in names.items():
        taken, ratio = told["seconds"][key], told["ratio_to_rewrite"].get(key)
        compared = f"   {ratio:.2f} × the rewrite" if ratio else ""
        lines.append(f"  {name:20} {taken['wall']:8.2f} s  ({taken['cpu']:.2f} s of computing){compared}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
