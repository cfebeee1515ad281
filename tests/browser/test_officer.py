"""The officer's pages as people use them: in Debian's Chromium, by people who sign in. Nobody here exists."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from browser.signing import Served, serving
from browser.test_pages import DARK, LIGHT, violations
from clubs import ANNA, BEN, CLEO, WORDS, Club
from countenance.check import check_certificate, parse_key
from countenance.service.executing import Executing

ADA = "ada@example.org"
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A club of three, with two people on record."""
    club = Club(tmp_path_factory.mktemp("officer"))
    _ = club.cleo
    club.person("Ada", 1, contact=ADA)
    club.person("Bo", 2, contact="bo@example.org", territory="FR")
    with serving(club) as running:
        yield running
    club.close()


@pytest.fixture
def enter(chromium: Any, served: Served) -> Iterator[Callable[..., Any]]:
    """Opens a page in a browser in which somebody signs in; whatever its console complains of fails the test."""
    contexts, said = [], []

    def entered(email: str = BEN, **options: Any) -> Any:
        context = chromium.new_context(**({"viewport": {"width": 1200, "height": 900}, "locale": "en-GB"} | options))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(90_000)
        page.on("console", lambda each: said.append(each.text) if each.type == "error" else None)
        page.on("pageerror", lambda each: said.append(str(each)))
        page.goto(f"{served.url}/sign-in")
        page.get_by_label("Your address").fill(email)
        page.get_by_label("Password").fill(WORDS[email])
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    yield entered
    for context in contexts:
        context.close()
    assert [each for each in said if "status of 4" not in each] == []


def sign(page: Any, email: str) -> None:
    """Sign what the page asks to be signed."""
    expect(page.get_by_role("heading", name="Sign this")).to_be_visible()
    page.get_by_label("Password").fill(WORDS[email])
    page.get_by_role("button", name="Sign with my password").click()


def test_a_request_is_put_off_then_answered_and_its_answer_saved_and_sent(served: Served, enter: Any) -> None:
    club = served.club
    name = club.anna.requests.open("access", contact=ADA, details="the party in May").id
    page = enter()
    page.get_by_role("link", name="Rights and orders").click()
    page.get_by_role("link", name="Requests").click()
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.locator("main")).to_contain_text("the party in May")
    expect(page.locator("main")).to_contain_text("The record of Ada.")
    page.get_by_text("Take two further months").first.click()
    page.get_by_role("button", name="Take two further months").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Put off until 2027-04-15")
    page.get_by_role("link", name="To the request").click()
    page.get_by_label("I know that it is Ada who asks").check()
    page.get_by_role("button", name="Answer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Answered")
    expect(page.locator(".lead")).to_have_text(f"Tell {ADA}, and nobody else.")
    page.get_by_role("link", name="To the request").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save it as a page").click()
    assert saved.value.suggested_filename == f"access-{name}.html"
    page.get_by_role("button", name="It is sent: remove what is kept").click()
    expect(page.locator("main")).not_to_contain_text("Save it as a page")
    assert club.anna.requests.get(name).state == "answered"


def test_p8_an_order_from_its_document_to_its_certificate_with_two_approvers(
    served: Served, enter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    club = served.club
    club.person("Cy", 3, territory="IE")
    anna, ben, cleo = (enter(email) for email in (ANNA, BEN, CLEO))
    anna.goto(f"{served.url}/officer/orders/new")
    document = {"name": "notice.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 notice of enforcement"}
    anna.get_by_label("The authority’s document").set_input_files(document)
    anna.get_by_label("Authority", exact=True).fill("DPC")
    anna.get_by_label("Erase.").check()
    anna.get_by_label("Everybody who lives in").fill("IE")
    anna.get_by_role("button", name="Count what it bears on").click()
    expect(anna.get_by_role("heading", level=1)).to_have_text("What it bears on")
    expect(anna.locator("dl.facts div", has_text="People")).to_contain_text("1")
    assert club.anna.orders.list() == []
    anna.get_by_role("button", name="Record this order").click()
    expect(anna.locator("#grows")).to_contain_text("signatures missing: 2")
    for page, email in ((ben, BEN), (cleo, CLEO)):
        page.get_by_role("link", name="Approvals").click()
        page.get_by_role("link", name="Look at it O1").click()
        page.get_by_role("button", name="Approve").click()
        sign(page, email)
        expect(page.locator("#grows")).not_to_contain_text("It waits for your signature")
    expect(cleo.locator("#grows")).to_contain_text("In force")
    assert club.found(3) == []
    go = threading.Event()
    monkeypatch.setattr(Executing, "carry_on", held_back(go))
    ben.goto(f"{served.url}/officer/orders/O1")
    ben.get_by_label("Erase for good, people: 1").check()
    ben.get_by_role("button", name="Execute it now").click()
    sign(ben, BEN)
    expect(ben.locator("#grows")).to_contain_text("0 of 1 people are erased")
    assert ben.locator("progress").count() == 1
    ben.evaluate("window.stays = document.querySelector('h1')")
    go.set()
    expect(ben.locator("#grows")).to_contain_text("Everything in its scope is erased.")
    assert ben.evaluate("window.stays === document.querySelector('h1')"), "the page has grown, and was not loaded anew"
    expect(ben.get_by_role("button", name="Execute it now")).to_have_count(0)
    with ben.expect_download() as saved:
        ben.get_by_role("link", name="Save the certificate").click()
    key = parse_key(club.anna.context.book.verifier_key)
    assert check_certificate(Path(saved.value.path()).read_bytes(), key)["kind"] == "order"


def held_back(go: threading.Event) -> Callable[..., Any]:
    """Carrying on, once somebody says so: what the page shows meanwhile is looked at."""
    really = Executing.carry_on

    def carry_on(orders: Executing, number: str) -> Any:
        go.wait(90)
        return really(orders, number)

    return carry_on


def test_p13_a_consent_near_its_end_is_seen_and_its_person_looked_at(served: Served, enter: Any) -> None:
    club = served.club
    club.basis(club.subject("Dee", contact="dee@example.org"), until="2027-02-01")
    page = enter()
    page.get_by_role("link", name="Rights and orders").click()
    page.get_by_role("link", name="Consents near their end").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("2027-02-0")
    page.get_by_label("Days to look ahead").fill("5")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("main")).to_contain_text("No consent ends so soon.")
    page.get_by_label("Days to look ahead").fill("60")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="Dee").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dee")


def test_axe_finds_nothing_and_nothing_is_wider_than_a_phone(served: Served, enter: Any) -> None:
    names = [served.club.anna.requests.open(kind, contact=ADA).id for kind in ("rectification", "erasure")]
    names.append(served.club.anna.requests.open("access", contact="eve@example.org").id)
    order = served.club.anna.orders.propose("quarantine", source=None, territory="FR", authority="CNIL",
        evidence=served.club.document("cnil")).id  # fmt: skip
    paths = [
        "/officer", "/officer/requests", *(f"/officer/requests/{name}" for name in names), "/officer/orders",
        "/officer/orders/new", f"/officer/orders/{order}", "/approvals", "/officer/consents?days=900",
        "/reports/accuracy",
    ]  # fmt: skip
    told = {}
    for options in (LIGHT, DARK):
        page = enter(**options)
        for path in paths:
            page.goto(served.url + path)
            page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
            told[path, options["color_scheme"]] = [*violations(page), *(["wide"] if page.evaluate(WIDE) else [])]
    assert {path: each for path, each in told.items() if each} == {}
