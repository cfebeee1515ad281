"""What every engine promises: this machine's processes, and a real Ray cluster's, with two workers at 127.0.0.1."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from clubs import Club
from clusters import INSTALLED, MEMORY, Away, Lent, below, left_in_memory, listening, mapped, soon, started
from countenance.errors import TooLarge, Unavailable, Unreadable
from countenance.ingest.engine import Engine, Seen
from countenance.ingest.local import LocalEngine
from countenance.ingest.run import Ingestion, Report
from countenance.ingest.workers import Setup
from countenance.photos.folder import Folder
from countenance.photos.store import Found
from countenance.samples import cast
from countenance.samples.made import broken_jpeg, with_data_mining_prohibited, with_facebook_mark
from countenance.vision.decode import Limits
from made_up import parts

SETUP = Setup("onnxruntime", limits=Limits(max_bytes=1 << 20))
MOST = 2 * 8
"""Photos that an engine with two processes may have under way."""
Make = Callable[..., Engine]


def never(*_: object) -> bool:
    return False


@pytest.fixture(scope="module")
def cluster() -> Iterator[Lent]:
    with started(2) as lent:
        yield lent


@pytest.fixture(params=["local", pytest.param("ray", marks=[pytest.mark.ray, INSTALLED])])
def make(request: pytest.FixtureRequest) -> Make:
    """Makes an engine with two processes, for a store."""
    if request.param == "local":
        return lambda _, workers=2: LocalEngine(workers, SETUP)
    return on(request.getfixturevalue("cluster"))


def on(cluster: Lent) -> Make:
    from countenance.ingest.ray_engine import RayEngine

    return lambda opening, workers=2: RayEngine(cluster, opening, SETUP, workers=workers)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Good photos, faulty ones, and two that are marked."""
    portrait = small(cast().portrait("Ada"))
    for name, data in {
        "a.jpg": portrait,
        "b/group.jpg": cast().party()[0].path.read_bytes(),
        "b/nobody.jpg": small(cast().no_face()[0]),
        "b/Zoë 😀.jpg": small(cast().portrait("Bruno")),
        "broken.jpg": broken_jpeg(),
        "empty.jpg": b"",
        "huge.jpg": bytes((1 << 20) + 1),
        "prohibited.jpg": with_data_mining_prohibited(portrait),
        "scraped.jpg": with_facebook_mark(portrait),
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return tmp_path


def small(file: Path, width: int = 200) -> bytes:
    with Image.open(file) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((width, width))
    written = BytesIO()
    picture.save(written, "JPEG", quality=90)
    return written.getvalue()


def by_name(seen: Iterator[Seen]) -> dict[str, Seen]:
    """What was seen, by the file's name; each comes once."""
    found: dict[str, Seen] = {}
    for each in seen:
        assert each.file.path.decode() not in found
        found[each.file.path.decode()] = each
    return found


# --- the contract ----------------------------------------------------------------------------------------------------


def test_each_file_comes_out_once_and_a_fault_is_one_photos_own(make: Make, folder: Path) -> None:
    store = Folder(folder)
    listed, before = [*store.files(), Found(b"gone.jpg", 9, 9)], set(MEMORY.iterdir())
    with closing(make(partial(Folder, folder))) as engine:
        seen = by_name(engine.look(listed, store, settled=never, scraped=False))
    assert set(seen) == {found.path.decode() for found in listed}
    for found in listed:
        one = seen[found.path.decode()]
        assert (one.file.bytes, one.file.modified_ns, one.settled) == (found.size, found.modified_ns, False)
        if found.path not in (b"gone.jpg", b"huge.jpg"):
            assert one.file.sha256 == sha256((folder / one.file.path.decode()).read_bytes()).hexdigest()
    faults = {name: type(one.fault) for name, one in seen.items() if one.fault}
    assert faults == {"broken.jpg": Unreadable, "empty.jpg": Unreadable, "huge.jpg": TooLarge, "gone.jpg": Unreadable}
    assert {seen[name].fault and seen[name].fault.message for name in ("empty.jpg",)} == {"The file is empty."}
    faces = {name: len(one.look.faces) for name, one in seen.items() if one.look}
    assert faces == {"a.jpg": 1, "b/group.jpg": len(cast().party()[0].people), "b/nobody.jpg": 0, "b/Zoë 😀.jpg": 1}
    assert seen["a.jpg"].look is not None
    assert (seen["a.jpg"].look.format, len(seen["a.jpg"].look.templates)) == ("JPEG", 1)

    assert soon(lambda: not [told for told in below(os.getpid()).values() if "ingest.worker" in told])
    assert left_in_memory(before) == set()


def test_p26_what_forbids_looking_is_not_looked_at(make: Make, folder: Path) -> None:
    store = Folder(folder)
    listed = [found for found in store.files() if found.path in (b"prohibited.jpg", b"scraped.jpg")]
    with closing(make(partial(Folder, folder), 1)) as engine:
        strict = by_name(engine.look(listed, store, settled=never, scraped=False))
        released = by_name(engine.look(listed, store, settled=never, scraped=True))
    assert strict["prohibited.jpg"].marks.prohibited
    assert strict["scraped.jpg"].marks.scraped
    assert {name: bool(one.look) for name, one in strict.items()} == {"prohibited.jpg": False, "scraped.jpg": False}
    assert {name: bool(one.look) for name, one in released.items()} == {"prohibited.jpg": False, "scraped.jpg": True}


def test_what_is_settled_by_its_content_is_not_looked_at_and_is_asked_about_once(make: Make, folder: Path) -> None:
    store, asked = Folder(folder), list[tuple[bytes, str]]()
    known = sha256((folder / "a.jpg").read_bytes()).hexdigest()

    def settled(found: Found, digest: str) -> bool:
        asked.append((found.path, digest))
        return digest == known

    with closing(make(partial(Folder, folder), 1)) as engine:
        seen = by_name(engine.look(store.files(), store, settled=settled, scraped=False))
    assert [name for name, one in seen.items() if one.settled] == ["a.jpg"]
    assert (seen["a.jpg"].look, seen["a.jpg"].file.sha256) == (None, known)
    assert sorted(path for path, _ in asked) == sorted(
        name.encode() for name, one in seen.items() if one.file.sha256 is not None
    )


def test_an_abandoned_iterator_stops_the_work_and_the_engine_can_begin_anew(make: Make, folder: Path) -> None:
    store, drawn = Folder(folder), itertools.count()
    one = next(found for found in store.files() if found.path == b"a.jpg")
    endless = (one for _ in drawn)
    with closing(make(partial(Folder, folder), 1)) as engine:
        work = engine.look(endless, store, settled=never, scraped=False)
        for number in range(1, 4):
            assert next(work).look
            assert next(drawn) - number <= MOST + number, "it draws no more than it has room for"
        work.close()  # type: ignore[attr-defined]
        before = next(drawn)
        assert len(by_name(engine.look([one], store, settled=never, scraped=False))) == 1
        assert next(drawn) == before + 1


def test_a_store_that_is_away_is_no_photos_fault(make: Make) -> None:
    with closing(make(Away, 1)) as engine, pytest.raises(Unavailable, match="away"):
        list(engine.look(Away().files(), Away(), settled=never, scraped=False))


# --- the cluster's own -----------------------------------------------------------------------------------------------


@pytest.mark.ray
@INSTALLED
def test_a_machine_that_does_not_see_the_photos_stops_the_run(cluster: Lent, folder: Path, tmp_path: Path) -> None:
    from countenance.errors import InputError

    store = Folder(folder)
    with closing(on(cluster)(partial(Folder, tmp_path / "elsewhere"), 1)) as engine, pytest.raises(InputError):
        list(engine.look(store.files(), store, settled=never, scraped=False))


@pytest.mark.ray
@INSTALLED
def test_the_cluster_on_this_machine_listens_here_alone(cluster: Lent) -> None:
    found = listening(set(below(os.getpid())))
    assert found
    assert found <= {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}


@pytest.mark.ray
@INSTALLED
def test_p27_no_face_is_in_the_object_store_or_in_the_sessions_files(cluster: Lent, folder: Path) -> None:
    store = Folder(folder)
    listed = [found for found in store.files() if found.path in (b"a.jpg", b"b/group.jpg")]
    [raylet] = [number for number, told in below(os.getpid()).items() if "raylet/raylet " in told]
    held = bytearray()

    def settled(_: Found, digest: str) -> bool:
        held.extend(now := mapped(raylet, "plasma"))
        assert digest.encode() in now, "the answers pass through here"
        return False

    seen = {}
    with closing(on(cluster)(partial(Folder, folder), 1)) as engine:
        for one in engine.look(listed, store, settled=settled, scraped=False):
            seen[one.file.path] = one
            held += mapped(raylet, "plasma")
    templates = [each.to_bytes() for one in seen.values() if one.look for each in one.look.templates]
    pieces = [each[at : at + 16] for each in templates for at in range(0, 512 - 16, 16)]
    assert len(templates) == 1 + len(cast().party()[0].people)
    assert not [piece for piece in pieces if piece in held]
    files = [file for file in Path(cluster.folder).rglob("*") if file.is_file()]
    assert files
    written = b"".join(file.read_bytes() for file in files)
    assert not [piece for piece in pieces if piece in written]


@pytest.mark.ray
@INSTALLED
def test_a_worker_that_is_killed_midway_changes_no_count(cluster: Lent, club: Club) -> None:
    """One of two processes is killed a few photos in; the run goes on, and its counts are those of a local run."""
    people = cast()
    for name in ("Ada", "Bruno"):
        subject = club.subject(name)
        club.anna.enrol(subject, people.portrait(name), basis=club.basis(subject))
    photos = [
        small(path, 160 + 2 * shot) for name in people.identities[:7] for shot, path in people.photos(name).items()
    ]
    reports = []
    for name, engines in (("here", lambda _: LocalEngine(2, SETUP)), ("cluster", on(cluster))):
        source = club.source(name)
        folder = club.root / f"source-{name}"
        for number, photo in enumerate(photos):
            (folder / f"{number:03}.jpg").write_bytes(photo)
        (folder / "100.jpg").write_bytes(broken_jpeg())
        (folder / "101.jpg").write_bytes(photos[0])
        killed: list[int] = []

        def kill(now: object, killed: list[int] = killed, name: str = name) -> None:
            workers = sorted(number for number, told in below(os.getpid()).items() if "ray::RayWorker" in told)
            if name == "cluster" and not killed and len(workers) == 2 and now.looked > 5:  # type: ignore[attr-defined]
                os.kill(workers[0], signal.SIGKILL)
                killed.append(workers[0])

        taken = parts(
            club.anna, folder, lambda _, engines=engines, folder=folder: engines(partial(Folder, folder)), batch=4
        )
        reports.append(Ingestion(taken, source=source).run(progress=kill))
        assert len(killed) == (name == "cluster")
    assert counts(reports[0]) == counts(reports[1])
    assert (reports[1].photos, reports[1].new, reports[1].duplicates) == (len(photos) + 2, len(photos) + 1, 1)
    assert reports[1].faces_kept > 0


def counts(report: Report) -> tuple[object, ...]:
    skipped = sorted((each.path, each.code) for each in report.skipped)
    return report.photos, report.new, report.duplicates, report.faces_found, report.faces_kept, skipped
