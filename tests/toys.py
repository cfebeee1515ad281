"""Toy models, built by the tests: small networks that are no good at faces, and shaped like those that are."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


def unfixed(config: Path) -> None:
    """Let a club's threshold follow from its rate: the tests' clubs fix a cosine, which means nothing to a toy."""
    lines = config.read_text("utf-8").splitlines(keepends=True)
    config.write_text("".join(each for each in lines if not each.startswith(("threshold", "high"))), "utf-8")


def model(
    nodes: list[Any], inputs: list[Any], outputs: list[Any], weights: dict[str, np.ndarray], **more: Any
) -> bytes:
    graph = helper.make_graph(
        nodes, "toy", inputs, outputs, [numpy_helper.from_array(value, name) for name, value in weights.items()]
    )
    domains = [helper.make_opsetid("", 17), *more.pop("domains", [])]
    made = helper.make_model(graph, opset_imports=domains, ir_version=9, **more)
    return made.SerializeToString(deterministic=True)


def recogniser(
    dimension: int = 64, *, seed: int = 1, batch: int | str = "n", size: int = 112, how: str = "good"
) -> bytes:
    """A random projection of the face at 14 × 14, as ArcFace networks are shaped. ``how`` it is bad, if it is."""
    random = np.random.default_rng(seed)
    side = size // 8
    weights = {"w": random.standard_normal((3 * side * side, dimension)).astype(np.float32)}
    if how == "constant":
        weights["w"] *= 0
        weights["w0"] = np.ones(dimension, np.float32)
    if how == "nan":
        weights["w"] *= np.float32("nan")
    if how == "zero":
        weights["w"] *= 0
    nodes = [
        helper.make_node("AveragePool", ["x"], ["small"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Flatten", ["small"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["raw"]),
        helper.make_node("Add", ["raw", "w0"], ["y"])
        if "w0" in weights
        else helper.make_node("Identity", ["raw"], ["y"]),
    ]
    if how == "custom":
        nodes[-1] = helper.make_node("Own", ["raw"], ["y"], domain="com.example")
    given = helper.make_tensor_value_info("x", FLOAT, [batch, 3, size, size])
    gives = helper.make_tensor_value_info("y", FLOAT, [batch, dimension])
    domains = [helper.make_opsetid("com.example", 1)] if how == "custom" else []
    return model(nodes, [given], [gives], weights, domains=domains)


def external(data: bytes) -> bytes:
    """The same model, its weights said to lie in another file."""
    loaded = onnx.load_model_from_string(data)
    tensor = loaded.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "../../etc/passwd"), ("offset", "0"), ("length", "16")):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    return loaded.SerializeToString(deterministic=True)


def detector(*, outputs: int = 9, fixed: bool = False) -> bytes:
    """What SCRFD looks like from outside: a face wherever a cell is bright, four cells wide, marks in a row."""
    weights: dict[str, np.ndarray] = {
        "shape1": np.array([-1, 1]),
        "shape4": np.array([-1, 4]),
        "shape10": np.array([-1, 10]),
    }
    nodes, names = [], {1: [], 4: [], 10: []}
    for stride in (8, 16, 32):
        nodes.append(
            helper.make_node("AveragePool", ["x"], [f"p{stride}"], kernel_shape=[stride] * 2, strides=[stride] * 2)
        )
        for wide in (1, 4, 10):
            name = f"{wide}_{stride}"
            weight, bias = np.zeros((2 * wide, 3, 1, 1), np.float32), np.zeros(2 * wide, np.float32)
            if wide == 1:  # the second anchor never sees anything
                weight[0], bias[:] = 20, (-30, -60)
            elif wide == 4:
                bias[:] = 2
            else:
                bias[:] = np.tile([-1, -1, 1, -1, 0, 0, -1, 1, 1, 1], 2)
            weights |= {f"w{name}": weight, f"b{name}": bias}
            nodes.append(helper.make_node("Conv", [f"p{stride}", f"w{name}", f"b{name}"], [f"c{name}"]))
            nodes.append(helper.make_node("Transpose", [f"c{name}"], [f"t{name}"], perm=[0, 2, 3, 1]))
            last = f"r{name}" if wide == 1 else f"y{name}"
            nodes.append(helper.make_node("Reshape", [f"t{name}", f"shape{wide}"], [last]))
            if wide == 1:
                nodes.append(helper.make_node("Sigmoid", [last], [f"y{name}"]))
            names[wide].append(f"y{name}")
    given = helper.make_tensor_value_info("x", FLOAT, [1, 3, *((64, 64) if fixed else ("h", "w"))])
    gives = [helper.make_tensor_value_info(name, FLOAT, ["n", wide]) for wide in names for name in names[wide]]
    return model(nodes, [given], gives[:outputs], weights)


def manifest(**changes: Any) -> dict[str, Any]:
    """What is said of the toy recogniser. Dotted names change what lies deeper; None takes it away."""
    said: dict[str, Any] = {
        "manifest": 1, "id": "toy", "name": "Toy projection", "role": "recogniser", "style": "arcface",
        "file": "toy.onnx", "licence": "MIT", "non_commercial": False,
        "trained_on": "Nothing at all: its weights are random numbers.", "upstream": "tests/toys.py",
        "thresholds": [[0.90, 1e-3], [0.95, 1e-4], [0.98, 1e-5]],
        "input": {"size": 112, "alignment": "arcface-112"}, "output": {"dimension": 64},
        "measured": [{"what": "the cast, by itself", "percent": 100.0, "source": "tests/toys.py"}],
    }  # fmt: skip
    for name, value in changes.items():
        *path, last = name.split("__")
        place = said
        for part in path:
            place = place[part]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return said


def seen(**changes: Any) -> dict[str, Any]:
    """What is said of the toy detector."""
    return manifest(
        id="toy-detector", role="detector", style="scrfd", thresholds=None, output=None, measured=None,
        input={"mean": [127.5] * 3, "std": [128.0] * 3}, **changes,
    )  # fmt: skip


def files(folder: Path, data: bytes, said: dict[str, Any]) -> tuple[Path, Path, str]:
    """The model, its manifest and its hash, in a folder."""
    file, paper = folder / f"{said['id']}.onnx", folder / f"{said['id']}.json"
    file.write_bytes(data)
    paper.write_text(json.dumps(said))
    return file, paper, hashlib.sha256(data).hexdigest()
