"""``countenance request`` as one types it: an officer's day."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from countenance.samples import cast

ADA = "ada@example.org"


@pytest.fixture
def request_(run, club: Path):
    """Run ``countenance request …`` on the club."""
    assert run("subject", "correct", "ada", "--contact", ADA, "--config", club).code == 0
    return lambda *line, **more: run("request", *line, "--config", club, **more)


def test_an_access_request_from_the_contact_to_the_answer_that_is_sent(request_, tmp_path: Path) -> None:
    opened = request_("open", "--kind", "access", "--contact", ADA, "--words", "the party", words=None)
    assert opened.code == 0, opened.err
    assert "R1 is recorded; the answer is due by" in opened.out
    assert "31 days left" in request_("list").out or "30 days left" in request_("list").out
    assert "the party" in request_("show", "R1").out
    answered = request_("answer", "R1", "--out", tmp_path / "out")
    assert f"Tell {ADA}, and nobody else." in answered.out
    page, data = sorted((tmp_path / "out").iterdir())
    assert page.read_text().startswith("<!doctype html>")
    told = json.loads(data.read_text())
    assert told["held"]["subject"]["contact"] == ADA
    assert page.read_text().count("data:image/jpeg") == len(told["held"]["appearances"]) > 0
    done = request_("done", "R1")
    assert "nothing of the answer is kept" in done.out
    assert request_("export", "R1", "--out", tmp_path / "again").code == 20
    assert "answered" in request_("list").out


def test_what_the_asker_is_told_does_not_say_who_is_here(request_) -> None:
    said = [request_("open", "--kind", "objection", "--contact", who, words=None) for who in (ADA, "eve@example.org")]
    assert said[0].out.replace("R1", "R2") == said[1].out


def test_p14_who_asks_from_an_address_that_is_on_no_record_is_not_told_nothing_by_mistake(run, club, tmp_path) -> None:
    """Ada was enrolled without a contact, and asks from her own address."""
    run("request", "open", "--kind", "access", "--contact", ADA)
    stopped = run("request", "answer", "R1")
    assert stopped.code == 10
    assert "No record has the contact" in stopped.err
    assert "request assign R1" in stopped.err
    assert "--nobody" in stopped.err
    told = run("request", "answer", "R1", "--nobody", "--out", tmp_path / "out")
    assert 'What they are told: "Nothing is held under what you gave."' in told.out
    assert "of you" not in told.out
    page = (tmp_path / "out" / "access-R1.html").read_text("utf-8")
    assert "anna@club.example" in page, "it says who answers"
    assert "candidate" not in page


def test_an_erasure_leaves_its_certificate_in_the_gallerys_folder(request_, club: Path, run) -> None:
    request_("open", "--kind", "erasure", "--subject", "ada")
    answered = request_("answer", "R1", "--json")
    assert answered.json["certificate"]["body"]["scan"]["found"] == 0
    assert len(list((club / "certificates").glob("*.json"))) == 1
    assert run("subject", "show", "ada", "--config", club).code == 20


def test_a_photo_helps_the_officer_and_the_officer_decides(request_) -> None:
    opened = request_("open", "--kind", "access", "--photo", cast().photos("Ada")[1])
    assert "The photo may show Ada (ada)" in opened.out
    assert "request assign R1 SUBJECT" in opened.out
    assert request_("assign", "R1", "ada", "--json").json["subject"] == "ada"
    missed = request_("open", "--kind", "access", "--photo", cast().no_face()[0])
    assert (missed.code, "shows nobody who is held here" in missed.out) == (0, True)


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        (("open", "--kind", "everything", "--contact", ADA), 10, "no kind of request"),
        (("open", "--kind", "access"), 10, "whose request"),
        (("open", "--kind", "access", "--receipt", "no-such-file"), 10, "cannot be read"),
        (("show", "R9"), 20, "no request R9"),
        (("answer", "anna"), 20, "no request"),
        (("export", "R1"), 10, "Where to"),
        (("lift", "ada"), 10, "not restricted"),
    ],
)
def test_what_goes_wrong_is_two_lines(request_, line: tuple[str, ...], code: int, said: str) -> None:
    ran = request_(*line)
    assert (ran.code, said in ran.err) == (code, True), ran.err
    assert len(ran.err.strip().splitlines()) == 2


def test_a_restriction_is_granted_refused_and_lifted(request_) -> None:
    request_("open", "--kind", "restriction", "--contact", ADA)
    assert "kept and not used" in request_("answer", "R1").out
    assert request_("lift", "ada").code == 0
    request_("open", "--kind", "objection", "--contact", ADA)
    refused = request_("answer", "R2", "--refuse", "unfounded")
    assert "complain" in refused.out
    assert request_("answer", "R2").code == 10
    assert "manifestly unfounded" in request_("show", "R2").out


def test_a_rectification_by_the_answer(request_, run, club: Path) -> None:
    request_("open", "--kind", "rectification", "--contact", ADA, "--words", "I moved")
    assert request_("answer", "R1", "--territory", "FR", "--born", "1990").code == 0
    assert "FR" in run("subject", "show", "ada", "--config", club).out
    told = run("status", "--config", club, "--json").json
    assert told["requests"] == {"open": 0, "overdue": 0}
