"""What the bare stages cost: the least that looking at a photo could take on one core, with nothing around it.

    python -m benchmarks.floor PHOTOS

Each photo is looked at once as an ingest does (`Looker.look`), and the calls that do the work are written down: which
scales libjpeg-turbo decoded it at, the smaller picture that was made for the detector, what it and the recogniser were
shown. Then exactly these calls are made again, alone and one after the other, and timed: read and hash, decode, detect,
embed. The floor is their sum. What stands around them is not in it: aligning, quality, perceptual hash, marks (all of
which are timed in the first look), messages, matching, commits, log, start.
"""

from __future__ import annotations

import argparse
import cProfile
import hashlib
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any

import simplejpeg

from benchmarks.measuring import STAGES
from benchmarks.profiling import busiest
from countenance.ingest.marks import read_marks
from countenance.ingest.wire import Made
from countenance.ingest.workers import Setup, Worker
from countenance.vision import align, detect, likeness, quality
from countenance.vision.backends import SESSIONS, choose
from countenance.vision.detect import Detector
from countenance.vision.embed import Embedder
from countenance.vision.looking import Looker, open_looker

_CALLS = (
    ("decode", simplejpeg, "decode_jpeg"),
    ("detect", detect, "reduced"),
    ("detect", detect, "sampled"),
    ("detect", Detector, "glance"),
    ("detect", Detector, "once"),
    ("detect", Detector, "refined"),
    ("embed", Embedder, "embed"),
)
"""Where each stage's work is done."""

_BESIDE = (("align", align, "align"), ("quality", quality, "judged"), ("hash", likeness, "perceptual_hash"))
"""What else a look consists of: timed while it looks, and in no stage."""

Call = tuple[str, Callable[..., Any], tuple[Any, ...], dict[str, Any]]


@contextmanager
def written_down() -> Iterator[list[Call]]:
    """The calls that do the work, while the block runs."""
    calls: list[Call] = []
    within = [False]
    before = [(place, name, getattr(place, name)) for _, place, name in _CALLS]

    def through(stage: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **more: Any) -> Any:
            if within[0]:  # a part of a call that is written down already
                return real(*given, **more)
            # A copy of what the call may write to: rows of a detector are scaled in place later.
            calls.append((stage, real, tuple(each.copy() if _small(each) else each for each in given), more))
            within[0] = True
            try:
                return real(*given, **more)
            finally:
                within[0] = False

        return called

    for (stage, place, name), (_, _, real) in zip(_CALLS, before, strict=True):
        setattr(place, name, through(stage, real))
    try:
        yield calls
    finally:
        for place, name, real in before:
            setattr(place, name, real)


def _small(given: Any) -> bool:
    return hasattr(given, "nbytes") and given.nbytes < 1 << 16


@contextmanager
def timed_beside(seconds: dict[str, float]) -> Iterator[None]:
    """Add up what the parts of a look take that are in no stage, while the block runs."""
    before = [(place, name, getattr(place, name)) for _, place, name in _BESIDE]

    def through(part: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **more: Any) -> Any:
            start = time.perf_counter()
            done = real(*given, **more)
            seconds[part] += time.perf_counter() - start
            return done

        return called

    for (part, place, name), (_, _, real) in zip(_BESIDE, before, strict=True):
        setattr(place, name, through(part, real))
    try:
        yield
    finally:
        for place, name, real in before:
            setattr(place, name, real)


class Network:
    """Seconds inside the networks themselves: what no code around them could save."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Count what is computed while the block runs."""
        before = {kind: kind.run for kind in SESSIONS.values()}
        for kind, real in before.items():
            kind.run = self._timed(real)  # type: ignore[method-assign]
        try:
            yield
        finally:
            for kind, real in before.items():
                kind.run = real  # type: ignore[method-assign]

    def _timed(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any) -> Any:
            start = time.perf_counter()
            done = real(*given)
            self.seconds += time.perf_counter() - start
            return done

        return run


def bare(photos: list[Path], backend: str, *, profile: bool = False) -> dict[str, Any]:
    """Milliseconds a photo by stage, of the whole look, and inside the networks.

    ``computing`` is the share of the time that this process had the core: less than all of it, and others were at work.
    """
    looker = open_looker(backend, max_pixels=120_000_000, threads=1)
    looker.warm()
    seconds = dict.fromkeys(STAGES, 0.0)
    beside = dict.fromkeys(("marks", *(part for part, *_ in _BESIDE)), 0.0)
    looking, network, decodes, faces, bare_computing = 0.0, Network(), 0, 0, 0.0
    wall, computing = time.perf_counter(), time.process_time()
    for path in photos:
        data, _ = _read(path)
        with written_down() as calls, timed_beside(beside):
            start = time.perf_counter()
            read_marks(data, PurePath(path.name))
            beside["marks"] += time.perf_counter() - start
            faces += len(looker.look(data).faces)
            looking += time.perf_counter() - start
        missing = set(STAGES) - {"read"} - {stage for stage, *_ in calls}
        if missing:
            raise SystemExit(f"The look at {path.name} made no call that counts as {', '.join(sorted(missing))}.")
        decodes += sum(stage == "decode" for stage, *_ in calls)
        start = time.process_time()
        _add(seconds, path, calls, network)
        bare_computing += time.process_time() - start
    wall, computing = time.perf_counter() - wall, time.process_time() - computing
    each = 1000 / len(photos)
    told = {
        "photos": len(photos),
        "faces": faces,
        "decodes_a_photo": round(decodes / len(photos), 2),
        "stages": {stage: taken * each for stage, taken in seconds.items()},
        "beside": {part: taken * each for part, taken in beside.items()},
        "start": started(backend),
        "network": network.seconds * each,
        "look": looking * each,
        "bare_computing": bare_computing * each,
        "computing": computing / wall,
        "backend": choose(backend, threads=1).description,
    }
    return told | ({"profile": _profiled(looker, photos)} if profile else {})


def started(backend: str) -> float:
    """Seconds of computing that the start and the end of one process take that looks at photos."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    Worker(Setup(backend, made=Made())).stop()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _read(path: Path) -> tuple[bytes, str]:
    data = path.read_bytes()
    return data, hashlib.sha256(data).hexdigest()


def _add(seconds: dict[str, float], path: Path, calls: list[Call], network: Network) -> None:
    start = time.perf_counter()
    _read(path)
    seconds["read"] += time.perf_counter() - start
    with network.watched():
        for stage, real, given, more in calls:
            start = time.perf_counter()
            real(*given, **more)
            seconds[stage] += time.perf_counter() - start


def _profiled(looker: Looker, photos: list[Path]) -> list[dict[str, Any]]:
    profiler = cProfile.Profile()
    for path in photos:
        data, _ = _read(path)
        profiler.enable()
        read_marks(data, PurePath(path.name))
        looker.look(data)
        profiler.disable()
    return busiest(profiler, len(photos))


def main() -> None:
    """Measure, and print one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.floor", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--profile", action="store_true", help="with the functions that time goes into")
    options = parser.parse_args()
    photos = sorted(options.photos.glob("*.jpg"))
    sys.stdout.write(json.dumps(bare(photos, options.backend, profile=options.profile)) + "\n")


if __name__ == "__main__":
    main()
