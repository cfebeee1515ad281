"""Templates stay what they were, whatever the backend: a gallery outlives the machine that made it."""

from pathlib import Path

import numpy as np
import pytest

from countenance.vision import Vision

GOLDEN = Path(__file__).parent / "golden.npz"


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino", "auto"])
def test_templates_equal_the_golden_ones(cast: Path, cache: Path, backend: str) -> None:
    if backend == "openvino":
        pytest.importorskip("importlib.metadata").distribution("openvino")
    with np.load(GOLDEN) as golden, Vision(backend=backend, cache=cache) as vision:
        assert str(golden["contract"]) == vision.contract
        for name in ("Ada", "Emre", "Wen"):
            picture = vision.decode((cast / "people" / name / "0.jpg").read_bytes())
            (template,) = vision.templates(picture, [vision.one_face(picture)])
            assert float(template.vector @ golden[name]) >= 0.999
            assert template.contract == vision.contract
