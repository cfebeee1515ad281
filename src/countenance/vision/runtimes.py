"""Imports the two inference runtimes so that neither can call home.

As published, both do. OpenVINO's ``__init__`` imports ``openvino.tools.ovc``, which sends an event through
``openvino_telemetry`` at import, unasked. ONNX Runtime's Linux builds carry an uploader that starts with the library
and is switched off only by ``ORT_DISABLE_TELEMETRY`` in the environment. Nothing here needs either: OpenVINO is used
for ``read_model`` and ``compile_model`` alone. A test runs both in a fresh process with an empty home folder and finds
no file, no thread of theirs and no socket.
"""

from __future__ import annotations

import os
import sys
import threading
from types import ModuleType
from typing import Any

_UNWANTED = ("openvino_telemetry", "openvino.tools.ovc")
_FIRST = threading.Lock()
"""OpenVINO's bindings look up NumPy's types when a tensor's numbers are first asked for. Two threads that are the first
wait for each other for ever, one with the interpreter's lock, so that the whole process stands still (2026.4.1)."""


def onnxruntime() -> Any:
    """The ``onnxruntime`` module, its telemetry off before the library is loaded."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    # For a program that had imported it before us: stops further events.
    onnxruntime.disable_telemetry_events()
    onnxruntime.set_default_logger_severity(3)
    return onnxruntime


def openvino() -> Any | None:
    """The ``openvino`` module without its conversion tools and telemetry; None where it is not installed."""
    blocked: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]
    for name in _UNWANTED:
        # None makes an import raise ModuleNotFoundError, which openvino/__init__.py expects and passes over.
        blocked.setdefault(name, None)
    try:
        import openvino
    except ImportError:
        return None
    with _FIRST:
        _ = openvino.Tensor(openvino.Type.f32, openvino.Shape([1])).data
    return openvino
