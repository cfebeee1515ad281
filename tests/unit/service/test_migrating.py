"""The model is changed and changed back, and everybody keeps their name, their review and their permission."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import countenance
import toys
from clubs import Club
from countenance.config import FILE_NAME, load
from countenance.errors import ContractMismatch, ModelMissing, ModelRefused, Refused
from countenance.registry import schema as t
from countenance.service.models import add_model
from countenance.service.scaling import shipped
from countenance.vision.cards import SFACE
from countenance.vision.contract import contract_of
from county import dpia

PEOPLE = Path(countenance.__file__).parent / "samples" / "cast" / "people"
NAMES = ("Ada", "Bruno", "Chidi")
TABLES = (t.subjects, t.bases, t.appearances, t.reviews, t.rejections, t.corrections)


@pytest.fixture
def toy(club: Club, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Club:
    """A club with SFace's templates of three people, in whose party one of them is kept; the toy is on the shelf."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("models")))
    monkeypatch.setenv("COUNTENANCE_VISION__BACKEND", "onnxruntime")
    file, paper, digest = toys.files(club.root, toys.recogniser(), toys.manifest())
    add_model(file, paper, sha256=digest)
    toys.unfixed(club.folder / FILE_NAME)
    club.reopen()
    (club.root / "enrolled").mkdir()
    for name in NAMES:
        photo = Path(shutil.copy(PEOPLE / name / "0.jpg", club.root / "enrolled" / f"{name}.jpg"))
        subject = club.subject(name)
        club.anna.enrol(subject, photo, basis=club.basis(subject))
    party = club.root / "party"
    party.mkdir()
    shutil.copy(PEOPLE / "Bruno" / "1.jpg", party / "one.jpg")
    club.anna.sources.add("party", party, statement="our own photographer", purposes=["photo-library"])
    assert club.anna.ingest("party").faces_kept == 1
    return club


def records(club: Club) -> list[Any]:
    with club.sql() as connection:
        return [[tuple(row) for row in connection.execute(sa.select(table))] for table in TABLES]


def contracts(club: Club) -> list[str]:
    with club.sql() as connection:
        return sorted(connection.scalars(sa.select(t.references.c.contract)))


def found(club: Club, name: str) -> list[str]:
    answer = club.anna.search(PEOPLE / name / "0.jpg", purpose="photo-library", case="press 12")
    return [f"{each.subject}" for each in answer][:1]


def reviewed(club: Club, photo: Path, says: str) -> None:
    """Anna searches with the photo; Cleo looks at who is shown first, and says it."""
    shown = club.anna.search(photo, purpose="photo-library", case="press 12")
    review = f"R{shown.answer.search}"
    club.cleo.reviewing.show(review)
    getattr(club.cleo.reviewing, says)(review, shown[0].subject)


def shown(club: Club, photo: Path) -> list[str]:
    return [f"{each.subject}" for each in club.anna.search(photo, purpose="photo-library", case="press 12")]


def use(club: Club, name: str) -> None:
    club.anna.use_model(name)
    club.reopen()


def test_a_gallery_goes_to_a_second_model_and_back_and_nobody_loses_their_name(toy: Club) -> None:
    with pytest.raises(Refused, match="not assessed") as refused:
        toy.anna.migrate_models("toy")
    assert refused.value.requirement == "P24"
    toy.anna.activations.propose("model", "toy", dpia=dpia(toy), signatory="D. Lee")
    asked = PEOPLE / "Chidi" / "0.jpg"
    reviewed(toy, PEOPLE / "Ada" / "0.jpg", "confirm")
    reviewed(toy, asked, "reject")
    copy = toy.root / "copy.jpg"
    copy.write_bytes(asked.read_bytes() + b"\0")  # another photo to a reviewer, and the same to a model
    before = records(toy)
    gone = toy.root / "enrolled" / "Chidi.jpg"
    moved = gone.rename(toy.root / "attic.jpg")
    tried = toy.anna.migrate_models("toy", dry_run=True)
    assert (tried.wanted, tried.made, [(each.subject, each.photo) for each in tried.left]) == (
        3, 2, [("chidi", str(gone))],
    )  # fmt: skip
    assert contracts(toy) == [contract_of()] * 3
    done = toy.anna.migrate_models("toy")
    assert (done.wanted, done.made) == (3, 2)
    assert found(toy, "Ada") == ["ada"]  # by the old model, until the switch
    with pytest.raises(ContractMismatch, match="1 templates"):
        toy.anna.use_model("toy")
    done = toy.anna.migrate_models("toy", photos=[moved])
    assert (done.wanted, done.made, done.left) == (1, 1, [])
    assert sorted(set(contracts(toy))) == sorted({contract_of(), done.embedding_contract})
    for model in ("toy", "sface"):
        use(toy, model)
        assert [found(toy, name) for name in NAMES[:2]] == [["ada"], ["bruno"]]
        assert "chidi" not in shown(toy, asked), f"what was rejected stays so under {model}"
        assert shown(toy, copy)[0] == "chidi"
        assert [(each.subject, each.state) for each in toy.cleo.reviewing.show("R1").candidates] == [
            ("ada", "confirmed")
        ]
        assert records(toy) == before
    toy.anna.erase("ada", reason="withdrawn")
    assert contracts(toy).count(contract_of()) == contracts(toy).count(done.embedding_contract) == 2


def test_mirror_images_are_switched_on_and_off_like_another_model(toy: Club) -> None:
    config = toy.folder / FILE_NAME
    plain = config.read_text()
    config.write_text(plain.replace("[vision]", "[vision]\nflip = true"))
    toy.reopen()
    with pytest.raises(Refused, match="not the one that this gallery was made with"):  # a line in a file is no switch
        found(toy, "Ada")
    config.write_text(plain)
    toy.reopen()
    with pytest.raises(Refused, match="not assessed"):
        toy.anna.migrate_models("sface+flip")
    toy.anna.activations.propose("model", "sface+flip", dpia=dpia(toy), signatory="D. Lee")
    with pytest.raises(ContractMismatch, match="templates of this gallery"):
        toy.anna.use_model("sface+flip")
    done = toy.anna.migrate_models("sface+flip")
    assert (done.model, done.made, done.embedding_contract) == ("sface+flip", 3, contract_of(flip=True))
    for name, flip in (("sface+flip", True), ("sface", False)):
        use(toy, name)
        assert (load(toy.folder).vision.flip, toy.anna.context.vision.flip) == (flip, flip)
        assert found(toy, "Bruno") == ["bruno"]
        assert toy.anna.context.scaling.calibration == shipped(SFACE, contract_of(flip=flip), flip=flip)
        shutil.copy(PEOPLE / "Bruno" / "2.jpg", toy.root / "party" / f"{flip}.jpg")
        assert toy.anna.ingest("party").faces_kept == 1
    with pytest.raises(ModelMissing):
        toy.anna.use_model("yunet+flip")
    with pytest.raises(ModelRefused, match="no calibration"):
        toy.anna.use_model("toy+flip")
