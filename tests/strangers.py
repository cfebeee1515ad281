"""What would be left of a stranger's face, if something were: pieces of templates, crops, boxes and hashes (P27)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from clubs import Club
from countenance.samples import cast
from countenance.vision.align import align
from countenance.vision.likeness import perceptual_hash

NOBODY_KNOWN = 0.57
"""A cosine under which a face of the cast is none of those whom it is compared with."""


def pieces_of_strangers(club: Club, files: Iterable[Path], members: Iterable[str]) -> list[bytes]:
    """What a residue of the faces in these pictures would hold, of all who are none of the members."""
    vision, pieces = club.anna.context.vision, []
    known = []
    for name in members:
        picture = vision.decode(cast().portrait(name).read_bytes())
        known.append(vision.templates(picture, [vision.one_face(picture)])[0].vector)
    for file in files:
        picture = vision.decode(file.read_bytes())
        faces = vision.faces(picture)
        for face, template in zip(faces, vision.templates(picture, faces), strict=True):
            if max(float(template.vector @ other) for other in known) < NOBODY_KNOWN:
                crop = np.ascontiguousarray(align(picture.pixels, face.landmarks))
                pieces += _of_one(template.to_bytes(), crop, face.box.as_list())
    # A run of one colour is in any file; only pieces with something in them say anything.
    return sorted({piece for piece in pieces if len(set(piece)) > 6})


def _of_one(template: bytes, crop: np.ndarray, box: list[int]) -> list[bytes]:
    pixels = crop.tobytes()
    pieces = [template[at : at + 16] for at in range(0, 512 - 16, 4)]
    pieces += [pixels[at : at + 32] for at in range(0, len(pixels) - 32, 2048)]
    pieces.append(f"[{', '.join(map(str, box))}]".encode())
    for digest in (hashlib.sha256(template), hashlib.sha256(pixels)):
        pieces += [digest.digest(), digest.hexdigest().encode()]
    likeness = perceptual_hash(crop)
    return [*pieces, *([likeness.encode()] if likeness else [])]


def residue(places: Iterable[Path], pieces: list[bytes]) -> list[str]:
    """The files below these places that hold a piece."""
    found = []
    for place in places:
        for file in (each for each in place.rglob("*") if each.is_file()):
            content = file.read_bytes()
            found += [file.name for piece in pieces if piece in content]
    return found
