"""What does the arithmetic: ONNX Runtime, on the CPU or on a GPU, and OpenVINO, and the choice between them."""

from __future__ import annotations

import json
import os
import platform
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from countenance.errors import Unavailable
from countenance.vision import packs, runtimes, shelf
from countenance.vision.cards import SFACE, ModelCard, prepared

Floats = NDArray[np.float32]

AGREEMENT = 0.999
"""The least cosine between two backends' vectors; below it a backend is not offered (DESIGN §5)."""


class Session(Protocol):
    """A loaded model. Safe to call from several threads."""

    def run(self, batch: Floats) -> list[Floats]:
        """All outputs, in the model's own order, for ``batch`` (count × channels × height × width)."""
        ...


class OnnxRuntimeSession:
    """A model in ONNX Runtime, on the CPU."""

    providers: Sequence[str | tuple[str, dict[str, str]]] = ("CPUExecutionProvider",)

    def __init__(self, model: bytes, *, threads: int) -> None:
        runtime = runtimes.onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Idle threads wait on a lock rather than spin: other work shares these cores.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = runtime.InferenceSession(model, options, providers=list(self.providers))
        self._input = self._session.get_inputs()[0].name

    def run(self, batch: Floats) -> list[Floats]:
        """See `Session`. ONNX Runtime's own sessions are thread-safe."""
        return list(self._session.run(None, {self._input: batch}))


class CudaSession(OnnxRuntimeSession):
    """A model in ONNX Runtime, on a GPU by CUDA; for this, ``onnxruntime-gpu`` is installed in its place.

    In 32 bits throughout: the shorter numbers that GPUs take by themselves would make other vectors than a CPU does.
    """

    providers = (("CUDAExecutionProvider", {"use_tf32": "0"}), "CPUExecutionProvider")

    def __init__(self, model: bytes, *, threads: int) -> None:
        if not offered("cuda"):
            raise Unavailable(
                "ONNX Runtime finds no GPU here.", hint='Install onnxruntime-gpu, or set backend = "auto".'
            )
        super().__init__(model, threads=threads)


class OpenVinoSession:
    """A model in OpenVINO, on the CPU."""

    def __init__(self, model: bytes, *, threads: int) -> None:
        runtime = runtimes.openvino()
        if runtime is None:
            raise Unavailable("OpenVINO is not installed.", hint='Set backend = "onnxruntime" or "auto".')
        core = runtime.Core()
        # Said aloud, because OpenVINO takes bf16 by itself on CPUs that have it. Measured: bf16 moves a vector by up
        # to 3e-4 in cosine and gains little at one face a time, so every machine makes the same 32-bit vectors.
        options = {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            # Each process would bind itself to the machine's first core, and an ingest's processes all to the same.
            "ENABLE_CPU_PINNING": False,
        }
        self._compiled = core.compile_model(core.read_model(model), "CPU", options)
        self._own = threading.local()

    def run(self, batch: Floats) -> list[Floats]:
        """See `Session`. An infer request serves one caller at a time, so each thread has its own."""
        request = getattr(self._own, "request", None)
        if request is None:
            request = self._own.request = self._compiled.create_infer_request()
        given = request.infer([np.ascontiguousarray(batch)], share_outputs=False)
        return [np.asarray(one, dtype=np.float32) for one in given.values()]


SESSIONS: dict[str, Callable[..., Session]] = {
    "onnxruntime": OnnxRuntimeSession,
    "openvino": OpenVinoSession,
    "cuda": CudaSession,
}


def offered(name: str) -> bool:
    """Whether a backend can be used on this machine."""
    if name == "openvino":
        return runtimes.openvino() is not None
    return name != "cuda" or "CUDAExecutionProvider" in runtimes.onnxruntime().get_available_providers()


@dataclass(frozen=True, slots=True)
class Choice:
    """The recogniser's backend, and what to tell a person about it.

    The detector always runs in ONNX Runtime. It is the quicker one there (OpenVINO prepares itself anew for each size
    of photo), and rounding that differs can tip it from one cell to the next: with a detector of its own, OpenVINO's
    templates agreed to no more than 0.998 on the worst of the cast's 197 faces; with this one, to 0.9999998.
    """

    recogniser: str
    threads: int
    description: str

    def open(self, card: ModelCard, cache: Path | None = None) -> Session:
        """Load a model."""
        name = self.recogniser if card.role == "recogniser" else "onnxruntime"
        return SESSIONS[name](shelf.ready(card, cache), threads=self.threads)


Times = dict[str, float]
"""Milliseconds a face, by backend."""


def choose(
    name: str = "auto", *, threads: int | None = None, cache: Path | None = None, card: ModelCard = SFACE
) -> Choice:
    """The backend called ``name``; for ``auto`` the quicker one on this CPU with the recogniser of this ``card``.

    ``auto`` times both (`measure`) and keeps the results in the cache, each under the CPU's model, the number of
    threads and the runtimes' versions.
    """
    threads = threads or _cores()
    if name != "auto":
        return Choice(name, threads, f"{_titled(name)} on the {_place(name)}, {threads} threads")
    note = packs.cache_folder(cache) / "backend.json"
    key = f"{_cpu()}; {threads} threads; {'; '.join(_titled(name) for name in SESSIONS if offered(name))}"
    key += "" if card.ours else f"; {card.sha256}"
    known = _remembered(note)
    times = known.get(key)
    if times is None:
        times = measure(threads, cache, card)
        with suppress(OSError):  # only a memory aid
            packs.write_whole(note, json.dumps(known | {key: times}, indent=1).encode())
    return Choice(min(times, key=lambda one: times[one]), threads, _describe(times, threads))


def measure(threads: int, cache: Path | None = None, card: ModelCard = SFACE) -> Times:
    """Milliseconds an embedding by each installed backend, best of five.

    A backend whose vector for the same crop differs from ONNX Runtime's by more than `AGREEMENT` allows is left out.
    """
    crop = prepared(_pattern(112, 112), card)
    times: Times = {}
    reference: Floats | None = None
    for name in SESSIONS:
        if not offered(name):
            continue
        try:
            session = Choice(name, threads, name).open(card, cache)
            vector = session.run(crop)[card.output][0]
        except RuntimeError:  # of a runtime that cannot do what this network needs
            continue
        reference = vector if reference is None else reference
        if _cosine(vector, reference) >= AGREEMENT:
            times[name] = _timed(session, crop)
    return times


def _pattern(height: int, width: int) -> Floats:
    """A smooth made-up picture in place of a photo: nobody's face is needed to time and compare."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / 112
    waves = [128 + 60 * np.sin(7 * x + i) * np.cos(5 * y - i) + 40 * np.sin(23 * x * y + i) for i in range(3)]
    return np.asarray(waves, dtype=np.float32)[None]


def _timed(session: Session, batch: Floats) -> float:
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        session.run(batch)
        taken.append((time.perf_counter() - start) * 1000)
    return round(min(taken), 2)


def _cosine(a: Floats, b: Floats) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def _remembered(note: Path) -> dict[str, Times]:
    """What was measured before, by key; nothing, where the note is not exactly such a one."""
    try:
        kept = json.loads(note.read_bytes())
        known = {
            str(key): {str(name): float(ms) for name, ms in milliseconds.items()} for key, milliseconds in kept.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
    return {key: times for key, times in known.items() if times and times.keys() <= SESSIONS.keys()}


def _describe(times: Times, threads: int) -> str:
    (best, quickest), *others = sorted(times.items(), key=lambda one: one[1])
    told = "".join(f", {name} {ms:.1f} ms" for name, ms in others)
    return f"{_titled(best)} on the {_place(best)}, {threads} threads ({quickest:.1f} ms a face{told})"


def _titled(name: str) -> str:
    from importlib import metadata

    package = "onnxruntime-gpu" if name == "cuda" else name
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return f"{package} (not installed)"


def _place(name: str) -> str:
    return "GPU" if name == "cuda" else "CPU"


def _cpu() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
