"""The application: the table of routes behind the guard. Handlers are synchronous and run in worker threads."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from countenance.errors import CountenanceError, InputError, NotFound
from countenance.service.programs import require
from countenance.web.doors import VISIT
from countenance.web.guard import BODY_LIMIT, Guard, is_public
from countenance.web.languages import Spoken
from countenance.web.route import OPEN_TO_ALL, Route
from countenance.web.routes import ROUTES
from countenance.web.signing import signed
from countenance.web.site import Site

_log = logging.getLogger("countenance.web")


def create_app(site: Site, *, limit: int = BODY_LIMIT) -> FastAPI:
    """The page on one opened gallery. ``limit`` is the most bytes of a request."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    for route in ROUTES:
        app.add_api_route(route.path, _served(site, route), methods=[route.method], response_model=None)
    app.add_exception_handler(HTTPException, _not_served(site))
    app.add_middleware(Guard, session=site.session, show=site.fault, limit=limit, doors=site.doors)
    app.add_middleware(Spoken)
    return app


def undeclared(app: FastAPI, routes: Iterable[Route] = ROUTES) -> list[str]:
    """The routes that the application serves and the table does not name: each one would be a way around it."""
    declared = {(route.method, route.path) for route in routes}
    served = [(method, each) for each in app.routes for method in sorted(getattr(each, "methods", None) or {"*"})]
    return [f"{method} {each.path}" for method, each in served if (method, getattr(each, "path", "")) not in declared]  # type: ignore[attr-defined]


def _served(site: Site, route: Route) -> Callable[[Request], Response]:
    """Whatever goes wrong becomes a page, never a traceback."""

    def answer(request: Request) -> Response:
        visit = VISIT.get()
        try:
            if visit is not None:
                _let(site, route)
                return signed(site, request, visit, route.handler)
            with site.lock:
                _let(site, route)
                return route.handler(site, request)
        except CountenanceError as error:
            return site.fault(error, signed_in=_known(site, route.path))
        except Exception as error:  # noqa: BLE001 - the last resort: its text could carry what must not be shown
            _log.error("%s %s failed: %s", route.method, route.path, type(error).__name__)
            fault = CountenanceError("Something went wrong inside Countenance.", hint="Please report this.")
            return site.fault(fault, signed_in=_known(site, route.path))

    answer.__name__ = route.handler.__name__
    return answer


def _known(site: Site, path: str) -> bool:
    """Whether a page may say whose gallery this is, and who acts: somebody was let in to ask for it."""
    return not is_public(path) and (site.doors is None or VISIT.get() is not None)


def _let(site: Site, route: Route) -> None:
    """Raise `NotFound` or `RoleRefused` where the account may not ask this at all; the desk decides about each act."""
    shut = not route.party and not site.own
    if shut or not (route.roles or route.action in OPEN_TO_ALL):
        raise NotFound("There is no such page.", hint="Go back to the start.")
    if route.roles:
        require(site.club, *route.roles)


def _not_served(site: Site) -> Callable[[Request, Any], Response]:
    def answer(request: Request, error: Any) -> Response:
        signed_in = _known(site, request.url.path)
        if error.status_code == 405:
            fault = InputError("This page is not asked in this way.", hint="Use the page's own links.")
            return site.fault(fault, signed_in=signed_in)
        return site.fault(NotFound("There is no such page.", hint="Go back to the start."), signed_in=signed_in)

    return answer
