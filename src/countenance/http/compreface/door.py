"""CompreFace's side of the door: the key from ``x-api-key``, errors in CompreFace's words."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from countenance.errors import CountenanceError, NotSignedIn
from countenance.http.compreface import errors
from countenance.http.problem import Turned
from countenance.http.route import Route
from countenance.http.service import Service
from countenance.service.programs import COMPREFACE

HEADER = "x-api-key"
HINT = "Send one as `x-api-key: cnt_…`; `countenance keys api create --for compreface` makes one."
_log = logging.getLogger("countenance.http")


def served(service: Service, route: Route) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of one route."""

    async def answer(request: Request) -> Response:
        request.scope["countenance_route"] = route.path
        try:
            answered = await service.answer(route, request, token=_key(request), door=COMPREFACE)
        except NotSignedIn as error:
            return errors.of_error(NotSignedIn(error.message, hint=HINT), route.path)
        except CountenanceError as error:
            return errors.of_error(error, route.path)
        except Turned as turned:
            return errors.of_turned(turned)
        except Exception as error:  # noqa: BLE001 - the last resort: its text could carry what must not be shown
            _log.error("%s %s failed: %s", route.method, route.path, type(error).__name__)
            fault = CountenanceError("Something went wrong inside Countenance.", hint="Please report this.")
            return errors.of_error(fault, route.path)
        return Response(json.dumps(answered.body, ensure_ascii=False), answered.status, None, "application/json")

    answer.__name__ = f"compreface_{route.handler.__name__}"
    return answer


def _key(request: Request) -> str:
    """The key that was sent. A bearer's, as under ``/v1``, is none here: one door, one place for the key."""
    key = request.headers.get(HEADER, "").strip()
    if not key:
        raise NotSignedIn(f"Missing header: {HEADER}.")
    return key
