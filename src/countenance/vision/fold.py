"""Folds block-quantised weights of an ONNX file into plain float32, so that every backend runs it at any input size."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def fold(data: bytes) -> bytes:
    """An ONNX model with its int8 weights (`DequantizeLinear`, opset 21, blocked) turned into float32 initialisers.

    As shipped, SFace lists its weights as graph inputs, which ONNX Runtime and OpenVINO refuse, and both models fix
    their input size. Here weights leave the inputs, and batch, height and width become free.
    """
    import onnx

    model = onnx.load_model_from_string(data)
    graph = model.graph
    values = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    rest = _replace_weights(graph, values)
    used = {name for node in rest for name in node.input}
    given = [one for one in graph.input if one.name in used and one.name not in values]
    inputs = [_value(one.name, _input_shape(one)) for one in given]
    tensors = [onnx.numpy_helper.from_array(values[name], name) for name in sorted(used & values.keys())]
    outputs = [_value(one.name, _output_shape(one)) for one in graph.output]
    slim = onnx.helper.make_graph(rest, graph.name, inputs, outputs, tensors)
    made = onnx.helper.make_model(slim, opset_imports=model.opset_import, ir_version=10, producer_name="countenance")
    return bytes(made.SerializeToString(deterministic=True))


def _replace_weights(graph: Any, values: dict[str, NDArray[Any]]) -> list[Any]:
    """Work out every node that has only constants as inputs; return the other nodes."""
    rest = []
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and all(name in values for name in node.input):
            values[node.output[0]] = _dequantised(node, [values[name] for name in node.input])
        elif node.op_type == "Reshape" and all(name in values for name in node.input):
            values[node.output[0]] = values[node.input[0]].reshape(values[node.input[1]])
        else:
            rest.append(node)
    return rest


def _dequantised(node: Any, inputs: list[NDArray[Any]]) -> NDArray[np.float32]:
    """``(q - zero) × scale``, each scale and zero serving ``block_size`` values along ``axis``."""
    attributes = {one.name: one.i for one in node.attribute}
    axis, block = attributes.get("axis", 1), attributes.get("block_size", 0)
    q, scale, zero = inputs
    if block:
        scale, zero = (np.repeat(one, block, axis).take(range(q.shape[axis]), axis) for one in (scale, zero))
    return np.asarray((q.astype(np.int32) - zero.astype(np.int32)) * scale, dtype=np.float32)


def _input_shape(one: Any) -> list[str | int]:
    """Batch free; height and width too where the network is fully convolutional (made for 640 × 640)."""
    sizes = _sizes(one)
    return ["batch", sizes[1], "height", "width"] if sizes[2:] == [640, 640] else ["batch", *sizes[1:]]


def _output_shape(one: Any) -> list[str | int]:
    """Batch free; of three dimensions the middle one, the number of cells, as well."""
    sizes = _sizes(one)
    return ["batch", f"{one.name}_cells", sizes[2]] if len(sizes) == 3 else ["batch", *sizes[1:]]


def _sizes(one: Any) -> list[int]:
    return [dimension.dim_value for dimension in one.type.tensor_type.shape.dim]


def _value(name: str, shape: list[str | int]) -> Any:
    import onnx

    return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
