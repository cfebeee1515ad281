import pytest

from countenance.samples import cast


def search(run, photo, *more):
    return run("search", photo, "--purpose", "photo-library", "--case", "press 12", *more)


def test_the_json_answer_is_the_one_that_others_build_on(run, club, probe):
    found = search(run, probe("Ada"), "--json").json
    assert set(found) >= {"candidates", "threshold", "gallery_size", "faces_in_probe", "log"}
    assert (found["threshold"], found["gallery_size"], found["faces_in_probe"]) == (0.57, 3, 1)
    assert set(found["log"]) == {"index", "root"}
    (ada,) = found["candidates"]
    assert set(ada) >= {
        "rank", "subject", "name", "score", "scale", "band", "photo", "face", "appearances", "basis",
    }  # fmt: skip
    assert (ada["rank"], ada["subject"], ada["name"], ada["scale"], ada["band"]) == (1, "ada", "Ada", "cosine", "high")
    assert set(ada["photo"]) == {"id", "path", "source", "origin"}
    assert ada["photo"]["source"] == "party"
    assert len(ada["face"]["box"]) == 4
    assert set(ada["appearances"][0]) == {"photo", "face", "score"}


def test_a_person_reads_rank_name_score_band_photo_and_basis(run, club, probe):
    told = search(run, probe("Ada"))
    assert told.code == 0
    for word in ("Ada (ada)", "cosine", "high: scores 0.65 or more", "(party)", "countersigned", "Threshold 0.57"):
        assert word in told.out
    assert "A candidate is not an identification" in told.out


def test_nobody_is_an_answer(run, club, probe):
    assert "Nobody" in search(run, probe("Zora")).out
    nobody = search(run, probe("Zora"), "--json")
    assert (nobody.code, nobody.json["candidates"]) == (0, [])


def test_p1_whoever_is_pending_is_not_found_and_the_operator_sees_how_many_are_not_who(run, club, probe, finished):
    assert "not live yet" not in search(run, probe("Zora")).out
    run("subject", "add", "Zora", "--territory", "GB")
    run("basis", "record", "zora", "--evidence", finished / "form.txt", "--notice", "notice-2026")
    run("enrol", "zora", cast().portrait("Zora"), "--basis", "B4")
    told = search(run, probe("Zora"))
    assert "1 basis for this purpose is not live yet" in told.out
    assert "zora" not in told.out.lower()
    assert search(run, probe("Zora"), "--json").json["bases_pending"] == 1


def test_a_search_says_its_own_purpose_and_none_or_an_empty_one_is_refused(run, club, probe):
    assert run("search", probe("Ada"), "--case", "press 12").code == 33
    assert run("search", probe("Ada"), "--case", "press 12", "--purpose", "").code == 33


def test_the_threshold_can_be_switched_off_and_nonsense_is_refused(run, club, probe):
    ranked = search(run, probe("Zora"), "--threshold", "off", "--limit", "2", "--json").json
    assert ranked["threshold"] is None
    assert len(ranked["candidates"]) == 2
    assert search(run, probe("Ada"), "--threshold", "much").code == 10
    assert search(run, probe("Ada"), "--threshold", "7").code == 10


def test_one_of_several_faces_is_chosen(run, club, finished):
    photo = next((finished / "party").glob("*.jpg"))
    photo = finished / "party" / "g02.jpg" if (finished / "party" / "g02.jpg").exists() else photo
    assert search(run, photo).code == 13
    assert search(run, photo, "--face", "1").code == 0


def test_a_contact_sheet_is_written_whole(run, club, probe, tmp_path):
    page = tmp_path / "found.html"
    assert search(run, probe("Ada"), "--page", page).code == 0
    text = page.read_text("utf-8")
    assert text.count("data:image/jpeg") >= 2
    assert "press 12" in text
    assert [each.name for each in tmp_path.glob("found*")] == ["found.html"]


def test_a_reviewer_looks_at_the_pictures_before_deciding(run, club, probe, tmp_path):
    found = search(run, probe("Ada"), "--json").json
    number, page = found["review"], tmp_path / "review.html"
    blind = run("review", "confirm", number, "ada")
    assert blind.code == 30, blind.err
    assert "have not looked" in blind.err
    assert run("review", "show", number, "--page", page).code == 0
    text = page.read_text("utf-8")
    assert text.count("data:image/jpeg") >= 2, "the searched face beside the candidate's photos"
    score = f"{found['candidates'][0]['score']:.3f}"
    assert score in text
    assert score in run("review", "show", number).out
    waiting = run("review", "next", "--page", tmp_path / "next.html")
    assert f"countenance review reject {number} ada" in waiting.out
    assert (tmp_path / "next.html").is_file()
    assert run("review", "next", "--json").json["subject"] == "ada"
    assert run("review", "confirm", number, "ada").code == 0
    assert run("review", "next", "--json").json is None
    assert run("review", "show", number, "--page", page).code == 20, "the searched face went with the last review"


def test_a_page_that_cannot_be_written_is_told(run, club, probe, tmp_path):
    told = search(run, probe("Ada"), "--page", tmp_path / "missing" / "found.html")
    assert told.code == 10
    assert "cannot be written" in told.err


def test_verify_says_its_scale_and_its_caution(run, club, probe):
    line = ("verify", probe("Ada"), probe("Bruno"), "--purpose", "photo-library", "--case", "press 12")
    assert "cosine (threshold 0.57)" in run(*line).out
    told = run(*line, "--json").json
    assert told["scale"] == "cosine"
    assert told["score"] < 0.57
    assert "not an identification" in told["caution"]


@pytest.mark.parametrize("content", [b"", b"hello, I am text", b"\xff\xd8\xff\xe0 cut"], ids=["empty", "text", "cut"])
def test_a_probe_that_is_no_picture(run, club, tmp_path, content):
    photo = tmp_path / "who.jpg"
    photo.write_bytes(content)
    told = search(run, photo)
    assert told.code == 11
    assert told.err.count("\n") == 2


def test_find_my_photos_needs_the_person_it_is_for(run, club, probe):
    assert run("agreement", "add", "--purposes", "find-my-photos").code == 0
    line = ("search", probe("Ada"), "--purpose", "find-my-photos", "--case", "guest")
    assert run(*line).code == 33
    assert run(*line, "--on-behalf-of", "ada").code == 0
