"""The service beside the library: what a search by photo and a comparison cost over HTTP, and what a second core gives.

    python -m benchmarks.service [--people 100000] [--searches 40] [--seconds 20] [--json] [--docs]

The gallery is that of `benchmarks.gallery`: ten of the cast enrolled by the use cases, the others made up and written
in bulk. Each part works on a copy, in processes of its own:

1. By turns, on one core: a search through `Countenance.search` in this process, and the same photo sent by
   `countenance.Client` to `countenance serve`. Then the same of `verify`, and of the compatible endpoints, asked by
   boto3 and as CompreFace's clients ask. Told is the median of the ratios.
2. Four programs search at once for some seconds, with service and programs on one core, and then on two.
3. The most memory that the service and its processes held together.
4. Four programs at once with the records on a PostgreSQL server, which shares the cores: one worker on one core, one
   worker on two, two workers on two (`benchmarks.service_workers`).
5. The demo club's pages in headless Chromium (`benchmarks.service_pages`).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import gallery, pages, service_doors, service_pages, service_workers, whole
from benchmarks.ingest import CACHE
from benchmarks.measuring import ROOT, Failed, Peak, ours, timed
from benchmarks.people import PURPOSE
from benchmarks.photographs import people
from countenance import Client
from countenance.samples import cast
from countenance.wiring import open_gallery

Told = dict[str, Any]
PAGE = ROOT / "docs" / "reference" / "service-speed.md"
PROGRAMS = 4
CASE = "a benchmark"
_WARM = 3
_DOORS = (
    ("compreface_search", "CompreFace's recognition"),
    ("compreface_verify", "CompreFace's verification"),
    ("rekognition_compare", "Rekognition's CompareFaces"),
)
_SELDOM = 0.5
_EXAMPLES = """examples:
  python -m benchmarks.service --people 5000 --searches 10 --seconds 5   a first look, in two minutes
  python -m benchmarks.service --docs"""


def main() -> None:
    """Make the gallery if it is not there, measure on copies, print."""
    options = _options()
    if options.job == "turns":
        told = turns(options.folder, options.searches)
    elif options.job == "load":
        with whole.copied(options.folder) as copy:
            told = load(copy, options.seconds)
    elif options.job == "workers":
        with service_workers.on_postgresql(options.folder) as copy:
            told = load(copy, options.seconds, "--workers", str(options.workers))
    elif options.job == "pages":
        told = service_pages.measure(options.pages)
    else:
        told = _all(options) | {"conditions": pages.conditions()}
        if options.docs:
            write_docs(told)
        if not options.json:
            sys.stdout.write("\n".join(f"{name}: {value}" for name, value in _facts(told)) + "\n")
            return
    sys.stdout.write(json.dumps(told) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.service",
        description=(__doc__ or "").replace("`", ""),
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--people", type=int, default=100_000, help="in the gallery, beside ten of the cast")
    parser.add_argument("--searches", type=int, default=40, help="how many searches are timed by turns")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long programs search at once")
    parser.add_argument("--pages", type=int, default=5, help="how often each page is opened")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the gallery is kept")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--docs", action="store_true", help="write the figures into the documentation")
    parser.add_argument("--job", choices=("turns", "load", "workers", "pages"), help=argparse.SUPPRESS)
    parser.add_argument("--workers", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _all(options: argparse.Namespace) -> Told:
    kept = gallery.kept(options.cache, options.people)
    given = ["--folder", kept, "--searches", str(options.searches), "--seconds", str(options.seconds)]
    told: Told = {"people": options.people}
    pages.progress("by turns, on one core")
    told |= ours("service", "--job", "turns", *given, count=1)
    for count in (1, 2):
        pages.progress(f"{PROGRAMS} programs at once, cores: {count}")
        told[f"cores_{count}"] = ours("service", "--job", "load", *given, count=count)
    for workers, count in ((1, 1), (1, 2), (2, 2)):
        pages.progress(f"{PROGRAMS} programs at once on PostgreSQL, workers: {workers}, cores: {count}")
        several = ["--workers", str(workers)]
        told[f"workers_{workers}_{count}"] = ours("service", "--job", "workers", *given, *several, count=count)
    pages.progress("pages in Chromium")
    told["pages"] = ours("service", "--job", "pages", "--pages", str(options.pages), count=2)
    return told


# --- the service -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Served:
    """A running service, and a key that may search and compare."""

    url: str
    key: str
    peak: Peak


@contextmanager
def served(copy: Path, *more: str) -> Iterator[Served]:
    """``countenance serve`` on a copy of the gallery, on the cores of this process."""
    config = copy / "club"
    with open_gallery(config, account=whole.ANNA, passphrase=whole.WORDS) as club:
        made = club.api_keys.create("benchmark", roles=["operator"], purposes=[PURPOSE], quota=10_000_000)
    command = [sys.executable, "-m", "countenance", "--config", config, "--account", whole.ANNA, "serve", "--port", "0"]
    environment = os.environ | {"COUNTENANCE_PASSPHRASE": whole.WORDS, "COUNTENANCE_HTTP__REQUESTS": "1000000"}
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*map(str, command), "--no-open", *more], stdout=subprocess.PIPE, env=environment, text=True, cwd=ROOT
    )
    peak = Peak(_SELDOM)
    try:
        assert process.stdout is not None  # noqa: S101
        found = None
        while found is None and (line := process.stdout.readline()):
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found is None:
            raise Failed("The service did not say where it answers.")
        with peak.of(process.pid):
            yield Served(found[0], made.token, peak)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def turns(folder: Path, searches: int) -> Told:
    """Milliseconds of the library and of the service for the same photos, one after the other."""
    photos = [cast().photos(name)[shot].read_bytes() for shot in (0, 1, 2) for name in people()]
    with whole.copied(folder) as copy, served(copy) as service:
        club = open_gallery(copy / "club", account=whole.ANNA, passphrase=whole.WORDS)
        with club, Client(service.url, key=service.key) as client:

            def here(photo: bytes) -> list[str]:
                return [hit.subject for hit in club.search(photo, purpose=PURPOSE, case=CASE)]

            def there(photo: bytes) -> list[str]:
                return [hit.subject for hit in client.search(photo, purpose=PURPOSE, case=CASE)]

            def both_here(photo: bytes) -> float:
                return club.verify(photo, photos[1], purpose=PURPOSE, case=CASE).score

            def both_there(photo: bytes) -> float:
                return client.verify(photo, photos[1], purpose=PURPOSE, case=CASE).score

            search = _compared(photos, searches, here, there)
            verify = _compared(photos, max(searches // 2, 2), both_here, both_there)
            with service_doors.ways(club, service.url, photos[1]) as ways:
                doors = {name: _compared(photos, max(searches // 2, 2), *way) for name, way in ways.items()}
        return {"search": search, "verify": verify, **doors, "memory": service.peak.bytes}


def _compared(photos: list[bytes], count: int, here: Callable[..., Any], there: Callable[..., Any]) -> Told:
    for photo in photos[:_WARM]:
        here(photo), there(photo)
    library, service, ratios = [], [], []
    for number in range(count):
        photo = photos[number % len(photos)]
        ways = [here, there] if number % 2 else [there, here]
        taken = {way: timed(lambda way=way, photo=photo: way(photo)) for way in ways}  # type: ignore[misc]
        same = taken[here][0] == taken[there][0] or isinstance(taken[here][0], float)
        if not same:
            raise Failed("The library and the service answered differently.")
        library.append(taken[here][1] * 1000)
        service.append(taken[there][1] * 1000)
        ratios.append(service[-1] / library[-1])
    return {
        "times": count,
        "library_ms": statistics.median(library),
        "service_ms": statistics.median(service),
        "ratio": statistics.median(ratios),
    }


def load(copy: Path, seconds: float, *more: str) -> Told:
    """How many searches a second several programs get together."""
    photos = [cast().photos(name)[shot].read_bytes() for shot in (0, 1, 2) for name in people()]
    with served(copy, *more) as service:
        done, ready, until = [0] * PROGRAMS, threading.Barrier(PROGRAMS + 1), 0.0

        def program(number: int) -> None:
            with Client(service.url, key=service.key) as client:
                client.search(photos[number], purpose=PURPOSE, case=CASE)
                ready.wait()
                while time.perf_counter() < until:
                    client.search(photos[(number + done[number]) % len(photos)], purpose=PURPOSE, case=CASE)
                    done[number] += 1

        threads = [threading.Thread(target=program, args=(number,)) for number in range(PROGRAMS)]
        for thread in threads:
            thread.start()
        start = time.perf_counter()
        until = start + 3600.0
        ready.wait()  # each has searched once
        start = time.perf_counter()
        until = start + seconds
        for thread in threads:
            thread.join()
        return {"per_second": sum(done) / (time.perf_counter() - start), "memory": service.peak.bytes}


# --- told ------------------------------------------------------------------------------------------------------------


def _facts(told: Told) -> list[tuple[str, str]]:
    search, verify = told["search"], told["verify"]
    one, two = told["cores_1"]["per_second"], told["cores_2"]["per_second"]
    memory = max(told["memory"], told["cores_1"]["memory"], told["cores_2"]["memory"])
    return [
        ("people", f"{told['people']:,}"),
        ("a search by photo in the library (p50)", f"{search['library_ms']:.0f} ms"),
        ("the same search over HTTP (p50)", f"{search['service_ms']:.0f} ms"),
        ("HTTP to library, a search (median of the ratios)", f"{search['ratio']:.2f} ×"),
        ("HTTP to library, a verify (median of the ratios)", f"{verify['ratio']:.2f} ×"),
        *(
            (f"… {each}, as its clients ask (median of the ratios)", f"{told[name]['ratio']:.2f} ×")
            for name, each in _DOORS
        ),
        (f"searches a second of {PROGRAMS} programs, on one core", f"{one:.1f}"),
        ("… on two cores", f"{two:.1f} ({two / one:.2f} ×)"),
        ("memory of the service and its processes, at the most", f"{memory / 1e6:.0f} MB"),
        *_facts_of_workers(told),
        *service_pages.facts(told["pages"]),
    ]


def _facts_of_workers(told: Told) -> list[tuple[str, str]]:
    alone, wide, both = (told[f"workers_{each}"]["per_second"] for each in ("1_1", "1_2", "2_2"))
    return [
        ("on PostgreSQL, one worker on one core, searches a second", f"{alone:.1f}"),
        ("… one worker on two cores", f"{wide:.1f} ({wide / alone:.2f} ×)"),
        ("… two workers on two cores", f"{both:.1f} ({both / alone:.2f} ×; {both / wide:.2f} × one on two)"),
    ]


def write_docs(told: Told) -> None:
    """Write the table into the page, between its marks."""
    facts = pages.table(("the service", "measured"), _facts(told))
    about = pages.machine(told["conditions"], "One core, and two,")
    pages.write_section("the service", [about, "", *facts], PAGE)


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        sys.exit(str(error))
