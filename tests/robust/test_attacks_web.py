"""Attacks on the page: bodies made to be slow or wrong, other pages on this machine, strangers on pictures, haste."""

from __future__ import annotations

import base64
import itertools
import re
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from clubs import Club
from countenance import errors
from countenance.reports.cover import FILL
from countenance.reports.page import ContactSheet, render_contact_sheet
from countenance.service.showing import shown_appearance, shown_finding
from countenance.service.sources import Source
from countenance.types import Box, Pixels
from countenance.web.forms import MOST_TEXT, parse
from countenance.web.guard import Guard, Session
from countenance.web.reaching import Reach
from countenance.web.server import _tell
from countenance.web.site import Site
from robust import photos
from robust.attacks import two_lines

EVIL = "<img src=x onerror=alert(1)>\"'{{7*7}}<script>alert(2)</script>"
ASK = {"purpose": "photo-library", "case": "press 12"}


# --- forms -----------------------------------------------------------------------------------------------------------

PART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data; boundary=" + "x" * 5000, PART),
        ("multipart/form-data; boundary=\xff\xfe", PART),
        ('multipart/form-data; boundary="\t"', PART),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"A" * 300_000 + b": x\r\n\r\nq\r\n--x--"),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"a: b\r\n" * 100_000 + b"\r\nq\r\n--x--"),
        ("multipart/form-data; boundary=x", PART[:-7] * 40),
        ("application/x-www-form-urlencoded", b"a=" + b"%41" * MOST_TEXT),
        ("application/x-www-form-urlencoded", b"&" * MOST_TEXT),
    ],
)
def test_a_form_that_is_made_to_do_harm_is_refused_in_two_lines(kind: str, body: bytes) -> None:
    with pytest.raises(errors.InputError) as caught:
        parse(kind, body)
    two_lines(caught.value)


def test_a_form_with_any_damage_is_read_or_refused() -> None:
    random = np.random.default_rng(20261122)
    pieces = (b"\r\n", b"--x", b'"', b";", b"=", b"\0", b"\r\n\r\n", b"filename*=utf-8''%ff", b"\xff")
    outcomes = {"read": 0, "refused": 0}
    for _ in range(400):
        body = bytearray(PART * 2)
        for _ in range(random.integers(1, 6)):
            at = int(random.integers(len(body)))
            body[at : at + int(random.integers(3))] = pieces[int(random.integers(len(pieces)))]
        try:
            parse("multipart/form-data; boundary=x", bytes(body))
            outcomes["read"] += 1
        except errors.InputError as fault:
            two_lines(fault)
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 0, outcomes


# --- other pages on this machine -------------------------------------------------------------------------------------


def headers(session: Session, **more: str) -> dict[str, str]:
    return {"host": "127.0.0.1:8420", "cookie": f"{session.cookie}={session.secret}", **more}


@pytest.mark.parametrize("site", ["same-site", "cross-site"])
def test_another_page_on_this_machine_cannot_have_a_person_looked_at(site: str) -> None:
    """Cookies do not tell ports apart: a picture on 127.0.0.1:9000 would be asked for with our cookie."""
    session = Session(8420)
    guard = Guard(None, session=session, show=None)  # type: ignore[arg-type]
    scope: Any = {"path": "/people/ada", "method": "GET"}
    with pytest.raises(errors.Refused, match="another page"):
        guard._check(scope, headers(session, **{"sec-fetch-site": site}), public=False)
    for own in ("same-origin", "none"):
        guard._check(scope, headers(session, **{"sec-fetch-site": own}), public=False)
    guard._check({**scope, "path": "/open"}, headers(session, **{"sec-fetch-site": site}), public=False)


# --- names -----------------------------------------------------------------------------------------------------------


def test_an_organisation_cannot_steer_the_terminal_that_serves_it(capsys: pytest.CaptureFixture[str]) -> None:
    evil = "[/bold][link=http://evil]\x1b[2J:smile:"
    _tell("http://127.0.0.1:8420/open?key=abc_[b]", evil, Reach(), [], open_browser=False)
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "[/bold][link=http://evil] [2J:smile:" in said
    assert "key=abc_[b]" in said


def test_no_name_from_outside_is_markup_on_any_page(members: Club) -> None:
    folder = members.root / "evil"
    folder.mkdir()
    (folder / "'onload='a\"><script>.jpg").write_bytes(photos.portrait("Ada"))
    anna = members.anna
    anna.sources.add(EVIL[:100], folder, statement=EVIL, purposes=["photo-library"], origin=EVIL)
    anna.notices.add(EVIL[:100], text=members.notice, channel=EVIL)
    person = anna.subjects.add(EVIL, territory="GB", handle="evil")
    anna.enrol(person, members_photo("Dalia"), basis=members.basis(person, notice=EVIL[:100]))
    anna.ingest(EVIL[:100])
    site = Site(anna, Session(8420))
    found = anna.search(photos.portrait("Ada"), purpose="photo-library", case=EVIL)
    facts = (("Case", EVIL),)
    finding = shown_finding(anna.pictures, found, photos.portrait("Ada"))
    pages = [
        render_contact_sheet(ContactSheet(EVIL, finding, facts)),
        text(
            site.page(
                "found.html",
                finding=finding,
                subjects=["evil"],
                seen=[()] * len(found),
                facts=facts,
                may_look=True,
                may_review=True,
                pending=1,
                review="R1",
            )
        ),
        text(site.page("person.html", held=anna.look("evil"), photos=[], listed=(), reasons=("withdrawn",))),
        text(site.fault(errors.NotFound(EVIL, hint=EVIL))),
    ]
    for page in pages:
        assert "&lt;img src=x" in page
        assert not re.search(r"<script(?![^>]* src=\"/static/)|<img src=x|<[a-z]+[^>\"]*\son\w+=", page, re.IGNORECASE)
        assert "{{7*7}}" in page


def members_photo(name: str) -> Any:
    from countenance.samples import cast

    return cast().portrait(name)


def text(answer: Any) -> str:
    return bytes(answer.body).decode()


# --- strangers -------------------------------------------------------------------------------------------------------


def embedded(page: str) -> list[bytes]:
    return [base64.b64decode(each) for each in re.findall(r'src="data:image/jpeg;base64,([^"]+)"', page)]


def uncovered(club: Club, jpeg: bytes) -> int:
    """Faces on a picture as it stands on a page, found at the low threshold, that no fill lies on."""
    vision = club.anna.context.vision
    picture = vision.decode(jpeg)
    return sum(_filled(picture.pixels, box) < 0.5 for box in vision.anybody(picture))


def _filled(pixels: Pixels, box: Box) -> float:
    part = pixels[max(int(box.y), 0) : int(box.y + box.h), max(int(box.x), 0) : int(box.x + box.w)]
    return float((np.abs(part.astype(int) - np.array(FILL)).max(-1) < 14).mean()) if part.size else 1.0


def test_no_stranger_is_seen_on_any_picture_of_a_page(members: Club, source: Source) -> None:
    from countenance.samples import cast

    parties = [each.path for each in cast().party()]
    for photo in parties[:7]:
        (source.root / photo.name).write_bytes(photo.read_bytes())
    anna = members.anna
    anna.ingest(source)
    asked = [(photos.portrait(name), None) for name in ("Ada", "Vera")]
    asked += [(photo.read_bytes(), face) for photo, face in itertools.product(parties[4:5], (1,))]
    seen = 0
    for probe, face in asked:
        try:
            found = anna.search(probe, purpose="photo-library", case="x", face=face, threshold="off")
        except errors.InputError:  # fewer faces than that
            continue
        finding = shown_finding(anna.pictures, found, probe, face=face, photos_each=12)
        for picture in embedded(render_contact_sheet(ContactSheet("", finding))):
            assert uncovered(members, picture) <= 1
            seen += 1
    assert seen > 6


def test_a_photo_that_was_exchanged_shows_nobody(members: Club, source: Source) -> None:
    """Another picture under the same name: whoever sits where the box is would be shown under a member's name."""
    anna = members.anna
    (source.root / "a.jpg").write_bytes(photos.portrait("Ada"))
    anna.ingest(source)
    (appearance,) = anna.look("ada").appearances
    assert shown_appearance(anna.pictures, appearance, "Ada").shown
    (source.root / "a.jpg").write_bytes(photos.portrait("Vera"))
    with pytest.raises(errors.Unreadable, match="changed since"):
        shown_appearance(anna.pictures, appearance, "Ada")
    found = anna.search(photos.portrait("Ada"), purpose="photo-library", case="x")
    (card,) = shown_finding(anna.pictures, found, photos.portrait("Ada")).candidates
    assert card.photos == ()
    (source.root / "a.jpg").write_bytes(photos.portrait("Ada"))
    assert shown_appearance(anna.pictures, appearance, "Ada").shown


# --- many at once ----------------------------------------------------------------------------------------------------


def test_eight_threads_search_while_people_leave(members: Club) -> None:
    anna, gone, wrong = members.anna, set[str](), list[str]()
    ended, leaving = threading.Event(), set[str]()
    probes = {name: photos.portrait(name) for name in ("Ada", "Bruno", "Chidi")}

    def search(number: int) -> None:
        for name in itertools.islice(itertools.cycle(probes), number, None):
            if ended.is_set():
                return
            before = set(gone)
            try:
                found = {each.subject for each in anna.search(probes[name], **ASK)}
            except Exception as error:  # noqa: BLE001
                wrong.append(f"{type(error).__name__}: {error}")
                return
            if found & before:
                wrong.append(f"{found & before} found after leaving")
            if name.lower() not in found | leaving:
                wrong.append(f"{name} missed")

    def leave(who: str, act: Callable[[str], object]) -> None:
        leaving.add(who)
        act(who)
        gone.add(who)

    threads = [threading.Thread(target=search, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    try:
        leave("bruno", anna.withdraw)
        leave("chidi", lambda who: anna.erase(who, reason="withdrawn"))
        leave("bruno", lambda who: anna.erase(who, reason="withdrawn"))
    finally:
        ended.set()
        for thread in threads:
            thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert wrong == []
    assert [each.subject for each in anna.search(probes["Ada"], **ASK)] == ["ada"]
    assert list(anna.search(probes["Chidi"], **ASK)) == []
    anna.check_log()
