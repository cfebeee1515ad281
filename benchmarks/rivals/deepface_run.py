"""DeepFace with SFace and YuNet on the same photos; run inside its own environment, with nothing of ours.

    DEEPFACE_HOME=… python deepface_run.py PHOTOS COUNT PORTRAITS

As its documentation shows it: `DeepFace.represent` on each file, then cosine similarity with the people who are known.
``PORTRAITS`` is a JSON object of names and paths. Prints one line of JSON; only the photos are timed, not the import,
the models or the portraits.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from deepface import DeepFace

THRESHOLD = 0.593
"""DeepFace's own for SFace, as a cosine distance."""


def main() -> None:
    """Time the photos."""
    photos = sorted(Path(sys.argv[1]).glob("*.jpg"))[: int(sys.argv[2])]
    known = np.stack([templates(Path(path))[0] for path in json.loads(sys.argv[3]).values()])
    faces = kept = 0
    start = time.perf_counter()
    for path in photos:
        for one in templates(path):
            faces += 1
            kept += bool((known @ one >= 1 - THRESHOLD).any())
    rate = len(photos) / (time.perf_counter() - start)
    told = {"photos": len(photos), "photos_per_s": rate, "faces": faces, "kept": kept, "opencv": cv2.__version__}
    sys.stdout.write(json.dumps(told) + "\n")


def templates(path: Path) -> list:
    """Everybody in a photo, as vectors of length one; where nobody is found, DeepFace gives one without confidence."""
    found = DeepFace.represent(str(path), model_name="SFace", detector_backend="yunet", enforce_detection=False)
    vectors = [np.asarray(one["embedding"], np.float32) for one in found if one["face_confidence"]]
    return [vector / np.linalg.norm(vector) for vector in vectors]


if __name__ == "__main__":
    main()
