"""Draws a guest's pages and the organiser's: ``python tests/browser/guest_pictures.py``. People who do not exist."""

from __future__ import annotations

import datetime as dt
import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from browser.served import Served, serving
from countenance.demo import club as demo
from countenance.samples import cast
from countenance.service.guest_sweeps import sweep_for_guests
from unit.service.test_stills import stills

OUT = Path(__file__).parents[2] / "docs" / "images" / "web"
SIZES = {"desktop": (1200, 820), "phone": (390, 844)}
TALLEST = 1500
NOTICE = """The Rowing Club's photographer took pictures of the summer party.
If you agree, we look for your face in them and show you the ones that you are in. Nobody else sees them by this.
Questions: guests@club.example"""


def main(out: Path = OUT) -> None:
    """Found a club with an event, walk through the pages, write the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        places = demo.clear(Path(folder) / "demo")
        with demo.found(places) as anna:
            key, invitation = _event(anna, Path(folder) / "summer")
            with serving(anna) as served, sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-dev-shm-usage"]
                )
                _walk(browser, served, out, key, invitation)
                browser.close()


def _event(anna, folder: Path) -> tuple[dict[str, str], str]:
    folder.mkdir()
    faces = {name: Image.open(cast().portrait(name)) for name in ("Farah", "Ada", "Bruno")}
    for number, names in enumerate((("Farah", "Ada"), ("Farah",), ("Bruno", "Farah"))):
        width, height = faces["Farah"].size
        picture = Image.new("RGB", (width * len(names), height))
        for place, name in enumerate(names):
            picture.paste(faces[name], (width * place, 0))
        picture.save(folder / f"{number}.jpg", quality=92)
    anna.sources.add("summer", folder, statement="our own photographer", purposes=["find-my-photos"])
    anna.agreements.add(["find-my-photos"])
    anna.ingest("summer")
    day = dt.datetime.now(dt.UTC).date()
    given = {"source": "summer", "notice": NOTICE.encode(), "day": day}
    anna.events.add("Autumn regatta", **given, approve=True)
    anna.events.add("Summer party", **given)
    first, *_, last = anna.invitations.make("G2", 6)
    waiting, other, *_ = anna.invitations.make("G1", 3)
    keys = {"mine": anna.coming.agree(f"{first.secret}", agrees=True, adult=True, name="Farah").key}
    keys["waiting"] = anna.coming.agree(f"{waiting.secret}", agrees=True, adult=True, name="Farah").key
    keys["new"] = anna.coming.agree(f"{other.secret}", agrees=True, adult=True, name="Goran").key
    for name in ("mine", "waiting"):
        challenge = anna.guests.ask(keys[name])
        anna.guests.answer(keys[name], challenge.token, stills(challenge.poses))
    sweep_for_guests(anna)
    return keys, f"{last.secret}"


def _walk(browser: Browser, served: Served, out: Path, key: dict[str, str], invitation: str) -> None:
    pages = {
        "guest": f"/guest/{invitation}", "mine": f"/mine/{key['mine']}", "stills": f"/mine/{key['new']}",
        "events": "/events", "event": "/events/G1", "invitations": "/events/G2",
    }  # fmt: skip
    for name, path in pages.items():
        every = name in {"guest", "mine"}
        for size, scheme in (("desktop", "light"), ("phone", "dark"), ("phone", "light"), ("desktop", "dark")):
            if every or (size, scheme) in {("desktop", "light"), ("phone", "dark")}:
                _draw(browser, served, path, out / f"{name}-{size}-{scheme}.png", size, scheme)


def _draw(browser: Browser, served: Served, path: str, file: Path, size: str, scheme: str) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, locale="en-GB", reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(served.address)
    page.goto(served.here + path)
    if file.name.startswith("stills"):
        page.get_by_role("button", name="Begin with the stills").click()
        page.get_by_role("button", name="Open the camera").wait_for()
    if file.name.startswith("invitations"):
        page.get_by_label("How many").fill("4")
        page.get_by_role("button", name="Make invitations").click()
        page.locator(".codes li").first.wait_for()
    for image in page.locator("img").all():
        image.scroll_into_view_if_needed()
        page.wait_for_timeout(300)
    page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
    shot = Image.open(io.BytesIO(page.screenshot(full_page=True)))
    shot = shot.crop((0, 0, shot.width, min(shot.height, TALLEST)))
    shot.convert("RGB").quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(file, optimize=True)
    context.close()


if __name__ == "__main__":
    main()
