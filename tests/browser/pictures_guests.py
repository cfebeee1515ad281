"""Draws a guest's pages and the organiser's: ``python tests/browser/pictures_guests.py``. People who do not exist."""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

sys.path.insert(0, str(Path(__file__).parents[1]))

from browser.drawing import at, draw, drawing, pressed
from browser.served import Served, serving
from countenance.demo import club as demo
from countenance.samples import cast
from countenance.service.guest_sweeps import sweep_for_guests
from unit.service.test_stills import stills

NOTICE = """The Rowing Club's photographer took pictures of the summer party.
If you agree, we look for your face in them and show you the ones that you are in. Nobody else sees them by this.
Questions: guests@club.example"""


def main() -> None:
    """Found a club with an event, walk through the pages, write the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        places = demo.clear(Path(folder) / "demo")
        with demo.found(places) as anna:
            key, invitation = _event(anna, Path(folder) / "summer")
            with serving(anna) as served, drawing() as browser:
                _walk(browser, served, key, invitation)


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


def _walk(browser: Browser, served: Served, key: dict[str, str], invitation: str) -> None:
    inside = at(served.address)
    draw(browser, "guest", at(f"{served.here}/guest/{invitation}"))
    draw(browser, "mine", at(f"{served.here}/mine/{key['mine']}"))
    begun = pressed("Begin with the stills", "text=Open the camera")
    draw(browser, "stills", at(f"{served.here}/mine/{key['new']}"), begun)
    draw(browser, "events", inside, at(f"{served.here}/events"))
    draw(browser, "event", inside, at(f"{served.here}/events/G1"))
    made = pressed("Make invitations", ".codes li")
    draw(browser, "invitations", inside, at(f"{served.here}/events/G2"), _four, made)


def _four(page: Page) -> None:
    page.get_by_label("How many").fill("4")


if __name__ == "__main__":
    main()
