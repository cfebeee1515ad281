"""Another model: used only when it was added, assessed (P24) and accepted, and when nobody loses their template."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

import countenance
import toys
from clubs import Club
from countenance.config import FILE_NAME, load
from countenance.errors import (
    BadConfiguration,
    ContractMismatch,
    ModelMissing,
    ModelRefused,
    Refused,
    RoleRefused,
    Tampered,
    Unavailable,
)
from countenance.registry import schema as t
from countenance.service.choosing import use
from countenance.service.countenance import Countenance
from countenance.service.models import add_model, check_models, model_card, models
from countenance.vision import shelf
from countenance.vision.cards import ModelFile
from countenance.vision.contract import contract_of
from county import dpia

PEOPLE = Path(countenance.__file__).parent / "samples" / "cast" / "people"
SIGNED = {"signatory": "D. Lee"}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where models are kept, with the toy on it, for the whole file; each test gets a copy of what may be changed."""
    folder = tmp_path_factory.mktemp("toys")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        file, paper, digest = toys.files(folder, toys.recogniser(), toys.manifest())
        add_model(file, paper, sha256=digest)
    return folder


@pytest.fixture
def toy(club: Club, kept: Path, monkeypatch: pytest.MonkeyPatch) -> Club:
    monkeypatch.setenv("XDG_CACHE_HOME", str(kept))
    monkeypatch.setenv("COUNTENANCE_VISION__BACKEND", "onnxruntime")
    toys.unfixed(club.folder / FILE_NAME)
    club.reopen()
    return club


def assessed(club: Club, name: str = "toy") -> None:
    assert club.anna.activations.propose("model", name, dpia=dpia(club), **SIGNED).state == "on"


def enrol(club: Club, name: str) -> None:
    subject = club.subject(name)
    club.anna.enrol(subject, PEOPLE / name / "0.jpg", basis=club.basis(subject))


def found(session: Countenance, name: str) -> list[str]:
    answer = session.search(PEOPLE / name / "0.jpg", purpose="photo-library", case="press 12")
    return [each.subject for each in answer if each.subject]


def contract(club: Club) -> str:
    return str(club.anna.status()["embedding_contract"])


def test_p24_a_model_that_was_not_assessed_is_not_used(toy: Club) -> None:
    before = (toy.folder / FILE_NAME).read_text()
    with pytest.raises(Refused, match="not assessed") as refused:
        toy.anna.use_model("toy")
    assert refused.value.requirement == "P24"
    assert refused.value.log_index is not None
    assert (toy.folder / FILE_NAME).read_text() == before
    assessed(toy)
    assert toy.anna.use_model("toy").recogniser == "toy"


def test_p24_nor_where_the_configuration_was_changed_by_hand(toy: Club) -> None:
    toy.configure()
    config = toy.folder / FILE_NAME
    config.write_text(config.read_text().replace("[vision]", '[vision]\nrecogniser = "toy"'))
    toy.reopen()
    assert contract(toy) != contract_of()
    with pytest.raises(Refused, match="not the one that this gallery was made with"):
        enrol(toy, "Ada")


def test_people_are_enrolled_and_found_with_another_model(toy: Club) -> None:
    assessed(toy)
    used = toy.anna.use_model("toy")
    assert used.changed
    toy.reopen()
    scale = toy.anna.context.scale
    assert (load(toy.folder).vision.recogniser, scale.threshold, scale.high) == ("toy", used.threshold, used.high)
    assert scale.calibration.fmr(0.95) == pytest.approx(1e-4), "as its card states"
    assert contract(toy) == used.embedding_contract != contract_of()
    status = toy.anna.status()
    assert [(each["id"], each["licence"], each["present"]) for each in status["models"]] == [
        ("yunet", "MIT", True), ("toy", "MIT", True),
    ]  # fmt: skip
    enrol(toy, "Ada")
    enrol(toy, "Bruno")
    assert found(toy.anna, "Ada")[0] == "ada"
    party = toy.root / "party"
    party.mkdir()
    (party / "one.jpg").write_bytes((PEOPLE / "Bruno" / "0.jpg").read_bytes())
    toy.anna.sources.add("party", party, statement="our own photographer", purposes=["photo-library"])
    report = toy.anna.ingest("party")
    assert (report.new, report.faces_kept) == (1, 1)
    with toy.sql() as connection:
        assert set(connection.scalars(sa.select(t.references.c.contract))) == {used.embedding_contract}


def test_where_people_would_be_lost_the_model_is_not_changed(toy: Club) -> None:
    toy.person("Ada", 1)
    assessed(toy)
    with pytest.raises(ContractMismatch, match="1 templates of this gallery") as refused:
        toy.anna.use_model("toy")
    assert "models migrate toy" in refused.value.hint
    assert load(toy.folder).vision.recogniser == "sface"
    toy.reopen()
    assert toy.found(1) == ["ada"]


def test_templates_of_two_models_never_meet(toy: Club) -> None:
    toy.person("Ada", 1)
    assessed(toy)
    config = toy.folder / FILE_NAME
    config.write_text(config.read_text().replace("[vision]", '[vision]\nrecogniser = "toy"'))
    toy.reopen()
    with pytest.raises(ContractMismatch):
        toy.found(1)  # a probe of the other model
    assert found(toy.anna, "Ada") == []


def test_only_a_controller_changes_the_model(toy: Club) -> None:
    assessed(toy)
    toy.anna.accounts.add("eve@club.example", roles=["operator"], passphrase="words")
    with pytest.raises(RoleRefused):
        toy.open("eve@club.example").use_model("toy")


def test_a_licence_that_nobody_accepted(toy: Club, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    said = toys.manifest(id="research", licence="Research only", non_commercial=True)
    file, paper, digest = toys.files(tmp_path, toys.recogniser(seed=3), said)
    assert add_model(file, paper, sha256=digest)["licence_accepted"] is None
    with pytest.raises(ModelRefused, match="may not be used commercially"):
        toy.anna.use_model("research")
    with pytest.raises(ModelRefused, match="is Research only, not MIT"):
        toy.anna.use_model("research", accept_licence="MIT")
    assessed(toy, "research")
    toy.anna.use_model("research", accept_licence="Research only")
    toy.reopen()
    (told,) = [each for each in toy.anna.status()["models"] if each["id"] == "research"]
    assert (told["non_commercial"], told["licence_accepted"]) == (True, "Research only")
    assert any(each["facts"].get("licence") == "Research only" for each in toy.anna.log_entries())
    place = tmp_path / "countenance" / "models" / "packs" / "research" / "model.onnx"
    place.write_bytes(b"x")
    with pytest.raises(Tampered, match="not the one that was added"):
        toy.anna.use_model("research")
    with pytest.raises(Tampered):
        check_models("research")
    place.unlink()
    with pytest.raises(ModelMissing):
        toy.anna.use_model("research")


def test_a_cosine_that_was_fixed_for_one_model_is_not_carried_to_another(toy: Club) -> None:
    assessed(toy)
    config = toy.folder / FILE_NAME
    config.write_text(config.read_text().replace("[search]", "[search]\nthreshold = 0.5"))
    toy.reopen()
    before = config.read_text()
    with pytest.raises(BadConfiguration, match="means nothing to"):
        toy.anna.use_model("toy")
    assert config.read_text() == before


def test_p22_a_model_without_thresholds_is_not_used(toy: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    card = shelf.find("toy", "recogniser").card
    monkeypatch.setattr(shelf, "find", lambda *_: ModelFile(replace(card, thresholds=()), Path("toy.onnx")))
    with pytest.raises(ModelRefused, match="Nobody knows how often"):
        toy.anna.use_model("toy")


def test_p6_no_server_goes_on_holding_the_old_vectors(toy: Club) -> None:
    context = toy.anna.context
    index = context.settings.index.model_copy(update={"engine": "milvus"})
    there = replace(context, settings=context.settings.model_copy(update={"index": index}))
    with pytest.raises(Unavailable, match="on Milvus"):
        use(there, "toy")


def test_a_model_that_is_nowhere(toy: Club) -> None:
    with pytest.raises(ModelMissing, match="no detector 'nothing'"):
        toy.anna.use_model("nothing")
    toy.configure()
    config = toy.folder / FILE_NAME
    config.write_text(config.read_text().replace("[vision]", '[vision]\nrecogniser = "nothing"'))
    with pytest.raises(ModelMissing, match="no recogniser 'nothing'"):
        toy.open(None)
    config.write_text(config.read_text().replace('recogniser = "nothing"', ""))


def test_the_list_says_what_is_here_what_is_described_and_what_is_used(toy: Club) -> None:
    listed = {each["id"]: each for each in models(load(toy.folder))}
    assert {name for name, each in listed.items() if each["present"]} == {"yunet", "sface", "toy"}
    assert {name for name, each in listed.items() if each["in_use"]} == {"yunet", "sface"}
    assert listed["buffalo-l"]["non_commercial"]
    assert [each["id"] for each in check_models("toy")] == ["toy"]
    assert model_card("edgeface-xs")["dimension"] == 512
    assert "not asked" in model_card("recogniser")["trained_on"]
