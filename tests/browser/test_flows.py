"""The web application as people use it: in Debian's Chromium, on synthetic people."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.served import HOSTILE, LATER
from countenance.samples import cast

CASE = "press 12"


def search_for(page, photo):
    page.get_by_label("Case").fill(CASE)
    page.locator("#photo").set_input_files(str(photo))
    page.locator("form.search button.main:has-text('Search')").last.click()


def test_a_chosen_photo_finds_a_member_beside_the_probe(opened, club):
    page = opened(club[0])
    search_for(page, cast().photos("Ada")[1])
    expect(page.get_by_role("heading", level=1)).to_have_text("One candidate")
    card = page.locator("article.card")
    expect(card.get_by_role("heading", level=2)).to_have_text("Ada")
    for said in ("High band", "A candidate is not an identification.", "countersigned", "all other faces are covered"):
        expect(card).to_contain_text(said)
    expect(page.locator(".probe img")).to_be_visible()
    expect(page.locator(".probe")).to_contain_text("cosine")
    expect(page.locator("#main")).to_be_focused()


def test_nobody_found_is_said_plainly(opened, club):
    page = opened(club[0])
    search_for(page, cast().photos("Vera")[1])
    expect(page.get_by_role("heading", level=1)).to_have_text("Nobody found")
    expect(page.locator(".nobody")).to_contain_text("only people who agreed can be found")


def test_the_face_is_chosen_and_the_photo_is_not_asked_for_again(opened, club):
    page = opened(club[0])
    group = next(each for each in cast().party() if len(each.people) > 2)
    search_for(page, group.path)
    expect(page.get_by_role("heading", level=1)).to_have_text("Whose face is meant?")
    expect(page.get_by_label("The same photo again")).to_be_hidden()
    page.get_by_role("button", name="Face 2").click()
    expect(page.locator("dl.facts")).to_contain_text("Faces in the probe")


def test_it_works_without_javascript_too(opened, club):
    page = opened(club[0], java_script_enabled=False)
    expect(page.get_by_role("button", name="Take a photo")).to_be_hidden()
    group = next(each for each in cast().party() if len(each.people) > 2)
    search_for(page, group.path)
    expect(page.get_by_role("heading", level=1)).to_have_text("Whose face is meant?")
    page.locator("#photo").set_input_files(str(group.path))
    page.get_by_role("button", name="Face 1").click()
    expect(page.locator("dl.facts")).to_contain_text("Faces in the probe")


def test_a_still_of_the_camera_is_searched_with_and_the_camera_is_let_go(opened, club):
    page = opened(club[0])
    page.get_by_label("Case").fill(CASE)
    page.get_by_role("button", name="Take a photo").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.locator("video")).not_to_have_js_property("videoWidth", 0)
    page.evaluate("window.seen = document.querySelector('video').srcObject")
    dialog.get_by_role("button", name="Take the still").click()
    expect(page.locator(".status")).to_have_text("Ready to search with: still.jpg")
    assert page.evaluate("window.seen.getTracks().map(each => each.readyState)") == ["ended"]
    page.locator("form.search button.main:has-text('Search')").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("candidate")
    expect(page.locator("article.card").first).to_contain_text("Bela")


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_photo_is_dropped_or_pasted(opened, club, way):
    page = opened(club[0])
    page.evaluate(
        """async (way) => {
            const data = new DataTransfer();
            const answer = await fetch("/sample/Ada");
            data.items.add(new File([await answer.blob()], "face.jpg", { type: "image/jpeg" }));
            const options = { bubbles: true, cancelable: true };
            if (way === "drop") {
                document.querySelector("[data-drop]").dispatchEvent(
                    new DragEvent("drop", { ...options, dataTransfer: data }));
            } else {
                document.dispatchEvent(new ClipboardEvent("paste", { ...options, clipboardData: data }));
            }
        }""",
        way,
    )
    expect(page.locator(".status")).to_have_text("Ready to search with: face.jpg")
    expect(page.locator("canvas.preview")).to_be_visible()
    page.get_by_label("Case").fill(CASE)
    page.locator("form.search button.main:has-text('Search')").last.click()
    expect(page.locator("article.card h2")).to_have_text("Ada")


def test_another_account_reviews_with_the_keys_and_the_history_says_so(opened, club):
    anna, clara = club
    found = anna.club.search(cast().photos("Ada")[1], purpose="photo-library", case="keys")
    assert found.review
    assert not [each for each in opened(clara, "/reviews").locator(".menu a").all_inner_texts() if each == "Search"]
    page = opened(clara, f"/reviews/{found.review}")
    expect(page.locator(".pair h2")).to_have_text("Ada")
    expect(page.locator(".two img")).to_have_count(3)
    with page.expect_navigation():
        page.keyboard.press("y")
    page.goto(f"{clara.here}/reviews/{found.review}")
    expect(page.locator(".history")).to_contain_text("Yes, as far as I can see clara@riverside.example")
    expect(page.locator(".state")).to_have_text("confirmed")
    shown = opened(anna, "/people/ada")
    expect(shown.get_by_role("region", name="Searches that showed them")).to_contain_text("confirm (clara@")


def test_the_log_is_checked_by_the_browser_alone(opened, club):
    anna = club[0]
    held = anna.club.context.book.checkpoint()
    anna.club.subjects.add("Later Person", territory="GB")  # the log goes on
    page = opened(anna, "/log")
    verdict = page.locator(".verdict")
    page.get_by_label("Checkpoint", exact=True).fill(held)
    page.locator(".check-log").get_by_role("button", name="Check", exact=True).click()
    expect(verdict).to_contain_text("It fits")
    expect(verdict).to_contain_text("Both signatures check.")
    lines = held.split("\n")
    lines[2] = ("B" if lines[2][0] == "A" else "A") + lines[2][1:]
    page.get_by_label("Checkpoint", exact=True).fill("\n".join(lines))
    page.locator(".check-log").get_by_role("button", name="Check", exact=True).click()
    expect(verdict).to_contain_text("It does not fit")
    other = re.sub(r"(— \S+ ......)(.)", lambda found: found[1] + ("B" if found[2] == "A" else "A"), held)
    page.get_by_label("Checkpoint", exact=True).fill(other)
    page.locator(".check-log").get_by_role("button", name="Check", exact=True).click()
    expect(verdict).to_contain_text("A signature does not check")
    page.get_by_role("button", name=re.compile("^Check 5[0-9]$")).first.click()
    expect(verdict).to_contain_text("is in the log of now")


def test_a_forged_entry_is_not_proven(opened, club):
    page = opened(club[0], "/log")

    def forge(route):
        answer = route.fetch()
        document = answer.json()
        document["body"]["log"]["leaf"]["act"] = "nothing"
        route.fulfill(response=answer, json=document)

    page.route("**/proof.json", forge)
    page.get_by_role("button", name=re.compile("^Check 5[0-9]$")).first.click()
    expect(page.locator(".verdict")).to_contain_text("could not be proven")


def test_the_numbers_of_a_source_grow_while_it_is_ingested(opened, club):
    anna = club[0]
    source = anna.club.sources.get(LATER)
    page = opened(anna, f"/sources/{source.id}")
    count = page.locator("[data-count=photos]")
    expect(count).to_have_text("0")
    anna.club.ingest(LATER)
    expect(count).to_have_text("1")


def test_hostile_names_are_text_everywhere(opened, club):
    anna = club[0]
    page = opened(anna, "/people?q=%3Cimg")
    expect(page.locator(".people b")).to_have_text(HOSTILE)
    hostile = anna.club.sources.get(HOSTILE)
    for path, where in (
        ("/people/hostile", "h1"), ("/sources", ".tiles"), (f"/sources/{hostile.id}", "main"), ("/sources/1", "main"),
    ):  # fmt: skip
        page.goto(anna.here + path)
        expect(page.locator(where)).to_contain_text("onerror=")
        assert page.locator("img[src=x]").count() == 0
        assert page.title() != "hacked"
    every = (anna.club.photographs.look(f"P{number}") for number in range(1, 40))
    named_so = next(each for each in every if "onerror" in each.path)
    page.goto(f"{anna.here}/photos/{named_so.id}")
    expect(page.locator("h1 bdi")).to_contain_text("onerror=")


def test_language_and_theme_are_chosen_and_stay(opened, club):
    page = opened(club[0], locale="fr-FR", color_scheme="light")
    expect(page.get_by_role("heading", level=1)).to_have_text("Qui est sur cette image ?")
    page.get_by_role("link", name="Deutsch").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Wer ist auf diesem Bild?")
    assert page.locator("html").get_attribute("lang") == "de"
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.get_by_role("button", name="Dunkel").click()
    dark = page.evaluate(paper)
    assert dark != light
    page.reload()
    assert page.evaluate(paper) == dark


def test_the_first_key_leads_to_the_content(opened, club):
    page = opened(club[0])
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/#main$"))
