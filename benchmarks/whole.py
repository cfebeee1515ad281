"""One real ingest of a real gallery, in a process of its own: what `benchmarks.ingest` sets against the bare stages.

    python -m benchmarks.whole found FOLDER                a gallery with ten people of the cast enrolled
    python -m benchmarks.whole ingest FOLDER PHOTOS        a copy of it ingests a folder of photos

Prints one line of JSON. Only the call of `Countenance.ingest` is timed: start of the processes, listing, looking,
matching, commits and log included. The photos are read once before, so that they lie in the page cache: how fast a disk
is says nothing about us.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.photographs import portraits
from benchmarks.profiling import busiest
from countenance.config import FILE_NAME
from countenance.gallery.gallery import Gallery
from countenance.ingest.run import Ingestion
from countenance.policy.desk import Desk
from countenance.service.countenance import Countenance
from countenance.service.founding import Plan
from countenance.wiring import found_gallery, open_gallery

ANNA, BEN = "anna@club.example", "ben@club.example"
WORDS = "a passphrase for a benchmark"
PURPOSE = "photo-library"
_PARTS = (("decide", Desk, "decide"), ("match_write", Gallery, "keep_known"), ("alike", Ingestion, "_near"))
"""What the main thread does beside listing and counting; none calls another."""
THRESHOLD, HIGH = 0.57, 0.65
"""For rendered people, who resemble one another more than real ones do."""


def found(folder: Path) -> None:
    """Found a gallery in ``folder`` and enrol ten of the cast, each with a basis that a second account confirmed."""
    form, notice = folder / "form.txt", folder / "notice.txt"
    notice.write_text("We look for your face in our own pictures.")
    plan = Plan(
        folder / "club", "Benchmark Club", ANNA, WORDS, (PURPOSE,), keys=folder / "keys", threshold=THRESHOLD, high=HIGH
    )
    with found_gallery(plan) as anna:
        anna.accounts.add(BEN, roles=["controller", "officer"], passphrase=WORDS)
        anna.notices.add("notice", text=notice, channel="form")
        with open_gallery(folder / "club", account=BEN, passphrase=WORDS) as ben:
            for name, portrait in portraits().items():
                form.write_text(f"signed by {name}")
                subject = anna.subjects.add(name, territory="GB")
                basis = anna.bases.record(
                    subject, ground="consent", condition="explicit-consent", purposes=[PURPOSE], evidence=form,
                    notice="notice",
                )  # fmt: skip
                anna.enrol(subject, portrait, basis=basis)
                ben.bases.countersign(basis)


@contextmanager
def copied(founded: Path) -> Iterator[Path]:
    """The founded gallery once more, so that each ingest meets one that has seen no photo."""
    with tempfile.TemporaryDirectory(prefix="countenance-ingest-") as name:
        copy = Path(name)
        shutil.copytree(founded, copy, dirs_exist_ok=True)
        config = copy / "club" / FILE_NAME
        config.write_text(config.read_text().replace(str(founded), str(copy)))
        yield copy


def ingest(founded: Path, photos: Path, *, profile: bool = False) -> dict[str, Any]:
    """Ingest, and tell what it took: seconds by the clock, and of computing here, in threads, and in the processes."""
    with copied(founded) as folder:
        for photo in photos.iterdir():
            photo.read_bytes()
        with open_gallery(folder / "club", account=ANNA, passphrase=WORDS) as club:
            club.sources.add("party", photos, statement="made for a benchmark", purposes=[PURPOSE])
            told = _timed(club, profile=profile)
        # The processes' share is known when the last of them has ended.
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return told | {"processes": used.ru_utime + used.ru_stime}


@contextmanager
def parts() -> Iterator[dict[str, float]]:
    """Seconds that the main thread computes in the parts of an ingest, while the block runs."""
    taken = dict.fromkeys((name for name, *_ in _PARTS), 0.0)
    before = [(place, name, getattr(place, name)) for _, place, name in _PARTS]

    def through(part: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **more: Any) -> Any:
            start = time.thread_time()
            try:
                return real(*given, **more)
            finally:
                taken[part] += time.thread_time() - start

        return called

    for (part, place, name), (_, _, real) in zip(_PARTS, before, strict=True):
        setattr(place, name, through(part, real))
    try:
        yield taken
    finally:
        for place, name, real in before:
            setattr(place, name, real)


def _timed(club: Countenance, *, profile: bool) -> dict[str, Any]:
    # By seconds of computing: what other programs take of the core is nobody's here.
    profiler = cProfile.Profile(time.thread_time)
    wall, own, all_ = time.perf_counter(), time.thread_time(), time.process_time()
    if profile:
        profiler.enable()
    with parts() as taken:
        report = club.ingest("party")
    profiler.disable()
    wall, own, all_ = time.perf_counter() - wall, time.thread_time() - own, time.process_time() - all_
    if report.new != report.photos or report.skipped:
        raise SystemExit(f"{report.new} of {report.photos} photos were ingested: {report.skipped[:3]}")
    told = {
        "photos": report.photos,
        "faces": report.faces_found,
        "kept": report.faces_kept,
        "wall": wall,
        "main": own,
        "threads": all_ - own,
        "parts": taken,
    }
    return told | ({"profile": busiest(profiler, report.photos)} if profile else {})


def main() -> None:
    """Do what is asked, and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.whole", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("job", choices=("found", "ingest"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("photos", type=Path, nargs="?")
    parser.add_argument("--profile", action="store_true", help="with the functions that time goes into")
    options = parser.parse_args()
    if options.job == "found":
        found(options.folder)
        told: dict[str, Any] = {}
    else:
        told = ingest(options.folder, options.photos, profile=options.profile)
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
