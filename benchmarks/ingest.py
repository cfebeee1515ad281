"""How fast a real ingest is: against the bare cost of its stages, and against what people use today, in one run.

    python -m benchmarks.ingest [--megapixels 12 2] [--rivals face_recognition,deepface] [--json] [--profile]

Photos are generated (`benchmarks.photographs`) and kept in the cache folder. In every round each of these runs in a
process of its own, one after the other: the bare stages on one core (`benchmarks.floor`), a whole ingest on one core
and on two (`benchmarks.whole`), both in the standard way of looking and in the quick one, which is the work that
DeepFace does, each rival on one core with a few of the same photos, and on two where it can make use
of them. Ratios are taken within a round, where the machine was the same, and their median is told. Memory is measured
in a run of its own, on two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import ingest_figures as figures
from benchmarks.ingest_figures import Round, Told
from benchmarks.measuring import Failed, Peak, ours
from benchmarks.pages import processor
from benchmarks.photographs import Order, photographs, portraits
from benchmarks.rivals import RIVALS
from countenance.vision.engine import BACKENDS

VAST, FEW = 50, 12
"""How many megapixels the photos have that the most memory is told of, and how many photos that is."""
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "countenance-benchmarks"


def main() -> None:
    """Make the photos, measure, print."""
    options = _options()
    sizes = {}
    for megapixels in options.megapixels:
        order = Order(options.cache / "photographs", megapixels, options.seed)
        count = options.photos or max(8, round(min(400, 2400 / megapixels)))
        sizes[f"{megapixels:g}"] = _size(order, count, options)
    first, *others = sizes.values()
    if options.vast or options.docs:
        first["vast"] = _vast(options)
    told = first | ({"sizes": dict(list(sizes.items())[1:])} if others else {}) | {"conditions": _conditions(options)}
    if options.docs:
        figures.write_docs(sizes, told["conditions"])
    sys.stdout.write(json.dumps(told, indent=2) + "\n" if options.json else figures.shown(sizes, told["conditions"]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--megapixels", type=float, nargs="+", default=[12, 2], help="sizes of the photos")
    parser.add_argument("--photos", type=int, help="how many; left out, 2,400 megapixels of them, 400 at most")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured")
    parser.add_argument("--rivals", default=",".join(RIVALS), help="none, or some of: " + ", ".join(RIVALS))
    parser.add_argument(
        "--rival-photos", type=int, help="how many of the photos each rival gets a round; few if left out"
    )
    parser.add_argument(
        "--vast", type=float, default=0, help="memory is measured with photos of so many megapixels too"
    )
    parser.add_argument("--backend", default="auto", choices=BACKENDS, help="what computes; the quicker one if auto")
    parser.add_argument("--seed", type=int, default=1, help="of the photos")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where photos and the rivals' environments are kept")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--profile", action="store_true", help="tell which functions the rest of the time goes into")
    parser.add_argument("--docs", action="store_true", help="write the table and the chart into the documentation")
    options = parser.parse_args()
    options.rivals = [] if options.rivals == "none" else options.rivals.split(",")
    if unknown := set(options.rivals) - set(RIVALS):
        parser.error(f"no rival {', '.join(sorted(unknown))}")
    return options


def _vast(options: argparse.Namespace) -> Told:
    """The most memory that two processes take on a few very large photos."""
    megapixels = options.vast or VAST
    with _prepared(Order(options.cache / "photographs", megapixels, options.seed), FEW, options) as (founded, photos):
        _progress(f"{FEW} photos of {megapixels:g} megapixels, for the memory that they take")
        return {"megapixels": megapixels, "peak_mb": _peak(founded, photos, options)}


# --- one size of photos ----------------------------------------------------------------------------------------------


def _size(order: Order, count: int, options: argparse.Namespace) -> Told:
    with _prepared(order, count, options) as (founded, photos):
        return _measured(founded, photos, order, options)


@contextmanager
def _prepared(order: Order, count: int, options: argparse.Namespace) -> Iterator[tuple[Path, Path]]:
    """A founded gallery, and a folder of the first so many photos of an order."""
    paths = photographs(order, count)
    with tempfile.TemporaryDirectory(prefix="selected-", dir=order.folder) as name:
        chosen = Path(name)
        for path in paths:
            os.link(path, chosen / path.name)
        founded = chosen.with_name(f"{chosen.name}-gallery")
        founded.mkdir()
        try:
            ours("whole", "found", founded, count=1, backend=options.backend)
            yield founded, chosen
        finally:
            shutil.rmtree(founded)


def _measured(founded: Path, photos: Path, order: Order, options: argparse.Namespace) -> Told:
    rounds = []
    for number in range(options.rounds):
        _progress(f"{order.megapixels:g} megapixels, round {number + 1} of {options.rounds}")
        rounds.append(_round(founded, photos, order, options, turned=bool(number % 2)))
        _progress(figures.line(rounds[-1]))
    told = figures.summary(rounds) | {"peak_mb": _peak(founded, photos, options)}
    if options.profile:
        told["profile"] = {
            "looking": _floor(photos, options, "--profile")["profile"],
            "main": ours("whole", "ingest", founded, photos, "--profile", count=1, backend=options.backend)["profile"],
        }
    return told


def _peak(founded: Path, photos: Path, options: argparse.Namespace) -> int:
    """Megabytes that an ingest on two cores takes at the most."""
    peak = Peak()
    ours("whole", "ingest", founded, photos, count=_most_cores(), backend=options.backend, peak=peak)
    return round(peak.bytes / 1e6)


def _round(founded: Path, photos: Path, order: Order, options: argparse.Namespace, *, turned: bool) -> Round:
    """Each once; every second round backwards, so that a machine that grows slower favours nobody."""
    two = _most_cores() > 1
    on_two = [f"{name}{figures.ON_TWO}" for name in options.rivals if two and RIVALS[name].many_cores]
    own = ["one", "quick", *(["two", "quick_two"] if two else [])]
    jobs = ["floor", *own, *options.rivals, *on_two]
    found: dict[str, Told] = {}
    for job in reversed(jobs) if turned else jobs:
        began = time.monotonic()
        if job == "floor":
            found[job] = _floor(photos, options)
        elif job in own:
            cores, how = 2 if job.endswith("two") else 1, "quick" if job.startswith("quick") else "standard"
            found[job] = ours("whole", "ingest", founded, photos, count=cores, backend=options.backend, detect=how)
        else:
            rival, cores = RIVALS[job.removesuffix(figures.ON_TWO)], 1 + job.endswith(figures.ON_TWO)
            cache = options.cache / "rivals"
            few = options.rival_photos or rival.photos(order.megapixels)
            found[job] = rival.measure(cache, photos, few, portraits(), cores=cores)
        _progress(f"  {job.replace('_', ' ')}: {time.monotonic() - began:.0f} s")
    others = {name: found[name] for name in (*options.rivals, *on_two)}
    return Round(found["floor"], found["one"], found.get("two"), others, found["quick"], found.get("quick_two"))


def _floor(photos: Path, options: argparse.Namespace, *more: str) -> Told:
    return ours("floor", photos, "--backend", options.backend, *more, count=1)


def _most_cores() -> int:
    return min(2, len(os.sched_getaffinity(0)))


def _conditions(options: argparse.Namespace) -> Told:
    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
        "rounds": options.rounds,
        "python": platform.python_version(),
    }


def _progress(line: str) -> None:
    sys.stderr.write(f"  {line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        raise SystemExit(f"A measured process failed.\n{error}") from None
