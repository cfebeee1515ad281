"""The process that tries a model: ``python -m countenance.vision.trying_worker SETTINGS``. Started by `trying`.

A model is a stranger's program for a network. Before it is taken in, it is parsed, searched for what it may not have,
and run on made-up pictures here: in a process that may not write files, dump its memory, or outgrow its limits. It is
given bytes, never a path, so data that lies beside the file cannot be read either.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from countenance.vision.backends import Floats, OnnxRuntimeSession
from countenance.vision.cards import SIZE, ModelCard, prepared

SIDES = ((64, 96), (96, 64), (160, 160))
"""Heights and widths at which a detector is tried."""
_ALIKE = 0.9999
_AGREE = 0.999
_DOMAINS = ("", "ai.onnx")
_FLOAT = 1
_EXTERNAL = 1


class Refusal(Exception):
    """Why the model is not taken in, in words."""


def examine(data: bytes, card: ModelCard, output: str | None) -> dict[str, Any]:
    """Parse, search and run. Returns what was found out: the output's place, and whether it takes one face at a time.

    Raises `Refusal`.
    """
    graph = _parsed(data)
    given = _input(graph, card)
    names = [one.name for one in graph.output]
    if output is not None and output not in names:
        raise Refusal(f"it has no output {output!r}; its outputs are {', '.join(names[:12])}")
    place = names.index(output) if output is not None else 0
    session = _session(data)
    if card.role == "detector":
        _try_detector(session, card)
        return {"output": 0, "single": False}
    return {"output": place, "single": _try_recogniser(session, card, place, fixed=given == 1)}


def _parsed(data: bytes) -> Any:
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        model = onnx.load_model_from_string(data)
    except DecodeError:
        raise Refusal("it is no ONNX model, or not a whole one") from None
    if not model.graph.node or not model.opset_import:
        raise Refusal("it is no ONNX model, or not a whole one")
    if model.functions:
        raise Refusal("it brings functions of its own")
    for message in _messages(model):
        kind = message.DESCRIPTOR.name
        if kind == "TensorProto" and (message.data_location == _EXTERNAL or message.external_data):
            raise Refusal("its weights lie in another file (external data)")
        if kind == "NodeProto" and message.domain not in _DOMAINS:
            raise Refusal(f"it needs an operator that is not ONNX's own ({message.domain}.{message.op_type})")
    return model.graph


def _messages(root: Any) -> Iterator[Any]:
    """Every message in a message, however deep, without recursion: depth is the stranger's to choose."""
    waiting = [root]
    while waiting:
        message = waiting.pop()
        yield message
        for field, value in message.ListFields():
            if field.message_type is not None:
                waiting.extend(value if hasattr(value, "__len__") else [value])


def _input(graph: Any, card: ModelCard) -> int:
    """How many pictures it takes at once, 0 for any number, after its one input was found to fit."""
    weights = {one.name for one in graph.initializer}
    inputs = [one for one in graph.input if one.name not in weights]
    if len(inputs) != 1:
        raise Refusal(f"it has {len(inputs)} inputs, not one")
    tensor = inputs[0].type.tensor_type
    sizes = [one.dim_value for one in tensor.shape.dim]
    if tensor.elem_type != _FLOAT or len(sizes) != 4 or sizes[1] not in (0, 3):
        raise Refusal("its input is no picture of three colours in 32-bit numbers (count, colour, height, width)")
    if card.role == "recogniser" and any(size not in (0, SIZE) for size in sizes[2:]):
        raise Refusal(f"its input is {sizes[3]} × {sizes[2]} pixels, and its manifest says {SIZE} × {SIZE}")
    if card.role == "detector" and any(sizes[2:]):
        raise Refusal("its input has a fixed size, and a detector must take photos of any")
    return int(sizes[0])


def _session(data: bytes) -> OnnxRuntimeSession:
    from onnxruntime.capi import onnxruntime_pybind11_state as native

    try:
        return OnnxRuntimeSession(data, threads=1)
    except (native.Fail, native.InvalidGraph, native.InvalidArgument, native.NotImplemented, RuntimeError) as error:
        raise Refusal(f"ONNX Runtime does not load it ({_brief(error)})") from None


def _run(session: OnnxRuntimeSession, batch: Floats) -> list[Floats]:
    from onnxruntime.capi import onnxruntime_pybind11_state as native

    try:
        return session.run(batch)
    except (native.Fail, native.InvalidArgument, native.RuntimeException, RuntimeError) as error:
        raise Refusal(f"ONNX Runtime does not run it ({_brief(error)})") from None


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:160]


def _try_recogniser(session: OnnxRuntimeSession, card: ModelCard, place: int, *, fixed: bool) -> bool:
    """Whether it takes one face at a time, after its templates were found to be templates."""
    batch = prepared(_pictures(SIZE, SIZE, 4), card)
    alone = np.concatenate([_templates(_run(session, one[None]), place, 1, card) for one in batch])
    again = _templates(_run(session, batch[:1]), place, 1, card)
    if float((alone[0] * again[0]).sum()) < _AGREE:
        raise Refusal("it gives another template when it sees the same face again")
    across = alone @ alone.T
    if float(across[~np.eye(len(across), dtype=bool)].min()) > _ALIKE:
        raise Refusal("it gives the same template whatever it sees")
    if fixed:
        return True
    try:
        together = _templates(_run(session, batch), place, len(batch), card)
    except Refusal:
        return True
    return bool(((alone * together).sum(axis=1) < _AGREE).any())


def _templates(outputs: list[Floats], place: int, count: int, card: ModelCard) -> Floats:
    raw = np.asarray(outputs[place], np.float32)
    if raw.ndim != 2 or raw.shape[0] != count:
        raise Refusal(f"its output has the shape {raw.shape}, which is no list of templates")
    if raw.shape[1] != card.dimension:
        raise Refusal(f"its manifest says {card.dimension} numbers a template, and it gives {raw.shape[1]}")
    length = np.linalg.norm(raw, axis=1, keepdims=True)
    if not np.isfinite(raw).all() or not (length > 1e-6).all():
        raise Refusal("its templates are not numbers (NaN), infinite, or all zero")
    return np.asarray(raw / length, np.float32)


def _try_detector(session: OnnxRuntimeSession, card: ModelCard) -> None:
    from countenance.vision.opening import way_of

    for height, width in SIDES:
        view = _pictures(height, width, 1)[0].transpose(1, 2, 0).astype(np.uint8)
        try:
            with np.errstate(all="ignore"):
                rows = way_of(card)(_Refusing(session), view, 0.0)
        except (ValueError, IndexError) as error:
            raise Refusal(f"its output is not that of a {card.style} detector ({_brief(error)})") from None
        if not len(rows) or not np.isfinite(rows).all():
            raise Refusal("what it finds are not numbers (NaN), or infinite")
        if rows[:, 14].max() > 1.001:
            raise Refusal("its scores are no numbers from 0 to 1")


class _Refusing:
    """The session, with its errors put into our words."""

    def __init__(self, session: OnnxRuntimeSession) -> None:
        self._session = session

    def run(self, batch: Floats) -> list[Floats]:
        return _run(self._session, batch)


def _pictures(height: int, width: int, count: int) -> Floats:
    """Made-up pictures, levels 0 to 255: waves, a little noise; nobody's face is needed to try a model."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / SIZE
    random = np.random.default_rng(7)
    made = [
        [128 + 70 * np.sin((5 + 3 * n) * x + n + i) * np.cos((4 + 2 * n) * y - i) for i in range(3)]
        for n in range(count)
    ]
    noisy = np.asarray(made, np.float32) + random.normal(0, 12, (count, 3, height, width)).astype(np.float32)
    return np.clip(noisy, 0, 255).round().astype(np.float32)


def main() -> None:
    """Load, confine, try, answer."""
    import onnx  # noqa: F401 - before no more files can be opened

    from countenance.vision import opening, runtimes  # noqa: F401
    from countenance.vision.decode_worker import allow_seconds, confine, loaded, own_output

    settings = json.loads(sys.argv[1])
    answers = own_output()
    runtimes.onnxruntime()
    size = int(settings["bytes"])
    confine({"max_pixels": 0, "max_bytes": 0}, loaded() + (1 << 30) + 6 * size)
    allow_seconds(float(settings["seconds"]))
    data = sys.stdin.buffer.read(size)
    told = settings["card"]
    card = ModelCard(**told | {"mean": tuple(told["mean"]), "std": tuple(told["std"])})
    try:
        answer: dict[str, Any] = examine(data, card, settings["output"])
    except Refusal as refusal:
        answer = {"refused": str(refusal)}
    except MemoryError:
        answer = {"refused": "it needs more memory than a model of its size should"}
    os.write(answers, json.dumps(answer).encode())


if __name__ == "__main__":
    main()
