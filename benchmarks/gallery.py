"""A whole gallery of a million people: what a search costs from the probe's file to the logged answer, and an erasure.

    python -m benchmarks.gallery [--people 1000000] [--searches 40] [--erased 1000] [--json] [--docs]

Ten of the cast are enrolled by the use cases, with confirmed bases; the others are made up and written in bulk
(`benchmarks.people`), with reference numbers that spread over several segments of the index. The gallery is kept in the
cache folder; each run works on a copy. On one core, in one process:

1. The gallery is opened, the index read from its encrypted snapshot, and searched for each probe: photo files of people
   who are in it, through `Countenance.search`. The calls of the detector and the recogniser that a search makes are
   written down and made again, alone: the bare cost of looking at that probe, in the same run.
2. One person's basis is withdrawn; the next search must not find them.
3. A thousand people are erased who were enrolled one after the other, and a thousand from all over the gallery. The
   next search applies it; closing the gallery writes the segments of the snapshot that it concerns.
4. The snapshot is thrown away, and the next search builds the index from the registry.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks import gallery_figures as figures
from benchmarks import whole
from benchmarks.floor import written_down
from benchmarks.ingest import CACHE
from benchmarks.measuring import Failed, ours, timed
from benchmarks.pages import conditions, progress
from benchmarks.people import PURPOSE, Crowded, fill
from benchmarks.photographs import people
from countenance.gallery.snapshot import FOLDER
from countenance.registry import schema as t
from countenance.samples import cast
from countenance.service.countenance import Countenance
from countenance.types import SubjectId
from countenance.wiring import open_gallery

Told = dict[str, Any]
_EXAMPLES = """examples:
  python -m benchmarks.gallery --people 5000 --searches 12 --erased 100   a first look, in a minute
  python -m benchmarks.gallery --docs"""
APART = 3
"""Two of three references were replaced since: the rows of a million people lie in three segments."""
_SHOTS = (0, 1, 2)
_LEAST = 1000
"""The snapshot is kept from so many templates on; a small trial shall have one too."""


def main() -> None:
    """Make the gallery if it is not there, measure on a copy, print."""
    options = _options()
    if options.job == "make":
        make(options.folder, options.people)
        told: Told = {}
    elif options.job == "measure":
        told = measure(options.folder, options.searches, options.erased)
    else:
        told = _both(options) | {"conditions": conditions()}
        if options.docs:
            figures.write_docs(told)
        if not options.json:
            sys.stdout.write(figures.shown(told))
            return
    sys.stdout.write(json.dumps(told) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gallery",
        description=(__doc__ or "").replace("`", ""),
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--people", type=int, default=1_000_000, help="in the gallery, beside ten of the cast")
    parser.add_argument("--searches", type=int, default=40, help="how many searches are timed")
    parser.add_argument("--erased", type=int, default=1000, help="how many people are erased together")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the gallery is kept")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--docs", action="store_true", help="write the figures into the documentation")
    parser.add_argument("--job", choices=("make", "measure"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.people < 20 * options.erased:
        parser.error("erase at most one in twenty of the people")
    return options


def _both(options: argparse.Namespace) -> Told:
    counts = ["--searches", str(options.searches), "--erased", str(options.erased), "--people", str(options.people)]
    folder = kept(options.cache, options.people)
    return ours("gallery", "--job", "measure", "--folder", folder, *counts, count=1)


def kept(cache: Path, count: int) -> Path:
    """The folder of a gallery of so many people, made when it is not there."""
    folder = cache / f"gallery-{count}"
    if not (folder / "ready").exists():
        progress(f"making a gallery of {count:,} people in {folder}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        given = ("--people", str(count), "--erased", "0")
        ours("gallery", "--job", "make", "--folder", folder, *given, count=1)
        (folder / "ready").touch()
    return folder


def make(folder: Path, count: int) -> None:
    """Found the gallery, write its people, and leave the index' snapshot."""
    whole.found(folder)
    config = folder / "club" / whole.FILE_NAME
    config.write_text(config.read_text().replace("snapshot = 100_000", f"snapshot = {_LEAST}"))
    with open_gallery(folder / "club", account=whole.ANNA, passphrase=whole.WORDS) as club:
        with club.context.registry.read() as connection:
            last = max(connection.scalar(sa.select(sa.func.max(table.c.id))) for table in (t.subjects, t.bases))
        fill(club, _made(last, count), account=whole.ANNA)
    with open_gallery(folder / "club", account=whole.ANNA, passphrase=whole.WORDS) as club:
        _search(club, _photo(people()[0], 0))


def _made(last: int, count: int) -> Crowded:
    return Crowded(range(last + 1, last + 1 + count), apart=APART, records=False)


def measure(folder: Path, searches: int, erased: int) -> Told:
    """All the figures, on a copy of the gallery."""
    with whole.copied(folder) as copy:
        told: Told = {"registry_bytes": sum(each.stat().st_size for each in (copy / "club").rglob("registry*"))}
        with open_gallery(copy / "club", account=whole.ANNA, passphrase=whole.WORDS) as club:
            _bare(club, _photo(people()[0], 0))  # the networks are loaded now, and the process that decodes is started
            _, told["open_s"] = timed(lambda: _search(club, _photo(people()[0], 0)))
            with club.context.registry.read() as connection:
                told["people"] = connection.scalar(sa.select(sa.func.count()).select_from(t.subjects))
            told["search"] = _searches(club, searches)
            told["withdrawal"] = _withdrawal(club)
        told["erasures"] = [_erasure(copy, kind, erased) for kind in ("together", "apart")]
        shutil.rmtree(_index(copy))
        with open_gallery(copy / "club", account=whole.ANNA, passphrase=whole.WORDS) as club:
            _bare(club, _photo(people()[1], 0))
            _, told["build_s"] = timed(lambda: _search(club, _photo(people()[1], 0)))
        return told


def _index(copy: Path) -> Path:
    return copy / "club" / "data" / FOLDER


# --- searches --------------------------------------------------------------------------------------------------------


def _photo(name: str, shot: int) -> Path:
    return cast().photos(name)[shot]


def _search(club: Countenance, photo: Path) -> list[str]:
    found = club.search(photo, purpose=PURPOSE, case="a benchmark")
    return [candidate.subject for candidate in found]


def _searches(club: Countenance, count: int) -> Told:
    """Milliseconds of whole searches, and of the networks' calls for the same probes, by turns."""
    probes = [(name, _photo(name, shot)) for shot in _SHOTS for name in people()]
    whole_ms, bare_ms, ratios, found = [], [], [], 0
    for number in range(count):
        name, photo = probes[number % len(probes)]
        photo.read_bytes()
        names, seconds = timed(lambda photo=photo: _search(club, photo))  # type: ignore[misc]
        bare = _bare(club, photo)
        found += name.lower() in names
        whole_ms.append(seconds * 1000)
        bare_ms.append(bare * 1000)
        ratios.append(seconds / bare)
    return {
        "searches": count,
        "found": found,
        "p50_ms": statistics.median(whole_ms),
        "bare_ms": statistics.median(bare_ms),
        "ratio": statistics.median(ratios),
    }


def _bare(club: Countenance, photo: Path) -> float:
    """Seconds of the detector's and the recogniser's calls for this probe, alone."""
    vision = club.context.vision
    picture = vision.decode(photo.read_bytes())
    with written_down() as calls:
        vision.templates(picture, vision.faces(picture)[:1])
    if {stage for stage, *_ in calls} - {"decode"} != {"detect", "embed"}:
        raise SystemExit("The look at a probe made no call that counts as detecting and embedding.")
    began = time.perf_counter()
    for stage, real, given, more in calls:
        if stage != "decode":
            real(*given, **more)
    return time.perf_counter() - began


# --- withdrawn and erased --------------------------------------------------------------------------------------------


def _withdrawal(club: Countenance) -> Told:
    photo, handle = _photo(people()[0], 0), people()[0].lower()
    before = _search(club, photo)
    _, taken = timed(lambda: club.withdraw(handle))
    after, searched = timed(lambda: _search(club, photo))
    if handle not in before or handle in after:
        raise SystemExit("The search before a withdrawal finds the person, and the next one does not: not so here.")
    return {"withdraw_ms": taken * 1000, "next_search_ms": searched * 1000}


def _erasure(copy: Path, kind: str, count: int) -> Told:
    """Erase, search, close: what each takes, and which segments of the snapshot are written anew."""
    folder = _index(copy)
    before = _files(folder)
    with open_gallery(copy / "club", account=whole.ANNA, passphrase=whole.WORDS) as club:
        _search(club, _photo(people()[1], 0))
        chosen = _chosen(club, kind, count)
        certified, taken = timed(lambda: club._leaving.erase_many(chosen, "request"))  # noqa: SLF001
        _, searched = timed(lambda: _search(club, _photo(people()[1], 0)))
        _, closed = timed(club.close)
    after = _files(folder)
    fresh = [name for name, mark in after.items() if name.endswith(".segment") and before.get(name) != mark]
    return {
        "kind": kind,
        "people": certified.certificate["body"]["counts"]["subjects"],
        "erase_s": taken,
        "next_search_s": searched,
        "rewrite_s": closed,
        "segments": sum(name.endswith(".segment") for name in after),
        "rewritten": len(fresh),
        "rewritten_bytes": sum(after[name][1] for name in fresh),
        "scanned_bytes": certified.certificate["body"]["scan"]["bytes"],
    }


def _chosen(club: Countenance, kind: str, count: int) -> list[SubjectId]:
    """People who came one after the other, from the first third; or as many from all over."""
    with club.context.registry.read() as connection:
        query = sa.select(t.subjects.c.id).where(t.subjects.c.state == "active").order_by(t.subjects.c.id)
        numbers = list(connection.scalars(query))[len(people()) :]
    start = len(numbers) // 10
    chosen = numbers[start : start + count] if kind == "together" else numbers[1 :: len(numbers) // count][:count]
    return [SubjectId(number) for number in chosen]


def _files(folder: Path) -> dict[str, tuple[int, int]]:
    """Each file, with when it was written and how long it is."""
    return {each.name: (each.stat().st_mtime_ns, each.stat().st_size) for each in folder.iterdir()}


if __name__ == "__main__":
    try:
        main()
    except Failed as error:
        sys.exit(str(error))
