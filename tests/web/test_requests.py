"""The officer's pages for requests, walked as a browser walks them."""

from __future__ import annotations

import pytest

from clubs import BEN, WORDS, Club
from web.visitors import Visitor, site_of

ADA = "ada@example.org"


@pytest.fixture
def ben(club: Club) -> Visitor:
    """The officer, signed in; Ada is here, with a contact."""
    club.person("Ada", 1, contact=ADA)
    visitor = Visitor(site_of(club))
    visitor.sign_in(BEN)
    return visitor


def page(ben: Visitor, path: str = "") -> str:
    answer = ben.browser.get(f"/officer/requests{path}")
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_list_says_what_is_due_first_and_what_is_overdue(ben: Visitor, club: Club) -> None:
    club.anna.requests.receive("access", contact=ADA)
    club.clock.forward(days=40)
    club.anna.requests.receive("objection", contact="eve@example.org")
    ben.sign_in(BEN)
    text = page(ben)
    assert "Overdue, days: 9" in text
    assert text.index("/officer/requests/R1") < text.index("/officer/requests/R2")
    assert "Days left:" in text
    overview = ben.browser.get("/officer").text
    assert '<dd class="no">1</dd>' in overview


def test_an_officer_records_one_that_came_by_post(ben: Visitor, club: Club) -> None:
    made = ben.act("/officer/requests", kind="objection", contact=f" {ADA.upper()} ", words="please stop")
    assert made.headers["location"] == "/officer/requests/R1"
    assert club.found(1) == []
    text = page(ben, "/R1")
    assert "please stop" in text
    assert "These bases end: B1 (consent)." in text
    wrong = ben.act("/officer/requests", kind="nonsense", contact=ADA)
    assert wrong.status_code == 422
    assert len(club.anna.requests.list()) == 1


def test_p14_an_access_answer_is_made_saved_sent_and_forgotten(ben: Visitor, club: Club) -> None:
    club.anna.requests.receive("access", contact=ADA)
    looked = len([each for each in club.anna.log_entries() if each["act"] == "look"])
    assert "templates 1" in page(ben, "/R1")
    assert len([each for each in club.anna.log_entries() if each["act"] == "look"]) == looked + 1
    unsure = ben.act("/officer/requests/R1/answer")
    assert unsure.status_code == 422
    assert club.anna.requests.get("R1").state == "open"
    done = ben.act("/officer/requests/R1/answer", sure="yes")
    assert f"Tell {ADA}, and nobody else." in done.text
    for kind, start in (("html", "<!doctype html>"), ("json", "{")):
        letter = ben.act("/officer/requests/R1/letter", **{"as": kind})
        assert letter.headers["content-disposition"] == f'attachment; filename="access-R1.{kind}"'
        assert letter.text.startswith(start)
        assert "Ada" in letter.text
    assert ben.act("/officer/requests/R1/letter", **{"as": "exe"}).status_code == 422
    assert ben.act("/officer/requests/R1/sent").status_code == 303
    gone = ben.act("/officer/requests/R1/letter", **{"as": "html"})
    assert gone.status_code == 404
    assert "countenance request" not in gone.text
    assert 'href="/officer/requests/R1"' in gone.text


def test_p18_an_erasure_is_signed_in_person_and_comes_with_its_certificate(ben: Visitor, club: Club) -> None:
    club.anna.requests.receive("erasure", contact=ADA)
    asked = ben.act("/officer/requests/R1/answer", sure="yes")
    assert asked.status_code == 401
    assert "Sign this" in asked.text
    assert club.anna.subjects.list()
    done = ben.act("/officer/requests/R1/answer", sure="yes", sign_password=WORDS[BEN])
    assert done.status_code == 200, done.text
    assert "Save the certificate" in done.text
    assert club.anna.subjects.list() == []
    assert "answered on" in page(ben, "/R1")


def test_p29_an_answer_is_put_off_and_the_page_says_what_to_tell(ben: Visitor, club: Club) -> None:
    club.anna.requests.receive("restriction", contact=ADA)
    assert ben.act("/officer/requests/R1/extend", reason="").status_code == 422
    done = ben.act("/officer/requests/R1/extend", reason="complex")
    assert "Put off until 2027-04-15" in done.text
    assert "15 April 2027" in done.text
    text = page(ben, "/R1")
    assert "Put off because" in text
    assert "/officer/requests/R1/extend" not in text


def test_a_request_is_refused_for_a_reason_from_the_list(ben: Visitor, club: Club) -> None:
    club.anna.requests.receive("objection", contact=ADA)
    assert ben.act("/officer/requests/R1/refuse", reason="dislike").status_code == 422
    assert "manifestly unfounded" in ben.act("/officer/requests/R1/refuse", reason="unfounded").text
    assert club.anna.requests.get("R1").state == "refused"
    assert club.found(1) == ["ada"]


def test_what_is_wrong_is_put_right_and_a_restriction_is_lifted(ben: Visitor, club: Club) -> None:
    club.anna.requests.receive("rectification", contact=ADA)
    ben.act("/officer/requests/R1/answer", sure="yes", name="Ada Berg", territory="FR", birth_year="1980")
    person = club.anna.subjects.get("ada")
    assert (person.name, person.territory, person.birth_year) == ("Ada Berg", "FR", 1980)
    club.anna.requests.receive("restriction", contact=ADA)
    ben.act("/officer/requests/R2/answer", sure="yes")
    assert club.found(1) == []
    assert "/officer/requests/R2/lift" in page(ben, "/R2")
    assert ben.act("/officer/requests/R2/lift").status_code == 303
    assert club.found(1) == ["ada"]


def test_p14_nobody_on_record_is_told_so_only_after_a_look(ben: Visitor, club: Club) -> None:
    club.anna.requests.receive("access", contact="eve@example.org")
    stopped = ben.act("/officer/requests/R1/answer", sure="yes")
    assert stopped.status_code == 422
    assert 'href="/officer/requests/R1"' in stopped.text
    assert "Nothing is held under what was given." in page(ben, "/R1")
    assert ben.act("/officer/requests/R1/assign", subject="nobody").status_code == 404
    assert ben.act("/officer/requests/R1/assign", subject="ada").status_code == 303
    assert "The record of Ada." in page(ben, "/R1")
    club.anna.requests.receive("access", contact="zed@example.org")
    told = ben.act("/officer/requests/R2/answer", sure="yes", nobody="yes")
    assert "Nothing is held under what you gave." in told.text


def test_a_hint_names_the_page_and_no_command(ben: Visitor) -> None:
    missing = ben.browser.get("/people/nobody")
    assert '<a href="/people">The list of people shows who is here.</a>' in missing.text
    assert "countenance subject" not in missing.text
    stranger = Visitor(ben.site)
    refused = stranger.browser.post("/rights", data={"token": ben.site.session.public_token, "kind": "x"})
    assert "countenance " not in refused.text


def test_p13_consents_near_their_end_are_listed_by_the_days_that_are_left(ben: Visitor, club: Club) -> None:
    club.basis(club.subject("Bo", contact="+44 20 7946 0000"), until="2027-02-01")
    text = ben.browser.get("/officer/consents").text
    assert "Bo" in text
    assert "another contact" in text
    assert "/people/ada" not in text
    assert "no mail server is configured" in text
    assert "No consent ends so soon." in ben.browser.get("/officer/consents?days=3").text
    assert ben.browser.get("/officer/consents?days=x").status_code == 422
    assert ben.browser.get("/officer/consents?days=0").status_code == 422
    assert "<dt>Within 30 days</dt><dd>1</dd>" in ben.browser.get("/officer").text


def test_what_is_no_answer_of_an_evaluation_makes_no_page(ben: Visitor) -> None:
    assert 'href="/reports/accuracy"' in ben.browser.get("/reports").text
    assert "None was made here yet" in ben.browser.get("/reports/accuracy").text
    for content in (b"", b"x", b"[1]", b"{}", b'{"a": ' * 50_000, b'{"a": NaN}', b'{"a": 1e999}'):
        files = {"answer": ("answer.json", content, "application/json")}
        answer = ben.browser.post("/reports/accuracy", data={"token": ben.token}, files=files)
        assert (answer.status_code, "is not in the log" in answer.text) == (422, True), content[:20]
