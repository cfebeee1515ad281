"""SCRFD's answers are read as its authors say: two anchors a cell, distances in strides."""

from __future__ import annotations

import numpy as np
import pytest

import toys
from countenance.vision import scrfd
from countenance.vision.backends import OnnxRuntimeSession
from countenance.vision.cards import ModelCard
from countenance.vision.detect import Detector
from countenance.vision.opening import way_of

CARD = ModelCard(
    name="toy", id="toy", role="detector", style="scrfd", file="toy.onnx", sha256="0" * 64, licence="MIT",
    trained_on="nothing", mean=(127.5,) * 3, std=(128.0,) * 3,
)  # fmt: skip


@pytest.fixture(scope="module")
def session() -> OnnxRuntimeSession:
    return OnnxRuntimeSession(toys.detector(), threads=1)


def test_a_bright_cell_is_found_where_it_is(session: OnnxRuntimeSession) -> None:
    view = np.zeros((90, 150, 3), np.uint8)  # padded to 96 × 160
    view[24:32, 56:64] = 255
    (row,) = scrfd.see(session, view, 0.9, CARD)
    # The cell of stride 8 at column 7, row 3; two strides to each side.
    assert row[:4] == pytest.approx([56 - 16, 24 - 16, 32, 32])
    assert row[4:14].reshape(5, 2) == pytest.approx(np.array([[48, 16], [64, 16], [56, 24], [48, 32], [64, 32]]))
    assert row[14] == pytest.approx(1, abs=1e-6)


def test_every_grid_is_read(session: OnnxRuntimeSession) -> None:
    view = np.zeros((64, 96, 3), np.uint8)
    view[32:64, 64:96] = 255
    rows = scrfd.see(session, view, 0.9, CARD)
    assert sorted(set(rows[:, 2])) == [32, 64, 128]
    assert [sum(rows[:, 2] == wide) for wide in (32, 64, 128)] == [16, 4, 1]
    assert rows[-1, :2] == pytest.approx([64 - 64, 32 - 64])


def test_outputs_of_another_size_are_an_error(session: OnnxRuntimeSession) -> None:
    outputs = session.run(scrfd.canvas(np.zeros((64, 64, 3), np.uint8), CARD))
    with pytest.raises(ValueError, match="reshape"):
        scrfd.decode_anchors(outputs, (64, 96), 0.5)
    with pytest.raises(ValueError, match="8 outputs, not 9"):
        scrfd.decode_anchors(outputs[:8], (64, 64), 0.5)


def test_a_detector_of_this_kind_looks_as_yunet_does(session: OnnxRuntimeSession) -> None:
    photo = np.zeros((480, 640, 3), np.uint8)
    photo[104:112, 200:208] = 255  # a cell of its own
    found = Detector(session, way_of(CARD)).detect(photo, threshold=0.9)
    assert found
    assert all(abs(one.box.x + one.box.w / 2 - 204) < 60 and abs(one.box.y + one.box.h / 2 - 108) < 60 for one in found)
