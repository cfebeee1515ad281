"""The visitor desk's page: a still among today's visitors, the other ways in on every answer, the end of a visit."""

from __future__ import annotations

import pytest

from countenance.demo import club as demo
from countenance.samples import cast

AT = "/visits"
WAYS = ("Call the host", "Paper list", "Visitor badge")
HOSTILE = "Eva <img src=x onerror=alert(1)>"


def expect(page, name: str, person: str, host: str = "Ben") -> None:
    files = {
        "photo": ("p.jpg", cast().portrait(person).read_bytes(), "image/jpeg"),
        "evidence": ("form.pdf", f"consent of {name}".encode(), "application/pdf"),
    }
    notice = page.club.notices.list()[0].name
    form = {"token": page.token, "name": name, "host": host, "territory": "GB", "notice": notice}
    answer = page.browser.post(f"{AT}/add", data=form, files=files, follow_redirects=False)
    assert answer.status_code == 303, answer.text


def compare(page, photo: bytes):
    files = {"photo": ("still.jpg", photo, "image/jpeg")}
    return page.browser.post(f"{AT}/search", data={"token": page.token}, files=files)


@pytest.fixture
def desk(page):
    """The club's page with one visitor expected, whose consent Ben has countersigned."""
    if not any("visitor-check-in" in each.purposes for each in page.club.agreements.list()):
        page.club.agreements.add(["visitor-check-in"])
    expect(page, HOSTILE, "Goran")
    with demo.Places(page.club.context.settings.folder.parent).open(demo.BEN) as ben:
        ben.bases.countersign(page.club.visits.list()[0].basis)
    return page


def test_p29_another_way_in_stands_on_the_desk_and_beside_every_answer(desk):
    pages = [desk.browser.get(AT), compare(desk, cast().photos("Goran")[1].read_bytes())]
    pages.append(compare(desk, cast().photos("Vera")[1].read_bytes()))
    for answer in pages:
        assert answer.status_code == 200
        assert "Another way in" in answer.text
        assert all(f">{way}</button>" in answer.text for way in WAYS)
        assert "<img src=x" not in answer.text
    assert "One candidate" in pages[1].text
    assert "Nobody found" in pages[2].text
    assert "A candidate is not an identification." in pages[1].text


def test_p17_the_desk_lets_in_by_face_only_what_it_was_shown(desk):
    shown = compare(desk, cast().photos("Goran")[1].read_bytes()).text
    search = shown.partition('name="search" value="')[2].partition('"')[0]
    refused = desk.act(f"{AT}/V1/arrive", way="face", search="S999")
    assert (refused.status_code, "P17" in refused.text) == (403, True)
    told = desk.act(f"{AT}/V1/arrive", way="face", search=search).text
    assert "Inside: 1" in told
    assert "by face" in told


def test_p5_has_left_ends_the_visit_and_its_enrolment(desk):
    assert "Left: 1" in desk.act(f"{AT}/V1/leave").text
    answer = compare(desk, cast().photos("Goran")[1].read_bytes())
    assert answer.status_code == 404
    assert "No visitor is expected now." in answer.text


@pytest.mark.parametrize(("path", "fields", "status"), [
    ("/other", {"way": "paper"}, 200), ("/other", {"way": "face"}, 422), ("/V9/leave", {}, 404),
    ("/V1/arrive", {"way": "window"}, 422), ("/x/arrive", {"way": "host"}, 404), ("/add", {"name": "Eva"}, 422),
])  # fmt: skip
def test_what_is_asked_wrongly_changes_nothing(desk, path, fields, status):
    before = desk.club.visits.list()
    assert desk.act(AT + path, **fields).status_code == status
    assert desk.club.visits.list() == before
