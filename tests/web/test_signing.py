"""Signing in over HTTP: the cookie, the forms, guessing, and what a stolen or planted cookie opens."""

from __future__ import annotations

import json
import re

import pytest

from clubs import ANNA, BEN, CLEO, WORDS, Club
from countenance.errors import BadConfiguration
from countenance.service import guessing
from countenance.service.countenance import Countenance
from countenance.service.handed_out import PATIENCE
from countenance.web import running
from countenance.web.guard import Session
from countenance.web.reaching import Reach
from web.visitors import COOKIE, HOST, Visitor, site_of

PUBLIC = "https://faces.example"


@pytest.fixture
def visitor(club: Club) -> Visitor:
    return Visitor(site_of(club))


def test_p21_who_is_not_signed_in_is_led_to_the_form_and_told_nothing(visitor: Visitor) -> None:
    for path in ("/", "/log", "/people/ada", "/account", "/nothing", "/open"):
        answer = visitor.browser.get(path)
        assert answer.status_code in (303, 401)
        assert "Rowing Club" not in answer.text
        assert path == "/open" or answer.headers["location"] == "/sign-in"
    for path in ("/search", "/account/sign-out", "/people/ada/erase"):
        assert visitor.browser.post(path, data={"token": "0" * 64}).status_code == 401
    page = visitor.browser.get("/sign-in")
    assert page.status_code == 200
    assert "@club.example" not in page.text
    assert "Rowing Club" not in page.text
    key = visitor.browser.get("/open", params={"key": visitor.site.session.secret})
    assert key.status_code == 401  # where people sign in, the terminal's address lets nobody in


def test_p21_a_person_signs_in_acts_in_their_own_name_and_signs_out(visitor: Visitor) -> None:
    answer = visitor.sign_in(BEN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie
    assert visitor.browser.get("/").headers["location"] == "/people"  # an officer does not search
    home = visitor.browser.get("/people")
    assert home.status_code == 200
    assert BEN in home.text
    assert ANNA not in home.text.partition("</header>")[0]
    stolen = visitor.browser.cookies.get(COOKIE)
    gone = visitor.act("/account/sign-out")
    assert gone.headers["location"] == "/sign-in"
    thief = Visitor(visitor.site)
    thief.browser.cookies.set(COOKIE, stolen)
    for browser in (visitor.browser, thief.browser):
        assert browser.get("/").headers["location"] == "/sign-in"


def test_p21_an_unknown_address_and_a_wrong_password_get_the_same_page(visitor: Visitor) -> None:
    pages = []
    for email in (ANNA, "nobody@club.example"):
        answer = visitor.sign_in(email, "a guess")
        assert answer.status_code == 401
        pages.append(re.sub(r'"[\w-]{40,}"', '""', answer.text))
    assert pages[0] == pages[1]


def test_p21_guessing_is_ended_for_all_browsers(visitor: Visitor) -> None:
    for _ in range(guessing.MOST):
        assert visitor.sign_in(ANNA, "a guess").status_code == 401
    other = Visitor(visitor.site)
    answer = other.sign_in(ANNA)
    assert answer.status_code == 429
    assert "too often" in answer.text
    assert other.sign_in(BEN).status_code == 303


def test_p21_a_cookie_that_was_planted_is_not_the_one_that_is_signed_in(visitor: Visitor) -> None:
    """Fixation: the secret is made at the moment of signing in, and what the browser had is ended."""
    attacker = Visitor(visitor.site)
    attacker.sign_in(BEN)
    planted = attacker.browser.cookies.get(COOKIE)
    visitor.browser.cookies.set(COOKIE, planted)
    answer = visitor.sign_in(ANNA)
    given = re.search(rf"{COOKIE}=([^;]+)", answer.headers["set-cookie"])
    assert given
    assert given[1] != planted
    assert attacker.browser.get("/").headers["location"] == "/sign-in"
    before = visitor.browser.cookies.get(f"{COOKIE}-form")
    visitor.browser.cookies.clear()
    visitor.browser.cookies.set(COOKIE, before)
    assert visitor.browser.get("/").headers["location"] == "/sign-in"


def test_p3_forms_of_other_pages_and_other_sessions_change_nothing(visitor: Visitor) -> None:
    token = visitor.form()["token"]
    data = {"email": ANNA, "password": WORDS[ANNA]}
    other = Visitor(visitor.site)
    for browser, sent in ((visitor, data), (other, data | {"token": token}), (visitor, data | {"token": "0" * 64})):
        assert browser.browser.post("/sign-in", data=sent).status_code == 403
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        answer = visitor.browser.post("/sign-in", data=data | {"token": token}, headers=headers)
        assert answer.status_code == 403
    visitor.sign_in(ANNA)
    other.sign_in(BEN)
    for wrong in (other.token, token, visitor.site.session.form_token, visitor.site.session.public_token):
        assert visitor.browser.post("/account/sign-out", data={"token": wrong}).status_code == 403
    assert visitor.browser.get("/").status_code == 200


def test_p18_a_passkey_is_added_signs_in_and_signs_what_cannot_be_undone(visitor: Visitor, club: Club) -> None:
    club.subject("Ada")
    visitor.sign_in(BEN)
    assert visitor.add_passkey(BEN).headers["location"] == "/account"
    assert "pocket" in visitor.browser.get("/account").text
    visitor.browser.cookies.clear()
    assert visitor.sign_in_with_passkey().status_code == 303
    asked = visitor.act("/people/ada/erase", sure="yes", reason="withdrawn")
    assert asked.status_code == 401
    assert "Sign this" in asked.text
    assert club.anna.subjects.list()
    found = {name: re.search(pattern, asked.text) for name, pattern in (
        ("challenge", r'data-challenge="([\w-]+)"'), ("sealed", r'name="sign_sealed" value="([\w-]+)"'),
    )}  # fmt: skip
    challenge, sealed = (each[1] for each in found.values() if each)
    data = {"sure": "yes", "reason": "withdrawn", "sign_sealed": sealed}
    bent = visitor.act("/people/ada/erase", **data, sign_answer=visitor.passkey.get(challenge, origin="http://x"))
    assert bent.status_code == 401
    assert "did not sign" in bent.text
    done = visitor.act("/people/ada/erase", **data, sign_answer=visitor.passkey.get(challenge))
    assert done.status_code == 200
    assert club.anna.subjects.list() == []


def test_p18_a_password_signs_too_and_a_wrong_one_is_told_on_the_same_page(visitor: Visitor, club: Club) -> None:
    club.subject("Ada")
    visitor.sign_in(BEN)
    data = {"sure": "yes", "reason": "withdrawn"}
    wrong = visitor.act("/people/ada/erase", **data, sign_password="a guess")
    assert wrong.status_code == 401
    assert "open nothing here" in wrong.text
    assert '<input type="hidden" name="reason" value="withdrawn">' in wrong.text
    assert WORDS[BEN] not in wrong.text
    assert club.anna.subjects.list()
    assert visitor.act("/people/ada/erase", **data, sign_password=WORDS[BEN]).status_code == 200
    assert club.anna.subjects.list() == []


def test_p18_late_answers_and_answers_for_another_host_are_refused(visitor: Visitor, club: Club) -> None:
    visitor.sign_in(ANNA)
    visitor.add_passkey(ANNA)
    given = visitor.form()
    answer = visitor.passkey.get(given["challenge"])
    club.clock.forward(seconds=PATIENCE)
    data = {"token": given["token"], "sealed": given["sealed"], "answer": answer}
    assert visitor.browser.post("/sign-in", data=data).status_code == 401
    numbered = Visitor(visitor.site, "http://127.0.0.1:8420")
    page = numbered.browser.get("/sign-in").text
    assert "Passkeys do not work on this address" in page
    assert f"{HOST}/sign-in" in page
    assert numbered.browser.post("/sign-in", data=data).status_code == 403
    assert numbered.sign_in(ANNA).status_code == 303
    assert f"{HOST}/account" not in visitor.browser.get("/account").text
    assert "would belong to a number" in numbered.browser.get("/account").text


def test_p3_a_session_ends_with_its_account_and_after_a_time(visitor: Visitor, club: Club) -> None:
    _ = club.cleo
    for email in (CLEO, BEN):
        visitor.sign_in(email)
        assert visitor.browser.get("/account").status_code == 200
        if email == CLEO:
            club.anna.accounts.revoke(CLEO)
        else:
            club.clock.forward(seconds=1_800)
        assert visitor.browser.get("/").headers["location"] == "/sign-in"


def test_what_is_one_s_own_is_listed_and_another_s_is_absent(visitor: Visitor) -> None:
    visitor.sign_in(ANNA)
    visitor.add_passkey(ANNA)
    ben = Visitor(visitor.site)
    ben.sign_in(BEN)  # a controller, who may end it with the command line; this page is about oneself
    assert "pocket" not in ben.browser.get("/account").text
    answers = [ben.act(path) for path in (
        "/account/passkeys/W1/remove", "/account/passkeys/W9/remove", "/account/browsers/N1/end",
        "/account/browsers/N9/end",
    )]  # fmt: skip
    assert {answer.status_code for answer in answers} == {404}
    assert visitor.act("/account/passkeys/W1/remove").status_code == 303
    assert "None yet" in visitor.browser.get("/account").text


def test_over_tls_the_cookie_is_bound_to_the_host(club: Club) -> None:
    visitor = Visitor(site_of(club, PUBLIC), PUBLIC)
    answer = visitor.sign_in(ANNA)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-countenance=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "domain" not in cookie.lower()
    assert visitor.browser.get("/").status_code == 200
    assert visitor.browser.get("/", headers={"host": "evil.example"}).status_code == 403


def test_the_script_is_ours_alone_and_fetches_nothing(visitor: Visitor) -> None:
    page = visitor.browser.get("/sign-in")
    assert "script-src 'self';" in page.headers["content-security-policy"]
    scripts = ['<script src="/static/theme.js">', '<script src="/static/passkeys.js" defer>']
    assert re.findall(r"<script[^>]*>", page.text) == scripts
    script = visitor.browser.get("/static/passkeys.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert not re.search(r"fetch\(|XMLHttpRequest|https?:", script.text)


def named(club: Countenance, session: Session, wanted: bool | None, *, demo: bool, reach: Reach | None = None) -> bool:
    return running.named(club, session, reach or Reach(), running.Asked(demo=demo, sign_in=wanted))


def test_people_sign_in_where_there_are_three_or_a_public_address(club: Club) -> None:
    session = Session(8420)
    assert not named(club.anna, session, None, demo=False)
    assert named(club.anna, session, True, demo=False)
    _ = club.cleo
    assert named(club.anna, session, None, demo=False)
    assert not named(club.anna, session, None, demo=True)
    assert not named(club.anna, session, False, demo=False)
    public = Session(8420, PUBLIC)
    assert named(club.anna, public, None, demo=True)
    with pytest.raises(BadConfiguration, match="others can reach"):
        named(club.anna, public, False, demo=False)
    beyond = Reach("10.0.0.1")
    assert named(club.anna, session, None, demo=True, reach=beyond)
    with pytest.raises(BadConfiguration, match="others can reach"):
        named(club.anna, session, False, demo=False, reach=beyond)
    assert running.sign_in_address(session) == f"{HOST}/sign-in"
    assert running.sign_in_address(public) == f"{PUBLIC}/sign-in"


def test_an_answer_of_a_passkey_that_is_none_is_refused(visitor: Visitor) -> None:
    given = visitor.form()
    for answer in ("x", json.dumps({"id": "AAAA"}), "[" * 5_000):
        data = {"token": given["token"], "sealed": given["sealed"], "answer": answer}
        given = visitor.form()
        assert visitor.browser.post("/sign-in", data=data | {"token": given["token"]}).status_code == 401
