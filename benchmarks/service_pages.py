"""The pages of the demo club in headless Chromium: how soon something is seen, and how much is sent without photos."""

from __future__ import annotations

import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.measuring import ROOT, Failed
from countenance.demo import club as demo
from countenance.web.routes import ROUTES

Told = dict[str, Any]
_SEEN = """() => {
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  const sent = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  return {
    ms: paint ? paint.startTime : null,
    bytes: sent.filter((each) => each.initiatorType !== "img").reduce((sum, each) => sum + each.encodedBodySize, 0),
  };
}"""


def paths() -> list[str]:
    """Every page that has an address of its own."""
    fixed = [route.path for route in ROUTES if route.method == "GET" and "{" not in route.path]
    return [path for path in fixed if path != "/open" and "." not in path and not path.startswith("/static")]


def measure(times: int) -> Told:
    """By page: milliseconds to the first contentful paint (p50, each time in a fresh browser context), and bytes."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        raise Failed("There is no Chromium: apt-get install chromium.")
    told: Told = {}
    with _served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        here = address.partition("/open")[0]
        for path in paths():
            found = []
            for _ in range(times):
                context = browser.new_context(viewport={"width": 1200, "height": 900}, locale="en-GB")
                page = context.new_page()
                page.goto(address)
                answer = page.goto(here + path)
                kind = answer.headers.get("content-type", "") if answer else ""
                if answer is not None and answer.ok and kind.startswith("text/html"):
                    found.append(_painted(page))
                context.close()
            if found:
                seen = statistics.median(each["ms"] for each in found)
                told[path] = {"ms": seen, "bytes": max(each["bytes"] for each in found)}
        browser.close()
    return told


def _painted(page: Any) -> Told:
    """What the browser says once it has painted. Asked again and again: the pages let nothing wait by a string."""
    for _ in range(200):
        told: Told = page.evaluate(_SEEN)
        if told["ms"] is not None:
            return told
        page.wait_for_timeout(50)
    raise Failed(f"Nothing was painted at {page.url}.")


@contextmanager
def _served() -> Iterator[str]:
    """The demo club behind ``countenance serve``; the address that lets a browser in."""
    with tempfile.TemporaryDirectory(prefix="countenance-pages-") as name:
        places = demo.clear(Path(name) / "demo")
        with demo.found(places) as anna, places.open(demo.BEN) as ben:
            demo.enrol_members(anna, ben, places)
            demo.add_party(anna, places)
            anna.ingest(demo.PARTY)
        command = ["--config", places.club, "serve", "--port", "0", "--no-open", "--no-sign-in"]
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "countenance", *map(str, command)], stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env=os.environ | {"COUNTENANCE_PASSPHRASE": places.passphrases[demo.ANNA]},
        )  # fmt: skip
        try:
            assert process.stdout is not None  # noqa: S101
            found = None
            while found is None and (line := process.stdout.readline()):
                found = re.search(r"http://127\.0\.0\.1:\d+/open\?key=\S+", line)
            if found is None:
                raise Failed("The service did not say where it answers.")
            yield found[0]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def facts(told: Told) -> list[tuple[str, str]]:
    """The slowest and the heaviest."""
    slowest = max(told, key=lambda path: float(told[path]["ms"]))
    usual = statistics.median(float(each["ms"]) for each in told.values())
    heaviest = max(told, key=lambda path: int(told[path]["bytes"]))
    return [
        ("pages that were opened", f"{len(told)}"),
        (
            "first contentful paint, of all pages (p50)",
            f"{usual:.0f} ms",
        ),
        (f"… of the slowest, `{slowest}`", f"{told[slowest]['ms']:.0f} ms"),
        (f"sent without photos, the heaviest page, `{heaviest}`", f"{told[heaviest]['bytes'] / 1000:.0f} KB"),
    ]
