import io
import json
import shutil

import pytest

from countenance.cli import starting
from countenance.samples import cast


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    monkeypatch.setenv("COUNTENANCE_SEARCH__THRESHOLD", "0.57")
    monkeypatch.setenv("COUNTENANCE_SEARCH__HIGH", "0.65")
    folder = tmp_path / "Pictures"
    folder.mkdir()
    for photo in [each for each in cast().party() if "Ada" in each.people][:1]:
        shutil.copy(photo.path, folder)
    shutil.copy(cast().no_face()[0], folder)
    return folder


def line(pictures, photo=None):
    place = pictures.parent
    you = ("--name", "Ada L", "--email", "ada@home.example", "--photo", photo or cast().portrait("Ada"))
    where = ("--gallery", place / "home", "--keys", place / "keys", "--statement", "I took them")
    return ("start", pictures, *you, *where)


def test_without_your_agreement_nothing_is_made(run, pictures):
    told = run(*line(pictures), "--no-open")
    assert told.code == 31
    assert "I, Ada L (ada@home.example)" in told.out
    assert sorted(each.name for each in pictures.parent.iterdir()) == ["Pictures"]


def test_you_are_found_and_everybody_else_is_forgotten(run, pictures, monkeypatch):
    opened = []
    monkeypatch.setattr(starting.webbrowser, "open", opened.append)
    told = run(*line(pictures), "--yes")
    home = pictures.parent / "home"
    assert told.code == 0
    assert "signed with your key" in told.out
    assert "forgotten" in told.out
    assert opened == [(home / "my-pictures.html").as_uri()]
    page = (home / "my-pictures.html").read_text("utf-8")
    assert "data:image/jpeg" in page
    assert 'class="score"' not in page  # a photo that resembles itself says nothing
    assert 'class="own"' in page
    assert "where faces are like those of LFW" in told.out
    assert "Ada L" in (home / "papers" / "my-consent.txt").read_text("utf-8")
    here = ("--config", home, "--json")
    (basis,) = run("basis", "list", *here).json
    assert (basis["state"], basis["confirmed_how"]) == ("live", "confirmed by the person's own key")
    report = run("status", *here).json["counts"]
    assert (report["subjects"], report["sources"], report["photos"]) == (1, 1, 2)


def test_run_again_it_goes_on_where_it_was(run, pictures):
    first = run(*line(pictures), "--yes", "--json").json
    assert first["ingest"]["new"] == 2
    again = run("start", pictures, "--gallery", pictures.parent / "home", "--photo", cast().photos("Ada")[1], "--json")
    assert again.json["subject"] == first["subject"] == "ada-l"
    assert (again.json["ingest"]["new"], again.json["ingest"]["already_known"]) == (0, 2)
    assert again.json["pictures"] == first["pictures"] >= 1
    other = pictures.parent / "Other"
    shutil.copytree(pictures, other)
    more = run("start", other, "--gallery", pictures.parent / "home", "--photo", cast().portrait("Ada"),
               "--statement", "mine", "--json")  # fmt: skip
    assert more.json["ingest"]["new"] == 2
    assert json.loads(run("source", "list", "--config", pictures.parent / "home", "--json").out)[1]["name"] == "other"


def test_the_threshold_is_a_new_gallerys_and_no_other(run, pictures, monkeypatch):
    monkeypatch.delenv("COUNTENANCE_SEARCH__THRESHOLD")
    monkeypatch.delenv("COUNTENANCE_SEARCH__HIGH")
    told = run(*line(pictures), "--yes", "--no-open", "--threshold", "0.6", "--json").json
    assert told["search"]["threshold"] == 0.6
    again = run("start", pictures, "--gallery", pictures.parent / "home", "--threshold", "0.5")
    assert again.code == 10
    assert "a threshold already: 0.6" in again.err


def test_a_bad_photo_stops_it_and_a_better_one_goes_on(run, pictures):
    told = run(*line(pictures, cast().no_face()[0]), "--yes", "--no-open")
    assert told.code == 12
    assert run(*line(pictures), "--yes", "--no-open").code == 0


def test_a_person_at_a_terminal_is_asked_for_everything(run, pictures, monkeypatch):
    typed = ["Ada L", "ada@home.example", f"'{cast().portrait('Ada')}'", "y", "I took them"]
    secret = ["four words at home", "four words at home"]

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stdin", Terminal("\n".join(typed) + "\n"))
    monkeypatch.setattr("getpass.getpass", lambda _question: secret.pop(0))
    place = ("--gallery", pictures.parent / "home", "--keys", pictures.parent / "keys")
    told = run("start", pictures, *place, "--no-open", words=None)
    assert told.code == 0, told.err
    assert "You are enrolled as ada-l" in told.out
    assert secret == []


def test_two_passphrases_that_differ_make_nothing(run, pictures, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    typed = iter(["one", "other"])
    monkeypatch.setattr("getpass.getpass", lambda _question: next(typed))
    told = run(*line(pictures), "--yes", words=None)
    assert told.code == 10
    assert not (pictures.parent / "home").exists()


def test_a_folder_or_photo_that_is_not_there(run, pictures):
    assert run("start", pictures / "none").code == 10
    assert run(*line(pictures, "none.jpg"), "--yes").code == 10
    assert run("start", pictures, "--gallery", pictures.parent / "home").code == 10
    assert not (pictures.parent / "home").exists()
