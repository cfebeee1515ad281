"""face_recognition (dlib) on the same photos; run inside its own environment, with nothing of ours.

    python face_recognition_run.py PHOTOS COUNT PORTRAITS

As its documentation shows it: load, locate, encode, compare with the people who are known. ``PORTRAITS`` is a JSON
object of names and paths. Prints one line of JSON; only the photos are timed, not the import or the portraits. The
second figure leaves out the enlarging that `face_locations` does by default, which none of these faces needs.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import face_recognition


def main() -> None:
    """Time each way on the photos."""
    photos = sorted(Path(sys.argv[1]).glob("*.jpg"))[: int(sys.argv[2])]
    known = [encodings(Path(path), 1)[0] for path in json.loads(sys.argv[3]).values()]
    told = {"photos": len(photos)} | timed(photos, known, 1)
    plain = timed(photos, known, 0)
    sys.stdout.write(json.dumps(told | {"fastest": plain}) + "\n")


def timed(photos: list, known: list, upsample: int) -> dict:
    """Photos a second, faces and people found."""
    faces = kept = 0
    start = time.perf_counter()
    for path in photos:
        for one in encodings(path, upsample):
            faces += 1
            kept += any(face_recognition.compare_faces(known, one))
    return {"photos_per_s": len(photos) / (time.perf_counter() - start), "faces": faces, "kept": kept}


def encodings(path: Path, upsample: int) -> list:
    """Everybody in a photo."""
    picture = face_recognition.load_image_file(path)
    places = face_recognition.face_locations(picture, number_of_times_to_upsample=upsample)
    return face_recognition.face_encodings(picture, places)


if __name__ == "__main__":
    main()
