"""Vision as other rooms use it."""

import hashlib
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from countenance.errors import BadConfiguration, ManyFaces, ModelMissing, NoFace, QualityTooLow
from countenance.types import Pixels
from countenance.vision import Picture, Vision, packs
from countenance.vision.align import align
from countenance.vision.cards import YUNET
from countenance.vision.contract import contract_of, embedding_contract
from countenance.vision.embed import Embedder
from countenance.vision.engine import COVERED


def test_a_template_is_a_unit_vector_that_prints_nothing(vision: Vision, portrait: bytes) -> None:
    picture = vision.decode(portrait)
    (template,) = vision.templates(picture, [vision.one_face(picture)])
    assert template.vector.shape == (vision.dimension,) == (128,)
    assert template.vector.dtype == np.float32
    assert np.linalg.norm(template.vector) == pytest.approx(1, abs=1e-5)
    assert template.contract == vision.contract
    assert "vector" not in repr(template)
    assert vision.templates(picture, []) == []


def test_every_near_frontal_photo_ranks_its_person_first(vision: Vision, cast: Path) -> None:
    names = sorted(one.name for one in (cast / "people").iterdir())
    vectors = {}
    for shot in (0, 1, 2):
        pictures = [vision.decode((cast / "people" / name / f"{shot}.jpg").read_bytes()) for name in names]
        vectors[shot] = np.stack([vision.templates(one, [vision.one_face(one)])[0].vector for one in pictures])
    for shot in (1, 2):
        assert (np.argmax(vectors[shot] @ vectors[0].T, axis=1) == np.arange(30)).all()


def test_templates_do_not_depend_on_who_else_is_in_the_batch(vision: Vision, cast: Path) -> None:
    picture = vision.decode((cast / "party" / "g05.jpg").read_bytes())
    faces = vision.faces(picture)
    together = vision.templates(picture, faces)
    for face, template in zip(faces, together, strict=True):
        assert float(vision.templates(picture, [face])[0].vector @ template.vector) > 0.9999


def test_a_photo_is_looked_at_once_however_often_it_is_asked_who_is_in_it(
    vision: Vision, cast: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the faces are those of a look for these alone, to the last digit."""
    detector = vision._detect()
    look, looks = detector._look, []
    monkeypatch.setattr(detector, "_look", lambda *given: looks.append(1) or look(*given))
    for path in sorted(cast.rglob("*.jpg"))[::7]:
        picture = vision.decode(path.read_bytes())
        faces, before = vision.faces(picture), len(looks)
        anybody = vision.anybody(picture)
        assert len(looks) == before
        alone = [detector.detect(picture.pixels, threshold=least) for least in (0.6, COVERED)]
        assert [(face.box, face.landmarks, face.score) for face in faces] == [
            (one.box, one.landmarks, one.score) for one in alone[0]
        ]
        assert anybody == [one.box for one in alone[1]]
        assert len(anybody) >= len(faces)


def test_one_face_wants_exactly_one(vision: Vision, cast: Path) -> None:
    party = vision.decode((cast / "party" / "g05.jpg").read_bytes())
    faces = vision.faces(party)
    with pytest.raises(ManyFaces, match=f"{len(faces)} faces"):
        vision.one_face(party)
    assert vision.one_face(party, choose=2) == faces[1]
    for number in (0, -1, len(faces) + 1):
        with pytest.raises(NoFace, match=f"no face number {number}"):
            vision.one_face(party, choose=number)
    for name in sorted((cast / "no-face").iterdir()):
        with pytest.raises(NoFace, match="No face"):
            vision.one_face(vision.decode(name.read_bytes()))


def test_a_poor_face_is_refused_with_its_reasons(vision: Vision, image: Image.Image) -> None:
    small = image.resize((110, 138))
    picture = Picture(np.asarray(small), 110, 138, "PNG")
    with pytest.raises(QualityTooLow, match="pixels wide; 50 are needed") as caught:
        vision.one_face(picture)
    assert caught.value.reasons == vision.one_face(picture, gate=False).quality.reasons


def test_the_contract_needs_no_model_and_changes_with_every_term(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "folded", lambda *_: pytest.fail("a model was loaded"))
    contract = Vision().contract
    assert contract == embedding_contract()
    assert len(bytes.fromhex(contract)) == 32
    others = [
        embedding_contract("0" * 64),
        embedding_contract(fold=2),
        embedding_contract(preprocessing="other"),
        embedding_contract(dimension=512),
        embedding_contract(normalisation="none"),
        Vision(flip=True).contract,
        contract_of(flip=True, detector=replace(YUNET, sha256="0" * 64)),
        contract_of(flip=False, detector=replace(YUNET, sha256="0" * 64)),
    ]
    assert len({contract, *others}) == 9


def test_a_template_with_the_mirror_image_is_the_mean_of_both_and_of_another_contract(
    vision: Vision, image: Image.Image, cache: Path
) -> None:
    picture = Picture(np.asarray(image), image.width, image.height, "PNG")
    face = vision.one_face(picture)
    crop = align(picture.pixels, face.landmarks)
    one, mirrored = vision._embed().embed([crop, np.ascontiguousarray(crop[:, ::-1])])
    with Vision(backend="onnxruntime", cache=cache, flip=True) as both:
        (made,) = both.templates(picture, [face])
        assert both.templates(picture, []) == []
    assert np.dot(made.vector, (one + mirrored) / np.linalg.norm(one + mirrored)) == pytest.approx(1, abs=1e-3)
    assert np.linalg.norm(made.vector) == pytest.approx(1, abs=1e-6)
    assert np.dot(made.vector, one) < 0.999
    assert made.contract != vision.contract


def test_the_contract_is_the_hash_of_plain_canonical_json() -> None:
    text = (
        '{"dimension":128,"fold":1,"model_sha256":"fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",'
        '"normalisation":"l2","preprocessing":"rgb 0-255, no normalisation, 112x112, bilinear, five-point similarity '
        'to the ArcFace template, landmarks of YuNet on the face at 200 pixels"}'
    )
    assert embedding_contract() == hashlib.sha256(text.encode()).hexdigest()


class Broken:
    """A backend gone wrong."""

    def __init__(self, value: float) -> None:
        self.value = value

    def run(self, batch: np.ndarray) -> list[np.ndarray]:
        return [np.full((len(batch), 128), self.value, np.float32)]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0])
def test_what_is_no_direction_is_refused(value: float) -> None:
    crop: Pixels = np.zeros((112, 112, 3), np.uint8)
    with pytest.raises(QualityTooLow):
        Embedder(Broken(value)).embed([crop])


def test_several_threads_share_one_vision(cache: Path, cast: Path) -> None:
    data = [(cast / "people" / name / "0.jpg").read_bytes() for name in ("Ada", "Bruno", "Chidi", "Dalia")]
    with Vision(cache=cache) as vision:
        alone = []
        for one in data:
            picture = vision.decode(one)
            alone.append(vision.templates(picture, vision.faces(picture))[0].vector)
        wrong: list[int] = []

        def work(number: int) -> None:
            picture = vision.decode(data[number])
            vector = vision.templates(picture, vision.faces(picture))[0].vector
            if float(vector @ alone[number]) < 0.9999:
                wrong.append(number)

        threads = [threading.Thread(target=work, args=(number % 4,)) for number in range(12)]
        for one_thread in threads:
            one_thread.start()
        for one_thread in threads:
            one_thread.join()
    assert not wrong


def test_wrong_settings_are_refused_at_once() -> None:
    with pytest.raises(BadConfiguration, match="no backend 'abacus'"):
        Vision(backend="abacus")
    with pytest.raises(BadConfiguration, match="no quality gate 'lax'"):
        Vision(gate="lax")


def test_without_models_status_still_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, portrait: bytes) -> None:
    monkeypatch.setattr(packs, "_DISTRIBUTION", "no-such-distribution")
    with Vision(cache=tmp_path) as vision:
        assert "missing" in vision.backend
        with pytest.raises(ModelMissing):
            vision.faces(vision.decode(portrait))


def test_importing_vision_loads_nothing_heavy() -> None:
    code = (
        "import sys; from countenance.vision import Vision, Limits, installed; Vision(); "
        "sys.exit(bool({'PIL', 'onnx', 'onnxruntime', 'openvino', 'simplejpeg'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
