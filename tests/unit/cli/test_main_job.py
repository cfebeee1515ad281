"""Enrol, ingest, withdraw, erase, and the records around them, as a person types them."""

import json
import shutil

import pytest

from countenance.cli import leaving
from countenance.samples import cast


def form(finished):
    return ("--evidence", finished / "form.txt", "--notice", "notice-2026")


def countersign(run, *numbers):
    return run("basis", "countersign", *numbers, "--account", "ben@club.example", words="ben's words")


def test_one_person_step_by_step(run, club, finished, probe):
    assert run("subject", "add", "Dalia", "--territory", "GB", "--contact", "dalia@club.example").code == 0
    recorded = run("basis", "record", "dalia", *form(finished), "--json").json
    assert (recorded["subject"], recorded["state"]) == ("dalia", "pending")
    enrolled = run("enrol", "dalia", cast().portrait("Dalia"), "--basis", recorded["id"], "--json").json
    assert not enrolled["searchable"]
    assert "countenance sweep" in enrolled["advice"]
    search = ("search", probe("Dalia"), "--purpose", "photo-library", "--case", "press 12", "--json")
    assert run(*search).json["candidates"] == []
    own = run("basis", "countersign", recorded["id"])
    assert own.code == 37
    assert "cannot countersign" in own.err
    assert countersign(run, recorded["id"]).code == 0
    assert [each["subject"] for each in run(*search).json["candidates"]] == ["dalia"]


def test_several_bases_are_countersigned_at_once_and_faults_are_told(run, club, finished):
    for name in ("Dalia", "Emre"):
        run("subject", "add", name)
        run("basis", "record", name.lower(), *form(finished))
    told = countersign(run, "B4", "B5", "B99")
    assert told.code == 1
    assert "B4 (dalia), B5 (emre)" in told.out
    assert "B99" in told.err
    assert "No basis is pending" in countersign(run, "--all-pending").out
    assert countersign(run).code == 10


def test_a_basis_without_notice_finds_nobody_until_it_has_one(run, club, finished):
    run("subject", "add", "Dalia")
    run("basis", "record", "dalia", "--evidence", finished / "form.txt")
    assert "without a notice: B4" in countersign(run, "B4").out
    assert run("basis", "notice", "B4", "notice-2026").code == 0
    assert run("subject", "show", "dalia", "--json").json["bases"][0]["notice"] == "notice-2026"


def test_somebody_confirms_their_own_consent(run, club, finished):
    run("subject", "add", "Ben", "--contact", "ben@club.example")
    run("basis", "record", "ben", *form(finished))
    assert run("basis", "confirm", "B4").code == 37
    told = run("basis", "confirm", "B4", "--account", "ben@club.example", "--json", words="ben's words")
    assert told.json["confirmed_how"] == "confirmed by the person's own key"


def test_many_at_once_with_reasons_for_those_who_cannot_be(run, club, finished, tmp_path):
    people = tmp_path / "people"
    (people / "Goran").mkdir(parents=True)
    shutil.copy(cast().portrait("Emre"), people / "Emre.jpg")
    shutil.copy(cast().portrait("Goran"), people / "Goran" / "1.jpg")
    shutil.copy(cast().photos("Goran")[1], people / "Goran" / "2.jpg")
    shutil.copy(cast().no_face()[0], people / "Nobody.jpg")
    told = run("enrol", "--from", people, *form(finished), "--territory", "GB")
    assert told.code == 1
    assert "2 people enrolled from 3 photos, 1 not enrolled; 2 bases not live yet" in told.out
    assert "countenance basis countersign --all-pending --account" in told.out
    assert "Nobody (Nobody.jpg): No face" in told.err
    assert {each["subject"] for each in run("basis", "list", "--json").json} >= {"emre", "goran", "ada"}


def test_a_csv_file_says_who_is_who(run, club, finished, tmp_path):
    shutil.copy(cast().portrait("Emre"), tmp_path / "1.jpg")
    (tmp_path / "people.csv").write_text("photo,name,territory\n1.jpg,Emre Ö.,DE\n", "utf-8")
    told = run("enrol", "--from", tmp_path / "people.csv", *form(finished), "--json").json
    assert told["enrolled"][0]["subject"] == "emre-o"
    assert told["pending"] == [told["enrolled"][0]["basis"]]
    assert run("subject", "show", "emre-o", "--json").json["territory"] == "DE"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (["--evidence", "missing.pdf"], 10),
        (["--notice", "never-given"], 32),
        (["--ground", "public"], 31),
        (["--purposes", "fun"], 33),
        (["--until", "yesterday"], 10),
        (["--basis", "B1"], 10),
    ],
)
def test_a_fault_in_the_form_is_told_before_anybody_is_recorded(run, club, finished, tmp_path, change, code):
    shutil.copy(cast().portrait("Emre"), tmp_path / "Emre.jpg")
    assert run("enrol", "--from", tmp_path, *form(finished), *change).code == code
    assert "emre" not in run("subject", "list").out


def test_enrol_says_what_is_missing(run, club):
    assert run("enrol", "ada").code == 10
    assert run("enrol", "ada", "ada.jpg", "--basis", "B99").code == 20


def test_ingest_reports_what_others_build_on(run, club):
    told = run("ingest", "party", "--json").json
    assert set(told) == {
        "photos", "new", "already_known", "faces_found", "faces_kept", "faces_forgotten", "compared", "false_matches",
        "duplicates", "moved", "missing", "returned", "near", "skipped", "skipped_by", "detect", "seconds",
    }  # fmt: skip
    assert (told["photos"], told["new"], told["already_known"]) == (4, 0, 4)
    assert {each["code"] for each in told["skipped"]} == {"unreadable", "not-a-photo"}
    assert all(set(each) == {"path", "code", "reason"} for each in told["skipped"])


def test_ingest_again_looks_anew_and_says_so_line_by_line(run, club):
    told = run("ingest", "party", "--again", "--events")
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert lines[-1]["event"] == "done"
    assert lines[-1]["new"] == 3
    assert lines[-1]["faces_found"] == lines[-1]["faces_kept"] + lines[-1]["faces_forgotten"] > 0
    assert [each["done"] for each in lines[:-1]] == sorted(each["done"] for each in lines[:-1])
    assert "photos/s" in run("ingest", "party", "--again").out


def test_a_sweep_finds_who_came_since(run, club, finished):
    assert "nothing to do" in run("sweep").out
    run("subject", "add", "Dalia", "--territory", "GB")
    basis = run("basis", "record", "dalia", *form(finished), "--json").json["id"]
    run("enrol", "dalia", cast().portrait("Dalia"), "--basis", basis)
    assert "nothing to do" in run("sweep").out, "her consent counts for nothing yet"
    countersign(run, basis)
    planned = run("sweep", "party", "--dry-run", "--json").json
    assert (planned["dry_run"], planned["faces_kept"]) == (True, 0)
    assert planned["photos"] == planned["sources"]["party"] > 0
    told = run("sweep", "--events")
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert [each["event"] for each in lines] == ["progress"] * (len(lines) - 1) + ["done"]
    assert lines[-1]["photos"] == planned["photos"]
    assert run("sweep", "nowhere").code == 20


def test_a_folder_is_no_source_yet(run, club, finished):
    told = run("ingest", finished / "people")
    assert told.code == 20
    assert "countenance source add people" in told.err


def test_withdraw_then_erase(run, club, finished, probe):
    assert "does not find ada" in run("withdraw", "ada").out
    assert run("search", probe("Ada"), "--purpose", "photo-library", "--case", "x", "--json").json["candidates"] == []
    told = run("erase", "ada", "--reason", "withdrawn")
    assert told.code == 0
    certificate = club / "certificates" / "E1.json"
    assert str(certificate) in told.out
    assert str(finished / "people" / "Ada.jpg") in told.out
    assert str(finished / "people" / "Ada.jpg") not in certificate.read_text("utf-8")
    assert "none found" in told.out
    assert run("subject", "show", "ada").code == 20


def test_erase_answers_with_the_certificate(run, club, tmp_path):
    told = run("erase", "bruno", "--reason", "request", "--certificate", tmp_path / "gone.json", "--json").json
    assert set(told) == {"certificate", "faces_erased", "residuals", "log"}
    assert told["certificate"] == json.loads((tmp_path / "gone.json").read_text("utf-8"))
    assert "Bruno.jpg" not in json.dumps(told)


def test_an_erasure_whose_certificate_cannot_be_written_is_still_an_erasure(run, club, tmp_path):
    (tmp_path / "file").write_text("in the way", "utf-8")
    told = run("erase", "bruno", "--reason", "request", "--certificate", tmp_path / "file" / "gone.json", "--json")
    assert told.code == 0
    assert "Erased, but the certificate could not be written" in told.err
    assert told.json["certificate"]["body"]["number"] == "E1"
    assert leaving._reason(OSError(28, "No space left on device")) == "No space left on device"


def test_erase_wants_a_reason_from_the_list(run, club):
    assert run("erase", "ada").code == 10
    assert run("erase", "ada", "--reason", "because").code == 10
    assert run("subject", "show", "ada").code == 0


def test_withdrawing_one_basis_leaves_the_others(run, club, finished):
    run("basis", "record", "ada", *form(finished), "--purposes", "visitor-check-in")
    told = run("withdraw", "ada", "--basis", "B1", "--json").json
    assert told["bases_left"] == ["B4"]
    assert run("withdraw", "ada", "--basis", "B1").code == 20


def test_init_makes_a_commented_gallery_and_says_what_to_keep(run, tmp_path):
    folder = tmp_path / "new"
    line = (
        "init",
        folder,
        "--organisation",
        "Museum",
        "--account",
        "eve@museum.example",
        "--purposes",
        "photo-library",
    )
    told = run(*line, "--keys", tmp_path / "keys")
    assert told.code == 0
    assert "Keep one copy of the key-encryption key" in told.err
    assert "solo" in told.out
    assert "# the key-encryption key" in (folder / "countenance.toml").read_text("utf-8")
    assert (tmp_path / "keys" / "kek").stat().st_mode & 0o077 == 0
    assert run(*line).code == 21
    assert run("init", tmp_path / "other").code == 10


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        (("account", "list"), {"email", "roles", "revoked"}),
        (("subject", "list"), {"subject", "name", "territory", "state", "contact", "birth_year"}),
        (("basis", "list"), {"id", "subject", "ground", "condition", "purposes", "state", "notice", "confirmed_how"}),
        (("notice", "list"), {"name", "sha256", "channel", "given"}),
        (("agreement", "list"), {"id", "party", "purposes", "self_agreement"}),
        (("case", "list"), {"id", "reference", "purpose", "closed"}),
        (("source", "list"), {"name", "root", "statement", "purposes", "state"}),
        (("log", "show"), {"index", "at", "act", "outcome"}),
        (("models", "list"), {"name", "role", "sha256", "licence", "path"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_every_list_reads_and_parses(run, club, line, columns):
    run("case", "open", "press 12")
    rows = run(*line, "--json").json
    assert rows
    assert columns <= set(rows[0])
    told = run(*line)
    assert told.code == 0
    assert len(told.out.splitlines()) > len(rows)


def test_agreements_cases_sources_and_accounts_end(run, club, probe):
    search = ("search", probe("Ada"), "--purpose", "photo-library", "--case", "press 12")
    assert run("case", "open", "press 12").code == 0
    assert run(*search).code == 0
    assert run("case", "close", "press 12").code == 0
    assert run(*search).code == 36
    assert run("source", "stop", "party", "--reason", "the contract ended").code == 0
    assert run("ingest", "party").code == 39
    assert run("account", "revoke", "ben@club.example").code == 0
    assert run("basis", "confirm", "B1", "--account", "ben@club.example", words="ben's words").code == 25
    assert run("agreement", "end", "A1").code == 0
    assert run("search", probe("Ada"), "--purpose", "photo-library", "--case", "another").code == 35


def test_a_source_needs_a_statement_and_may_not_hold_our_own_files(run, club, finished):
    people = finished / "people"
    assert run("source", "add", "people", people).code == 39
    assert run("source", "add", "own", "data", "--statement", "x").code == 10
    assert run("source", "add", "keep", people, "--statement", "x", "--unknown-faces", "keep").code == 39
    assert run("source", "add", "people", people, "--statement", "ours", "--json").json["purposes"] == ["photo-library"]


def test_status_says_what_is_here(run, club):
    told = run("status", "--json").json
    assert set(told) >= {"version", "models", "backend", "counts", "index", "log", "solo"}
    assert told["counts"]["subjects"] == 3
    assert {"sha256", "licence"} <= set(told["models"][0])
    words = run("status", words=None)
    assert "solo" in words.out
    assert "embedded" in words.out


def test_quiet_leaves_the_advice_out(run, club):
    assert "→" in run("withdraw", "ada").out
    assert "→" not in run("withdraw", "bruno", "--quiet").out


def test_the_log_is_read_checked_and_taken_outside(run, club, tmp_path):
    checkpoint = tmp_path / "checkpoint.txt"
    assert run("log", "checkpoint", "--to", checkpoint).code == 0
    assert run("log", "checkpoint").out == checkpoint.read_text("utf-8")
    run("erase", "ada", "--reason", "request", "--certificate", tmp_path / "gone.json")
    told = run("log", "check", "--against", checkpoint, "--against", tmp_path / "gone.json")
    assert "It agrees with 2 checkpoints from outside." in told.out
    assert run("log", "check", "--against", club / "countenance.toml").code == 10
    exported = run("log", "export", tmp_path / "leaves.jsonl", "--json").json
    assert len((tmp_path / "leaves.jsonl").read_text("utf-8").splitlines()) == exported["size"]
    assert run("log", "show", "--limit", "2", "--json").json[-1]["index"] == exported["size"] - 1


def test_a_log_that_was_cut_is_caught_by_an_outside_checkpoint(run, club, tmp_path):
    before = tmp_path / "before"
    shutil.copytree(club, before)
    run("subject", "add", "Eve")
    run("log", "checkpoint", "--to", tmp_path / "checkpoint.txt")
    told = run("log", "check", "--against", tmp_path / "checkpoint.txt", "--config", before)
    assert told.code == 70
    assert "was cut" in told.err


def test_models_are_listed_checked_and_described(run, tmp_path):
    assert "The model files are the right ones." in run("models", "check").out
    card = run("models", "card", "detector")
    assert "WIDER FACE" in card.out
    assert "not asked" in card.out
    assert run("models", "card", "nonsense").code == 20
    (tmp_path / "other.onnx").write_bytes(b"another model")
    assert run("models", "add", tmp_path / "other.onnx").code == 23
    assert run("models", "add", tmp_path).code == 10


def test_samples_are_written_once(run, tmp_path):
    told = run("samples", tmp_path / "cast", "--json").json
    assert told["photos"] == {"people": 20, "probes": 30, "party": 20}
    assert (tmp_path / "cast" / "LICENSE").exists()
    assert run("samples", tmp_path / "cast").code == 21
    (tmp_path / "file").write_text("in the way", "utf-8")
    assert run("samples", tmp_path / "file" / "cast").code == 10


def test_evaluate_measures_outside_of_any_gallery(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("evaluate", tmp_path / "none", "--statement", "synthetic").code == 10
    for name in cast().identities[:20]:
        (tmp_path / "set" / name).mkdir(parents=True)
        for shot in (0, 1):
            shutil.copy(cast().photos(name)[shot], tmp_path / "set" / name)
    scores, page, again = (tmp_path / name for name in ("scores.npz", "page.html", "again.html"))
    line = ("evaluate", tmp_path / "set", "--statement", "synthetic", "--scores", scores, "--page", page, "--json")
    told = run(*line).json
    assert set(told) >= {"images", "identities", "detected", "verification", "identification"}
    assert (told["images"], told["identities"], told["logged"]) == (40, 20, None)
    assert list(told["verification"]["tar"]) == ["1e-2", "1e-3", "1e-4", "1e-5"]
    assert list(told["identification"]["fnir"]) == ["0.1", "0.01", "0.001"]
    assert {"gallery", "probes", "unmated", "rank1", "rank5"} <= set(told["identification"])
    # The page and the answer are made again from the raw scores, and are the same.
    rebuilt = run("evaluate", tmp_path / "set", "--from", scores, "--page", again, "--json").json
    assert rebuilt == {name: value for name, value in told.items() if name != "logged"}
    assert again.read_bytes() == page.read_bytes()
    shown = run("evaluate", "--from", scores, "--page", again)
    assert "FNIR at FPIR 0.1" in shown.out
    assert again.read_bytes() != page.read_bytes()  # without the data set, files have numbers
    assert run("evaluate", "--from", scores, "--people", "20").code == 10
    assert run("evaluate", "--from", scores, "--page", tmp_path).code == 10
    assert run("evaluate", tmp_path / "set").code == 10


def test_evaluate_cannot_pass_by_a_gallery_that_is_there(run, finished, tmp_path, monkeypatch):
    shutil.copytree(finished / "gallery", tmp_path / "gallery")
    monkeypatch.chdir(tmp_path / "gallery")
    line = ("evaluate", cast().root / "people", "--statement", "synthetic")
    assert run(*line, words="not hers").code == 25
    assert run(*line, "--account", "nobody@club.example").code == 25


def test_evaluate_wants_to_know_what_the_data_set_is(run, finished):
    assert (
        run("evaluate", cast().root / "people", "--statement", "found it", "--config", finished / "gallery").code == 33
    )


def test_a_gallery_for_finding_ones_own_photos_is_told_how_it_searches(run, tmp_path):
    line = ("init", tmp_path / "home", "--organisation", "Anna", "--account", "anna@home.example")
    keys = ("--keys", tmp_path / "home" / ".." / "keys")
    told = run(*line, *keys, "--purposes", "find-my-photos")
    assert told.code == 0, told.err
    assert "--on-behalf-of" in told.out
    assert ".." not in told.out, "a path is said without its dots"
