"""Templates stay what they were, whatever the backend: a gallery outlives the machine that made it."""

from pathlib import Path

import numpy as np
import pytest

from countenance.vision import Vision, runtimes

GOLDEN = Path(__file__).parent / "golden.npz"


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino", "auto"])
def test_templates_equal_the_golden_ones(cast: Path, cache: Path, backend: str) -> None:
    if backend == "openvino" and runtimes.openvino() is None:
        pytest.skip("OpenVINO is not made for this machine")
    with np.load(GOLDEN) as golden, Vision(backend=backend, cache=cache) as vision:
        assert str(golden["contract"]) == vision.contract
        for name in ("Ada", "Emre", "Wen"):
            picture = vision.decode((cast / "people" / name / "0.jpg").read_bytes())
            (template,) = vision.templates(picture, [vision.one_face(picture)])
            assert float(template.vector @ golden[name]) >= 0.999
            assert template.contract == vision.contract


def test_backends_agree_on_every_face_of_the_party(cast: Path, cache: Path) -> None:
    if runtimes.openvino() is None:
        pytest.skip("OpenVINO is not made for this machine")
    with Vision(backend="onnxruntime", cache=cache) as one, Vision(backend="openvino", cache=cache) as other:
        for photo in sorted((cast / "party").iterdir()):
            picture = one.decode(photo.read_bytes())
            pairs = zip(
                one.templates(picture, one.faces(picture)),
                other.templates(picture, other.faces(picture)),
                strict=True,
            )
            assert min(float(a.vector @ b.vector) for a, b in pairs) >= 0.999, photo.name
