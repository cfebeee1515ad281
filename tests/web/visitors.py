"""People who sign in to one server: a club's pages with doors, and a browser for each."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from typing import Any

from authenticators import Authenticator
from clubs import WORDS, Club
from countenance.service import signing_in
from countenance.web.app import create_app
from countenance.web.doors import Doors
from countenance.web.guard import Session
from countenance.web.site import Site

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", UserWarning)
    from starlette.testclient import TestClient

PORT = 8420
HOST = f"http://localhost:{PORT}"
COOKIE = f"countenance-{PORT}"


def site_of(club: Club, public: str | None = None) -> Site:
    session = Session(PORT, public)
    return Site(club.anna, session, doors=Doors(club.anna, session))


@dataclass
class Visitor:
    """A browser on the club's page, signed in or not."""

    site: Site
    url: str = HOST
    browser: TestClient = field(init=False)
    passkey: Authenticator = field(default_factory=lambda: Authenticator(HOST, "localhost"))

    def __post_init__(self) -> None:
        self.browser = TestClient(create_app(self.site), base_url=self.url, follow_redirects=False)

    def form(self, path: str = "/sign-in") -> dict[str, str]:
        """The hidden fields of a page's last form that a passkey answers, its token and its challenge."""
        page = self.browser.get(path).text
        token = re.search(r'name="token" value="([0-9a-f]+)"', page)
        asked = re.search(r'data-challenge="([\w-]+)"', page)
        sealed = re.search(r'name="sealed" value="([\w-]+)"', page)
        return {name: found[1] for name, found in
                (("token", token), ("challenge", asked), ("sealed", sealed)) if found}  # fmt: skip

    def sign_in(self, email: str, password: str | None = None) -> Any:
        words = WORDS.get(email, "") if password is None else password
        data = {"token": self.form()["token"], "email": email, "password": words}
        return self.browser.post("/sign-in", data=data)

    def sign_in_with_passkey(self) -> Any:
        given = self.form()
        answer = self.passkey.get(given["challenge"])
        data = {"token": given["token"], "sealed": given["sealed"], "answer": answer}
        return self.browser.post("/sign-in", data=data)

    def add_passkey(self, email: str) -> Any:
        given = self.form("/account")
        made = self.passkey.create(given["challenge"])
        return self.act("/account/passkeys", label="pocket", password=WORDS[email], sealed=given["sealed"], answer=made)

    @property
    def token(self) -> str:
        return self.form("/account")["token"]

    def act(self, path: str, **fields: str) -> Any:
        return self.browser.post(path, data={"token": self.token} | fields)


def people(club: Club, *roles: str) -> dict[str, str]:
    """The cookie of a person of the club for each role."""
    made = {}
    for role in roles:
        email = f"{role}-person@club.example"
        WORDS[email] = f"the words of a {role}"
        club.anna.accounts.add(email, roles=[role], passphrase=WORDS[email])
        made[role] = signing_in.by_password(club.anna, email, WORDS[email])
    return made
