"""A page on a real club of synthetic people: founded once a run, copied for each test that changes it."""

from __future__ import annotations

import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from countenance.demo import club as demo
from countenance.samples import cast
from countenance.service.countenance import Countenance
from countenance.web.app import create_app
from countenance.web.guard import Session
from countenance.web.site import Site

with warnings.catch_warnings():
    # Starlette asks for `httpx2` instead of httpx, which is not on every registry yet; the client itself works.
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", UserWarning)
    from starlette.testclient import TestClient

FEW = 4
PORT = 8420
HOST = f"http://127.0.0.1:{PORT}"


@pytest.fixture(scope="session")
def seed() -> Iterator[demo.Places]:
    """Four members, the party ingested."""
    memory = Path("/dev/shm")  # noqa: S108
    root = Path(tempfile.mkdtemp(prefix="countenance-web-", dir=memory if memory.is_dir() else None))
    places = demo.clear(root / "demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "MEMBERS", FEW)
        with demo.found(places) as anna, places.open(demo.BEN) as ben:
            demo.enrol_members(anna, ben, places)
            demo.add_party(anna, places)
            anna.ingest(demo.PARTY)
    places.finish()
    yield places
    shutil.rmtree(root)


@dataclass
class Page:
    """A browser that was let in, and the gallery behind it."""

    site: Site
    browser: TestClient

    @property
    def club(self) -> Countenance:
        return self.site.club

    @property
    def token(self) -> str:
        found = re.search(r'name="token" value="([0-9a-f]+)"', self.browser.get("/").text)
        assert found
        return found[1]

    def search(self, photo: Path | bytes | None, **fields: str):
        """Send the search form as a browser does."""
        data = photo.read_bytes() if isinstance(photo, Path) else photo or b""
        form = {"token": self.token, "purpose": demo.PURPOSE, "case": "press 12"} | fields
        return self.browser.post("/search", data=form, files={"photo": ("who.jpg", data, "image/jpeg")})

    def act(self, path: str, **fields: str):
        return self.browser.post(path, data={"token": self.token} | fields)


@pytest.fixture
def page(seed: demo.Places, quick_folder: Path) -> Iterator[Page]:
    """Anna's page, on a copy of the club."""
    shutil.copytree(seed.folder, quick_folder / "demo")
    with demo.Places(quick_folder / "demo").open() as club:
        site = Site(club, Session(PORT), demo=True)
        with TestClient(create_app(site, limit=2**20), base_url=HOST) as browser:
            browser.get("/open", params={"key": site.session.secret})
            yield Page(site, browser)


@pytest.fixture
def unseen():
    """A picture of one of the cast that nobody enrolled or ingested."""
    return lambda name, shot=1: cast().photos(name)[shot]


@pytest.fixture
def stranger(page: Page) -> Iterator[TestClient]:
    """A browser that nobody let in."""
    with TestClient(page.browser.app, base_url=HOST) as browser:
        yield browser
