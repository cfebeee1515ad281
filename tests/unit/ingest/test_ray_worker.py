"""What leaves a worker of a cluster is sealed to one run. Needs no Ray: the worker knows nothing of it."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from countenance.errors import InputError, Unreadable
from countenance.ingest.ray_worker import RayWorker
from countenance.ingest.sealing import Reader, seal
from countenance.ingest.wire import Answer, unpack_error, unpack_whole
from countenance.ingest.workers import Setup
from countenance.photos.folder import Folder
from countenance.samples import cast

PORTRAIT = cast().portrait("Ada")


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def worker(reader: Reader) -> Iterator[RayWorker]:
    """One on the folder of Ada's photos."""
    made = RayWorker(partial(Folder, PORTRAIT.parent), Setup("onnxruntime"), reader.public, scraped=False)
    assert made.ready() == b""
    yield made
    made._thread.submit(made._looking.end).result()
    made._thread.shutdown()


def looked(worker: RayWorker, name: str) -> bytes:
    digest, refusal = worker.read(1, name.encode())
    assert len(digest) == 64
    assert not refusal
    sealed, refusal = worker.look(1, name.encode())
    assert not refusal
    return sealed


def test_p27_what_leaves_a_clusters_worker_is_sealed_to_the_run(worker: RayWorker, reader: Reader) -> None:
    sealed = looked(worker, "0.jpg")
    answer = unpack_whole(reader.open(sealed, b"0.jpg"))
    assert isinstance(answer, Answer)
    assert answer.look is not None
    [template] = answer.look.templates
    vector = template.to_bytes()
    assert not [at for at in range(0, len(vector) - 8, 4) if vector[at : at + 8] in sealed]
    assert b"faces" not in sealed
    assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0, "nor is its memory written to a disk"


def test_a_photo_that_is_gone_is_a_fault_of_its_own_and_what_was_dropped_is_forgotten(worker: RayWorker) -> None:
    digest, refusal = worker.read(1, b"gone.jpg")
    assert (digest, type(unpack_error(refusal))) == ("", Unreadable)
    worker.read(2, b"0.jpg")
    worker.drop(2)
    with pytest.raises(KeyError):
        worker.look(2, b"0.jpg")


def test_a_worker_says_why_it_cannot_begin(reader: Reader, tmp_path: Path) -> None:
    made = RayWorker(partial(Folder, tmp_path / "elsewhere"), Setup("onnxruntime"), reader.public, scraped=False)
    assert isinstance(unpack_error(made.ready()), InputError)


# --- the seal --------------------------------------------------------------------------------------------------------


def test_only_the_reader_opens_and_only_as_what_it_is_about(reader: Reader) -> None:
    sealed = seal(b"what was seen", reader.public, b"a.jpg")
    assert reader.open(sealed, b"a.jpg") == b"what was seen"
    assert seal(b"what was seen", reader.public, b"a.jpg") != sealed, "each has a key of its own"
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for other, text, about in (
        (Reader(), sealed, b"a.jpg"),
        (reader, sealed, b"b.jpg"),
        (reader, changed, b"a.jpg"),
        (reader, b"short", b"a.jpg"),
    ):
        with pytest.raises(ValueError, match="not sealed to us"):
            other.open(text, about)


def test_the_private_half_is_not_shown(reader: Reader) -> None:
    private = reader._key.private_bytes_raw()
    assert private.hex() not in repr(reader)
    assert private != reader.public
