"""The application: the table of routes, behind an edge that gives each request a number and each answer its headers."""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from countenance.errors import CountenanceError
from countenance.http import metrics, problem, streaming
from countenance.http.compreface import door as compreface
from countenance.http.compreface.errors import of_error, of_turned
from countenance.http.compreface.table import PREFIX
from countenance.http.compreface.table import ROUTES as COMPREFACE
from countenance.http.openapi import document
from countenance.http.problem import FAULT, Turned
from countenance.http.rekognition.door import Door, is_rekognition, told
from countenance.http.route import Route
from countenance.http.service import Service
from countenance.http.table import OPEN, ROUTES

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from countenance.service.countenance import Countenance

HEADERS = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex",
    "cache-control": "no-store",
}
REKOGNITION = ("POST", "/")
"""Where clients of Rekognition come in; `countenance.http.rekognition` has a table of its own."""
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_log = logging.getLogger("countenance.http")
Endpoint = Callable[[Request], Awaitable[Response]]


def create_api(opened: Countenance, routes: Iterable[Route] = ROUTES, counts: metrics.Metrics | None = None) -> FastAPI:
    """The API on an opened gallery. Programs bring keys of their own; whoever opened it signs nothing for them."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    service = Service(opened, counts)
    app.state.service = service
    for route in routes:
        app.add_api_route(
            route.path, _served(service, route), methods=[route.method], response_model=None, include_in_schema=False
        )
    for route in COMPREFACE:
        app.add_api_route(
            route.path, compreface.served(service, route), methods=[route.method], response_model=None,
            include_in_schema=False,
        )  # fmt: skip
    for path, endpoint in _open(service, tuple(routes)).items():
        app.add_api_route(path, endpoint, methods=["GET"], response_model=None, include_in_schema=False)
    method, path = REKOGNITION
    app.add_api_route(path, _rekognition(service), methods=[method], response_model=None, include_in_schema=False)
    app.add_exception_handler(HTTPException, _not_served)
    app.add_middleware(Edge, service=service)
    return app


def is_ours(scope: Scope) -> bool:
    """Whether a request is the API's, and not the page's."""
    path = scope["path"]
    return is_rekognition(scope) or path in OPEN or path in {"/v1", PREFIX} or path.startswith(("/v1/", f"{PREFIX}/"))


def undeclared(app: FastAPI, routes: Iterable[Route] = ROUTES) -> list[str]:
    """What the application serves and neither the table nor the list of open paths names: a way around both."""
    declared = {(route.method, route.path) for route in (*routes, *COMPREFACE)} | {("GET", path) for path in OPEN}
    declared.add(REKOGNITION)
    served = [(method, each) for each in app.routes for method in sorted(getattr(each, "methods", None) or {"*"})]
    return [f"{method} {each.path}" for method, each in served if (method, getattr(each, "path", "")) not in declared]  # type: ignore[attr-defined]


def _served(service: Service, route: Route) -> Endpoint:
    async def answer(request: Request) -> Response:
        request.scope["countenance_route"] = route.path
        number = request.scope["countenance_id"]
        try:
            answered = await service.answer(route, request)
        except CountenanceError as error:
            return problem.of_error(error, number)
        except Turned as turned:
            return problem.of_turned(turned, number)
        except Exception as error:  # noqa: BLE001 - the last resort: its text could carry what must not be shown
            _log.error("%s %s failed: %s", route.method, route.path, type(error).__name__)
            fault = CountenanceError("Something went wrong inside Countenance.", hint="Please report this.")
            return problem.of_error(fault, number)
        if answered.stream is not None:
            return StreamingResponse(service.streamed(answered.stream), 200, answered.headers, streaming.MEDIA)
        text = json.dumps(answered.body, ensure_ascii=False)
        return Response(text, answered.status, answered.headers, "application/json")

    answer.__name__ = f"{route.method.lower()}_{route.handler.__name__}"
    return answer


def _rekognition(service: Service) -> Endpoint:
    door = Door(service)

    async def rekognition(request: Request) -> Response:
        return await door.answer(request)

    return rekognition


def _open(service: Service, routes: tuple[Route, ...]) -> dict[str, Endpoint]:
    """What answers without a key."""

    async def health(_: Request) -> Response:
        return _json({"status": "running"})

    async def ready(request: Request) -> Response:
        try:
            if service.stopping.is_set():
                raise Turned(503, "stopping", "The service is stopping.", "Ask another one.")
            await service.work(service.opened.status)
        except CountenanceError as error:
            return problem.of_error(error, request.scope["countenance_id"])
        except Turned as turned:
            return problem.of_turned(turned, request.scope["countenance_id"])
        return _json({"status": "ready"})

    async def counts(_: Request) -> Response:
        return Response(service.metrics.text(), media_type=metrics.MEDIA)

    async def described(_: Request) -> Response:
        return _json(document(routes))

    return {"/healthz": health, "/readyz": ready, "/metrics": counts, "/v1/openapi.json": described}


def _json(content: Any) -> Response:
    return Response(json.dumps(content), media_type="application/json")


async def _not_served(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    headers = dict(getattr(error, "headers", None) or {})
    if status == 405:
        turned = Turned(405, "wrong-method", "This is not asked in this way.", "See /v1/openapi.json.", headers)
    else:
        turned = Turned(404, "not-found", "There is no such address.", "See /v1/openapi.json.")
    if request.url.path.startswith(PREFIX):
        turned.hint = "docs/how-to/leave-compreface.md lists what is served."
        return of_turned(turned)
    return problem.of_turned(turned, request.scope["countenance_id"])


def _turned_away(scope: Scope, fault: CountenanceError, number: str) -> Response:
    """What is wrong before anybody looks at the request, in the words of the door that it came to."""
    if is_rekognition(scope):
        return told(fault, number)
    if scope["path"].startswith(PREFIX):
        return of_error(fault, scope["path"])
    return problem.of_error(fault, number)


class Edge:
    """ASGI middleware: a number for each request, headers for each answer, a count and a line of what was asked.

    The line names the pattern of the path and the key's number: no path, no query, no name, nothing that was sent.
    """

    def __init__(self, app: ASGIApp, *, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note what came of it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        asked = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"").decode("latin-1")
        scope["countenance_id"] = number = asked if _ID.fullmatch(asked) else secrets.token_hex(12)
        began, said = time.perf_counter(), [500]

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                said[0] = message["status"]
                own = {name.lower() for name, _ in message["headers"]}
                ours = {**HEADERS, "x-request-id": number}
                added = [(name.encode(), value.encode()) for name, value in ours.items() if name.encode() not in own]
                message["headers"] = [*message["headers"], *added]
            await send(message)

        self._service.metrics.begin()
        try:
            fault = scope.get(FAULT)
            answer = self._app if fault is None else _turned_away(scope, fault, number)
            await answer(scope, receive, noted)
        finally:
            route, taken = scope.get("countenance_route", "(none)"), time.perf_counter() - began
            if scope["path"] in OPEN:
                route = scope["path"]
            method = (
                scope["method"] if scope["method"] in {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"} else "(other)"
            )
            self._service.metrics.end(method, route, said[0], taken)
            line = {"request": number, "method": method, "route": route, "status": said[0]}
            _log.info("%s", json.dumps(line | {"key": scope.get("countenance_key"), "ms": round(taken * 1000, 1)}))
