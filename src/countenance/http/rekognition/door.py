"""From a signed request to an answer: who asks, whether they may, how much they may, what they sent; the handler."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from countenance.errors import CountenanceError, InputError, NotSignedIn, TooMany
from countenance.http.problem import Turned
from countenance.http.rekognition import collections, faces
from countenance.http.rekognition.operation import Call, Operation
from countenance.http.rekognition.protocol import MEDIA, Fault, fault_of, plain
from countenance.http.rekognition.signing import Claim, claimed
from countenance.http.route import checked_json
from countenance.http.service import JSON_LIMIT, Service
from countenance.service.doors import enter_signed, knows, only_once

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Scope

    from countenance.service.programs import Entered

OPERATIONS: tuple[Operation, ...] = (*collections.OPERATIONS, *faces.OPERATIONS)
"""All that is offered. A test walks them, with every role."""
_SERVICE = "RekognitionService."
_BY_NAME = {each.name: each for each in OPERATIONS}
_MOST_TEXT = 200
_REASON = "withdrawn"
"""Why people are erased, where a request does not say."""
_log = logging.getLogger("countenance.http")


def is_rekognition(scope: Scope) -> bool:
    """Whether a request is a Rekognition client's: all of theirs are to one address, and name an operation."""
    return scope["path"] == "/" and any(name == b"x-amz-target" for name, _ in scope["headers"])


class Door:
    """The endpoint."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def answer(self, request: Request) -> Response:
        """Answer one request; what goes wrong is told as Rekognition's clients expect it, never a traceback."""
        number = request.scope["countenance_id"]
        request.scope["countenance_route"] = "/ (rekognition)"
        try:
            body, more = await self._answered(request)
        except (Fault, Turned, CountenanceError) as error:
            return told(error, number)
        except Exception as error:  # noqa: BLE001 - the last resort: its text could carry what must not be shown
            _log.error("rekognition failed: %s", type(error).__name__)
            return told(error, number)
        return Response(plain(body), 200, {**more, "x-amzn-requestid": number}, MEDIA)

    async def _answered(self, request: Request) -> tuple[dict[str, Any], dict[str, str]]:
        work, opened = self._service.work, self._service.opened
        claim = claimed(request.headers.raw, request.scope["query_string"], opened.context.clock())
        operation = _operation(request.headers["x-amz-target"])
        request.scope["countenance_route"] = f"/ {operation.name}"
        if not await work(knows, opened, claim.access):
            raise NotSignedIn("The request is not signed by a live access key.", hint="Check the key and its secret.")
        limit = JSON_LIMIT + operation.photos * (self._service.settings.max_bytes * 4 // 3)
        body = await self._service.body(request, limit)
        entered = await work(_entered, opened, claim, body)
        request.scope["countenance_key"] = f"K{entered.key}"
        try:
            await self._once(entered, claim)
            await work(self._service.may, operation, entered)
            call = self._call(operation, entered, request, body)
            return await work(self._handled, operation, call), call.headers
        finally:
            entered.club.close()

    async def _once(self, entered: Entered, claim: Claim) -> None:
        """Raise `TooMany` for a request that was answered, not before whoever signs it anew gets another signature.

        Two equal requests within a second have one signature, and clients ask again no more than twice.
        """
        try:
            await self._service.work(only_once, entered, claim.signature)
        except TooMany:
            await asyncio.sleep(1)
            raise

    def _call(self, operation: Operation, entered: Entered, request: Request, body: bytes) -> Call:
        told = request.headers
        purpose = _text(told.get("x-countenance-purpose")) or entered.purpose
        usual = entered.case if purpose == entered.purpose else None
        case = _text(told.get("x-countenance-case")) or usual
        reason = _text(told.get("x-countenance-reason")) or _REASON
        fields = checked_json(operation.fields, body)
        return Call(entered, fields, purpose, case, reason, self._service.settings.max_bytes)

    def _handled(self, operation: Operation, call: Call) -> dict[str, Any]:
        if operation.compares:
            self._service.count(call.entered)
        return operation.handler(call)


def _entered(opened: Any, claim: Claim, body: bytes) -> Entered:
    return enter_signed(opened, claim.access, lambda secret: claim.proven(secret, body))


def _operation(target: str) -> Operation:
    found = _BY_NAME.get(target.removeprefix(_SERVICE)) if target.startswith(_SERVICE) else None
    if found is None:
        raise Fault("UnknownOperationException", "This operation is not offered here.")
    return found


def _text(header: str | None) -> str | None:
    """A header of ours, in UTF-8. Raises `InputError` for what is no line of text."""
    if header is None:
        return None
    try:
        text = header.encode("latin-1").decode("utf-8").strip()
    except UnicodeError:
        text = ""
    if not text or len(text) > _MOST_TEXT or not text.isprintable():
        raise InputError("A header of ours holds no line of text.", hint="Send 1 to 200 characters in UTF-8.")
    return text


def told(error: Exception, number: str) -> Response:
    """What is wrong, as Rekognition's clients expect it."""
    fault = fault_of(error)
    headers = {**fault.headers, "x-amzn-errortype": fault.name, "x-amzn-requestid": number}
    return Response(fault.body, fault.status, headers, MEDIA)
