"""``countenance models``, as a person types it: add, use, migrate, and what is refused in two lines."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

import toys
from countenance.config import FILE_NAME
from countenance.samples import cast


def twenty_people(folder: Path) -> Path:
    """Twenty of the cast, who are told to be testers here: two photos each, at a third of their size."""
    for name in cast().identities[:20]:
        (folder / name).mkdir(parents=True)
        for shot in (0, 1):
            with Image.open(cast().photos(name)[shot]) as image:
                image.reduce(3).save(folder / name / f"{shot}.jpg", quality=95)
    return folder


def test_a_model_is_added_listed_assessed_migrated_to_and_used(run, club, finished, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COUNTENANCE_VISION__BACKEND", "onnxruntime")
    file, paper, digest = toys.files(tmp_path, toys.recogniser(), toys.manifest())
    refused = run("models", "add", file, "--manifest", paper, "--sha256", "0" * 64)
    assert refused.code == 23
    assert "another file than was stated" in refused.err
    added = run("models", "add", file, "--manifest", paper, "--sha256", digest, "--json").json
    assert (added["id"], added["present"], added["licence_accepted"]) == ("toy", True, None)
    assert run("models", "check", "toy").code == run("models", "verify", "toy").code == 0
    listed = {each["id"]: each["in_use"] for each in run("models", "list", "--json").json}
    assert listed["sface"]
    assert not listed["toy"]
    assert "random numbers" in run("models", "card", "toy").out
    assert "non-commercial" in run("models", "card", "buffalo-l").out
    fixed = run("models", "use", "toy")
    assert (fixed.code, "means nothing to toy" in fixed.err) == (17, True)
    toys.unfixed(club / FILE_NAME)
    assert run("models", "use", "toy").code == 30
    (tmp_path / "dpia.pdf").write_text("assessed")
    assert run("dpia", "propose", "model", "toy", "--dpia", tmp_path / "dpia.pdf", "--signatory", "D. Lee").code == 0
    lost = run("models", "use", "toy")
    assert lost.code == 50
    assert "models migrate toy" in lost.err
    twenty = twenty_people(tmp_path / "testers")
    tried = run("models", "migrate", "toy", "--dry-run", "--testers", twenty, "--json").json
    assert tried["dry_run"]
    before, after = tried["accuracy"]["before"], tried["accuracy"]["after"]
    assert (before["model"], after["model"]) == ("sface", "toy")
    assert before["rank1"] > after["rank1"] > 0, "a projection at random is no match for a network that learned"
    asked = ("evaluate", twenty, "--statement", "consented-testers", "--model", "toy", "--json")
    measured = run(*asked).json
    assert (measured["identification"]["rank1"], measured["model"]["name"]) == (after["rank1"], "Toy projection")
    assert measured["logged"]["index"] > 0
    assert tried["wanted"] == tried["made"] + len(tried["left"]) > 0
    done = run("models", "migrate", "toy", "--json").json
    assert done["made"] == tried["made"]
    assert run("models", "use", "toy").code == (50 if done["left"] else 0)
