"""Files of pairs, as benchmarks hand them out and as they go wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from countenance.errors import InputError
from countenance.evaluate.dataset import open_dataset
from countenance.evaluate.folds import Folds
from countenance.evaluate.pairs import add_pairs, open_pairs, read_pairs

HEAD = "fold,first,second\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twenty people with three photos each, named as LFW names them."""
    for number in range(20):
        person = tmp_path / f"P_{number}"
        person.mkdir()
        for photo in (1, 2, 3):
            (person / f"P_{number}_{photo:04}.jpg").write_bytes(b"%d %d" % (number, photo))
    return tmp_path


def written(folder: Path, text: str) -> Path:
    file = folder / "pairs.csv"
    file.write_text(text, "utf-8")
    return file


GOOD = HEAD + "1,P_0/P_0_0001.jpg,P_0/P_0_0002.jpg\n2,P_1/P_1_0001.jpg,P_2/P_2_0001.jpg\n"


def test_pairs_of_a_folder_are_numbered_as_its_photos_are(folder: Path) -> None:
    data = open_dataset(folder)
    listed = add_pairs(written(folder, GOOD), data)
    assert listed.fold.tolist() == [1, 2]
    names = [(data.name(one), data.name(other)) for one, other in zip(listed.first, listed.second, strict=True)]
    assert names == [("P_0/P_0_0001.jpg", "P_0/P_0_0002.jpg"), ("P_1/P_1_0001.jpg", "P_2/P_2_0001.jpg")]


def test_pairs_alone_take_the_photos_they_name(folder: Path) -> None:
    lines = [f"{1 + n % 2},P_{n}/P_{n}_0001.jpg,P_{n}/P_{n}_0003.jpg\n" for n in range(20)]
    data, listed = open_pairs(written(folder, HEAD + "".join(lines) + "1,P_0/P_0_0001.jpg,P_1/P_1_0001.jpg\n"))
    assert (data.people, len(data.photos), len(listed.fold)) == (20, 40, 21)
    with pytest.raises(InputError, match="2 people whom the pairs name"):
        open_pairs(written(folder, HEAD + "1,P_0/P_0_0001.jpg,P_0/P_0_0002.jpg\n2,P_1/P_1_0001.jpg,P_0/P_0_0001.jpg\n"))


def test_the_form_of_lfw_is_read(folder: Path) -> None:
    file = written(folder, "2\t1\nP_0\t1\t3\nP_1\t1\tP_2\t2\nP_3\t2\t1\nP_4\t1\tP_5\t1\n")
    assert [(pair.fold, pair.first, pair.second) for pair in read_pairs(file)] == [
        (1, b"P_0/P_0_0001.jpg", b"P_0/P_0_0003.jpg"),
        (1, b"P_1/P_1_0001.jpg", b"P_2/P_2_0002.jpg"),
        (2, b"P_3/P_3_0002.jpg", b"P_3/P_3_0001.jpg"),
        (2, b"P_4/P_4_0001.jpg", b"P_5/P_5_0001.jpg"),
    ]
    assert add_pairs(file, open_dataset(folder)).fold.tolist() == [1, 1, 2, 2]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no file of pairs"),
        ("name,other\n", "is no file of pairs"),
        ("two\tpairs\n", "is no file of pairs"),
        ("0\t0\n", "is no file of pairs"),
        (HEAD, "0 pairs in 0 folds"),
        (HEAD + "1,P_0/P_0_0001.jpg\n", "Line 2 of .* is no pair"),
        (HEAD + "one,P_0/P_0_0001.jpg,P_0/P_0_0002.jpg\n", "Line 2 of .* is no pair"),
        (HEAD + "-1,P_0/P_0_0001.jpg,P_0/P_0_0002.jpg\n", "Line 2 of .* is no pair"),
        (HEAD + '1,"P_0/P_0_0001.jpg,P_0', "cannot be read"),
        (HEAD + "1,P_0/P_0_0001.jpg,P_0/P_0_0002.jpg\n", "1 pairs in 1 folds"),
        (GOOD + "1,P_0/P_0_0001.jpg,P_0/P_0_0001.jpg\n", "Line 4 of .* pairs a photo with itself"),
        (GOOD + "2,P_0/P_0_0002.jpg,P_0/P_0_0001.jpg\n", "Line 4 of .* lists the pair of line 2 again"),
        (GOOD + "1,P_0/P_0_0001.jpg,Nobody/1.jpg\n", "Line 4 of .* names 'Nobody/1.jpg', which is no photo"),
        (GOOD + "1,P_0/P_0_0001.jpg,../P_0/P_0_0002.jpg\n", "which is no photo of the data set"),
        (GOOD.replace("P_0/P_0_0002.jpg", "P_3/P_3_0002.jpg"), "no pair of one person"),
        (GOOD.replace("P_2/P_2_0001.jpg", "P_1/P_1_0002.jpg"), "no pair of two people"),
        ("2\t1\nP_0\t1\t3\n", "does not list 2 × 2 pairs"),
        ("1\t1\nP_0\t1\t3\nP_0 1 3\n", "Line 3 of .* is no pair"),
        ("1\t1\nP_0\tone\t3\nP_1\t1\tP_2\t2\n", "Line 2 of .* is no pair"),
        ("2\t1\nP_0\t1\t9\nP_1\t1\tP_2\t2\nP_3\t2\t1\nP_4\t1\tP_5\t1\n", "names 'P_0/P_0_0009.jpg'"),
    ],
)
def test_a_file_that_does_not_fit_is_an_error_of_two_lines(folder: Path, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as error:
        add_pairs(written(folder, text), open_dataset(folder))
    assert error.value.hint
    assert "\n" not in error.value.message


def test_what_is_no_text_is_no_file_of_pairs(folder: Path) -> None:
    file = folder / "pairs.csv"
    for content in (b"\xff\xfe\x00", bytes(range(256)), b"PK\x03\x04" * 100):
        file.write_bytes(content)
        with pytest.raises(InputError):
            read_pairs(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_pairs(folder / "none.csv")


def test_a_fold_is_tried_at_the_threshold_of_the_others() -> None:
    # Fold 1 alone would be perfect at 5; fold 2 says 9.
    places, same = np.array([9, 5, 4, 9, 8, 3]), np.array([True, True, False, True, False, False])
    folds = Folds(places, same, np.array([7, 7, 7, 8, 8, 8]))
    assert folds.accuracies().tolist() == pytest.approx([2 / 3, 2 / 3])
    measured = folds.measured()
    assert measured is not None
    assert (measured.mean, measured.sd) == (pytest.approx(2 / 3), pytest.approx(0))
    assert Folds(places, same, np.array([1] * 6)).measured() is None
    # Whoever weighs nothing is not there.
    assert folds.accuracies(np.array([1, 1, 1, 0, 0, 0])).tolist()[0] == pytest.approx(1 / 3)
