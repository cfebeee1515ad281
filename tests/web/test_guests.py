"""A guest's pages and the organiser's, as browsers ask them; no picture is looked at here but where one has to be."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest

from clubs import Club
from codes import codes_of
from countenance.service.guest_sweeps import sweep_for_guests
from countenance.web.guard import STILLS_LIMIT
from unit.service.test_guests import DAY, Party, _seen, party  # noqa: F401 - fixtures
from unit.service.test_stills import stills
from web.visitors import COOKIE, Visitor, people, site_of

AGREES = {"agree": "yes", "adult": "yes", "territory": "gb"}


@pytest.fixture
def visited(party: Party):  # noqa: F811 - the fixture
    return party, Visitor(site_of(party.club))


def send(visitor: Visitor, at: str, files=None, **fields: str):
    """A form of a public page, sent by a browser that nobody let in."""
    data = {"token": visitor.site.session.public_token} | fields
    return visitor.browser.post(at, data=data, files=files, follow_redirects=False)


def links(page: str) -> list[str]:
    return re.findall(r'href="(/mine/[^"]+)"', page)


def test_the_whole_way_of_a_guest(visited) -> None:
    hosted, visitor = visited
    club, browser = hosted.club.anna, visitor.browser
    (invitation,) = club.invitations.make("G1")
    at = f"/guest/{invitation.secret}"
    asked = browser.get(at)
    assert asked.status_code == 200
    assert "We look for your face in our own pictures." in asked.text
    assert "set-cookie" not in asked.headers
    assert "a letter tells you" in asked.text
    assert send(visitor, at, adult="yes").status_code == 422
    welcomed = send(visitor, at, **AGREES)
    assert "data:application/json" in welcomed.text
    (mine,) = links(welcomed.text)
    assert browser.get(at).status_code == 404
    assert "Begin with the stills" in browser.get(mine).text
    taking = send(visitor, f"{mine}/ask").text
    assert "no liveness check" in taking
    poses = re.findall(r'data-pose="([a-z]+)"', taking)
    (asking,) = re.findall(r'name="asking" value="([^"]+)"', taking)
    taken = {f"still{place}": ("s.jpg", still, "image/jpeg") for place, still in enumerate(stills(poses))}
    done = send(visitor, f"{mine}/stills", files=taken, asking=asking)
    assert (done.status_code, done.headers["location"]) == (303, mine)
    assert "being looked for" in browser.get(mine).text
    sweep_for_guests(club)
    assert "Your photos" in browser.get(mine).text
    assert send(visitor, f"{mine}/leave").status_code == 422
    left = send(visitor, f"{mine}/leave", sure="yes")
    assert "You have left" in left.text
    assert browser.get(mine).status_code == 404


def test_pictures_one_by_one_and_together(visited) -> None:
    hosted, visitor = visited
    browser, mine = visitor.browser, f"/mine/{hosted.key}"
    page = browser.get(mine).text
    photos = re.findall(rf'href="({mine}/photos/P\d+)"', page)
    assert len(photos) == 2
    for photo in photos:
        whole = browser.get(photo)
        assert whole.headers["content-disposition"].startswith("attachment")
        assert browser.get(f"{photo}/small").headers["content-type"] == "image/jpeg"
    packed = zipfile.ZipFile(io.BytesIO(browser.get(f"{mine}/photos.zip").content))
    assert packed.testzip() is None
    assert {f"{mine}/photos/{Path(name).stem}" for name in packed.namelist()} == set(photos)
    (hosted.club.root / "source-summer" / "both.jpg").unlink()
    packed = zipfile.ZipFile(io.BytesIO(browser.get(f"{mine}/photos.zip").content))
    assert "missing.txt" in packed.namelist()


def test_p3_nothing_of_others_is_reached_and_all_that_is_absent_looks_alike(visited) -> None:
    hosted, visitor = visited
    browser = visitor.browser
    photo = hosted.club.anna.guests.standing(hosted.key).photos[0]
    said = {
        (answer.status_code, answer.text)
        for answer in (
            browser.get(f"/mine/{hosted.other}/photos/{photo}"),
            browser.get(f"/mine/{hosted.other}/photos/{photo}/small"),
            browser.get(f"/mine/{hosted.key}/photos/P77"),
            browser.get(f"/mine/{hosted.other}/photos.zip"),
            browser.get(f"/mine/{'x' * 43}"),
            browser.get(f"/guest/{'x' * 43}"),
        )
    }
    alike = {(status, re.sub(r"Ask whoever.*?(?=<)|An invitation serves.*?(?=<)", "", text)) for status, text in said}
    assert {status for status, _ in alike} == {404}
    assert "Rowing Club" not in browser.get(f"/guest/{'x' * 43}").text


def test_p3_a_form_of_another_page_and_too_large_stills_are_refused(visited) -> None:
    hosted, visitor = visited
    at = f"/mine/{hosted.key}"
    assert visitor.browser.post(f"{at}/leave", data={"token": "x", "sure": "yes"}).status_code == 403
    elsewhere = {"origin": "https://evil.example"}
    data = {"token": visitor.site.session.public_token, "sure": "yes"}
    assert visitor.browser.post(f"{at}/leave", data=data, headers=elsewhere).status_code == 403
    large = {"still0": ("s.jpg", b"x" * (STILLS_LIMIT + 1), "image/jpeg")}
    assert send(visitor, f"{at}/stills", files=large, asking="x").status_code == 413
    middle = {"still0": ("s.jpg", b"x" * 2**20, "image/jpeg")}
    assert send(visitor, f"{at}/leave", files=middle, sure="yes").status_code == 413
    assert hosted.club.anna.guests.standing(hosted.key).photos


@pytest.fixture
def organiser(club: Club):
    """Somebody who makes events, signed in."""
    club.source("summer", ["find-my-photos"])
    visitor = Visitor(site_of(club))
    visitor.browser.cookies.set(COOKIE, people(club, "controller", "operator")["controller"])
    return visitor


def act(visitor: Visitor, path: str, **fields: str):
    from countenance.web.doors import token_of

    token = token_of(visitor.browser.cookies.get(COOKIE) or "")
    return visitor.browser.post(path, data={"token": token} | fields, follow_redirects=True)


def test_an_organiser_makes_an_event_and_a_sheet_of_invitations(organiser: Visitor, club: Club) -> None:
    given = {"name": "Summer <b>party</b>", "source": "summer", "notice": "We look for you.", "day": DAY}
    page = act(organiser, "/events", **given, approve="yes").text
    assert "Summer &lt;b&gt;party&lt;/b&gt;" in page
    assert act(organiser, "/events", **(given | {"receive": "original"})).status_code == 422
    sheet = act(organiser, "/events/G1/invite", count="3").text
    assert sheet.count("data:image/svg+xml") == 3
    printed = re.findall(r"<code>(http://[^<]+/guest/[^<]{43})</code>", sheet)
    assert codes_of(sheet) == printed, "what a phone reads is what is printed below"
    secret = printed[0][-43:]
    assert "nothing is mailed" in organiser.browser.get(f"/guest/{secret}").text
    assert secret not in organiser.browser.get("/events/G1").text
    assert "voided" in act(organiser, "/events/G1/void", invitation="I2").text
    club.anna.coming.agree(secret, agrees=True, adult=True, name="Farah")
    assert "stills are missing" in organiser.browser.get("/events/G1").text
    assert act(organiser, "/events/G1/guests", guest="nobody", decision="approve").status_code == 404
    assert act(organiser, "/events/G1/guests", guest="nobody").status_code == 422
    assert act(organiser, "/events/G1/close").status_code == 422
    assert "Nobody comes in any more" in act(organiser, "/events/G1/close", sure="yes").text
    assert "closed" in organiser.browser.get("/events").text
    assert organiser.browser.get("/events/G9").status_code == 404
