"""What is asked, how often, and what is made of the answer. No byte is sent here: it serves both ways of waiting.

An exchange is a generator: it yields what to do (send, wait) and is given what came of it.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload
from urllib.parse import quote

from countenance.client import faults
from countenance.errors import CountenanceError, Unreadable

P = ParamSpec("P")
T = TypeVar("T")
TRIES = 4
"""How often a request is sent at the most."""
PATIENCE = 30
"""Seconds that are waited at the most when the service says that it is busy; longer, and its error is raised."""


class Sync:
    """Marks a part whose methods give results."""


class Async:
    """Marks a part whose methods give awaitables."""


K = TypeVar("K", Sync, Async)


@dataclass(frozen=True, slots=True)
class Ask(Generic[T]):
    """One request. ``read``: makes the result of its JSON. ``paged``: lists come page by page, and whole.

    ``query``, ``fields`` and ``form`` leave out what is None. ``form`` and ``files`` go as a form, ``fields`` as JSON.
    """

    read: Callable[[Any], T]
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] | None = None
    form: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    method: str = ""
    route: str = ""
    repeats: bool = False
    paged: bool = False

    @property
    def url(self) -> str:
        """The path; what it is made of cannot lead elsewhere."""
        return self.route.format_map({name: quote(text, safe="") for name, text in self.path.items()})

    @property
    def safe(self) -> bool:
        """Whether it may be sent twice: it changes nothing, or is done once by its idempotency key."""
        return self.method == "GET" or self.repeats


@dataclass(frozen=True, slots=True)
class Send:
    """To be sent."""

    method: str
    url: str
    query: Mapping[str, Any]
    fields: Mapping[str, Any] | None
    form: Mapping[str, Any]
    files: Mapping[str, bytes] = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wait:
    """To be waited, in seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Came:
    """An answer. ``after``: the seconds that it asks to be waited for."""

    status: int
    content: Any
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer. ``sent``: the request may have arrived."""

    sent: bool
    error: CountenanceError


Steps = Generator[Send | Wait, "Came | Lost | None", T]


class Part(Generic[K]):
    """A part of the client's surface. ``perform`` carries out what its methods ask."""

    def __init__(self, perform: Callable[[Ask[Any]], Any]) -> None:
        self.perform = perform


class Asks(Generic[P, T]):
    """A method that builds an `Ask`: of a sync part it gives the result, of an async one an awaitable of it."""

    def __init__(self, build: Callable[Concatenate[Any, P], Ask[T]], method: str, route: str, repeats: bool) -> None:
        self.method, self.route = method, route
        self._build = build
        self._repeats = repeats
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, part: None, owner: type) -> Asks[P, T]: ...
    @overload
    def __get__(self, part: Part[Sync], owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, part: Part[Async], owner: type) -> Callable[P, Awaitable[T]]: ...
    def __get__(self, part: Any, owner: type) -> Any:
        if part is None:
            return self

        @wraps(self._build)
        def asking(*given: P.args, **named: P.kwargs) -> Any:
            ask = self._build(part, *given, **named)
            return part.perform(replace(ask, method=self.method, route=self.route, repeats=self._repeats))

        return asking


def asks(
    method: str, route: str, *, repeats: bool = False
) -> Callable[[Callable[Concatenate[Any, P], Ask[T]]], Asks[P, T]]:
    """Make a method of the client of what builds its request. ``repeats``: it is done once by an idempotency key."""
    return lambda build: Asks(build, method, route, repeats)


def exchange(ask: Ask[T]) -> Steps[T]:
    """Send, and again where that is safe; page by page where it comes so. Gives the result.

    Raises the library's own errors.
    """
    if not ask.paged:
        return ask.read((yield from _answered(ask)))
    items: list[Any] = []
    cursor = None
    while True:
        page = yield from _answered(replace(ask, query={**ask.query, "limit": 200, "cursor": cursor}))
        items += page["items"]
        if (cursor := page["next"]) is None:
            return ask.read(items)


def _answered(ask: Ask[Any]) -> Generator[Send | Wait, Came | Lost | None, Any]:
    headers = {"idempotency-key": secrets.token_hex(16)} if ask.repeats else {}
    send = Send(ask.method, ask.url, _said(ask.query), ask.fields, _said(ask.form), ask.files, headers)
    error = CountenanceError("Nothing was sent.")
    lost = False
    for attempt in range(TRIES):
        came = yield send
        wait = 0.25 * 2**attempt
        if isinstance(came, Lost):
            error, again = came.error, ask.safe or not came.sent
            lost = lost or came.sent
        elif came is None or came.status < 400:
            return None if came is None else came.content
        else:
            error = faults.error_of(came.status, came.content, came.after)
            # "The same request is being done": it is ours, whose answer was lost.
            again = ask.safe and (came.status in {429, 503} or (lost and error.code == "busy"))
            wait = wait if came.after is None else float(came.after)
        if not again or wait > PATIENCE or attempt == TRIES - 1:
            break
        yield Wait(wait)
    raise error


def photo_of(photo: str | Path | bytes) -> bytes:
    """A photo's bytes, from memory or a file. Raises `Unreadable`."""
    if isinstance(photo, bytes):
        return photo
    try:
        return Path(photo).read_bytes()
    except (OSError, ValueError):
        raise Unreadable(f"The file {photo} cannot be read.", hint="Name a file that is there.") from None


def _said(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _text(value) for name, value in given.items() if value is not None}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
