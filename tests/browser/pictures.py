"""Draws the pictures of the web application that the documentation shows: ``python tests/browser/pictures.py``.

On the demo club (``.demo``, founded when it is not there), whose people do not exist. The officer's and the guests'
pages are drawn on clubs of their own (`pictures_officer`, `pictures_guests`). At the end ``docs/reference/pages.md``
lists them all.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser, Page

sys.path.insert(0, str(Path(__file__).parents[1]))

from browser import pictures_guests, pictures_officer
from browser.desk import expected
from browser.drawing import OUT, SCHEMES, SIZES, at, draw, drawing
from browser.served import Served, serving
from countenance.demo import club as demo
from countenance.samples import cast

LIST = Path(__file__).parents[2] / "docs" / "reference" / "pages.md"
_HEAD = """# Every page

Each page of the web application, as Chromium draws it on a desktop and a phone, in the light and in the dark.
The people do not exist. What each page is for: [Use the web page](../how-to/use-the-web-page.md).
Drawn anew by `PYTHONPATH=tests python tests/browser/pictures.py`.
"""


def main() -> None:
    """Open the demo club, walk through its pages, write the pictures; then the other clubs', and the list."""
    OUT.mkdir(parents=True, exist_ok=True)
    places = demo.ready()
    os.environ["COUNTENANCE_PHOTOS__ROOT"] = str(places.photos)
    with ExitStack() as closing:
        anna, clara = (
            closing.enter_context(serving(closing.enter_context(places.open(account))))
            for account in (demo.ANNA, demo.CLARA)
        )
        _walk(closing.enter_context(drawing()), anna, clara)
    pictures_officer.main()
    pictures_guests.main()
    LIST.write_text(_listed(), "utf-8")


def _walk(browser: Browser, anna: Served, clara: Served) -> None:
    found = anna.club.search(cast().photos("Goran")[1], purpose="photo-library", case="press office 12")
    pages = {
        "search": (anna, "/", None), "choose": (anna, "/", _choice), "found": (anna, "/", _found),
        "review": (clara, f"/reviews/{found.review}", None), "reviews": (clara, "/reviews", None),
        "people": (anna, "/people", None), "person": (anna, "/people/goran", None),
        "photo": (anna, f"/photos/{found[0].appearances[0].photo.id}", None), "refused": (anna, "/people/nobody", None),
        "sources": (anna, "/sources", None), "source": (anna, "/sources/1", _open_all),
        "source-new": (anna, "/sources/new", None), "job": (anna, "/sources/1", _ingest), "jobs": (anna, "/jobs", None),
        "log": (anna, "/log", _check), "reports": (anna, "/reports", None), "names": (anna, "/reports/names", None),
        "accountability": (anna, "/reports/accountability", None), "register": (anna, "/reports/register", None),
        "public": (anna, "/public", None), "rights": (anna, "/rights", None), "thanks": (anna, "/rights", _request),
    }  # fmt: skip
    for name, (served, path, reach) in pages.items():
        draw(browser, name, at(served.address), at(served.here + path), *([reach] if reach else []))
    expect_visitors(anna)
    for name, reach in (("desk", []), ("desk-found", [_at_the_desk])):
        draw(browser, name, at(anna.address), at(f"{anna.here}/visits"), *reach)


def expect_visitors(anna: Served) -> None:
    """Three visitors: expected, inside, and one whose consent waits."""
    expected(anna, "Robin Lind", "Goran")
    anna.club.visits.arrive(expected(anna, "Omar Said", "Vera").id, way="badge")
    expected(anna, "Lee Park", cast().identities[-1], confirmed=False)


def _at_the_desk(page: Page) -> None:
    page.locator("#photo").set_input_files(str(cast().photos("Goran")[1]))
    page.get_by_role("button", name="Compare with today’s visitors").click()
    page.wait_for_selector("article.card .score")


def _found(page: Page) -> None:
    page.locator("button[value=Goran]").click()
    page.wait_for_selector("article.card")


def _ingest(page: Page) -> None:
    page.get_by_label("Look at every photo anew").check()
    page.get_by_role("button", name="Begin the ingest").click()
    page.wait_for_selector("[data-state=done]")


def _choice(page: Page) -> None:
    page.locator("#photo").set_input_files(str(next(each for each in cast().party() if len(each.people) > 2).path))
    page.locator("form.search button.main:has-text('Search')").last.click()
    page.wait_for_selector(".choosing")


def _request(page: Page) -> None:
    page.locator("input[name=kind][value=access]").check()
    page.locator("input[name=contact]").fill("goran@example.org")
    with page.expect_navigation():
        page.get_by_role("button", name="Send the request").click()


def _open_all(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")


def _check(page: Page) -> None:
    page.get_by_role("button", name="Paste the one of now").click()
    page.locator(".check-log").get_by_role("button", name="Check", exact=True).click()
    page.wait_for_selector(".verdict.good")


def _listed() -> str:
    """A table a page, of what lies in the folder."""
    names = sorted({file.stem.rsplit("-", 2)[0] for file in OUT.glob("*.png")})
    looks = [(size, scheme) for size in SIZES for scheme in SCHEMES]
    lines = [_HEAD]
    for name in names:
        lines.append(f"## {name}\n")
        lines.append("| " + " | ".join(f"{size}, {scheme}" for size, scheme in looks) + " |")
        lines.append("|---" * len(looks) + "|")
        shown = (f"![{name} on a {size}, {scheme}](../images/web/{name}-{size}-{scheme}.png)" for size, scheme in looks)
        lines.append("| " + " | ".join(shown) + " |\n")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
