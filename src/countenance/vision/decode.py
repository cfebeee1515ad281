"""Bytes → upright RGB pixels, in worker processes that are bounded in memory, time and what they may touch.

A decoder is where hostile bytes meet C code, so it runs apart (`countenance.vision.decode_worker`). The bytes go there
through a pipe and the pixels come back through one; nothing is ever written to disk.
"""

from __future__ import annotations

import json
import os
import queue
import struct
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import IO, Any

import numpy as np

from countenance.errors import TooLarge, Unavailable, Unreadable
from countenance.types import Pixels
from countenance.vision.telling import read_error

_START_SECONDS = 60.0
_PIPE = 1 << 20
READY = b"R"
"""What a process says first, if it can serve."""
HEAD, LENGTH = struct.Struct("<Q"), struct.Struct("<I")
"""Before a picture or a question: how many bytes. Before an answer: of JSON; as many as its ``more`` says follow."""
ASKED = 1 << 63
"""Set in a `HEAD`: so many bytes of a question, not of a picture."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one picture may cost: bytes of the file, pixels (told by its header before decoding), seconds."""

    max_bytes: int = 64 << 20
    max_pixels: int = 120_000_000
    seconds: float = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded photo: upright RGB pixels (height × width × 3, uint8), its size, and the format it came in.

    ``looked``: what was seen when somebody looked at it, by who did, kept as long as the photo is.
    """

    pixels: Pixels = field(repr=False)
    width: int
    height: int
    format: str
    looked: dict[Any, Any] = field(default_factory=dict, repr=False)


class Decoder:
    """A few worker processes, started when first needed and kept. Safe to call from several threads.

    Args:
        limits: What one picture may cost.
        workers: How many pictures may be decoded at once.
        module: What the processes run; one that does more than decode is given ``settings`` as well.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        workers: int = 2,
        module: str = "countenance.vision.decode_worker",
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._module = module
        self._settings = dict(settings or {}) | asdict(self._limits)
        # Last in, first out: one caller alone keeps using one worker.
        self._free: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        self._count = workers
        self._closing = threading.Lock()
        for _ in range(workers):
            self._free.put(None)
        # A decoder that is let go of, or is there at exit, leaves no process behind either.
        weakref.finalize(self, _stop_free, self._free)

    def decode(self, data: bytes) -> Picture:
        """The picture in ``data``; an animation's first frame.

        Raises:
            Unreadable: No picture, a damaged one, a kind that is not read, a video, or it took too long.
            TooLarge: More bytes, pixels or memory than the limits allow.
        """
        if not data:
            raise Unreadable("The file is empty.")
        if len(data) > self._limits.max_bytes:
            raise TooLarge(f"This file has more than {self._limits.max_bytes // 2**20} MiB.")
        with self._borrowed() as worker:
            return worker.decode(data)

    def ask(self, question: Mapping[str, Any], picture: Picture | None = None) -> tuple[dict[str, Any], bytes]:
        """What a process that does more than decode answers: JSON, and bytes. ``picture``: what is asked about.

        Raises what it raised, and `Unreadable` where it ended or was too late.
        """
        with self._borrowed() as worker:
            return worker.ask(question, picture)

    @contextmanager
    def _borrowed(self) -> Iterator[_Worker]:
        """One of the processes, for as long as the block takes; a new one in the place of one that has ended."""
        worker = self._free.get()
        try:
            if worker is None or not worker.alive:
                if worker is not None:
                    worker.stop()
                worker = None
                worker = _Worker(self._module, self._settings, self._limits)
            yield worker
        finally:
            if worker is not None and not worker.alive:
                worker.stop()
                worker = None
            self._free.put(worker)

    def close(self) -> None:
        """End the workers, waiting for pictures under way. The decoder starts new ones when used again."""
        with self._closing:  # two that each hold half of the workers would wait for ever
            taken = [self._free.get() for _ in range(self._count)]
            for worker in taken:
                if worker is not None:
                    worker.stop()
                self._free.put(None)


def _stop_free(free: queue.LifoQueue[_Worker | None]) -> None:
    while True:
        try:
            worker = free.get_nowait()
        except queue.Empty:
            return
        if worker is not None:
            worker.stop()


def spawn(module: str, settings: str, *, share: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
    """A process of ours that meets hostile bytes: a module, its settings, two pipes, and the handles that it may have.

    A new process, not a fork: we may have threads. It knows nothing of our environment but what Python needs and
    which GPU it may use, computes with one thread, and does not hear the Ctrl-C that is meant for us.
    """
    # -P: never import from the current folder.
    command = [sys.executable, "-P", "-m", module, settings]
    known = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "CUDA_VISIBLE_DEVICES")
    kept = {name: os.environ[name] for name in known if name in os.environ}
    single = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(  # noqa: S603 (our own interpreter and module)
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=kept | single,
        cwd="/",
        bufsize=0,
        pass_fds=share,
        process_group=0,
    )


class _Worker:
    """One worker process and the pipes to it."""

    def __init__(self, module: str, settings: Mapping[str, Any], limits: Limits) -> None:
        self._limits = limits
        self._process = spawn(module, json.dumps(settings))
        self._broken = False
        self._late = False
        for pipe in (self._stdin, self._stdout):
            _widen(pipe)
        try:
            with self._deadline(_START_SECONDS):
                ready = _read_exactly(self._stdout, 1) == READY
                fault = None if ready else self._answer()
        except EOFError as error:
            self.stop()
            raise Unavailable("The picture decoder could not be started.") from error
        if fault is not None:
            self.stop()
            raise read_error(fault)

    @property
    def alive(self) -> bool:
        """Whether it can take another picture."""
        return not self._broken and self._process.poll() is None

    def decode(self, data: bytes) -> Picture:
        with self._exchange("decoded"):
            _write_all(self._stdin, HEAD.pack(len(data)))
            _write_all(self._stdin, data)
            answer = self._answer()
            if "error" in answer:
                _raise(answer)
            pixels = np.empty((answer["height"], answer["width"], 3), np.uint8)
            _read_into(self._stdout, pixels.data.cast("B"))
        looked = {self: answer["number"]} if "number" in answer else {}
        return Picture(pixels, answer["width"], answer["height"], answer["format"], looked)

    def ask(self, question: Mapping[str, Any], picture: Picture | None) -> tuple[dict[str, Any], bytes]:
        """See `Decoder.ask`. A picture that the process has no more is given to it again."""
        with self._exchange("looked at"):
            told, data = self._asked(question, picture)
            if "gone" in told and picture is not None:
                picture.looked.pop(self, None)
                told, data = self._asked(question, picture)
        if "error" in told:
            raise read_error(told)
        return told, data

    def _asked(self, question: Mapping[str, Any], picture: Picture | None) -> tuple[dict[str, Any], bytes]:
        if picture is not None and self not in picture.looked:
            height, width = picture.pixels.shape[:2]
            self._put({"ask": "keep", "height": height, "width": width, "format": picture.format})
            _write_all(self._stdin, np.ascontiguousarray(picture.pixels).data.cast("B"))
            picture.looked[self] = self._answer()["number"]
        self._put({**question, "number": None if picture is None else picture.looked[self]})
        told = self._answer()
        return told, bytes(_read_exactly(self._stdout, told.get("more", 0)))

    def _put(self, question: Mapping[str, Any]) -> None:
        text = json.dumps(question).encode()
        _write_all(self._stdin, HEAD.pack(ASKED | len(text)) + text)

    def _answer(self) -> dict[str, Any]:
        (length,) = LENGTH.unpack(_read_exactly(self._stdout, LENGTH.size))
        told: dict[str, Any] = json.loads(_read_exactly(self._stdout, length))
        return told

    @contextmanager
    def _exchange(self, done: str) -> Iterator[None]:
        """Questions and answers that go well within the time, or the process is never asked again."""
        try:
            with self._deadline(self._limits.seconds):
                yield
        except (EOFError, OSError) as error:
            self._broken = True
            if self._late:
                raise Unreadable(f"The picture was not {done} within {self._limits.seconds:g} seconds.") from error
            raise Unreadable("The picture stopped its decoder: it is damaged, or made to do harm.") from error
        except BaseException as error:
            # Anything else in mid-answer (an interrupt, say) leaves the pipes out of step.
            self._broken = self._broken or not isinstance(error, (Unreadable, TooLarge))
            raise

    def stop(self) -> None:
        """End the process and close its pipes."""
        self._broken = True
        self._process.kill()
        self._process.wait()
        for pipe in (self._stdin, self._stdout):
            with suppress(OSError):
                pipe.close()

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._process.stdin is not None  # noqa: S101 (it was asked for)
        return self._process.stdin

    @property
    def _stdout(self) -> IO[bytes]:
        assert self._process.stdout is not None  # noqa: S101
        return self._process.stdout

    def _deadline(self, seconds: float) -> _Deadline:
        def late() -> None:
            self._late = True
            # Ends both pipes, so that whoever waits on one wakes up.
            self._process.kill()

        return _Deadline(seconds, late)


class _Deadline:
    """Calls ``late`` unless the block ends within ``seconds``."""

    def __init__(self, seconds: float, late: Any) -> None:
        self._timer = threading.Timer(seconds, late)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        # If it has just fired, let it finish: afterwards the worker is known to be dead or known to be well.
        self._timer.join()


def _raise(answer: dict[str, Any]) -> None:
    kind = TooLarge if answer["error"] == TooLarge.code else Unreadable
    raise kind(str(answer["message"]), hint=str(answer.get("hint", "")))


def _widen(pipe: IO[bytes]) -> None:
    """Fewer, larger steps for many megabytes (Linux)."""
    import fcntl

    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)


def _write_all(pipe: IO[bytes], data: bytes | memoryview) -> None:
    view = memoryview(data)
    while view:
        view = view[pipe.write(view) :]


def _read_exactly(pipe: IO[bytes], count: int) -> bytearray:
    data = bytearray(count)
    _read_into(pipe, memoryview(data))
    return data


def _read_into(pipe: IO[bytes], view: memoryview) -> None:
    while view:
        got = pipe.readinto(view)  # type: ignore[attr-defined]
        if not got:
            raise EOFError
        view = view[got:]
