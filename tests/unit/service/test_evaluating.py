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
from countenance.reports.evaluated import render_evaluated
from countenance.samples import cast
from countenance.service.evaluating import Progress, Wish, evaluate, rebuild
from countenance.vision.contract import embedding_contract
from web.visitors import Visitor, site_of

LFW = Path(__file__).parents[4] / "shared" / "data" / "lfw-dev"


ASKED = {"images", "identities", "detected", "verification", "identification", "embedding_contract", "seconds"}


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
    with Image.open(everybody.no_face()[0]) as image:
        image.reduce(3).save(root / everybody.identities[3] / "2.jpg")
    return root


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration lies in the current folder."""
    monkeypatch.chdir(tmp_path)


def test_without_a_gallery_it_measures_and_says_that_it_was_not_logged(people: Path) -> None:
    told: list[Progress] = []
    found = evaluate(Wish(people, "synthetic"), progress=told.append)
    bruno, fourth = cast().identities[1], cast().identities[3]
    assert json.loads(json.dumps(found)) == found
    # 43 files: one is a repeat, one is damaged, one shows nobody.
    assert (found["images"], found["identities"], found["detected"]) == (41, 20, 40)
    assert found["detection"]["rate"] == pytest.approx(40 / 41, abs=1e-6)
    assert (told[-1].done, told[-1].total) == (43, 43)
    assert (found["repeats"], found["duplicates"]) == (1, [])
    assert [(one["path"], one["code"]) for one in found["unreadable"]] == [(f"{bruno}/2.jpg", "unreadable")]
    # 20 second shots are found; the picture of nobody is not.
    identified = found["identification"]
    assert (identified["gallery"], identified["probes"], identified["unmated"]) == (20, 21, 20)
    assert identified["rank1"] == pytest.approx(20 / 21, abs=1e-6)
    # 20 searches of strangers can tell one false candidate in ten, and not one in a hundred.
    assert identified["fnir"] == {"0.1": pytest.approx(1 / 21, abs=1e-6), "0.01": None, "0.001": None}
    assert found["model"]["name"] == "SFace 2021dec"
    assert found["verification"]["genuine_pairs"] == 20
    assert found["verification"]["genuine_pairs"] + found["verification"]["impostor_pairs"] == 40 * 39 // 2
    assert found["verification"]["tar"]["1e-2"] > 0.85
    assert found["verification"]["tar"]["1e-4"] is None  # 760 impostor pairs cannot tell
    assert (found["verification"]["accuracy"], found["verification"]["accuracy_sd"]) == (None, None)
    assert [found["files"][str(number)] for number in found["worst"]["no_face"]] == [f"{fourth}/2.jpg"]
    assert set(found) >= ASKED
    assert set(found["verification"]) >= {"accuracy", "accuracy_sd", "eer", "tar"}
    assert set(identified) >= {"gallery", "probes", "unmated", "rank1", "rank5", "fnir"}
    assert (found["embedding_contract"], found["statement"]) == (embedding_contract(), "synthetic")
    assert found["logged"] is None


def test_without_a_statement_from_the_list_nothing_is_read(people: Path) -> None:
    with pytest.raises(PurposeRefused) as refused:
        evaluate(Wish(people, "photos of my neighbours"), progress=lambda _: pytest.fail("a photo was read"))
    assert refused.value.requirement == "P3"
    assert "public-benchmark" in refused.value.hint


def test_a_few_people_are_not_evaluated(people: Path, tmp_path: Path) -> None:
    for name in cast().identities[:19]:
        shutil.copytree(people / name, tmp_path / "few" / name)
    with pytest.raises(InputError, match="19 people"):
        evaluate(Wish(tmp_path / "few", "synthetic"))


def test_p3_folders_without_a_face_are_no_people(people: Path, tmp_path: Path) -> None:
    """Two people and eighteen empty pictures are a comparison of two people."""
    root, names = tmp_path / "empty", cast().identities[:20]
    for number, name in enumerate(names):
        (root / name).mkdir(parents=True)
        for shot in (0, 1):
            if number < 2:
                shutil.copy(people / name / f"{shot}.jpg", root / name)
            else:
                Image.new("RGB", (40, 40), (number, shot, 0)).save(root / name / f"{shot}.png")
    with pytest.raises(InputError, match="face was found in 4 of 40 pictures, of 2 people; 20 people are needed"):
        evaluate(Wish(root, "synthetic", scores=tmp_path / "scores.npz"))
    assert not (tmp_path / "scores.npz").exists()


def test_there_are_two_ways_to_choose_a_face(people: Path) -> None:
    with pytest.raises(InputError, match="no way 'first' to choose") as error:
        evaluate(Wish(people, "synthetic", face="first"))
    assert "largest, middle" in error.value.hint


def test_by_how_many_photos_people_are_enrolled_is_checked_before_a_photo_is_read(people: Path, tmp_path: Path) -> None:
    unread = {"progress": lambda _: pytest.fail("a photo was read")}
    for wrong in (0, 11, 3):  # nobody has four photos
        with pytest.raises(InputError):
            evaluate(Wish(people, "synthetic", enrol=wrong), **unread)
    (people / "pairs.csv").write_text("fold,first,second\n")
    with pytest.raises(InputError, match="Nobody can be enrolled by 2"):
        evaluate(Wish(people / "pairs.csv", "synthetic", enrol=2), **unread)
    (people / "pairs.csv").unlink()


def in_folds(people: Path, file: Path) -> None:
    """A pair of each person, one of them damaged, and one of each with the next person; in two folds."""
    names = sorted(each.name for each in people.iterdir() if each.is_dir())
    rows = [f"{at % 2},{name}/0.jpg,{name}/1.jpg" for at, name in enumerate(names[1:])]
    rows += [f"0,{names[0]}/0.jpg,{cast().identities[1]}/2.jpg"]
    rows += [f"{at % 2},{name}/0.jpg,{names[at - 1]}/1.jpg" for at, name in enumerate(names)]
    file.write_text("fold,first,second\n" + "\n".join(rows) + "\n", "utf-8")


def test_pairs_alone_are_compared_in_folds_and_nobody_is_searched_for(people: Path, tmp_path: Path) -> None:
    file, scores = people / "pairs.csv", tmp_path / "scores.npz"
    in_folds(people, file)
    try:
        alone = evaluate(Wish(file, "synthetic", scores=scores))
        assert rebuild(scores, file) == {name: value for name, value in alone.items() if name != "logged"}
        with pytest.raises(InputError, match="is a file of pairs"):
            evaluate(Wish(file, "synthetic", people=20))
    finally:
        file.unlink()
    verified = alone["verification"]
    assert verified["accuracy"] >= 0.8
    assert len(verified["folds"]) == 2
    assert (verified["pairs"]["listed"], verified["compared"]) == (40, "listed pairs")
    assert verified["genuine_pairs"] + verified["impostor_pairs"] == verified["pairs"]["compared"]
    # A picture that was left out takes its pairs with it.
    assert (verified["pairs"]["left_out"], verified["pairs"]["compared"]) == (1, 39)
    assert (alone["identification"]["gallery"], alone["identification"]["rank1"]) == (0, None)


def test_with_a_gallery_it_is_logged_and_leaves_nothing_there(people: Path, club: Club) -> None:
    before = club.anna.status()["counts"]
    found = evaluate(Wish(people, "synthetic"), gallery=club.anna)
    assert club.anna.status()["counts"] == before
    club.anna.check_log()
    asked, done = [json.loads(line) for line in club.anna.export_log()][-2:]
    assert (asked["act"], asked["outcome"]) == ("evaluate", "granted")
    assert asked["facts"] == {"statement": "synthetic", "people": 20, "files": 43}
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
    _is_shown(club, json.dumps(found).encode(), found["images"])


def _is_shown(club: Club, content: bytes, images: int) -> None:
    """On the page of accuracy, and as a page of its own for whoever has the answer; a changed one is none."""
    ben = Visitor(site_of(club))
    ben.sign_in(BEN)
    text = ben.browser.get("/reports/accuracy").text
    assert f'<td class="figure">{images}</td>' in text
    for answer, status in ((content, 200), (content.replace(b'"detected": ', b'"detected": 1'), 422), (b"[]", 422)):
        files = {"answer": ("answer.json", answer, "application/json")}
        sent = ben.browser.post("/reports/accuracy", data={"token": ben.token}, files=files)
        assert sent.status_code == status
        if status == 200:
            assert sent.headers["content-disposition"] == 'attachment; filename="evaluation.html"'
            assert "How often it is wrong" in sent.text


def test_p22_the_report_is_rebuilt_from_raw_scores_by_group_too(people: Path, tmp_path: Path) -> None:
    groups, scores = tmp_path / "groups.csv", tmp_path / "scores.npz"
    names = sorted(each.name for each in people.iterdir())
    groups.write_text("person,group\n" + "".join(f"{name},morning\n" for name in names))
    listed = tmp_path / "pairs.csv"
    in_folds(people, listed)
    found = evaluate(Wish(people, "synthetic", groups=groups, pairs=listed, scores=scores, gate="strict"))
    assert found["verification"]["compared"] == "all pairs"
    assert len(found["verification"]["folds"]) == 2
    again = rebuild(scores)
    assert again["report_sha256"] == found["report_sha256"]
    # With the data set at hand the files have their names again, and nothing is left to tell the two apart.
    assert rebuild(scores, people) == {name: value for name, value in found.items() if name != "logged"}
    assert render_evaluated(rebuild(scores, people)) == render_evaluated(found)
    assert again["files"] == {}
    assert {one["path"] for one in again["unreadable"]} == {None}
    with pytest.raises(InputError, match="were not made from"):
        rebuild(scores, cast().root / "people")
    assert found["gate"]["level"] == "strict"
    # The picture of nobody is refused, and so are some of the cast's at a third of their size.
    assert 1 <= found["gate"]["probes"]["searches_refused"] <= 21
    assert found["gate"]["probes"]["probes"] == 21 - found["gate"]["probes"]["searches_refused"]
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
        evaluate(Wish(people, "public-benchmark", groups=groups), progress=lambda _: pytest.fail("a photo was read"))
    twice = f"person,group\n{cast().identities[0]},morning\n" * 2
    for wrong in ("", "person,group\n", "name,group\nAda,morning\n", "person,group\nNobody Here,morning\n", twice):
        groups.write_text(wrong)
        with pytest.raises(InputError):
            evaluate(Wish(people, "synthetic", groups=groups), progress=lambda _: pytest.fail("a photo was read"))


@pytest.mark.parametrize(
    ("statement", "account", "error"), [("Maria next door", ANNA, PurposeRefused), ("synthetic", BEN, RoleRefused)]
)
def test_a_refusal_is_logged_before_anything_is_read(
    people: Path, club: Club, statement: str, account: str, error: type[PurposeRefused]
) -> None:
    with club.open(account) as gallery, pytest.raises(error) as refused:
        evaluate(Wish(people, statement), gallery=gallery, progress=lambda _: pytest.fail("a photo was read"))
    last: dict[str, Any] = json.loads(club.anna.export_log()[-1])
    assert refused.value.log_index == last["index"]
    assert (last["act"], last["outcome"], last["facts"]["code"]) == ("evaluate", "refused", error.code)
    assert "Maria" not in json.dumps(last)


def _lfw(people: int) -> dict[str, Any]:
    if not LFW.is_dir():
        pytest.skip("needs ../shared/data/lfw-dev, which a clone elsewhere does not have")
    return evaluate(Wish(LFW, "public-benchmark", people=people))


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
