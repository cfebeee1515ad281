"""The gate: good faces pass, poor ones are told why in words a person can act on."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from countenance.types import Face
from countenance.vision import Picture, Vision
from countenance.vision.decode import Decoder

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "lfw-dev"


def told(words: str, reasons: tuple[str, ...]) -> bool:
    return any(reason.startswith(words) for reason in reasons)


def face_in(vision: Vision, image: Image.Image) -> Face:
    return vision.faces(Picture(np.asarray(image), image.width, image.height, "PNG"))[0]


@pytest.mark.parametrize("shot", ["0.jpg", "1.jpg", "2.jpg"])
def test_every_near_frontal_photo_of_the_cast_passes(vision: Vision, cast: Path, shot: str) -> None:
    for person in sorted((cast / "people").iterdir()):
        picture = vision.decode((person / shot).read_bytes())
        assert vision.one_face(picture).quality.reasons == (), person.name


def test_a_tiny_face_is_told_its_width(vision: Vision, image: Image.Image) -> None:
    scale = 38 / face_in(vision, image).box.w
    small = face_in(vision, image.resize((round(640 * scale), round(800 * scale))))
    words = f"the face is {round(small.quality.width)} pixels wide; 50 are needed: give a larger picture"
    assert words in small.quality.reasons
    assert small.quality.width < 42


@pytest.mark.parametrize("share", [0.03, 0.05])
def test_a_blurred_face_is_told_so(vision: Vision, image: Image.Image, share: float) -> None:
    width = face_in(vision, image).box.w
    blurred = image.filter(ImageFilter.GaussianBlur(width * share))
    assert told("the face is blurred", face_in(vision, blurred).quality.reasons)


def test_light_is_told(vision: Vision, image: Image.Image) -> None:
    dark = image.point(lambda value: value * 0.1)
    assert told("the face is too dark", face_in(vision, dark).quality.reasons)
    bright = image.point(lambda value: 215 + value * 0.15)
    assert told("the face is too bright", face_in(vision, bright).quality.reasons)


def test_a_photo_on_its_side_is_told(vision: Vision, image: Image.Image) -> None:
    side = image.transpose(Image.Transpose.ROTATE_90)
    assert told("the face is tilted too far or lies on its side", face_in(vision, side).quality.reasons)


def test_roll_and_yaw_are_in_degrees(vision: Vision, image: Image.Image, cast: Path) -> None:
    straight, tilted = face_in(vision, image).quality, face_in(vision, image.rotate(-20)).quality
    assert tilted.roll - straight.roll == pytest.approx(20, abs=8)
    turned = vision.decode((cast / "people" / "Ada" / "5.jpg").read_bytes())
    assert abs(vision.one_face(turned, gate=False).quality.yaw) > abs(straight.yaw) + 10


def test_levels_grow_stricter(cache: Path, portrait: bytes, cast: Path) -> None:
    turned = (cast / "people" / "Ada" / "5.jpg").read_bytes()
    told = []
    for level in ("off", "standard", "strict"):
        with Vision(gate=level, cache=cache) as vision:
            assert not vision.one_face(vision.decode(portrait)).quality.reasons
            told.append(len(vision.one_face(vision.decode(turned), gate=False).quality.reasons))
    assert told == sorted(told)
    assert told[0] == 0 < told[2]


@pytest.mark.shared
def test_nearly_all_of_lfw_passes(vision: Vision) -> None:
    if not SHARED.is_dir():
        pytest.skip("needs ../shared/data/lfw-dev, which is not here")
    files = sorted(SHARED.glob("*/*.jpg"))[::40]
    decoder, passed = Decoder(), 0
    for name in files:
        faces = vision.faces(decoder.decode(name.read_bytes()))
        passed += bool(faces) and not faces[0].quality.reasons
    decoder.close()
    assert passed >= 0.95 * len(files)
