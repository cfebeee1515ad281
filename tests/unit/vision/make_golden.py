"""Makes golden.npz anew, when the contract changes on purpose: ``python tests/unit/vision/make_golden.py``."""

from pathlib import Path

import numpy as np

import countenance
from countenance.vision import Vision

NAMES = ("Ada", "Emre", "Wen")


def main() -> None:
    people = Path(countenance.__file__).parent / "samples" / "cast" / "people"
    with Vision(backend="onnxruntime") as vision:
        made = {"contract": np.array(vision.contract)}
        for name in NAMES:
            picture = vision.decode((people / name / "0.jpg").read_bytes())
            made[name] = vision.templates(picture, [vision.one_face(picture)])[0].vector
    np.savez(Path(__file__).parent / "golden.npz", **made)


if __name__ == "__main__":
    main()
