"""The script that draws a file of pairs from a folder of people."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.pairs import draw, main

from countenance.errors import InputError
from countenance.evaluate.dataset import open_dataset
from countenance.evaluate.pairs import add_pairs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twenty people with three photos each, named as LFW names them."""
    for number in range(20):
        person = tmp_path / f"P_{number}"
        person.mkdir()
        for photo in (1, 2, 3):
            (person / f"P_{number}_{photo:04}.jpg").write_bytes(b"%d %d" % (number, photo))
    return tmp_path


def test_a_drawn_file_is_the_same_for_a_seed_and_nobody_is_in_two_folds(folder: Path) -> None:
    people = [[f"{n}/{photo}" for photo in range(2 + n % 4)] for n in range(40)]
    drawn = draw(people, 80, 4, 1)
    assert drawn == draw(people, 80, 4, 1) != draw(people, 80, 4, 2)
    assert len({frozenset(pair) for _, *pair in drawn}) == 80
    folds: dict[str, set[int]] = {}
    for fold in (1, 2, 3, 4):
        pairs = [(one.split("/")[0], other.split("/")[0]) for at, one, other in drawn if at == fold]
        assert [one == other for one, other in pairs] == [True] * 10 + [False] * 10
        for person in {name for pair in pairs for name in pair}:
            folds.setdefault(person, set()).add(fold)
    assert {len(each) for each in folds.values()} == {1}
    for pairs, count in ((7, 2), (0, 2), (8, 1)):
        with pytest.raises(InputError, match="do not fill"):
            draw(people, pairs, count, 1)
    with pytest.raises(InputError, match="Fold 1 has"):
        draw([["a/1", "a/2"], ["b/1"], ["c/1", "c/2"], ["d/1"]], 40, 2, 1)


def test_the_script_writes_what_an_evaluation_reads(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "pairs.csv"
    assert main([str(folder), str(file), "--pairs", "40", "--folds", "5"]) == 0
    listed = add_pairs(file, open_dataset(folder))
    assert sorted(set(listed.fold.tolist())) == [1, 2, 3, 4, 5]
    assert main([str(folder), str(file), "--pairs", "4000"]) == InputError.exit_code
    assert main([str(folder), str(folder), "--pairs", "40", "--folds", "5"]) == InputError.exit_code
    assert capsys.readouterr().err.count("→") == 2
