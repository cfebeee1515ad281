"""A resized or re-encoded copy is known again by its hash, another picture is not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from countenance.samples import cast
from countenance.vision.likeness import perceptual_hash

PHOTOS = [group.path for group in cast().party()[:6]]


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB"))


def apart(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


@pytest.mark.parametrize("photo", PHOTOS, ids=lambda photo: photo.name)
def test_a_smaller_copy_of_poorer_quality_differs_in_few_bits(photo):
    with Image.open(photo) as image:
        image.load()
        packed = io.BytesIO()
        image.resize((image.width // 2, image.height // 2)).save(packed, "JPEG", quality=50)
        with Image.open(packed) as copy:
            assert apart(perceptual_hash(pixels(image)), perceptual_hash(pixels(copy))) <= 6


def test_different_pictures_differ_in_many():
    hashes = []
    for photo in [*PHOTOS, *cast().no_face()]:
        with Image.open(photo) as image:
            hashes.append(perceptual_hash(pixels(image)))
    distances = [apart(one, other) for place, one in enumerate(hashes) for other in hashes[:place]]
    assert min(distances) > 6
    assert all(len(each) == 16 for each in hashes)
