"""The API on a club, and programs with keys of every kind. In one process; nothing listens anywhere."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

from clubs import Club
from countenance.http.app import create_api
from countenance.service.programs import Made

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", UserWarning)
    from starlette.testclient import TestClient

URL = "http://127.0.0.1:8420"
PURPOSE = "photo-library"
ROLES = ("controller", "operator", "officer")


@dataclass
class Api:
    """A service, and what its programs hold. ``as_`` speaks with one of the keys."""

    club: Club
    browser: TestClient
    keys: dict[str, Made] = field(default_factory=dict)

    def key(self, roles: str, **more: Any) -> Made:
        """A key of Anna's with these roles, made once."""
        if roles not in self.keys or more:
            given = {"purposes": [PURPOSE], "purpose": PURPOSE, "case": "press 12"} | more
            self.keys[roles] = self.club.anna.api_keys.create(roles, roles=roles.split(), **given)
        return self.keys[roles]

    def ask(self, method: str, path: str, roles: str | None = "controller operator officer", **more: Any) -> Any:
        """One request; ``roles`` None sends no key."""
        headers = {} if roles is None else {"authorization": f"Bearer {self.key(roles).token}"}
        headers |= more.pop("headers", {})
        return self.browser.request(method, path, headers=headers, **more)

    def get(self, path: str, **more: Any) -> Any:
        return self.ask("GET", path, **more)

    def post(self, path: str, **more: Any) -> Any:
        return self.ask("POST", path, **more)

    @property
    def size(self) -> int:
        """How many entries the log has."""
        return self.club.anna.context.book.size()


def serving(club: Club) -> TestClient:
    return TestClient(create_api(club.anna), base_url=URL, raise_server_exceptions=False)
