"""Which face of a photo is its person's, and what becomes of photos that cannot be used. Vision is made up here."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from countenance.errors import InputError, QualityTooLow, Unreadable
from countenance.evaluate.dataset import open_dataset
from countenance.evaluate.run import measure
from countenance.types import Box


class Seeing:
    """A "photo" says which person's faces it shows, largest first, and how far each is from the middle."""

    def decode(self, data: bytes) -> Any:
        if data == b"damaged":
            raise Unreadable("The file is damaged.")
        shown = [tuple(map(int, one.split("@"))) for one in data.decode().split("#")[0].split()]
        return SimpleNamespace(pixels=np.zeros((100, 200, 3), np.uint8), shown=shown)

    def faces(self, picture: Any) -> list[Any]:
        return [SimpleNamespace(person=who, box=Box(90 + away, 40, 20, 20)) for who, away in picture.shown]

    def templates(self, picture: Any, faces: list[Any]) -> list[Any]:
        if any(face.person == 99 for face in faces):
            raise QualityTooLow("No template comes of it.")
        return [SimpleNamespace(vector=np.eye(100, dtype=np.float32)[face.person]) for face in faces]


def folder(root: Path, **more: str) -> Path:
    """Twenty people, two photos each; in the second somebody larger stands at the edge."""
    for number in range(20):
        (root / f"{number:02}").mkdir()
        (root / f"{number:02}" / "0.jpg").write_text(f"{number}@0#{number}")
        (root / f"{number:02}" / "1.jpg").write_text(f"50@60 {number}@-10#{number}")
    for name, content in more.items():
        (root / "00" / f"{name}.jpg").write_text(content)
    return root


def measured(root: Path, **options: Any) -> Any:
    return measure(open_dataset(root), Seeing(), limit=1000, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("face", "same"), [("largest", 0.0), ("middle", 1.0)])
def test_the_face_that_is_asked_for_is_taken(tmp_path: Path, face: str, same: float) -> None:
    observed = measured(folder(tmp_path), face=face).observed
    scores = observed.scores.places(np.arange(40), np.arange(40)) / 100_000 - 1
    assert [scores[2 * person, 2 * person + 1] for person in range(20)] == [same] * 20


def test_what_cannot_be_used_is_told(tmp_path: Path) -> None:
    found = measured(folder(tmp_path, damaged="damaged", nobody="#", poor="99@0", again="0@0#0"))
    # The first of two alike in the order of their names is kept.
    assert [(fault.code, fault.number) for fault in found.faults] == [("unreadable", 3)]
    assert (found.repeats, found.observed.found.count(False)) == (1, 2)
    assert set(found.stages) == {"decode", "detect", "embed"}


def test_one_file_of_two_people_is_an_error_or_left_out(tmp_path: Path) -> None:
    root = folder(tmp_path)
    (root / "01" / "2.jpg").write_bytes((root / "00" / "0.jpg").read_bytes())
    (root / "02" / "2.jpg").write_bytes((root / "03" / "0.jpg").read_bytes())
    with pytest.raises(InputError, match=r"'00/0.jpg' and '01/2.jpg' are the same file .*, and 1 more") as error:
        measured(root)
    assert "--leave-out-duplicates" in error.value.hint
    found = measured(root, leave_out_duplicates=True)
    assert (len(found.duplicates), len(found.observed.numbers)) == (2, 38)


def test_p3_people_without_a_face_do_not_count(tmp_path: Path) -> None:
    root = folder(tmp_path)
    for photo in (root / "07").iterdir():
        photo.write_text("#")
    with pytest.raises(InputError, match="of 19 people; 20 people are needed"):
        measured(root)


def test_with_one_face_each_there_is_nothing_to_compare(tmp_path: Path) -> None:
    root = folder(tmp_path)
    for number in range(20):
        (root / f"{number:02}" / "1.jpg").write_text(f"#{number} alone")
    with pytest.raises(InputError, match="nothing to compare"):
        measured(root)
