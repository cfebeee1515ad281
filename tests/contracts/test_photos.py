"""What every store of photographs promises. A new kind of store joins by adding its filler to ``STORES``."""

from __future__ import annotations

import io
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from buckets import KEYS, Server, serving
from countenance.config import load
from countenance.errors import InputError, TooLarge, Unreadable
from countenance.photos.opening import open_store
from countenance.photos.store import Store

FILES = {
    "a.jpg": b"first",
    "b/c.JPG": b"second" * 1000,
    "b/d/e.png": b"",
    "b/Zoë 😀.jpg": b"third",
    "z.txt": b"no photo",
}
HIDDEN = {".h.jpg": b"1", "b/.h/x.jpg": b"2"}


def folder(place: Path, _: Server) -> str:
    for name, data in (FILES | HIDDEN).items():
        file = place / "photos" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return str(place / "photos")


def zipped(place: Path, _: Server) -> str:
    with zipfile.ZipFile(place / "photos.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("b")
        for name, data in (FILES | HIDDEN).items():
            archive.writestr(name, data)
    return str(place / "photos.zip")


def tarred(kind: str) -> Callable[[Path, Server], str]:
    def fill(place: Path, _: Server) -> str:
        file = place / f"photos.tar{kind and '.'}{kind}"
        with tarfile.open(file, f"w:{kind}") as archive:
            for name, data in (FILES | HIDDEN).items():
                about = tarfile.TarInfo(f"./{name}")
                about.size, about.mtime = len(data), 1_700_000_000
                archive.addfile(about, io.BytesIO(data))
        return str(file)

    return fill


def bucket(place: Path, server: Server) -> str:
    server.fill("photos", {f"{place.name}/{name}": data for name, data in (FILES | HIDDEN).items()})
    return f"s3://photos/{place.name}"


STORES = {
    "folder": folder,
    "zip": zipped,
    "tar": tarred(""),
    "tar.gz": tarred("gz"),
    "tar.bz2": tarred("bz2"),
    "tar.xz": tarred("xz"),
    "bucket": bucket,
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as started:
        yield started


@pytest.fixture(params=sorted(STORES))
def root(request: pytest.FixtureRequest, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    return STORES[request.param](tmp_path, server)


def settings(place: Path, server: Server) -> Any:
    file = place / "countenance.toml"
    file.write_text(
        '[gallery]\nid = "test-gallery"\norganisation = "Test"\n[keys]\nkek = "keys/kek"\naccounts = "accounts"\n'
        f'[s3]\nendpoint = "{server.endpoint}"\n'
    )
    return load(file)


@pytest.fixture
def store(root: str, tmp_path: Path, server: Server) -> Iterator[Store]:
    opened = open_store(root, settings(tmp_path, server))
    yield opened
    opened.close()


def test_it_lists_every_file_once_with_its_size_and_leaves_hidden_ones_alone(store: Store) -> None:
    store.check()
    found = list(store.files())
    assert {each.path.decode(): each.size for each in found} == {name: len(data) for name, data in FILES.items()}
    assert len(found) == len(FILES)
    assert [each.fault for each in found] == [None] * len(FILES)
    assert all(each.modified_ns > 0 for each in found)


def test_it_lists_the_same_again(store: Store) -> None:
    assert list(store.files()) == list(store.files())


def test_it_reads_what_it_lists_in_any_order(store: Store) -> None:
    names = [each.path for each in store.files()]
    for name in [*names, *reversed(names)]:
        assert store.read(name, 10_000) == FILES[name.decode()]


def test_it_reads_without_having_listed(store: Store) -> None:
    assert store.read(b"b/c.JPG", 10_000) == FILES["b/c.JPG"]


def test_a_limit_holds_to_the_byte(store: Store) -> None:
    assert len(store.read(b"b/c.JPG", 6000)) == 6000
    with pytest.raises(TooLarge):
        store.read(b"b/c.JPG", 5999)


def test_what_is_not_there_cannot_be_read(store: Store) -> None:
    for path in (b"nobody.jpg", b"b", b"../photos/a.jpg", b""):
        with pytest.raises(Unreadable):
            store.read(path, 100)


def test_several_threads_read_at_once(store: Store) -> None:
    wrong: list[str] = []

    def read() -> None:
        for _ in range(5):
            wrong.extend(name for name, data in FILES.items() if store.read(name.encode(), 10_000) != data)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_it_can_be_closed_twice(store: Store) -> None:
    found = [each.path for each in store.files()]
    store.close()
    store.close()
    assert [each.path for each in store.files()] == found, "it opens again when it is asked again"


def test_one_that_is_not_there_says_so(root: str, tmp_path: Path, server: Server) -> None:
    missing = root.replace("s3://photos", "s3://no-such-bucket").replace("/photos", "/nothing")
    store = open_store(missing, settings(tmp_path, server))
    with pytest.raises(InputError):
        store.check()
    store.close()
