"""The organisation's directory as a second lock, against a real small provider on 127.0.0.1 (decision 0032)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import jwt
import pytest
import sqlalchemy as sa
from starlette.responses import JSONResponse, RedirectResponse, Response

from clubs import ANNA, BEN, WORDS, Club
from countenance.errors import BadConfiguration
from countenance.registry import schema as t
from countenance.service.handed_out import PATIENCE
from directories import CLIENT, SECRET, Provider, provider
from web.visitors import COOKIE, HOST, Visitor, site_of

ANNAS = {"sub": "anna-4711", "email": ANNA, "email_verified": True}
BENS = {"sub": "ben-4712", "email": BEN, "email_verified": True}


@pytest.fixture
def known(club: Club, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A directory without which nobody signs in. Anna is before it."""
    monkeypatch.setenv("COUNTENANCE_OIDC_SECRET", SECRET)
    with provider(club.clock) as made:
        made.person = ANNAS
        club.configure("[http.oidc]", f'issuer = "{made.issuer}"', f'client_id = "{CLIENT}"', "required = true")
        yield made


@pytest.fixture
def visitor(club: Club, known: Provider) -> Visitor:
    return Visitor(site_of(club))


def sent(visitor: Visitor) -> str:
    """Where the browser is sent."""
    answer = visitor.browser.get("/sign-in/directory")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def returned(visitor: Visitor, address: str) -> Any:
    """The browser comes back from elsewhere."""
    parts = urlsplit(address)
    return visitor.browser.get(f"{parts.path}?{parts.query}", headers={"sec-fetch-site": "cross-site"})


def been(visitor: Visitor, known: Provider) -> Any:
    """There and back: the page that the browser shows then."""
    return returned(visitor, known.authorize(sent(visitor)))


def fields(page: str) -> dict[str, str]:
    found = {name: re.search(rf'name="{name}" value="([\w-]+)"', page) for name in ("token", "directory", "sealed")}
    return {name: value[1] for name, value in found.items() if value}


def signed_in(visitor: Visitor, page: str, email: str = ANNA, **more: str) -> Any:
    data = fields(page) | {"email": email, "password": WORDS[email]} | more
    data.pop("sealed", None)
    return visitor.browser.post("/sign-in", data=data)


# --- the right way ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_p3_directory_then_password_signs_in_and_binds_the_two(
    visitor: Visitor, known: Provider, club: Club, algorithm: str
) -> None:
    known.rotate("first", algorithm)
    page = been(visitor, known)
    assert page.status_code == 200, page.text
    assert ANNA in page.text
    assert visitor.browser.get("/").status_code == 303, "the directory alone opens nothing"
    assert signed_in(visitor, page.text).status_code == 303
    assert visitor.browser.get("/").status_code == 200
    with club.sql() as connection:
        (row,) = connection.execute(sa.select(t.bindings)).all()
    assert ANNAS["sub"] not in repr(row)
    assert "anna" not in repr(row)
    acts = [(each["act"], each["outcome"]) for each in club.anna.log_entries()]
    assert ("directory-bound", "done") in acts
    again = Visitor(visitor.site)
    assert signed_in(again, been(again, known).text).status_code == 303
    assert [act for act, _ in acts].count("directory-bound") == 1


def test_p3_then_a_passkey_does_as_well_and_its_session_ends_with_the_directory_s_hours(
    visitor: Visitor, known: Provider, club: Club
) -> None:
    signed_in(visitor, been(visitor, known).text)
    visitor.add_passkey(ANNA)
    visitor.browser.cookies.clear()
    known.claims = {"auth_time": club.clock() - 9 * 3600}
    page = been(visitor, known).text
    given = fields(page)
    challenge = re.search(r'data-challenge="([\w-]+)"', page)
    assert challenge
    data = given | {"answer": visitor.passkey.get(challenge[1])}
    assert visitor.browser.post("/sign-in", data=data).status_code == 303
    club.clock.forward(seconds=20 * 60)
    assert visitor.browser.get("/").status_code == 200
    club.clock.forward(seconds=25 * 60)
    visitor.browser.get("/")
    club.clock.forward(seconds=16 * 60)
    assert visitor.browser.get("/").status_code == 303, "ten hours after the directory had seen her"


def test_what_is_kept_of_a_person_of_the_directory_is_ended_by_the_account(
    visitor: Visitor, known: Provider, club: Club
) -> None:
    signed_in(visitor, been(visitor, known).text)
    known.person = ANNAS | {"sub": "anna-new"}
    other = Visitor(visitor.site)
    assert signed_in(other, been(other, known).text).status_code == 401
    assert visitor.act("/account/directory/end").status_code == 303
    assert signed_in(other, been(other, known).text).status_code == 303


# --- a second lock, never instead of the key -------------------------------------------------------------------------


def test_p3_where_it_is_required_no_key_signs_in_without_it(visitor: Visitor, known: Provider, club: Club) -> None:
    page = visitor.browser.get("/sign-in").text
    assert 'name="password"' not in page
    assert 'href="/sign-in/directory"' in page
    been(visitor, known)
    for directory in ("", "x", fields(been(visitor, known).text)["token"]):
        token = fields(been(visitor, known).text)["token"]
        data = {"token": token, "email": ANNA, "password": WORDS[ANNA], "directory": directory}
        answer = visitor.browser.post("/sign-in", data=data)
        assert answer.status_code == 401
        assert "has not seen you just now" in answer.text
    page = been(visitor, known).text
    club.clock.forward(seconds=PATIENCE + 1)
    assert signed_in(visitor, page).status_code == 401
    with club.sql() as connection:
        assert connection.execute(sa.select(t.sessions)).all() == []
        assert connection.execute(sa.select(t.guesses)).all() == [], "no password is even tried"


def test_p3_a_wrong_password_stays_wrong_and_the_answer_is_good_once(visitor: Visitor, known: Provider) -> None:
    page = been(visitor, known).text
    wrong = signed_in(visitor, page, password="a guess")
    assert wrong.status_code == 401
    assert "open nothing here" in wrong.text
    right = signed_in(visitor, wrong.text)
    assert right.status_code == 303, "what the directory said came back with the form"
    other = Visitor(visitor.site)
    fresh = been(other, known).text
    replayed = signed_in(other, fresh, directory=fields(page)["directory"])
    assert replayed.status_code == 401
    assert other.browser.get("/").status_code == 303


@pytest.mark.parametrize(
    "person",
    [
        BENS, ANNAS | {"email_verified": False}, ANNAS | {"email_verified": "true"}, ANNAS | {"email_verified": None},
        ANNAS | {"email": None}, ANNAS | {"email": [ANNA]}, ANNAS | {"email": f"{ANNA}.evil.example"},
    ],
    ids=["somebody else", "unverified", "a text", "unsaid", "no address", "a list", "another address"],
)  # fmt: skip
def test_p3_the_first_use_needs_the_same_address_verified(
    visitor: Visitor, known: Provider, club: Club, person: dict[str, Any]
) -> None:
    known.person = person
    assert signed_in(visitor, been(visitor, known).text).status_code == 401
    with club.sql() as connection:
        assert connection.execute(sa.select(t.bindings)).all() == []
        assert connection.execute(sa.select(t.sessions)).all() == []


def test_p3_a_passkey_cannot_bind(visitor: Visitor, known: Provider, club: Club) -> None:
    signed_in(visitor, been(visitor, known).text)
    visitor.add_passkey(ANNA)
    visitor.act("/account/directory/end")
    visitor.browser.cookies.clear()
    page = been(visitor, known).text
    challenge = re.search(r'data-challenge="([\w-]+)"', page)
    assert challenge
    data = fields(page) | {"answer": visitor.passkey.get(challenge[1])}
    answer = visitor.browser.post("/sign-in", data=data)
    assert answer.status_code == 401
    assert "with your password this once" in answer.text


def test_p3_a_binding_that_was_written_by_hand_binds_nobody(visitor: Visitor, known: Provider, club: Club) -> None:
    signed_in(visitor, been(visitor, known).text)
    with club.sql() as connection:
        anna = connection.execute(sa.select(t.bindings)).mappings().one()
        ben = connection.scalar(sa.select(t.accounts.c.id).where(t.accounts.c.email == BEN))
        connection.execute(sa.insert(t.bindings).values({**anna, "id": None, "account": ben}))
    other = Visitor(visitor.site)
    assert signed_in(other, been(other, known).text, BEN).status_code == 401, "Anna's directory, Ben's password"


# --- what the directory's answer has to be ---------------------------------------------------------------------------


def unsigned(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, "", algorithm="none", headers={"kid": "one"})


def by_the_public_key(known: Provider) -> Callable[[dict[str, Any]], str]:
    """HS256 with what everybody can read as its secret."""

    def forged(claims: dict[str, Any]) -> str:
        parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in
                 ({"alg": "HS256", "typ": "JWT", "kid": "one"}, claims)]  # fmt: skip
        body = b".".join(parts)
        made = base64.urlsafe_b64encode(hmac.new(known.public_pem(), body, hashlib.sha256).digest()).rstrip(b"=")
        return (body + b"." + made).decode()

    return forged


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"}, {"nonce": None}, {"aud": "another"}, {"aud": None}, {"aud": [CLIENT, "another"]},
        {"azp": "another"}, {"iss": "https://example.org"}, {"iss": None}, {"exp": -3600}, {"exp": None},
        {"exp": "tomorrow"}, {"iat": 3600}, {"nbf": 3600}, {"auth_time": None}, {"auth_time": -36_000 - 61},
        {"auth_time": 3600}, {"sub": None}, {"sub": ""}, {"sub": "x" * 256}, {"sub": 7},
    ],
    ids=str,
)  # fmt: skip
def test_p3_a_token_for_another_time_place_or_question_proves_nothing(
    visitor: Visitor, known: Provider, club: Club, claims: dict[str, Any]
) -> None:
    times = {"exp", "iat", "nbf", "auth_time"}
    known.claims = {
        name: club.clock() + value if name in times and isinstance(value, int) else value
        for name, value in claims.items()
    }
    page = been(visitor, known)
    assert page.status_code == 401
    assert "proves nothing" in page.text
    assert 'name="directory"' not in page.text


def test_p3_a_forged_signature_proves_nothing(visitor: Visitor, known: Provider) -> None:
    other = Provider(known.issuer, known.clock)
    other.rotate("one")
    forged = {
        "none": unsigned,
        "HS256": by_the_public_key(known),
        "another key": lambda claims: jwt.encode(claims, other.keys["one"], algorithm="ES256", headers={"kid": "one"}),
        "an unknown key": lambda claims: jwt.encode(claims, other.keys["one"], "ES256", headers={"kid": "two"}),
        "no token": lambda _: "x.y.z",
        "not even text": lambda _: 7,
    }
    for how, forge in forged.items():
        known.forge = forge  # type: ignore[assignment]
        page = been(visitor, known)
        assert page.status_code == 401, how
        assert 'name="directory"' not in page.text, how
    known.forge = None
    assert been(visitor, known).status_code == 200


def test_p3_the_state_is_of_this_browser_and_good_once(visitor: Visitor, known: Provider, club: Club) -> None:
    address = known.authorize(sent(visitor))
    assert returned(Visitor(visitor.site), address).status_code == 401, "another browser"
    assert returned(visitor, address.replace("state=", "state=x")).status_code == 401
    first = known.authorize(sent(visitor))
    kept = visitor.browser.cookies.get(f"{COOKIE}-directory")
    assert returned(visitor, first).status_code == 200
    visitor.browser.cookies.set(f"{COOKIE}-directory", kept, path="/sign-in")
    again = returned(visitor, first)
    assert again.status_code == 401
    assert "already" in again.text
    late = known.authorize(sent(visitor))
    club.clock.forward(seconds=PATIENCE + 1)
    assert returned(visitor, late).status_code == 401


def test_p3_another_directory_s_answer_is_not_taken(visitor: Visitor, known: Provider) -> None:
    address = known.authorize(sent(visitor))
    mixed = re.sub(r"iss=[^&]+", "iss=https%3A%2F%2Fexample.org", address)
    page = returned(visitor, mixed)
    assert page.status_code == 401
    assert "Another directory" in page.text
    assert not [each for each in known.asked if "id_token" in each], "its code was sent nowhere"


def test_a_no_of_the_directory_is_told_and_nothing_that_it_writes_is(visitor: Visitor, known: Provider) -> None:
    state = parse_qs(urlsplit(sent(visitor)).query)["state"][0]
    answer = visitor.browser.get(
        "/sign-in/back", params={"error": "<b>denied</b>", "error_description": "<script>x</script>", "state": state}
    )
    assert answer.status_code == 401
    assert "The directory said no." in answer.text
    assert "<script>x" not in answer.text
    assert "denied" not in answer.text


def test_a_new_key_of_the_directory_is_asked_for_once(visitor: Visitor, known: Provider) -> None:
    assert been(visitor, known).status_code == 200
    before = len(known.asked)
    assert been(visitor, known).status_code == 200
    assert len(known.asked) == before + 1, "what it said of itself is known: only the token was asked for"
    known.rotate("two", "EdDSA")
    assert been(visitor, known).status_code == 200
    known.rotate("three", "RS256")
    assert been(visitor, known).status_code == 200


# --- where it goes, and what it does not follow ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri", "issuer"])
@pytest.mark.parametrize("place", ["https://example.org/x", "http://169.254.169.254/x", "file:///etc/passwd", 7, None])
def test_p25_no_address_but_its_own_is_asked(visitor: Visitor, known: Provider, name: str, place: Any) -> None:
    known.told = {name: place}
    answer = visitor.browser.get("/sign-in/directory")
    if answer.status_code == 303:
        answer = returned(visitor, known.authorize(str(answer.headers["location"])))
    assert answer.status_code == 503
    assert "cannot be used" in answer.text


@pytest.mark.parametrize(
    "answer",
    [
        lambda: RedirectResponse("http://127.0.0.1:1/"), lambda: Response(b"x" * 300_000), lambda: JSONResponse([1]),
        lambda: Response(b"[" * 100_000), lambda: JSONResponse({}, 500),
    ],
    ids=["a redirect", "no end", "a list", "deep", "broken"],
)  # fmt: skip
def test_p25_a_directory_that_is_not_well_is_told_and_followed_nowhere(
    visitor: Visitor, known: Provider, answer: Callable[[], Response]
) -> None:
    known.answer = answer
    told = visitor.browser.get("/sign-in/directory")
    assert told.status_code == 503
    assert 'href="/sign-in/directory"' in told.text


def test_p25_a_redirect_is_not_followed(visitor: Visitor, known: Provider) -> None:
    known.answer = lambda: RedirectResponse(f"{known.issuer}/elsewhere")
    assert visitor.browser.get("/sign-in/directory").status_code == 503
    assert "elsewhere" not in known.asked


def test_a_directory_that_is_down_lets_nobody_in_and_says_so(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    club.configure("[http.oidc]", 'issuer = "http://127.0.0.1:1"', f'client_id = "{CLIENT}"', "required = true")
    visitor = Visitor(site_of(club))
    told = visitor.browser.get("/sign-in/directory")
    assert told.status_code == 503
    assert "does not answer" in told.text


@pytest.mark.parametrize("issuer", ["http://example.org", "https://a@example.org", "ftp://x", "https://example.org/#a"])
def test_an_issuer_is_reached_over_tls_or_on_this_machine(club: Club, issuer: str) -> None:
    with pytest.raises(BadConfiguration):
        club.configure("[http.oidc]", f'issuer = "{issuer}"', 'client_id = "x"')


def test_without_a_directory_its_pages_are_absent_and_where_it_is_not_required_the_key_will_do(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = Visitor(site_of(club))
    for path in ("/sign-in/directory", "/sign-in/back?code=x"):
        assert visitor.browser.get(path).status_code == 404
    monkeypatch.setenv("COUNTENANCE_OIDC_SECRET", SECRET)
    with provider(club.clock) as made:
        made.person = BENS
        club.configure("[http.oidc]", f'issuer = "{made.issuer}"', f'client_id = "{CLIENT}"')
        visitor = Visitor(site_of(club))
        assert visitor.sign_in(ANNA).status_code == 303
        other = Visitor(visitor.site)
        assert signed_in(other, been(other, made).text).status_code == 401, "who was there and is another is out"
        assert signed_in(other, been(other, made).text, BEN).status_code == 303
        assert f"redirect_uri={quote(HOST, safe='')}" in sent(other)
