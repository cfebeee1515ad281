"""A guest's whole way in Debian's Chromium: invitation, consent, stills of a camera, pictures, leaving."""

from __future__ import annotations

import base64
import datetime as dt
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from browser.served import Served
from browser.test_pages import violations
from countenance.samples import cast
from countenance.service.guest_sweeps import sweep_for_guests

SHOT = {"straight": 3, "left": 2, "right": 1}
"""Which of Farah's pictures shows which pose."""
CAMERA = """(shots) => {
  // A camera before which Farah stands: she does what the page asks for.
  const canvas = document.createElement("canvas");
  const paint = async () => {
    const pose = document.querySelector("[data-now]")?.dataset.pose ?? "straight";
    const image = new Image();
    image.src = shots[pose];
    await image.decode();
    canvas.width = image.width; canvas.height = image.height;
    canvas.getContext("2d").drawImage(image, 0, 0);
    canvas.dataset.pose = pose;
  };
  window.farah = canvas;
  setInterval(paint, 100);
  navigator.mediaDevices.getUserMedia = async () => { await paint(); return canvas.captureStream(20); };
}"""


@pytest.fixture(scope="module")
def hosted(club: tuple[Served, Served], tmp_path_factory: pytest.TempPathFactory) -> Served:
    """Anna's page, with an event whose photos show Farah, alone and beside Ada."""
    anna = club[0]
    folder = tmp_path_factory.mktemp("summer")
    farah, ada = (Image.open(cast().portrait(name)) for name in ("Farah", "Ada"))
    both = Image.new("RGB", (farah.width + ada.width, farah.height))
    both.paste(farah, (0, 0))
    both.paste(ada, (farah.width, 0))
    both.save(folder / "both.jpg", quality=92)
    farah.save(folder / "alone.jpg", quality=92)
    anna.club.sources.add("summer", folder, statement="our own photographer", purposes=["find-my-photos"])
    anna.club.agreements.add(["find-my-photos"])
    anna.club.ingest("summer")
    return anna


def shots() -> dict[str, str]:
    photos = cast().photos("Farah")
    return {
        pose: "data:image/jpeg;base64," + base64.b64encode(Path(photos[shot]).read_bytes()).decode()
        for pose, shot in SHOT.items()
    }


def test_an_organiser_invites_and_a_guest_finds_their_photos_and_leaves(opened, hosted):
    page = opened(hosted, "/events")
    page.get_by_label("Its name").fill("Summer party")
    page.get_by_label("Day").fill(dt.datetime.now(dt.UTC).date().isoformat())
    page.get_by_label("The notice that each guest reads first").fill("We look for your face in our pictures.")
    page.get_by_role("button", name="Make the event").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Summer party")
    told = {"event": violations(page)}
    page.get_by_label("How many").fill("2")
    page.get_by_role("button", name="Make invitations").click()
    expect(page.locator(".codes li")).to_have_count(2)
    told["invitations"] = violations(page)
    address = page.locator(".codes code").first.inner_text()

    guest = opened(hosted, address.removeprefix(hosted.here), viewport={"width": 390, "height": 844}, locale="en-GB")
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    told["guest"] = violations(guest)
    assert not guest.evaluate(wide)
    guest.get_by_label("I am 18 or older.").check()
    guest.get_by_label("I have read the notice.").check()
    guest.get_by_role("button", name="Yes, I agree").click()
    told["welcomed"] = violations(guest)
    guest.get_by_role("link", name="Go on to your page").click()
    told["mine"] = violations(guest)
    guest.get_by_role("button", name="Begin with the stills").click()
    expect(guest.get_by_role("heading", level=1)).to_have_text("Three stills")
    told["stills"] = violations(guest)
    assert not guest.evaluate(wide)
    guest.evaluate(CAMERA, shots())
    guest.get_by_role("button", name="Open the camera").click()
    for _ in range(3):
        pose = guest.locator("[data-now]").get_attribute("data-pose")
        while guest.evaluate("() => window.farah.dataset.pose") != pose:  # the page's rules let no text be a script
            guest.wait_for_timeout(50)
        guest.wait_for_timeout(400)
        guest.get_by_role("button", name="Take the still").click()
    guest.get_by_role("button", name="Send the stills").click()
    expect(guest.locator("p.lead")).to_contain_text("being looked for")
    sweep_for_guests(hosted.club)
    guest.reload()
    expect(guest.locator(".mine img")).to_have_count(2)
    for image in guest.locator(".mine img").all():
        image.scroll_into_view_if_needed()
        expect(image).to_have_js_property("complete", True)
        assert image.evaluate("each => each.naturalWidth") > 100
    told["photos"] = violations(guest)
    assert not guest.evaluate(wide)
    with guest.expect_download() as packed:
        guest.get_by_role("link", name="Download all as a zip").click()
    assert packed.value.suggested_filename == "photos.zip"
    page.goto(hosted.here + "/events")
    told["events"] = violations(page)
    guest.get_by_label("Yes, erase what is held of me.").check()
    guest.get_by_role("button", name="Leave and erase").click()
    expect(guest.get_by_role("heading", level=1)).to_have_text("You have left")
    told["left"] = violations(guest)
    assert {name: each for name, each in told.items() if each} == {}


def test_stills_that_do_not_fit_are_told_and_may_be_taken_again(opened, hosted):
    today = dt.datetime.now(dt.UTC).date()
    made = hosted.club.events.add("Autumn party", source="summer", notice=b"We look for your face.", day=today)
    (invitation,) = hosted.club.invitations.make(made)
    key = hosted.club.coming.agree(f"{invitation.secret}", agrees=True, adult=True).key
    guest = opened(hosted, f"/mine/{key}", color_scheme="dark", viewport={"width": 390, "height": 844})
    guest.get_by_role("button", name="Begin with the stills").click()
    assert violations(guest, runOnly=["color-contrast"]) == []
    guest.evaluate("() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error('no')); }")
    guest.get_by_role("button", name="Open the camera").click()
    expect(guest.get_by_role("status")).to_contain_text("The camera cannot be used here")
    photos = cast().photos("Farah")
    for place, shot in enumerate((0, 3, 5)):
        guest.locator(f"#still{place}").set_input_files(str(photos[shot]))
    guest.get_by_role("button", name="Send the stills").click()
    expect(guest.get_by_role("link", name="Back to your page")).to_be_visible()
    guest.get_by_role("link", name="Back to your page").click()
    expect(guest.get_by_role("button", name="Begin with the stills")).to_be_visible()
