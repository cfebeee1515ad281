"""The pages that anybody may open: a person's rights, and the one-time link (P14, P29)."""

from __future__ import annotations

import base64
import json
import re

import pytest
import sqlalchemy as sa

from countenance.registry import schema as t
from countenance.service.requests import HOURLY

ADA = "ada@example.org"


@pytest.fixture
def known(page):
    """Ada has a contact on record."""
    page.club.subjects.update("ada", contact=ADA)
    return page.club


def token_of(browser, path="/rights"):
    return re.search(r'name="token" value="([0-9a-f]+)"', browser.get(path).text)[1]


def send(browser, *, receipt=None, path="/rights", **fields):
    data = {"token": token_of(browser, path), "kind": "access"} | fields
    files = None if receipt is None else {"receipt": ("receipt.json", receipt, "application/json")}
    return browser.post(path, data=data, files=files)


def test_p29_the_page_needs_no_account_and_asks_for_no_more_than_it_needs(known, stranger):
    form = stranger.get("/rights")
    assert form.status_code == 200
    assert "set-cookie" not in form.headers
    fields = set(re.findall(r'name="([a-z]+)"', form.text)) - {"viewport"}
    assert fields == {"token", "kind", "contact", "receipt", "details"}
    assert form.text.count(" required") == 5  # only the kind, of which there are five
    assert "anna@" not in form.text
    answer = send(stranger, contact=ADA)
    assert answer.status_code == 200
    assert "It is answered by" in answer.text
    assert known.requests.get("R1").subject == "ada"
    assert not stranger.cookies


@pytest.mark.parametrize("kind", ["access", "erasure", "objection", "restriction", "rectification"])
def test_p14_the_page_is_the_same_for_somebody_who_is_here_and_somebody_who_is_not(known, stranger, kind):
    here = send(stranger, contact=ADA, kind=kind, details="please")
    not_here = send(stranger, contact="nobody@example.org", kind=kind, details="please")
    assert (here.status_code, here.text) == (not_here.status_code, not_here.text)
    varying = {"date"}
    assert {k: v for k, v in here.headers.items() if k not in varying} == {
        k: v for k, v in not_here.headers.items() if k not in varying
    }
    assert "R1" not in here.text
    assert [each.subject for each in known.requests.list()] == ["ada", None]


def test_p14_the_same_work_is_done_for_both(known, stranger):
    """No timing class of its own: as many statements go to the registry, and none of them walks the people."""
    statements: list[str] = []
    engine = known.context.registry.engine
    sa.event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    counts = []
    send(stranger, contact="first@example.org")  # what a surface makes when it is first asked is made for neither
    for contact in (ADA, "nobody@example.org"):
        statements.clear()
        send(stranger, contact=contact)
        counts.append(list(statements))
    assert counts[0] == counts[1]


def test_p5_an_objection_from_the_page_takes_effect_with_the_next_search(known, page, stranger, unseen):
    assert "One candidate" in page.search(unseen("Ada")).text
    send(stranger, contact=ADA, kind="objection")
    assert "Nobody found" in page.search(unseen("Ada")).text


def test_p14_a_receipt_alone_is_enough_and_a_false_one_is_said_to_prove_nothing(known, stranger):
    receipt = json.dumps(known.receipts.issue("B1")).encode()
    assert send(stranger, receipt=receipt).status_code == 200
    assert known.requests.get("R1").channel == "receipt"
    forged = json.loads(receipt)
    forged["body"]["expires"] = "2099-01-01T00:00:00Z"
    for false in (receipt[:-40] + b"}", json.dumps(forged).encode()):
        refused = send(stranger, receipt=false)
        assert refused.status_code == 422
        assert "anna@" not in refused.text
    assert len(known.requests.list()) == 1


@pytest.mark.parametrize(
    "fields", [{}, {"contact": "a"}, {"kind": "everything", "contact": ADA}, {"contact": ADA, "details": "x" * 2001}]
)
def test_what_is_no_request_is_said_in_two_lines_without_a_word_about_the_account(known, stranger, fields):
    answer = send(stranger, **fields)
    assert answer.status_code == 422
    assert 'class="hint"' in answer.text
    assert "anna@" not in answer.text
    assert known.requests.list() == []


def test_p29_who_tries_out_addresses_has_to_wait(known, stranger):
    values = {"organisation": 1, "kind": "access", "channel": "contact", "state": "open", "key": "organisation:1"}
    with known.context.registry.write() as connection:
        now = known.context.clock()
        connection.execute(sa.insert(t.requests), [values | {"deadline": now, "created": now}] * HOURLY)
    answer = send(stranger, contact=ADA)
    assert answer.status_code == 429
    assert "anna@" not in answer.text


def test_a_form_of_another_page_or_the_officers_own_token_sends_nothing(known, page, stranger):
    data = {"kind": "access", "contact": ADA}
    token = token_of(stranger)
    assert token != page.token
    assert stranger.post("/rights", data=data | {"token": page.token}).status_code == 403
    assert page.browser.post("/people/ada/withdraw", data={"token": token, "sure": "yes"}).status_code == 403
    for headers in (
        {"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"host": "evil.example"},
    ):  # fmt: skip
        assert stranger.post("/rights", data=data | {"token": token}, headers=headers).status_code == 403
    assert known.requests.list() == []


def test_a_link_from_elsewhere_opens_the_page_and_no_other(stranger, page):
    elsewhere = {"sec-fetch-site": "cross-site"}
    assert stranger.get("/rights", headers=elsewhere).status_code == 200
    assert page.browser.get("/log", headers=elsewhere).status_code == 403


def test_a_body_without_end_is_refused_sooner_than_a_photo_would_be(stranger):
    answer = stranger.post("/rights", content=b"x" * (257 * 2**10), headers={"content-type": "text/plain"})
    assert answer.status_code == 413
    assert "256 kB" in answer.text


@pytest.fixture
def link(page):
    """The path of a link that asks Zoe."""
    club = page.club
    zoe = club.subjects.add("Zoe", territory="GB", contact="zoe@example.org")
    club.context.registry  # noqa: B018
    form = club.context.settings.folder / "form-of-zoe.txt"
    form.write_text("the form of Zoe")
    basis = club.bases.record(
        zoe, ground="consent", condition="explicit-consent", purposes=["photo-library"], evidence=form,
        notice=club.notices.list()[0].name,
    )  # fmt: skip
    page = "https://faces.club.example"
    return club.bases.link(basis, base_url=page).address.removeprefix(page)


def test_p1_a_link_asks_in_plain_words_names_nobody_and_is_not_used_up_by_looking(page, stranger, link):
    for _ in range(2):
        asked = stranger.get(link)
        assert asked.status_code == 200
        assert "photo-library" in asked.text
        assert "your face" in asked.text
        assert "Zoe" not in asked.text
        assert "zoe@" not in asked.text
        assert "no disadvantage" not in asked.text
        day = page.club.bases.list()[-1].noticed[:10]
        assert (
            f"I have read the notice that I was given on {day} by form, and I agree that my face may be" in asked.text
        )
    assert page.club.bases.list()[-1].state == "pending"


def test_p1_a_yes_confirms_and_hands_out_the_receipt_once(page, stranger, link):
    token = token_of(stranger, link)
    assert stranger.post(link, data={"token": token, "answer": "yes"}).status_code == 422
    agreed = stranger.post(link, data={"token": token, "answer": "yes", "sure": "yes"})
    assert "You have agreed" in agreed.text
    assert "data:application/json;base64," in agreed.text
    words = re.search(r'href="data:text/html;base64,([^"]+)" download="receipt.html"', agreed.text)
    assert "Your receipt" in base64.b64decode(words[1]).decode()
    assert page.club.bases.list()[-1].state == "live"
    again = stranger.post(link, data={"token": token, "answer": "yes", "sure": "yes"})
    unknown = stranger.get("/confirm/" + "x" * 43)
    used = stranger.get(link)
    assert (again.status_code, again.text) == (unknown.status_code, unknown.text) == (used.status_code, used.text)
    assert unknown.status_code == 422
    assert "anna@" not in unknown.text


def test_p1_a_no_ends_the_basis(page, stranger, link):
    declined = stranger.post(link, data={"token": token_of(stranger, link), "answer": "no"})
    assert "You have declined" in declined.text
    assert page.club.bases.list()[-1].state == "withdrawn"


def test_p28_anybody_sees_what_the_gallery_is_used_for_and_nobody_is_named(page, stranger, unseen):
    page.search(unseen("Ada"))
    shown, data = stranger.get("/public"), stranger.get("/public.json")
    assert (shown.status_code, data.status_code) == (200, 200)
    assert data.json()["report"] == "public"
    assert "photo-library" in shown.text
    for text in (shown.text, data.text):
        assert not re.search(r"\b(Ada|Bruno|Anouk|ada@|anna@)", text)
    assert "<style" not in shown.text  # the guard's policy lets no style in but the one sheet
