"""An evaluation as a user asks for it: with and without a gallery, on the cast, and on LFW where that is at hand."""

import hashlib
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from PIL import Image

from clubs import ANNA, BEN, Club
from countenance.errors import InputError, PurposeRefused, RoleRefused
from countenance.samples import cast
from countenance.service.evaluating import Progress, evaluate, rebuild
from countenance.vision.contract import embedding_contract

LFW = Path(__file__).parents[4] / "shared" / "data" / "lfw-dev"


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty of the cast, two photos each at a third of their size, and what goes wrong in a real folder."""
    root, everybody = tmp_path_factory.mktemp("people"), cast()
    for name in everybody.identities[:20]:
        (root / name).mkdir()
        for shot in (0, 1):
            with Image.open(everybody.photos(name)[shot]) as image:
                image.reduce(3).save(root / name / f"{shot}.jpg", quality=95)
    ada, bruno = (root / name for name in everybody.identities[:2])
    shutil.copy(ada / "0.jpg", ada / "2.jpg")  # the same file twice
    (bruno / "2.jpg").write_bytes((bruno / "0.jpg").read_bytes()[:2000])  # cut short
    shutil.copy(ada / "1.jpg", root / everybody.identities[2] / "2.jpg")  # under a wrong name
    with Image.open(everybody.no_face()[0]) as image:
        image.reduce(3).save(root / everybody.identities[3] / "2.jpg")
    return root


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration lies in the current folder."""
    monkeypatch.chdir(tmp_path)


def test_without_a_gallery_it_measures_and_says_that_it_was_not_logged(people: Path) -> None:
    told: list[Progress] = []
    found = evaluate(people, "synthetic", progress=told.append)
    ada, bruno, third = cast().identities[:3]
    assert json.loads(json.dumps(found)) == found
    # 44 files: one is a repeat, one is damaged, one shows nobody.
    assert (found["images"], found["identities"], found["detected"]) == (42, 20, 41)
    assert (told[-1].done, told[-1].total) == (44, 44)
    assert found["repeats"] == 1
    assert [(one["path"], one["code"]) for one in found["unreadable"]] == [(f"{bruno}/2.jpg", "unreadable")]
    assert found["duplicates"] == [[f"{ada}/1.jpg", f"{third}/2.jpg"]]
    # 20 second shots are found; the picture of nobody and the one under a wrong name are not.
    identified = found["identification"]
    assert (identified["gallery"], identified["probes"], identified["non_mated"]) == (20, 22, 21)
    assert identified["rank1"] == pytest.approx(20 / 22, abs=1e-6)
    # 21 searches of strangers can tell one false candidate in ten, and not one in a hundred.
    assert identified["fnir"] == {"1e-1": pytest.approx(2 / 22, abs=1e-6), "1e-2": None}
    assert found["model"]["name"] == "SFace 2021dec"
    assert found["verification"]["genuine_pairs"] == 20 + 2
    assert found["verification"]["genuine_pairs"] + found["verification"]["impostor_pairs"] == 41 * 40 // 2
    assert found["verification"]["tar"]["1e-2"] > 0.85
    assert found["verification"]["tar"]["1e-4"] is None  # 798 impostor pairs cannot tell
    assert (found["embedding_contract"], found["statement"]) == (embedding_contract(), "synthetic")
    assert found["logged"] is None


def test_without_a_statement_from_the_list_nothing_is_read(people: Path) -> None:
    with pytest.raises(PurposeRefused) as refused:
        evaluate(people, "photos of my neighbours", progress=lambda _: pytest.fail("a photo was read"))
    assert refused.value.requirement == "P3"
    assert "public-benchmark" in refused.value.hint


def test_a_few_people_are_not_evaluated(people: Path, tmp_path: Path) -> None:
    for name in cast().identities[:19]:
        shutil.copytree(people / name, tmp_path / "few" / name)
    with pytest.raises(InputError, match="19 people"):
        evaluate(tmp_path / "few", "synthetic")


def test_pictures_of_nobody_leave_nothing_to_compare(tmp_path: Path) -> None:
    for number in range(20):
        folder = tmp_path / "empty" / str(number)
        folder.mkdir(parents=True)
        for shot in range(2):
            Image.new("RGB", (40, 40), (number, shot, 0)).save(folder / f"{shot}.png")
    with pytest.raises(InputError, match="face was found in 0 of 40"):
        evaluate(tmp_path / "empty", "synthetic")


def test_with_one_picture_each_there_is_nobody_to_search_for(tmp_path: Path) -> None:
    root, (ada, bruno, *others) = tmp_path / "single", cast().identities[:20]
    for name in (ada, bruno, *others):
        (root / name).mkdir(parents=True)
    for name in (ada, bruno):
        shutil.copy(cast().portrait(name), root / name / "0.jpg")
    shutil.copy(root / ada / "0.jpg", root / ada / "1.jpg")  # the same file twice
    for number, name in enumerate(others):
        Image.new("RGB", (40, 40), (number, 0, 0)).save(root / name / "0.png")
    found = evaluate(root, "synthetic")
    assert found["verification"]["impostor_pairs"] == 1
    identified = found["identification"]
    assert (identified["gallery"], identified["probes"], identified["non_mated"]) == (0, 0, 2)
    assert (identified["rank1"], identified["fnir"], identified["det"]) == (None, {"1e-1": None, "1e-2": None}, [])


def test_with_a_gallery_it_is_logged_and_leaves_nothing_there(people: Path, club: Club) -> None:
    before = club.anna.status()["counts"]
    found = evaluate(people, "synthetic", gallery=club.anna)
    assert club.anna.status()["counts"] == before
    club.anna.check_log()
    asked, done = [json.loads(line) for line in club.anna.export_log()][-2:]
    assert (asked["act"], asked["outcome"]) == ("evaluate", "granted")
    assert asked["facts"] == {"statement": "synthetic", "people": 20, "files": 44}
    assert done["facts"]["tar"] == found["verification"]["tar"]
    assert (done["act"], done["outcome"], done["facts"]["decision"]) == ("evaluate", "done", asked["index"])
    assert found["logged"]["index"] == done["index"]
    told = club.anna.reports.accountability()["testing"]["last_evaluation"]
    assert (told["report"], told["log_entry"]) == (found["report_sha256"], done["index"])
    assert told["statement"] == "synthetic"
    # Who has the answer can show that it is the one which the log speaks of.
    answer = {key: value for key, value in found.items() if key != "logged"}
    assert done["facts"]["answer"] == hashlib.sha256(rfc8785.dumps(answer)).hexdigest()
    assert cast().identities[0] not in json.dumps([asked, done])


def test_p22_the_report_is_rebuilt_from_raw_scores_by_group_too(people: Path, tmp_path: Path) -> None:
    groups, scores = tmp_path / "groups.csv", tmp_path / "scores.npz"
    names = sorted(each.name for each in people.iterdir())
    groups.write_text("person,group\n" + "".join(f"{name},morning\n" for name in names))
    found = evaluate(people, "synthetic", groups=groups, scores=scores)
    again = rebuild(scores)
    assert again == {name: found[name] for name in again}
    assert set(found) - set(again) == {"seconds", "unreadable", "repeats", "duplicates", "logged"}
    assert found["groups"]["morning"]["people"] == 20
    assert found["groups"]["morning"]["genuine_pairs"] == found["verification"]["genuine_pairs"]
    kept = scores.read_bytes()
    with zipfile.ZipFile(scores) as packed:
        whole = b"".join(packed.read(name) for name in packed.namelist())
    assert not [name for name in names if name.encode() in kept + whole]  # numbers alone


def test_p22_groups_are_what_people_said_of_themselves(people: Path, tmp_path: Path) -> None:
    groups = tmp_path / "groups.csv"
    groups.write_text(f"person,group\n{cast().identities[0]},morning\n")
    with pytest.raises(PurposeRefused, match="nobody of this data set was asked"):
        evaluate(people, "public-benchmark", groups=groups, progress=lambda _: pytest.fail("a photo was read"))
    for wrong in ("", "person,group\n", "name,group\nAda,morning\n", "person,group\nNobody Here,morning\n"):
        groups.write_text(wrong)
        with pytest.raises(InputError):
            evaluate(people, "synthetic", groups=groups, progress=lambda _: pytest.fail("a photo was read"))


@pytest.mark.parametrize(
    ("statement", "account", "error"), [("Maria next door", ANNA, PurposeRefused), ("synthetic", BEN, RoleRefused)]
)
def test_a_refusal_is_logged_before_anything_is_read(
    people: Path, club: Club, statement: str, account: str, error: type[PurposeRefused]
) -> None:
    with club.open(account) as gallery, pytest.raises(error) as refused:
        evaluate(people, statement, gallery=gallery, progress=lambda _: pytest.fail("a photo was read"))
    last: dict[str, Any] = json.loads(club.anna.export_log()[-1])
    assert refused.value.log_index == last["index"]
    assert (last["act"], last["outcome"], last["facts"]["code"]) == ("evaluate", "refused", error.code)
    assert "Maria" not in json.dumps(last)


def _lfw(people: int) -> dict[str, Any]:
    if not LFW.is_dir():
        pytest.skip("needs ../shared/data/lfw-dev, which a clone elsewhere does not have")
    return evaluate(LFW, "public-benchmark", people=people)


@pytest.mark.shared
def test_sixty_people_of_labeled_faces_in_the_wild() -> None:
    found = _lfw(60)
    assert found["detected"] == found["images"]
    assert found["identification"]["gallery"] == found["identities"] == 60
    assert found["identification"]["rank1"] >= 0.98
    assert found["verification"]["tar"]["1e-3"] >= 0.97


@pytest.mark.shared
@pytest.mark.long
def test_three_hundred_people_with_one_photo_each_are_told_apart() -> None:
    found = _lfw(300)
    assert (found["identification"]["gallery"], found["identification"]["probes"]) == (300, 823)
    assert found["identification"]["rank1"] >= 0.98
    assert found["verification"]["tar"]["1e-4"] >= 0.96
