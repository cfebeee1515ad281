"""The page, walked as a browser walks it."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
import tempfile

from countenance.demo.club import PARTY
from countenance.log import witness
from countenance.samples import cast
from countenance.samples.made import broken_jpeg
from countenance.web import people


def entries(page, act):
    return [entry["outcome"] for entry in page.club.log_entries() if entry["act"] == act]


def test_the_list_names_the_people_and_finds_them_by_a_part_of_their_name(page):
    everybody = page.browser.get("/people")
    assert everybody.status_code == 200
    assert all(f'href="/people/{name}"' in everybody.text for name in ("ada", "anouk", "bela", "bruno", "chidi"))
    found = page.browser.get("/people", params={"q": " NOU "}).text
    assert "anouk" in found
    assert "bruno" not in found
    assert page.browser.get("/people", params={"from": "-1"}).status_code == 422


def test_a_long_list_comes_a_page_at_a_time(page, monkeypatch):
    monkeypatch.setattr(people, "PAGE", 2)
    first = page.browser.get("/people").text
    assert "bela" not in first
    assert 'href="/people?q=&amp;from=2"' in first
    last = page.browser.get("/people", params={"from": "4"}).text
    assert "chidi" in last
    assert 'rel="next"' not in last


def test_a_member_is_found_in_an_unseen_picture_with_the_strangers_covered(page, unseen):
    answer = page.search(unseen("Bruno"))
    assert answer.status_code == 200
    assert "One candidate" in answer.text
    assert 'href="/people/bruno"' in answer.text
    assert "A candidate is not an identification." in answer.text
    assert PARTY in answer.text
    assert "all other faces are covered" in answer.text


def test_a_sample_is_searched_for_by_a_click(page):
    answer = page.search(None, sample="Anouk")
    assert "One candidate" in answer.text
    assert 'href="/people/anouk"' in answer.text
    assert page.browser.get("/sample/Anouk").headers["content-type"] == "image/jpeg"
    assert page.browser.get("/sample/Nobody").status_code == 404


def test_somebody_who_never_joined_and_somebody_whose_consent_waits_are_not_found(page, unseen):
    for name in ("Vera", "Chidi"):
        assert "Nobody found" in page.search(unseen(name)).text


def test_a_search_without_a_purpose_or_a_case_is_refused_with_its_reason_and_log_entry(page, unseen):
    for missing, reason in (("purpose", "needs a purpose"), ("case", "belongs to a case")):
        answer = page.search(unseen("Ada"), **{missing: ""})
        assert answer.status_code == 403
        assert reason in answer.text
        assert f"P3, log entry {page.club.status()['log']['size'] - 1}" in answer.text


def test_photos_that_cannot_serve_get_two_lines_and_no_traceback(page):
    several = cast().party()[5].path
    for photo, status, said in (
        (None, 422, "No photo was given."),
        (b"no picture at all", 422, "picture"),
        (broken_jpeg(), 422, "damaged"),
        (cast().no_face()[0], 422, "No face was found"),
    ):
        answer = page.search(photo)
        assert (answer.status_code, said in answer.text) == (status, True), answer.text
        assert 'class="hint"' in answer.text
        assert "Traceback" not in answer.text
    choice = page.search(several)
    assert choice.status_code == 422
    assert "3 faces were found where one is needed." in choice.text
    assert choice.text.count('name="face"') == 3
    assert page.search(several, face="1").status_code == 200


def test_the_search_page_says_for_which_purposes_the_searched_face_is_kept(page):
    assert "For photo-library, if anybody is shown, the searched face is kept" in page.browser.get("/").text
    page.club.agreements.add(["find-my-photos"])
    page.club.agreements.end("A1")
    start = page.browser.get("/").text
    assert "gone with the answer" in start
    assert "is kept" not in start


def test_a_refusal_is_set_as_code_and_speaks_of_no_candidates(page, unseen):
    answer = page.search(unseen("Ada"), case="")
    assert "`" not in answer.text
    assert "A candidate is not an identification." not in answer.text
    assert 'href="/rights"' in answer.text
    assert 'href="/public"' in answer.text


def test_a_person_withdraws_and_the_next_search_finds_nobody(page, unseen):
    assert "A search can find Bruno." in page.browser.get("/people/bruno").text
    answer = page.act("/people/bruno/withdraw", sure="yes")
    assert "No search finds Bruno" in answer.text
    assert "Nobody found" in page.search(unseen("Bruno")).text


def test_an_erasure_shows_a_certificate_that_checks_and_names_nobody(page, unseen, tmp_path):
    answer = page.act("/people/bruno/erase", sure="yes", reason="withdrawn")
    assert answer.status_code == 200
    found = re.search(r"<code>(.*?)</code>", answer.text, re.DOTALL)
    assert found
    certificate = json.loads(html.unescape(found[1]))
    assert certificate["body"]["counts"]["references"] == 1
    assert not re.search("[Bb]runo", json.dumps(certificate))
    file = tmp_path / "certificate.json"
    file.write_text(json.dumps(certificate))
    checked = subprocess.run([sys.executable, "-m", "countenance.check", "certificate", str(file)], check=False)
    assert checked.returncode == 0
    assert page.browser.get("/people/bruno").status_code == 404
    assert "Nobody found" in page.search(unseen("Bruno")).text


def test_withdrawing_and_erasing_need_the_box_to_be_ticked(page, unseen):
    for act in ("withdraw", "erase"):
        answer = page.act(f"/people/bruno/{act}", reason="withdrawn")
        assert answer.status_code == 422
        assert "nothing was changed" in answer.text
    assert "One candidate" in page.search(unseen("Bruno")).text


def test_looking_at_a_person_is_logged_and_shows_where_they_appear(page):
    answer = page.browser.get("/people/bruno")
    assert answer.text.count("<figure>") == len(page.club.look("bruno").appearances) > 0
    assert entries(page, "look") == ["done", "done"]


def test_the_log_page_says_that_the_log_checks(page):
    size = page.club.status()["log"]["size"]
    answer = page.browser.get("/log")
    assert "The log checks" in answer.text
    assert f"All {size} entries" in answer.text
    assert "None is held outside yet" in answer.text
    assert "is caught" not in answer.text
    with page.club.context.registry.write() as connection:
        witness.record(connection, "auditor@example.com", page.club.check_log(), None, page.club.context.clock())
    assert f"auditor@example.com, up to entry {size - 1}" in page.browser.get("/log").text


def test_no_request_leaves_a_file_behind(page, unseen, tmp_path, monkeypatch):
    """P16: the probe is in memory only. Neither the temporary folder nor any file that Python opens takes it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    opened = []

    def no_file(*arguments, **options):
        opened.append(arguments)
        raise AssertionError("a temporary file was asked for")

    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, no_file)
    probe = unseen("Bruno").read_bytes() + b"\0" * 700_000
    assert page.search(probe).status_code == 200
    assert opened == []
    assert list(tmp_path.iterdir()) == []
    gallery = page.club.context.settings.folder
    marker = probe[2000:2032]
    assert not [file for file in gallery.rglob("*") if file.is_file() and marker in file.read_bytes()]


def test_a_fault_inside_is_two_lines_and_tells_nothing(page, monkeypatch):
    secret = "the name of somebody"
    monkeypatch.setattr(page.club, "status", lambda: {}[secret])
    answer = page.browser.get("/")
    assert answer.status_code == 500
    assert "Something went wrong inside Countenance." in answer.text
    assert secret not in answer.text
    assert "Traceback" not in answer.text


def test_a_page_that_is_not_there_is_said_so_in_the_same_look(page):
    for answer in (page.browser.get("/peoples"), page.browser.get("/people/nobody"), page.browser.get("/docs")):
        assert answer.status_code == 404
        assert "/style.css" in answer.text
    assert page.browser.put("/log").status_code == 422


def test_the_answer_to_a_form_is_marked_in_the_menu_as_the_page_of_the_form_is(page, unseen):
    marked = r'<a href="([^"]+)" aria-current="page">'
    withdrawing = page.browser.post("/people/bela/withdraw", data={"token": page.site.token})
    assert re.findall(marked, withdrawing.text) == ["/people"]
    assert re.findall(marked, page.search(unseen("Bruno")).text) == ["/"]
    assert re.findall(marked, page.browser.get("/account").text) == []
