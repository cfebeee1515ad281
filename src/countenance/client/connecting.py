"""The two thin transports: one waits, the other awaits. What is sent, and how often, is said in `asking`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, Self
from urllib.parse import quote, urlsplit

from countenance.client import faults, results
from countenance.client.asking import Ask, Async, Came, Lost, Send, Sync, Wait, exchange
from countenance.client.results import Event, Job, Source
from countenance.client.surface import EVENTS, Surface
from countenance.errors import BadConfiguration, InputError

try:
    import httpx
except ImportError:  # pragma: no cover - the extra is not installed
    raise BadConfiguration(
        "The client needs a library that is not installed.", hint="Run `pip install 'countenance[client]'`."
    ) from None

TIMEOUT = 60.0
"""Seconds for an answer. A connection has ten."""
_RECONNECTS = 5


class Client(Surface[Sync]):
    """A gallery over HTTP. Use it as a context manager, or close it.

    Args:
        url: Where ``countenance serve`` answers, such as ``http://127.0.0.1:8420``. Beyond this machine, https only.
        key: An API key (``cnt_…``).
        timeout: Seconds for an answer.
        http: A client of httpx of your own, for a proxy or certificates; it is not closed.
    """

    def __init__(self, url: str, *, key: str, timeout: float = TIMEOUT, http: httpx.Client | None = None) -> None:
        super().__init__(self._carry_out)
        self._url, self._headers, self._own = _base(url), _bearer(key), http is None
        self._http = http or httpx.Client(timeout=_timeout(timeout), trust_env=False)

    def ingest(self, source: Source | str, *, again: bool = False, detect: str | None = None) -> Iterator[Event]:
        """Go through a source's photos as a job, and follow it: its events, to the end."""
        return self.follow(self.jobs.ingest(source, again=again, detect=detect))

    def sweep(self, source: Source | str | None = None) -> Iterator[Event]:
        """Find people who came since in photos ingested before, as a job, and follow it."""
        return self.follow(self.jobs.sweep(source))

    def follow(self, job: Job | str) -> Iterator[Event]:
        """A job's events, to its end. It goes on when the connection is lost. Raises what the job failed by."""
        for left in reversed(range(_RECONNECTS)):
            try:
                with self._http.stream("GET", self._url + _events(job), headers=self._headers) as answer:
                    if answer.status_code >= 400:
                        answer.read()
                        raise faults.error_of(answer.status_code, _content(answer))
                    for line in answer.iter_lines():
                        if (event := _event(line)) is not None:
                            yield event
                            if event.ends:
                                return
            except httpx.TransportError:
                if not left:
                    raise faults.unreachable(self._url) from None
            time.sleep(1)

    def close(self) -> None:
        """Give the connections back."""
        if self._own:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _carry_out(self, ask: Ask[Any]) -> Any:
        steps = exchange(ask)
        came: Came | Lost | None = None
        while True:
            try:
                step = steps.send(came)
            except StopIteration as ended:
                return ended.value
            if isinstance(step, Wait):
                time.sleep(step.seconds)
                came = None
                continue
            try:
                came = _came(self._http.request(**_request(step, self._url, self._headers)))
            except httpx.TransportError as error:
                came = _lost(error, self._url)


class AsyncClient(Surface[Async]):
    """`Client` for programs that await: the same methods, each awaited; what it follows is iterated with ``async for``.

    Args: as `Client`; ``http`` is an ``httpx.AsyncClient``.
    """

    def __init__(self, url: str, *, key: str, timeout: float = TIMEOUT, http: httpx.AsyncClient | None = None) -> None:
        super().__init__(self._carry_out)
        self._url, self._headers, self._own = _base(url), _bearer(key), http is None
        self._http = http or httpx.AsyncClient(timeout=_timeout(timeout), trust_env=False)

    async def ingest(
        self, source: Source | str, *, again: bool = False, detect: str | None = None
    ) -> AsyncIterator[Event]:
        """Go through a source's photos as a job, and follow it: its events, to the end."""
        async for event in self.follow(await self.jobs.ingest(source, again=again, detect=detect)):
            yield event

    async def sweep(self, source: Source | str | None = None) -> AsyncIterator[Event]:
        """Find people who came since in photos ingested before, as a job, and follow it."""
        async for event in self.follow(await self.jobs.sweep(source)):
            yield event

    async def follow(self, job: Job | str) -> AsyncIterator[Event]:
        """A job's events, to its end; as `Client.follow`."""
        for left in reversed(range(_RECONNECTS)):
            try:
                async with self._http.stream("GET", self._url + _events(job), headers=self._headers) as answer:
                    if answer.status_code >= 400:
                        await answer.aread()
                        raise faults.error_of(answer.status_code, _content(answer))
                    async for line in answer.aiter_lines():
                        if (event := _event(line)) is not None:
                            yield event
                            if event.ends:
                                return
            except httpx.TransportError:
                if not left:
                    raise faults.unreachable(self._url) from None
            await asyncio.sleep(1)

    async def close(self) -> None:
        """Give the connections back."""
        if self._own:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _carry_out(self, ask: Ask[Any]) -> Any:
        steps = exchange(ask)
        came: Came | Lost | None = None
        while True:
            try:
                step = steps.send(came)
            except StopIteration as ended:
                return ended.value
            if isinstance(step, Wait):
                await asyncio.sleep(step.seconds)
                came = None
                continue
            try:
                came = _came(await self._http.request(**_request(step, self._url, self._headers)))
            except httpx.TransportError as error:
                came = _lost(error, self._url)


# --- what both share -------------------------------------------------------------------------------------------------


def _base(url: str) -> str:
    """The address without its end. A key goes in clear to nobody but this machine."""
    parts = urlsplit(url)
    here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.username:
        raise InputError(f"{url!r} is no address of a service.", hint="Give one like http://127.0.0.1:8420.")
    if parts.scheme == "http" and not here:
        raise InputError("The key would be sent in clear.", hint=f"Use https://{parts.netloc}.")
    return f"{parts.scheme}://{parts.netloc}"


def _bearer(key: str) -> dict[str, str]:
    if not key.isascii() or not key.isprintable() or not key.strip():
        raise InputError("This is no API key.", hint="`countenance keys api create` makes one: cnt_…")
    return {"authorization": f"Bearer {key.strip()}"}


def _timeout(seconds: float) -> httpx.Timeout:
    return httpx.Timeout(seconds, connect=min(seconds, 10.0))


def _request(step: Send, url: str, headers: dict[str, str]) -> dict[str, Any]:
    given: dict[str, Any] = {"method": step.method, "url": url + step.url, "headers": headers | dict(step.headers)}
    if step.query:
        given["params"] = dict(step.query)
    if step.files:
        given |= {"files": {name: (name, data) for name, data in step.files.items()}, "data": dict(step.form)}
    elif step.fields is not None:
        given["json"] = dict(step.fields)
    return given


def _came(answer: httpx.Response) -> Came:
    after = answer.headers.get("retry-after", "")
    return Came(answer.status_code, _content(answer), int(after) if after.isascii() and after.isdecimal() else None)


def _content(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _lost(error: httpx.TransportError, url: str) -> Lost:
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return Lost(sent=False, error=faults.unreachable(url))
    timed_out = isinstance(error, httpx.TimeoutException)
    return Lost(sent=True, error=faults.too_slow(url) if timed_out else faults.unreachable(url))


def _events(job: Job | str) -> str:
    return EVENTS.format(job=quote(str(job), safe=""))


def _event(line: str) -> Event | None:
    """The event of a line, if it is one. Raises what its job failed by, or what ended the stream."""
    if not line.startswith("data: "):
        return None
    event = results.event(line.removeprefix("data: "))
    if event.event in {"failed", "refused"}:
        raise faults.error_of(0, {"detail": event.told.get("message"), **event.told})
    return event
