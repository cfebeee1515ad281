"""Models are a stranger's files: what is wrong with one is said, and nothing of it is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import toys
from countenance.errors import AlreadyExists, ModelRefused, Tampered, TooLarge
from countenance.vision import shelf, trying
from countenance.vision.cards import ModelCard
from countenance.vision.manifest import parse_manifest, shipped
from countenance.vision.trying_worker import Refusal, examine


def card(**changes: Any) -> ModelCard:
    return parse_manifest(json.dumps(toys.manifest(**changes)).encode(), "toy").card()


def finder() -> ModelCard:
    return parse_manifest(json.dumps(toys.seen()).encode(), "toy").card()


def put(tmp_path: Path, data: bytes, said: dict[str, Any], **more: Any) -> Any:
    file, paper, digest = toys.files(tmp_path, data, said)
    return trying.add(file, paper, **{"sha256": digest, "cache": tmp_path / "cache", **more})


def test_a_described_model_is_tried_in_a_process_of_its_own_and_kept(tmp_path: Path) -> None:
    added = put(tmp_path, toys.recogniser(), toys.manifest())
    assert (added.card.single, added.card.output, added.card.dimension) == (False, 0, 64)
    again = shelf.find("toy", "recogniser", tmp_path / "cache")
    assert again.card == added.card
    assert shelf.ready(again.card, tmp_path / "cache") == (tmp_path / "toy.onnx").read_bytes()
    other, paper, digest = toys.files(tmp_path, toys.recogniser(seed=2), toys.manifest())
    with pytest.raises(AlreadyExists, match="another model by the id"):
        trying.add(other, paper, sha256=digest, cache=tmp_path / "cache")
    again.path.write_bytes(b"changed")  # type: ignore[union-attr]
    with pytest.raises(Tampered, match="not the one that was added"):
        shelf.ready(again.card, tmp_path / "cache")


@pytest.mark.parametrize(
    ("data", "said", "words"),
    [
        (toys.recogniser(32), {}, "says 64 numbers a template, and it gives 32"),
        (toys.recogniser(how="nan"), {}, "not numbers"),
        (toys.recogniser(how="zero"), {}, "all zero"),
        (toys.recogniser(how="constant"), {}, "the same template whatever it sees"),
        (toys.recogniser(how="custom"), {}, r"not ONNX's own \(com.example.Own\)"),
        (toys.external(toys.recogniser()), {}, "another file"),
        (toys.recogniser(size=64), {}, "64 × 64 pixels, and its manifest says 112 × 112"),
        (toys.recogniser()[:3000], {}, "not a whole one"),
        (b"no model", {}, "no ONNX model"),
        (b"", {}, "no ONNX model"),
        (toys.recogniser(), {"output__name": "z"}, "has no output 'z'"),
        (toys.detector(), {}, "its input is no picture|which is no list of templates|does not run it"),
    ],
    ids=["dimension", "nan", "zero", "constant", "custom", "external", "size", "cut", "text", "empty", "name", "other"],
)
def test_p22_a_model_that_is_not_what_it_is_said_to_be(data: bytes, said: dict[str, Any], words: str) -> None:
    output = said.pop("output__name", None)
    with pytest.raises(Refusal, match=words):
        examine(data, card(**said), output)


def test_one_that_takes_a_face_at_a_time_is_known_for_it() -> None:
    assert examine(toys.recogniser(batch=1), card(), "y") == {"output": 0, "single": True}


@pytest.mark.parametrize(
    ("data", "words"),
    [(toys.detector(outputs=8), "not that of a scrfd"), (toys.detector(fixed=True), "photos of any"),
     (toys.recogniser(), "photos of any")],
)  # fmt: skip
def test_a_detector_that_is_none(data: bytes, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        examine(data, finder(), None)


def test_a_detector_is_tried_too() -> None:
    assert examine(toys.detector(), finder(), None) == {"output": 0, "single": False}


def test_what_harms_the_process_that_tries_it_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match=r"Toy projection cannot be used: it is no ONNX model"):
        put(tmp_path, b"\x08\x07" * 500, toys.manifest())
    with pytest.raises(ModelRefused, match="not tried within"):
        trying.attempt(toys.recogniser(), card(), None, seconds=0.01)
    assert not (tmp_path / "cache").exists()


def test_the_hash_is_stated_and_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelRefused, match="Neither the manifest nor you say"):
        put(tmp_path, toys.recogniser(), toys.manifest(), sha256=None)
    with pytest.raises(ModelRefused, match="another file than was stated"):
        put(tmp_path, toys.recogniser(), toys.manifest(), sha256="0" * 64)
    with pytest.raises(ModelRefused, match="another file than was stated"):
        put(tmp_path, toys.recogniser(), toys.manifest(sha256="0" * 64))
    with pytest.raises(ModelRefused, match="without a card is not taken in") as caught:
        trying.add(tmp_path / "toy.onnx", cache=tmp_path / "cache")
    assert "edgeface-xs" in caught.value.hint
    monkeypatch.setattr(trying, "LARGEST", 100)
    with pytest.raises(TooLarge, match="no model has that many"):
        put(tmp_path, toys.recogniser(), toys.manifest())
    with pytest.raises(ModelRefused, match="cannot be read"):
        trying.add(tmp_path / "none.onnx", cache=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_a_non_commercial_licence_is_accepted_by_its_name(tmp_path: Path) -> None:
    said = toys.manifest(licence="Research only", non_commercial=True)
    with pytest.raises(ModelRefused, match="is Research only, not MIT"):
        put(tmp_path, toys.recogniser(), said, accept_licence="MIT")
    cache = tmp_path / "cache"
    assert not cache.exists()
    added = put(tmp_path, toys.recogniser(), said)
    with pytest.raises(ModelRefused, match="may not be used commercially"):
        shelf.chosen("toy", "yunet", cache)
    assert shelf.accept(added, "Research only", cache).accepted == "Research only"
    assert shelf.chosen("toy", "yunet", cache)[0] == added.card
    with pytest.raises(ModelRefused, match="may not be used commercially"):
        shelf.check_licence(replace(added, accepted="MIT"))


def test_a_card_that_was_changed_to_be_none(tmp_path: Path) -> None:
    put(tmp_path, toys.recogniser(), toys.manifest())
    place = tmp_path / "cache" / "packs" / "toy" / "card.json"
    place.write_text("{}")
    with pytest.raises(Tampered, match="was changed or lost"):
        shelf.everything(tmp_path / "cache")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"licence": None}, "licence: Field required"),
        ({"trained_on": "people"}, "trained_on"),
        ({"trained_on": None}, "trained_on"),
        ({"measured": None}, "how often it is right"),
        ({"input__size": 96}, "input.size"),
        ({"input__std": [0, 1, 1]}, "std divides"),
        ({"input__alignment": None}, "its alignment"),
        ({"output": None}, "dimension"),
        ({"thresholds": [[0.4, 1e-3]]}, "at least two pairs"),
        ({"thresholds": [[0.4, 1e-4], [0.5, 1e-3]]}, "rates fall"),
        ({"thresholds": [[0.4, 1e-3], [7, 1e-4]]}, "cosine from -1 to 1"),
        ({"style": "scrfd"}, "a recogniser's style"),
        ({"surprise": 1}, "surprise"),
        ({"id": "../etc"}, "id"),
        ({"file": "a/b.onnx"}, "file"),
        ({"manifest": 2}, "manifest"),
    ],
)
def test_a_manifest_that_is_not_complete_names_the_field(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelRefused, match="is not complete") as caught:
        card(**changes)
    assert words in caught.value.message


@pytest.mark.parametrize("data", [b"\xff\xfe", b"{", b"[" * 100_000, b"id = ", b"{" * 100_000])
def test_a_manifest_that_is_none(data: bytes) -> None:
    with pytest.raises(ModelRefused):
        parse_manifest(data, "m")


def test_the_manifests_that_ship_are_honest() -> None:
    known = {each.id: each for each in shipped()}
    assert len(known) == 7
    assert all("not asked" in each.trained_on for each in known.values())
    assert all(each.non_commercial for name, each in known.items() if name != "sface-fp32")
    assert {name for name, each in known.items() if each.sha256 is None} == {"edgeface-s", "edgeface-xs"}


def test_templates_are_made_as_the_card_says() -> None:
    from countenance.vision.backends import OnnxRuntimeSession
    from countenance.vision.embed import Embedder

    crop = np.random.default_rng(0).integers(0, 256, (112, 112, 3)).astype(np.uint8)
    how = replace(card(), channels="bgr", mean=(1.0, 2.0, 3.0), std=(4.0, 5.0, 6.0), single=True)
    (made,) = Embedder(OnnxRuntimeSession(toys.recogniser(), threads=1), how).embed([crop])
    levels = (crop[:, :, ::-1].astype(np.float64) - (1, 2, 3)) / (4, 5, 6)
    small = levels.reshape(14, 8, 14, 8, 3).mean(axis=(1, 3)).transpose(2, 0, 1).ravel()
    weights = np.random.default_rng(1).standard_normal((588, 64))
    wanted = small @ weights
    assert made == pytest.approx(wanted / np.linalg.norm(wanted), abs=1e-4)
