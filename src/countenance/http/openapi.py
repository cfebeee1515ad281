"""The API described (OpenAPI 3.1), from the table of routes: every route with an example."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from countenance.http import problem, streaming
from countenance.http.route import Route
from countenance.version import VERSION

_REFUSALS = {
    401: "No key, or one that opens nothing.",
    403: "A rule refuses; `requirement` and `hint` say why, and what would satisfy it.",
    404: "Absent, or not yours: the words are the same.",
    408: "The request did not come in time.",
    409: "It does not fit the state that things are in: there already, held, or being done.",
    411: "The request does not say how long it is.",
    413: "Larger than the limits allow.",
    415: "Not of the type that is expected.",
    422: "What was sent cannot be used.",
    429: "More than the rate or the quota allows; `Retry-After` says for how long.",
    503: "A part that is needed cannot be reached just now.",
}
_MAPS = frozenset({"bands", "counts", "earlier_photos", "opened", "photo", "face", "skipped_by"})
"""Fields whose own fields differ from answer to answer."""
_EVENT = {
    "type": "object", "description": "Each event; its `data` is one JSON object.", "required": ["event", "data"],
    "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
}  # fmt: skip
_REFUSED = {
    "type": "urn:countenance:error:no-case", "title": "A search belongs to a case", "status": 403,
    "detail": "A search belongs to a case, and none was named.", "code": "no-case",
    "hint": "Name the case that this search belongs to.", "requirement": "P3", "log_index": 12,
    "request_id": "5f0c1d",
}  # fmt: skip


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Countenance",
            "version": VERSION,
            "summary": "Face search by permission.",
            "description": "Every request carries an API key, which a named person made; the same rules hold as "
            "everywhere. A candidate is not an identification: a person must look.",
        },
        "paths": paths,
        "security": [{"key": []}],
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "`cnt_K1_…`"}},
            "schemas": {"Problem": problem.SCHEMA},
            "responses": {
                "Problem": {
                    "description": "What is wrong, and what to do (RFC 9457).",
                    "content": {
                        problem.MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": _REFUSED}
                    },
                }
            },
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    told: dict[str, Any] = {
        "summary": route.summary,
        "description": _who(route),
        "operationId": f"{route.method.lower()}_{re.sub('[^a-z]+', '_', route.path.removeprefix('/v1/')).strip('_')}",
        "tags": [route.path.split("/")[2]],
        "parameters": [*_of_path(route), *_of_query(route), *_of_headers(route)],
        "responses": {
            str(route.status): {
                "description": route.summary,
                "content": {
                    "text/event-stream" if route.streams else "application/json": {
                        "schema": _EVENT if route.streams else like(route.example),
                        "example": streaming.event(route.example) if route.streams else route.example,
                    }
                },
            },
            **{str(status): {"$ref": "#/components/responses/Problem"} for status in _REFUSALS},
        },
    }  # fmt: skip
    if route.takes != "nothing":
        told["requestBody"] = {"required": True, "content": _body(route)}
    return told


def like(example: Any) -> dict[str, Any]:
    """What answers have in common with an example: the same fields, and lists of the same. A newer one may add fields.

    A field that is an object may be null; one of `_MAPS` has fields of its own.
    """
    if isinstance(example, dict):
        inner = {name: _field(name, value) for name, value in example.items()}
        return {"type": "object", "required": list(example), "properties": inner}
    if isinstance(example, list):
        return {"type": "array", **({"items": like(example[0])} if example else {})}
    return {}


def _field(name: str, example: Any) -> dict[str, Any]:
    if not isinstance(example, dict):
        return like(example)
    return {"type": ["object", "null"]} if name in _MAPS else {"anyOf": [like(example), {"type": "null"}]}


def _who(route: Route) -> str:
    roles = f"A key with one of the roles {', '.join(route.roles)}." if route.roles else "Any live key."
    return roles + (" Another organisation's account may ask as well." if route.party else "")


def _of_path(route: Route) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)}", route.path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _of_query(route: Route) -> list[dict[str, Any]]:
    fields = route.query.model_json_schema().get("properties", {})
    return [{"name": name, "in": "query", "schema": schema} for name, schema in fields.items()]


def _of_headers(route: Route) -> list[dict[str, Any]]:
    if not route.repeats:
        return []
    about = "Send the same request again with the same key, and it is done once and answered as before, for a day."
    return [{"name": "Idempotency-Key", "in": "header", "description": about, "schema": {"type": "string"}}]


def _body(route: Route) -> dict[str, Any]:
    schema = route.fields.model_json_schema()
    if route.takes == "json":
        return {"application/json": {"schema": schema, "example": dict(route.asked)}}
    files = {name: {"type": "string", "format": "binary"} for name in route.files}
    whole = {**schema, "properties": {**files, **schema.get("properties", {})}, "required": list(route.files)}
    return {"multipart/form-data": {"schema": whole, "example": dict(route.asked)}}
