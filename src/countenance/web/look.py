"""What every page is drawn with: the style sheet, the scripts, the choice of a language. It tells nothing of anybody."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

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
    return Response(
        found, media_type="text/javascript", headers={"cache-control": "private, max-age=600"}
    )


def language(_: Site, request: Request) -> Response:
    """Note the language that was chosen, and go back to where it was chosen."""
    from starlette.responses import RedirectResponse

    code, back = request.path_params["code"], request.query_params.get("back", "/")
    if code not in catalogues():
        raise NotFound("This language is not here yet.", hint="It needs a catalogue of its own.")
    # A path of this server and nothing else: `//host` and `/\host` are addresses of others.
    here = back if back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable() else "/"
    answer = RedirectResponse(here, status_code=303)
    answer.set_cookie(COOKIE, code, max_age=YEAR, httponly=True, samesite="lax", path="/")
    return answer


@cache
def _scripts() -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in STATIC.glob("*.js")}


ROUTES = (
    Route("GET", "/style.css", "show", style, party=True),
    Route("GET", "/static/{name}", "show", script, party=True),
    Route("GET", "/language/{code}", "show", language, party=True),
)
