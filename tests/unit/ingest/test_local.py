"""The processes that look at photos: each photo comes out once, whatever one of them does to the one that has it."""

from __future__ import annotations

import gc
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from countenance.errors import InputError, TooLarge, Unavailable, Unreadable
from countenance.ingest.engine import Seen
from countenance.ingest.local import LocalEngine
from countenance.ingest.wire import unpack
from countenance.ingest.workers import Died, Setup, Worker
from countenance.photos.folder import Folder
from countenance.samples import cast
from countenance.samples.made import broken_jpeg, with_data_mining_prohibited, with_facebook_mark
from countenance.types import Face, Quality
from countenance.vision import Vision
from countenance.vision.decode import Limits

QUICK = Setup(backend="onnxruntime")
PEOPLE = cast().identities


def limited(**limits: float) -> Setup:
    return Setup(backend="onnxruntime", limits=Limits(**limits))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    one = LocalEngine(1, QUICK)
    yield one
    one.close()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three photos of one person each."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in PEOPLE[:3]:
        (folder / f"{name}.jpg").write_bytes(cast().portrait(name).read_bytes())
    return folder


def look(
    engine: LocalEngine, folder: Path, *, scraped: bool = False, settled: set[str] = frozenset()
) -> dict[str, Seen]:  # type: ignore[assignment]
    store = Folder(folder)
    seen = list(engine.look(store.files(), store, settled=lambda _, digest: digest in settled, scraped=scraped))
    assert len({each.file.path for each in seen}) == len(seen)
    return {each.file.path.decode(): each for each in seen}


def processes(parent: int | None = None) -> list[int]:
    """The processes that look at photos and are our children, or somebody else's."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
        except (OSError, ValueError, IndexError):
            continue
        if b"countenance.ingest.worker" in command and int(stat[1]) == (parent or os.getpid()) and stat[0] != "Z":
            found.append(int(folder.name))
    return found


def is_confined(process: int) -> bool:
    lines = Path(f"/proc/{process}/limits").read_text().splitlines()[1:]
    return {line[:25].strip(): line[25:].split()[0] for line in lines}["Max file size"] == "0"


def slow_picture(side: int = 9000) -> bytes:
    """Takes a second or so to decode."""
    sink = io.BytesIO()
    Image.new("RGB", (side, side), "white").save(sink, "PNG", compress_level=1)
    return sink.getvalue()


# --- what comes out --------------------------------------------------------------------------------------------------


def test_every_photo_comes_out_once_with_what_is_in_it(engine: LocalEngine, photos: Path) -> None:
    (photos / "party.jpg").write_bytes(max(cast().party(), key=lambda one: len(one.people)).path.read_bytes())
    (photos / "broken.jpg").write_bytes(broken_jpeg())
    (photos / "empty.jpg").touch()
    seen = look(engine, photos)
    assert seen.keys() == {each.name for each in photos.iterdir()}
    with Vision(backend="onnxruntime") as vision:
        for name in PEOPLE[:3]:
            one = seen[f"{name}.jpg"]
            data = (photos / f"{name}.jpg").read_bytes()
            picture = vision.decode(data)
            faces = vision.faces(picture)
            assert one.file.sha256 == hashlib.sha256(data).hexdigest()
            assert one.look is not None
            assert (one.look.width, one.look.height, one.look.format) == (picture.width, picture.height, "JPEG")
            # Of single precision, the last digit depends on where in memory the picture happened to lie.
            sharp = [pytest.approx(face.quality.sharpness, rel=1e-5) for face in faces]
            assert [face.quality.sharpness for face in one.look.faces] == sharp
            assert [_but_sharpness(face) for face in one.look.faces] == [_but_sharpness(face) for face in faces]
            for template, expected in zip(one.look.templates, vision.templates(picture, faces), strict=True):
                assert template.contract == expected.contract
                np.testing.assert_allclose(template.vector, expected.vector, atol=1e-6)
    assert seen["party.jpg"].look is not None
    assert len(seen["party.jpg"].look.templates) == len(seen["party.jpg"].look.faces) > 2
    for name, words in (("broken.jpg", "damaged or cut short"), ("empty.jpg", "empty")):
        fault = seen[name].fault
        assert isinstance(fault, Unreadable)
        assert words in fault.message
        assert seen[name].look is None


def _but_sharpness(face: Face) -> Face:
    return replace(face, quality=replace(face.quality, sharpness=0.0))


def test_p26_a_prohibited_photo_is_not_looked_at_and_a_scraped_one_only_when_accounted_for(
    engine: LocalEngine, photos: Path
) -> None:
    whole = cast().portrait("Ada").read_bytes()
    (photos / "prohibited.jpg").write_bytes(with_data_mining_prohibited(whole))
    (photos / "scraped.jpg").write_bytes(with_facebook_mark(whole))
    seen, accepted = look(engine, photos), look(engine, photos, scraped=True)
    for told in (seen, accepted):
        assert "data mining" in (told["prohibited.jpg"].marks.prohibited or "")
        assert told["prohibited.jpg"].look is told["prohibited.jpg"].fault is None
    assert "FBMD" in (seen["scraped.jpg"].marks.scraped or "")
    assert seen["scraped.jpg"].look is None
    assert accepted["scraped.jpg"].look is not None


def test_what_is_settled_is_not_looked_at_and_starts_no_process(photos: Path) -> None:
    known = {hashlib.sha256(each.read_bytes()).hexdigest() for each in photos.iterdir()}
    engine = LocalEngine(1, QUICK)
    before = processes()
    seen = look(engine, photos, settled=known)
    assert processes() == before
    engine.close()
    assert all(each.settled and each.look is None and each.file.sha256 in known for each in seen.values())


def test_a_file_that_is_too_large_or_gone_has_its_reason(photos: Path) -> None:
    files = list(Folder(photos).files())
    (photos / f"{PEOPLE[0]}.jpg").unlink()
    engine = LocalEngine(1, limited(max_bytes=(photos / f"{PEOPLE[1]}.jpg").stat().st_size))
    (photos / f"{PEOPLE[2]}.jpg").write_bytes(bytes(10_000_000))
    store = Folder(photos)
    seen = {each.file.path.decode(): each for each in engine.look(files, store, settled=_never, scraped=False)}
    engine.close()
    assert isinstance(seen[f"{PEOPLE[0]}.jpg"].fault, Unreadable)
    assert seen[f"{PEOPLE[1]}.jpg"].look is not None
    assert isinstance(seen[f"{PEOPLE[2]}.jpg"].fault, TooLarge)
    assert seen[f"{PEOPLE[2]}.jpg"].file.sha256 is None


def test_files_are_drawn_as_there_is_room(engine: LocalEngine, photos: Path) -> None:
    (one, *_) = Folder(photos).files()
    drawn = 0

    def endless() -> Iterator[object]:
        nonlocal drawn
        while True:
            drawn += 1
            yield one

    looking = engine.look(endless(), Folder(photos), settled=_never, scraped=False)  # type: ignore[arg-type]
    for number in range(1, 4):
        assert next(looking).look is not None
        assert drawn <= number + 8
    looking.close()
    assert len(look(engine, photos)) == 3  # and the engine serves on


def test_an_error_of_the_store_itself_comes_out(engine: LocalEngine, photos: Path) -> None:
    class Gone(Folder):
        def read(self, path: bytes, limit: int) -> bytes:
            raise Unavailable("The bucket cannot be reached.")

    store = Gone(photos)
    with pytest.raises(Unavailable, match="bucket"):
        list(engine.look(store.files(), store, settled=_never, scraped=False))
    assert len(look(engine, photos)) == 3


def _never(*_: object) -> bool:
    return False


# --- what a photo may do to a process --------------------------------------------------------------------------------


def test_a_process_that_is_killed_once_costs_nothing(engine: LocalEngine, photos: Path) -> None:
    look(engine, photos)
    (old,) = processes()
    os.kill(old, signal.SIGKILL)
    assert all(each.look for each in look(engine, photos).values())
    assert processes() != [old]


def test_a_photo_that_every_process_dies_of_is_reported_and_the_next_are_not(photos: Path, tmp_path: Path) -> None:
    deadly = tmp_path / "deadly"
    deadly.mkdir()
    (deadly / "photo.png").write_bytes(slow_picture())
    engine, ended = LocalEngine(1, limited(seconds=60)), threading.Event()
    before, killed = set(processes()), set[int]()

    def kill() -> None:
        """Every process as soon as it is ready and has the photo."""
        while not ended.is_set():
            for process in set(processes()) - before - killed:
                if is_confined(process):
                    time.sleep(0.05)
                    os.kill(process, signal.SIGKILL)
                    killed.add(process)
            time.sleep(0.005)

    killer = threading.Thread(target=kill)
    killer.start()
    (seen,) = look(engine, deadly).values()
    ended.set()
    killer.join()
    assert isinstance(seen.fault, Unreadable)
    assert "stopped the process" in seen.fault.message
    assert len(killed) == 2
    assert all(each.look for each in look(engine, photos).values())
    engine.close()


def test_a_slow_photo_stalls_no_other_and_is_given_up_on(photos: Path) -> None:
    engine, before = LocalEngine(2, limited(seconds=8)), set(processes())
    for number in range(6):
        (photos / f"more-{number}.jpg").write_bytes(cast().no_face()[number % 5].read_bytes())
    look(engine, photos)
    stuck, _ = set(processes()) - before
    os.kill(stuck, signal.SIGSTOP)
    store = Folder(photos)
    started = time.monotonic()
    *others, last = engine.look(store.files(), store, settled=_never, scraped=False)
    assert all(each.look for each in others)
    assert isinstance(last.fault, Unreadable)
    assert "within 8 seconds" in last.fault.message
    assert time.monotonic() - started >= 8
    assert not Path(f"/proc/{stuck}").exists()
    engine.close()


def test_a_process_is_confined_and_a_picture_too_large_for_it_has_a_reason(photos: Path) -> None:
    (photos / "large.png").write_bytes(slow_picture(2000))
    engine, before = LocalEngine(1, limited(max_pixels=1_000_000, max_bytes=1 << 20)), set(processes())
    fault = look(engine, photos)["large.png"].fault
    assert isinstance(fault, TooLarge)
    (process,) = set(processes()) - before
    lines = Path(f"/proc/{process}/limits").read_text().splitlines()[1:]
    soft = {line[:25].strip(): line[25:].split()[0] for line in lines}
    assert soft["Max core file size"] == soft["Max file size"] == "0"
    assert int(soft["Max open files"]) <= 16
    assert int(soft["Max address space"]) < 16 << 30
    assert int(soft["Max cpu time"]) < 600
    engine.close()


def test_an_answer_that_is_none_is_not_believed() -> None:
    quality = json.dumps(asdict(Quality(60, 90, 0.5, 1, 1))).encode()
    face = b"[[1, 2, 3, 4], [[1, 1], [1, 1], [1, 1], [1, 1], [1, 1]], 0.9, %s]" % quality
    marks = b'"marks": {"prohibited": null, "scraped": null, "taken_at": null}'
    about = b'"look": {"size": [10, 10], "format": "JPEG", "hash": "00ff", "turned": 0, "seconds": {}, "faces": [%s]}'
    good = b"{%s, %s}" % (marks, about % face)
    whole = unpack(good, np.full(128, 0.1, "<f4").tobytes()).look
    assert whole is not None
    assert whole.perceptual_hash == "00000000000000ff"
    lame = np.full(128, np.nan, "<f4").tobytes()
    bad = [
        (b"", b""),
        (b"[]", b""),
        (b"{}", b""),
        (good, b""),
        (good, lame),
        (good.replace(b"0.9", b"NaN"), bytes(512)),
    ]
    bad += [(good.replace(part, b"]"), bytes(512)) for part in (b"faces", b"00ff", b"[10, 10]")]
    bad += [(good.replace(name, b"other"), bytes(512)) for name in (b"apart", b"cut_off", b"reasons")]
    silent = quality.replace(b'"apart": 0.0, ', b"")  # which has a value of its own where nobody says one
    bad += [(good.replace(quality, other), bytes(512)) for other in (b"[]", silent, quality[:-1] + b', "age": 40}')]
    bad.append((b'{%s, "error": "refused", "message": "so there"}' % marks, b""))
    for packed, templates in bad:
        with pytest.raises(ValueError):
            unpack(packed, templates)
    assert isinstance(unpack(b'{%s, "error": "too-large", "message": "m"}' % marks, b"").fault, InputError)


def test_a_late_process_is_told_apart_from_a_dead_one() -> None:
    data = cast().portrait("Ada").read_bytes()
    for act, late in ((signal.SIGSTOP, True), (signal.SIGKILL, False)):
        worker = Worker(limited(seconds=1))
        assert worker.look(data, b"a.jpg", scraped=False).look is not None
        os.kill(worker.pid, act)
        with pytest.raises(Died) as died:
            worker.look(data, b"a.jpg", scraped=False)
        worker.stop()
        assert died.value.late == late


def test_processes_that_cannot_start_stop_the_work(photos: Path) -> None:
    engine = LocalEngine(1, Setup(backend="nonsense"))
    with pytest.raises(Unavailable, match="could not be started"):
        look(engine, photos)
    engine.close()


# --- what is left ----------------------------------------------------------------------------------------------------


def test_close_and_letting_go_leave_no_process(photos: Path) -> None:
    before = set(processes())
    engine = LocalEngine(2, QUICK)
    look(engine, photos)
    assert set(processes()) > before
    engine.close()
    assert set(processes()) == before
    engine = LocalEngine(1, QUICK)
    looking = engine.look(Folder(photos).files(), Folder(photos), settled=_never, scraped=False)
    next(looking)
    looking.close()
    del looking, engine
    wait_until(lambda: not gc.collect() and set(processes()) == before)  # what it was at is finished first


RUN = """
import sys
from pathlib import Path
from countenance.ingest.local import LocalEngine
from countenance.ingest.workers import Setup
from countenance.photos.folder import Folder
store = Folder(Path(sys.argv[1]))
def endless():
    while True:
        yield from store.files()
engine = LocalEngine(2, Setup(backend="onnxruntime"))
for number, _ in enumerate(engine.look(endless(), store, settled=lambda *_: False, scraped=False)):
    print(number, flush=True)
"""


def test_p27_killing_the_main_process_leaves_no_process_and_no_trace(photos: Path) -> None:
    def shared() -> set[Path]:
        return {*Path("/dev/shm").iterdir(), *Path("/tmp").glob("*countenance-photo*")}  # noqa: S108

    before = shared()
    main = subprocess.Popen([sys.executable, "-c", RUN, str(photos)], stdout=subprocess.PIPE, text=True)
    assert main.stdout is not None
    for _ in range(4):
        main.stdout.readline()
    children = processes(main.pid)
    assert len(children) == 2
    # A process that stands still, as one in the middle of a long picture would, must go too.
    os.kill(children[0], signal.SIGSTOP)
    main.kill()
    main.wait()
    main.stdout.close()
    try:
        wait_until(lambda: not any(_is_alive(each) for each in children))
    finally:
        for each in filter(_is_alive, children):
            os.kill(each, signal.SIGKILL)
    assert not [path for path in shared() - before if "countenance-photo" in path.name]


def wait_until(there: Callable[[], bool]) -> None:
    limit = time.monotonic() + 15
    while not there():
        assert time.monotonic() < limit
        time.sleep(0.02)


def _is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
