"""From a request to an answer: who asks, whether they may, how much they may, what they sent; then the handler."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from countenance.errors import CountenanceError, InputError, NotFound, NotSignedIn, TooLarge, Unavailable
from countenance.http import streaming
from countenance.http.metrics import Metrics
from countenance.http.problem import Turned
from countenance.http.route import Answer, Call, Route, checked, checked_json
from countenance.service.programs import Entered, enter, require
from countenance.service.runner import Runner
from countenance.types import DAY

if TYPE_CHECKING:
    from starlette.requests import Request

    from countenance.service.countenance import Countenance
    from countenance.web.forms import Form

JSON_LIMIT = 64 * 2**10
"""The most bytes of a JSON request."""
PATIENCE = 60.0
"""Seconds in which a request's body has to be here."""
AT_ONCE = 8
"""Requests that are worked on at one time; the others wait."""
SHARE = 10
"""Requests that a process draws from the account's minute at once, so that the registry is not asked for each."""
MINUTE = 60
STREAMS = 64
"""Jobs that are followed at one time."""
_log = logging.getLogger("countenance.http")


class Service:
    """One opened gallery, and the programs that come to it. Whoever opened it lends no key of theirs to anybody."""

    def __init__(self, opened: Countenance, metrics: Metrics | None = None) -> None:
        self.opened = opened
        self.settings = opened.context.settings.http
        self.metrics = metrics or Metrics()
        self.stopping = threading.Event()
        self.runner = Runner(opened, self.stopping)
        self._streams = 0
        self._lock = threading.Lock()
        self._drawn: dict[int, tuple[int, int]] = {}
        self._waiting = 0
        self._limiter: Any = None

    async def answer(
        self, route: Route, request: Request, *, token: str | None = None, door: str | None = None
    ) -> Answer:
        """Answer one request. The key is looked at before a byte of the body is read.

        ``token``: the key, where the clients of a compatible endpoint send it in a place of its own; ``door``: which.
        """
        token = token or _token(request.headers.get("authorization", ""))
        entered = await self.work(enter, self.opened, token, door)
        request.scope["countenance_key"] = f"K{entered.key}"
        try:
            await self.work(self.may, route, entered)
            call = await self._call(route, request, entered)
            answer: Answer = await self.work(self._done, route, request, call)
        finally:
            entered.club.close()
        return answer

    async def work(self, task: Any, *given: Any) -> Any:
        """Do something in a thread; not too many at once."""
        import anyio
        from anyio.to_thread import run_sync

        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(AT_ONCE)
        return await run_sync(task, *given, limiter=self._limiter)

    async def streamed(self, events: Iterator[dict[str, Any] | None]) -> AsyncIterator[str]:
        """Server-sent events, until they end, the service stops, or whoever asked goes away. Bounded in number."""
        if self._streams >= STREAMS:
            yield streaming.refused(
                Unavailable("Too many are following jobs just now.", hint="Ask for the job itself.")
            )
            return
        self._streams += 1
        try:
            async for text in streaming.follow(partial(self.work, next, events, streaming.END), self.stopping):
                yield text
        finally:
            self._streams -= 1

    # --- whether they may --------------------------------------------------------------------------------------------

    def may(self, route: Governed, entered: Entered) -> None:
        """Raise what refuses: another's route as if it were absent, then the role, then the rate."""
        club = entered.club
        if not route.party and club.context.party != club.context.organisation:
            raise NotFound("There is no such record.")
        require(club, *route.roles)
        self._draw(club)

    def _draw(self, club: Countenance) -> None:
        """One request of the account's minute."""
        account, now = int(club.context.account), club.context.clock()
        starts = now - now % MINUTE
        with self._lock:
            began, left = self._drawn.get(account, (0, 0))
            if began == starts and left > 0:
                self._drawn[account] = starts, left - 1
                return
        given = club.quotas.draw("requests", self.settings.requests, seconds=MINUTE, share=SHARE)
        with self._lock:
            began, left = self._drawn.get(account, (0, 0))
            self._drawn[account] = starts, given - 1 + (left if began == starts else 0)

    # --- what they sent ----------------------------------------------------------------------------------------------

    async def _call(self, route: Route, request: Request, entered: Entered) -> Call:
        query = checked(route.query, request.query_params)
        limit = JSON_LIMIT if route.takes == "json" else self.settings.max_bytes if route.takes == "form" else 0
        body = await self.body(request, limit)
        files: dict[str, bytes] = {}
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if route.takes == "form":
            if kind != "multipart/form-data":
                raise _wrong_type("multipart/form-data")
            form = await self.work(_form, request.headers["content-type"], body)
            files = {name: data for name, data in form.files.items() if name in route.files}
            if unknown := sorted(set(form.files) - set(route.files)):
                raise InputError(f"No file {unknown[0][:40]!r} is expected.", hint=f"Send: {', '.join(route.files)}.")
            fields = checked(route.fields, form.fields)
        elif route.takes == "json":
            if kind != "application/json":
                raise _wrong_type("application/json")
            fields = checked_json(route.fields, body)
        elif body:
            raise InputError("This request takes no body.", hint="Send none.")
        else:
            fields = route.fields()
        return Call(self, entered, request.path_params, query, fields, files, request.headers)

    async def body(self, request: Request, limit: int) -> bytes:
        """The body in bounded memory, never on a disk (P16). Its length has to be said before it comes."""
        said = request.headers.get("content-length")
        if said is None:
            if "transfer-encoding" in request.headers:
                raise Turned(411, "length-required", "The request does not say how long it is.", "Send Content-Length.")
            return b""
        if not said.isascii() or not said.isdecimal() or len(said) > 18 or int(said) > max(limit, JSON_LIMIT):
            raise TooLarge(f"This request is larger than {limit:,} bytes.", hint="Make the photo smaller.")
        size = int(said)
        if self._waiting + size > self.settings.waiting:
            raise Unavailable("Too much is being sent to this service just now.", hint="Try again in a moment.")
        self._waiting += size
        try:
            async with asyncio.timeout(PATIENCE):
                body = await request.body()
        except TimeoutError:
            raise Turned(408, "too-slow", "The request did not come in time.", "Send it again.") from None
        finally:
            self._waiting -= size
        return body

    # --- done --------------------------------------------------------------------------------------------------------

    def _done(self, route: Route, request: Request, call: Call) -> Answer:
        """Have the handler answer; a write with an idempotency key is done once, and answered as often as asked."""
        key = request.headers.get("idempotency-key")
        if key is None or not route.repeats:
            return self._handled(route, call)
        replies = call.club.replies
        before = replies.begin(key, _asked(route, request, call))
        if before is not None:
            return Answer(before.answer, before.status, headers={"idempotency-replayed": "true"})
        try:
            answer = self._handled(route, call)
        except CountenanceError:
            replies.drop(key)  # a refusal has changed nothing
            raise
        replies.finish(key, answer.status, answer.body, subject=answer.about)
        return answer

    @staticmethod
    def count(entered: Entered) -> None:
        """One comparison of the key's day. Raises `TooMany`."""
        entered.club.quotas.draw(f"comparisons of K{entered.key}", entered.quota, seconds=DAY)

    def _handled(self, route: Route, call: Call) -> Answer:
        if route.compares:
            self.count(call.entered)
        answer = route.handler(call)
        answer.status = route.status
        return answer


class Governed(Protocol):
    """What is asked of a route before anybody reaches it."""

    @property
    def party(self) -> bool:
        """Whether another organisation's account may ask."""

    @property
    def roles(self) -> tuple[str, ...]:
        """Of which the account and its key must have one."""


def _token(header: str) -> str:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn(
            "No API key was sent.",
            hint="Send one as `Authorization: Bearer cnt_…`; `countenance keys api create` makes one.",
        )
    return token.strip()


def _form(content_type: str, body: bytes) -> Form:
    from countenance.web.forms import parse

    return parse(content_type, body)


def _wrong_type(wanted: str) -> Turned:
    return Turned(415, "wrong-type", "The request is not of the type that is expected.", f"Send it as {wanted}.")


def _asked(route: Route, request: Request, call: Call) -> str:
    """All that was asked, however it was packed: the same form is sent with another boundary each time."""
    files = {name: hashlib.sha256(data).hexdigest() for name, data in call.files.items()}
    fields = call.fields.model_dump(mode="json")
    return json.dumps([route.method, request.url.path, fields, files], sort_keys=True)
