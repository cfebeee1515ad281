"""What every page is drawn with: the style sheet, the scripts, the language. It tells nothing of anybody."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from countenance.errors import NotFound
from countenance.web.languages import COOKIE, catalogues
from countenance.web.route import Route
from countenance.web.site import Site

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

STATIC = Path(__file__).parent / "static"
YEAR = 365 * 86_400


def style(site: Site, _: Request) -> Response:
    """The one style sheet."""
    sheet = site.page("style.css")
    sheet.headers["content-type"] = "text/css; charset=utf-8"
    sheet.headers["cache-control"] = "private, max-age=600"
    return sheet


def script(_: Site, request: Request) -> Response:
    """One of our own scripts."""
    from starlette.responses import Response

    found = _scripts().get(request.path_params["name"])
    if found is None:
        raise NotFound("There is no such script.")
    return Response(found, media_type="text/javascript", headers={"cache-control": "private, max-age=600"})


def language(_: Site, request: Request) -> Response:
    """Note the language that was chosen, and go back to where it was chosen."""
    from starlette.responses import RedirectResponse

    code = request.path_params["code"]
    if code not in catalogues():
        raise NotFound("This language is not here yet.", hint="It needs a catalogue of its own.")
    answer = RedirectResponse(_where_from(request), status_code=303)
    answer.set_cookie(COOKIE, code, expires=YEAR, httponly=True, samesite="lax", path="/")
    return answer


def _where_from(request: Request) -> str:
    """The page of this server on which the link was clicked, where it can be asked for again; else the start."""
    came = urlsplit(request.headers.get("referer", ""))
    if came.netloc != request.headers.get("host"):
        return "/"
    return a_page_of_ours(request, f"{came.path}?{came.query}" if came.query else came.path) or "/"


def a_page_of_ours(request: Request, place: str) -> str | None:
    """The path, where this server shows a page there; None for all else, and for what lies elsewhere."""
    from starlette.routing import Match

    path = place.partition("?")[0]
    if not path.startswith("/") or path.startswith(("//", "/\\")) or not place.isprintable():
        return None
    asked = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
    return place if any(route.matches(asked)[0] is Match.FULL for route in request.app.routes) else None


def as_link(kind: str, text: str) -> str:
    """A file that a page hands over in itself, so that nothing of it is kept here: RFC 2397."""
    return f"data:{kind};base64,{base64.b64encode(text.encode()).decode()}"


@cache
def _scripts() -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in STATIC.glob("*.js")}


ROUTES = (
    Route("GET", "/style.css", "show", style, party=True),
    Route("GET", "/static/{name}", "show", script, party=True),
    Route("GET", "/language/{code}", "show", language, party=True),
)
