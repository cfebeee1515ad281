"""The languages of the web application: a TOML file each, from the English text to the other one.

English is the source: what a catalogue lacks is said in English. A new language is one more file in ``languages/``;
nothing else names them. What the program itself says, in errors and reports, is English everywhere.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

FOLDER = Path(__file__).parent / "languages"
SOURCE = "en"
COOKIE = "countenance-language"
_PLACE = re.compile(r"\{[a-z_]+\}")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language: its code (BCP 47), its own name, and its texts by the English ones."""

    code: str
    name: str
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """In which language a request is answered, and which page it asked for, which the menu marks."""

    language: str = SOURCE
    path: str = "/"


_NOTHING = Asked()
_asked: ContextVar[Asked] = ContextVar("asked", default=_NOTHING)


@cache
def catalogues() -> dict[str, Catalogue]:
    """Every language by its code, English first."""
    found = {SOURCE: Catalogue(SOURCE, "English", {})}
    for file in sorted(FOLDER.glob("*.toml")):
        read = tomllib.loads(file.read_text("utf-8"))
        found[file.stem] = Catalogue(file.stem, read["name"], read["texts"])
    return found


def asked() -> Asked:
    """What the request that is being answered asked for."""
    return _asked.get()


def say(text: str, **values: object) -> str:
    """The text in the language of this request, with its ``{places}`` filled. Escaping is the template's job."""
    told = catalogues()[asked().language].texts.get(text, text)
    return _PLACE.sub(lambda place: f"{values.get(place[0][1:-1], place[0])}", told) if values else told


def places(text: str) -> list[str]:
    """The places in a text, in alphabetical order."""
    return sorted(_PLACE.findall(text))


def preferred(accept: str, cookie: str = "") -> str:
    """The language for an ``Accept-Language`` header; one that was chosen with the switch comes first."""
    try:
        chosen = SimpleCookie(cookie).get(COOKIE)
    except CookieError:
        chosen = None
    if chosen is not None and chosen.value in catalogues():
        return chosen.value
    wanted = []
    for place, each in enumerate(accept.split(",")[:20]):
        code, _, quality = each.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        wanted.append((-weight, place, code.split("-")[0].lower()))
    return next((code for weight, _, code in sorted(wanted) if weight < 0 and code in catalogues()), SOURCE)


class Spoken:
    """ASGI middleware: notes the language and the address of a request, for whatever answers it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        language = preferred(headers.get(b"accept-language", ""), headers.get(b"cookie", ""))
        token = _asked.set(Asked(language, scope["path"]))
        try:
            await self._app(scope, receive, send)
        finally:
            _asked.reset(token)
