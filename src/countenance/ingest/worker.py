"""The process that looks at photos: ``python -m countenance.ingest.worker SETTINGS``. Started by `workers`.

A photo's bytes come in a buffer in memory that both sides see; that one is there, and what was seen in it, goes through
two pipes. The process loads its models, gives up all rights that it can do without, and serves until its input ends or
its parent dies. It is never given a path that it could open, and it may write no file.

A question is a `QUESTION` and the photo's name, for the marks in it. An answer is what `wire.pack` makes of it.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import signal
import struct
import sys
from pathlib import Path, PurePath
from typing import Any

from countenance.errors import ContractMismatch, CountenanceError, InputError, TooLarge
from countenance.ingest.marks import read_marks
from countenance.ingest.wire import HEAD, Answer, pack, pack_error
from countenance.vision.decode_worker import SCRATCH, allow_seconds, confine, load_decoders, loaded, own_output
from countenance.vision.looking import Looker, open_looker

QUESTION = struct.Struct("<QI?")
"""Bytes in the buffer, bytes of the name, whether marks of scraping are no reason not to look."""
_PDEATHSIG, _DUMPABLE, _NO_NEW_PRIVILEGES = 1, 4, 38  # linux/prctl.h


def main() -> None:
    """Load, confine, serve."""
    settings = json.loads(sys.argv[1])
    _die_with(int(settings["parent"]))
    answers = own_output()
    buffer = mmap.mmap(settings["buffer"], 0, prot=mmap.PROT_READ)
    os.close(settings["buffer"])
    try:
        looker = _load(settings)
    except CountenanceError as error:
        refusal = pack_error(error)
        _send(answers, HEAD.pack(len(refusal), 0) + refusal)
        return
    confine(settings["limits"], loaded() + SCRATCH)
    _prctl(_DUMPABLE, 0)
    _prctl(_NO_NEW_PRIVILEGES, 1)
    _send(answers, HEAD.pack(0, 0))
    _serve(answers, buffer, looker, float(settings["seconds"]))


def _load(settings: dict[str, Any]) -> Looker:
    load_decoders()
    models = tuple(settings["models"])
    looker = open_looker(
        settings["backend"],
        gate=settings["gate"],
        max_pixels=settings["limits"]["max_pixels"],
        cache=Path(settings["cache"]),
        models=models,
        detect=settings["detect"],
        flip=settings["flip"],
    )
    if looker.contract != settings["contract"]:
        raise ContractMismatch(
            f"The model {models[0]} on this machine is not the one that the gallery is used with.",
            hint="Add the same file with the same manifest on every machine of the cluster.",
        )
    looker.warm()
    return looker


def _serve(answers: int, buffer: mmap.mmap, looker: Looker, seconds: float) -> None:
    questions = os.fdopen(0, "rb")
    while len(head := questions.read(QUESTION.size)) == QUESTION.size:
        length, named, scraped = QUESTION.unpack(head)
        name = questions.read(named)
        allow_seconds(seconds)
        _answer(answers, buffer[:length], PurePath(os.fsdecode(name)), looker, scraped=scraped)


def _answer(answers: int, data: bytes, name: PurePath, looker: Looker, *, scraped: bool) -> None:
    marks = read_marks(data, name)
    look, fault = None, None
    if not marks.prohibited and (scraped or not marks.scraped):
        try:
            look = looker.look(data)
        except InputError as error:
            fault = error
        except MemoryError:
            fault = TooLarge("The picture needs more memory than is allowed.")
    _send(answers, pack(Answer(marks, look, fault)))


def _send(answers: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(answers, left) :]


def _die_with(parent: int) -> None:
    """End at once when the parent does, however it ends: nobody would wait for the answer."""
    _prctl(_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was quicker
        os._exit(0)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    main()
