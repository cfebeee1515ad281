"""Who gets to the page at all: other hosts, other pages, other users of the machine, bodies without end."""

from __future__ import annotations

import re

import pytest

from countenance.web.app import create_app, undeclared
from countenance.web.guard import BODY_LIMIT, Session
from countenance.web.routes import ACTIONS, ROUTES


def test_without_the_session_nothing_is_told(page, stranger):
    for path in ("/", "/log", "/people/ada", "/sample/Ada", "/Rights", "/rights/", "/confirm", "/public/x"):
        answer = stranger.get(path)
        assert answer.status_code == 401
        assert "Riverside" not in answer.text
        assert "anna@" not in answer.text
    assert stranger.post("/search", data={"token": page.token}).status_code == 401


def test_a_wrong_key_opens_nothing_and_the_right_one_does(page, stranger):
    for key in ("", "x", page.site.session.secret[:-1], "é"):
        assert stranger.get("/open", params={"key": key}).status_code == 401
    assert not stranger.cookies
    answer = stranger.get(page.site.session.address, follow_redirects=False)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert stranger.get("/").status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost:80", "127.0.0.1:8420.evil.example", ""])
def test_another_host_name_is_refused_even_with_the_session(page, host):
    answer = page.browser.get("/", headers={"host": host})
    assert answer.status_code == 403
    assert "own address only" in answer.text


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:9999", "https://127.0.0.1:8420"])
def test_a_form_sent_by_another_page_is_refused(page, origin):
    data = {"token": page.token, "sure": "yes"}
    assert page.browser.post("/people/ada/withdraw", data=data, headers={"origin": origin}).status_code == 403
    assert page.club.look("ada").searchable


@pytest.mark.parametrize("token", [None, "", "0" * 64, "ü"])
def test_a_form_without_its_token_changes_nothing(page, token):
    data = {"sure": "yes", "reason": "withdrawn"} | ({} if token is None else {"token": token})
    for act in ("withdraw", "erase"):
        answer = page.browser.post(f"/people/ada/{act}", data=data)
        assert answer.status_code == 403
        assert "not made by this page" in answer.text
    assert page.club.look("ada").searchable


def test_an_upload_that_is_too_large_is_refused_by_its_size_said_or_seen(page):
    big = b"\0" * (2**20 + 1)
    said = page.search(big)
    assert (said.status_code, "larger than 1 MB" in said.text) == (413, True)

    def without_length():
        for _ in range(20):
            yield b"\0" * 2**16

    seen = page.browser.post(
        "/search", content=without_length(), headers={"content-type": "multipart/form-data; boundary=x"}
    )
    assert seen.status_code == 413
    assert BODY_LIMIT <= 64 * 2**20


PART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data; boundary=x", b"--y\r\nnothing"),
        (
            "multipart/form-data; boundary=x",
            PART * 40 + b"--x--",
        ),
        ("multipart/form-data", b"--x"),
        ("application/x-www-form-urlencoded", b"\xff\xfe"),
        ("application/x-www-form-urlencoded", b"a=b&" * 200),
        ("application/json", b"{}"),
        ("", b""),
    ],
)
def test_a_body_that_is_no_form_is_an_error_in_two_lines(page, kind, body):
    answer = page.browser.post("/search", content=body, headers={"content-type": kind})
    assert answer.status_code in (403, 422)
    assert 'class="hint"' in answer.text


def test_every_answer_forbids_scripts_and_outside_addresses_and_keeps_out_of_caches(page, unseen):
    for answer in (page.browser.get("/"), page.search(unseen("Bruno")), page.browser.get("/nothing")):
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "script-src 'self';" in policy
        assert "unsafe-eval" not in policy
        assert "connect-src" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "<script" not in answer.text
        assert not re.search(r"""(?:src|href|action)=["'](?!/|data:|#)""", answer.text)
    assert "url(" not in page.browser.get("/style.css").text
    assert "@import" not in page.browser.get("/style.css").text


def test_every_route_names_its_action(page):
    assert {route.action for route in ROUTES} == set(ACTIONS)
    assert undeclared(page.browser.app) == []


def test_a_route_without_an_action_is_caught(page):
    app = create_app(page.site)
    app.add_api_route("/everything", lambda: "all templates", methods=["GET"])
    assert undeclared(app) == ["GET /everything"]
    assert undeclared(page.browser.app, ROUTES[1:]) == ["GET /open"]


def test_each_process_has_its_own_secret():
    one, other = Session(8420), Session(8420)
    assert one.secret != other.secret
    assert one.secret not in repr(one)
    assert not one.holds(f"{one.cookie}={other.secret}")
    assert one.holds(f"a=b; {one.cookie}={one.secret}")
    assert one.form_token != one.secret
