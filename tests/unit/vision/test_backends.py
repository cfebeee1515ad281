"""The two runtimes: they agree, the choice is remembered, and neither calls home."""

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from countenance.errors import Unavailable
from countenance.vision import backends, packs, runtimes
from countenance.vision.backends import Floats
from countenance.vision.opening import open_embedder

OFFERED = [name for name in backends.SESSIONS if backends.offered(name)]
needs_openvino = pytest.mark.skipif(runtimes.openvino() is None, reason="OpenVINO is not made for this machine")


@needs_openvino
@pytest.mark.parametrize(("card", "shape"), [(packs.SFACE, (3, 3, 112, 112)), (packs.YUNET, (1, 3, 96, 160))])
def test_backends_agree_on_the_same_input(cache: Path, card: packs.ModelCard, shape: tuple[int, ...]) -> None:
    batch = np.random.default_rng(1).uniform(0, 255, shape).astype(np.float32)
    model = packs.folded(card, cache)
    one, *others = (backends.SESSIONS[name](model, threads=1).run(batch) for name in OFFERED)
    assert others
    for other in others:
        assert [a.shape for a in one] == [b.shape for b in other]
        for a, b in zip(one, other, strict=True):
            assert b.dtype == np.float32
            np.testing.assert_allclose(a, b, atol=2e-3, rtol=2e-3)


@pytest.mark.parametrize("name", OFFERED)
def test_a_session_serves_several_threads_at_once(cache: Path, name: str) -> None:
    if name == "openvino" and runtimes.openvino() is None:
        pytest.skip("OpenVINO is not made for this machine")
    session = backends.choose(name, threads=1, cache=cache).open(packs.SFACE, cache)
    inputs = [np.full((1, 3, 112, 112), 40 * i, np.float32) for i in range(4)]
    expected = [session.run(one)[0] for one in inputs]
    wrong = []

    def work(number: int) -> None:
        given = [session.run(inputs[number])[0] for _ in range(5)]
        wrong.extend(number for one in given if not np.allclose(one, expected[number], atol=1e-4))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not wrong


AT_FIRST = """
import builtins, sys, threading, time
from pathlib import Path
import numpy as np
from countenance.vision import backends, packs
session = backends.choose("openvino", threads=1).open(packs.SFACE, Path(sys.argv[1]))
real = builtins.__import__
def slow(name, *more, **named):
    if "numpy" in name:
        time.sleep(0.5)  # the interpreter's lock goes to the next thread
    return real(name, *more, **named)
builtins.__import__ = slow
threads = [threading.Thread(target=session.run, args=(np.zeros((1, 3, 112, 112), np.float32),)) for _ in range(3)]
for each in threads:
    each.start()
"""


@needs_openvino
def test_threads_that_are_the_first_to_look_do_not_wait_for_each_other(cache: Path) -> None:
    """OpenVINO's bindings stopped the whole service for ever, if its first photos came at once; see `runtimes`."""
    subprocess.run([sys.executable, "-c", AT_FIRST, str(cache)], check=True, timeout=120)


def test_auto_takes_the_quickest_it_measured_and_remembers(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = backends.choose(cache=cache)
    (kept,) = (
        times
        for key, times in json.loads((cache / "backend.json").read_bytes()).items()
        if f"; {first.threads} threads; " in key
    )
    assert first.recogniser == min(kept, key=kept.get)
    assert first.recogniser in first.description
    monkeypatch.setattr(backends, "measure", lambda *_: pytest.fail("measured again"))
    assert backends.choose(cache=cache) == first


def test_what_was_measured_with_another_number_of_threads_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "measure", lambda threads, *_: {"onnxruntime": 2.0, "openvino": float(threads)})
    chosen = [backends.choose(threads=threads, cache=tmp_path).recogniser for threads in (1, 3)]
    monkeypatch.setattr(backends, "measure", lambda *_: pytest.fail("measured again"))
    assert chosen == ["openvino", "onnxruntime"]
    assert [backends.choose(threads=threads, cache=tmp_path).recogniser for threads in (1, 3)] == chosen


@pytest.mark.parametrize("note", ["", "[]", '{"key": 1}', '{"milliseconds": 3}', '{"key": {"other": 1.0}}'])
def test_a_spoilt_note_is_measured_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, note: str) -> None:
    times = {"onnxruntime": 3.0, "openvino": 1.0}
    monkeypatch.setattr(backends, "measure", lambda *_: times)
    (tmp_path / "backend.json").write_text(note)
    chosen = backends.choose(cache=tmp_path)
    assert chosen.recogniser == "openvino"
    assert list(json.loads((tmp_path / "backend.json").read_bytes()).values()) == [times]


def test_a_named_backend_that_is_not_there_is_a_typed_error(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtimes, "openvino", lambda: None)
    with pytest.raises(Unavailable, match="OpenVINO is not installed"):
        backends.choose("openvino", cache=cache).open(packs.SFACE, cache)
    assert backends.measure(1, cache).keys() == {"onnxruntime"}


QUIET = """
import sys
seen = []
sys.addaudithook(lambda event, _: seen.append(event) if event.startswith("socket.") else None)
from pathlib import Path
from countenance.vision import backends, packs
cache = Path(sys.argv[1])
backends.measure(1, cache)
assert not seen, seen
unwanted = ("openvino_telemetry", "openvino.tools.ovc")
loaded = [name for name, module in sys.modules.items() if module and name.startswith(unwanted)]
assert not loaded, loaded
"""


def test_loading_the_runtimes_calls_nobody_and_leaves_no_trace(cache: Path, tmp_path: Path) -> None:
    """As published, both write an identity into the home folder and report the import; see `runtimes`."""
    home = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "-W", "error", "-c", QUIET, str(cache)], env=home, check=True, timeout=120)
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.skipif(len(getattr(os, "sched_getaffinity", lambda _: {0})(0)) < 2, reason="it takes two cores")
@needs_openvino
@pytest.mark.parametrize("name", OFFERED)
def test_no_thread_is_bound_to_a_core(cache: Path, name: str) -> None:
    """Or the processes of an ingest would all compute on the same one, and the others stand idle."""
    session = backends.SESSIONS[name](packs.folded(packs.SFACE, cache), threads=1)
    seen: set[frozenset[int]] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            for thread in Path("/proc/self/task").iterdir():
                with suppress(ProcessLookupError):
                    seen.add(frozenset(os.sched_getaffinity(int(thread.name))))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        for _ in range(8):
            session.run(np.zeros((1, 3, 112, 112), np.float32))
    finally:
        over.set()
        watching.join()
    assert seen == {frozenset(os.sched_getaffinity(0))}


@pytest.mark.skipif("cuda" in OFFERED, reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_said_in_two_lines_and_auto_does_without(cache: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        backends.choose("cuda", threads=1, cache=cache).open(packs.SFACE, cache)
    assert "GPU" in caught.value.message
    assert "onnxruntime-gpu" in caught.value.hint
    assert backends.choose("auto", threads=1, cache=cache).recogniser in OFFERED


class Listing:
    """ONNX Runtime, saying that it has CUDA; what is asked of it is written down, and done on the CPU."""

    def __init__(self) -> None:
        self.asked: list[list[object]] = []
        self.batches: list[int] = []

    def __getattr__(self, name: str) -> object:
        return getattr(REAL(), name)

    def get_available_providers(self) -> list[str]:
        return ["CUDAExecutionProvider", "CPUExecutionProvider"]

    def InferenceSession(self, model: bytes, options: object, providers: list[object]) -> object:  # noqa: N802
        self.asked.append(providers)
        real = REAL().InferenceSession(model, options, providers=["CPUExecutionProvider"])
        listing = self

        class Session:
            def get_inputs(self) -> object:
                return real.get_inputs()

            def run(self, wanted: None, given: dict[str, Floats]) -> object:
                listing.batches += [len(batch) for batch in given.values()]
                return real.run(wanted, given)

        return Session()


REAL = runtimes.onnxruntime


def test_a_gpu_is_asked_for_the_recogniser_in_32_bits_and_gets_a_photo_s_faces_at_once(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = Listing()
    monkeypatch.setattr(runtimes, "onnxruntime", lambda: listing)
    assert backends.offered("cuda")
    choice = backends.choose("cuda", threads=1, cache=cache)
    embedder = open_embedder(choice, packs.SFACE, cache)
    choice.open(packs.YUNET, cache)
    on_gpu = [("CUDAExecutionProvider", {"use_tf32": "0"}), "CPUExecutionProvider"]
    assert listing.asked == [on_gpu, ["CPUExecutionProvider"]], "the detector stays on the CPU"
    made = embedder.embed([np.full((112, 112, 3), shade, np.uint8) for shade in range(40)])
    assert made.shape == (40, 128)
    assert listing.batches == [32, 8]
