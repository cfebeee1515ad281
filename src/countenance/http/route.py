"""What a route is, and what its handler works with and answers."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from countenance.errors import InputError

if TYPE_CHECKING:
    from countenance.http.service import Service
    from countenance.service.countenance import Countenance
    from countenance.service.programs import Entered

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
PAGE, MOST = 50, 200


class Fields(BaseModel):
    """What a request may say. A field that is not known is an error: a misspelt one must not be silently ignored."""

    model_config = ConfigDict(extra="forbid", str_max_length=2_000)


class Nothing(Fields):
    """No field at all."""


class Paging(Fields):
    """How much of a list is wanted."""

    limit: int = PAGE
    cursor: str | None = None


@dataclass(slots=True)
class Call:
    """One request that was let in. ``fields``: of its JSON or its form; ``query``: of its address; both are checked."""

    service: Service
    entered: Entered
    params: Mapping[str, str]
    query: Any
    fields: Any
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def club(self) -> Countenance:
        """The gallery, opened by the account whose key was sent."""
        return self.entered.club

    def draw(self) -> None:
        """Take one comparison of the key's day. Raises `TooMany`."""
        self.service.count(self.entered)

    def photo(self, name: str = "photo") -> bytes:
        """A file that has to be there. Raises `InputError`."""
        if name not in self.files:
            raise InputError(
                f"No file {name!r} was sent.", hint=f"Send it as the part {name!r} of multipart/form-data."
            )
        return self.files[name]


@dataclass(slots=True)
class Answer:
    """What a handler answers. ``about``: the handle of the person whom it tells of, if it tells of one.

    ``stream``: events instead of a body, each asked for in a thread now and then; None where there is nothing new.
    """

    body: Any
    status: int = 200
    about: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    stream: Iterator[dict[str, Any] | None] | None = None


Handler = Callable[[Call], Answer]
Takes = Literal["nothing", "json", "form"]


@dataclass(frozen=True, slots=True)
class Route:
    """A way in. What is not said here is refused: the matrix of who may what is made from these.

    Attributes:
        method, path: As they are asked for.
        action: What it does, in a word; `ACTIONS` says what stands behind each.
        roles: Of which the account and its key must have one.
        handler: Who answers.
        summary: For the documentation.
        example: An answer.
        party: Another organisation's account may ask too; to it, all other routes are absent.
        takes, fields, files: What is sent: nothing, JSON, or a form with files.
        asked: An example of what is sent.
        query: What may stand behind the address.
        status: Of the usual answer.
        repeats: A write that may carry an idempotency key.
        compares: It counts for the key's daily quota of comparisons.
        streams: It answers with server-sent events.
    """

    method: str
    path: str
    action: str
    roles: tuple[str, ...]
    handler: Handler
    summary: str
    example: Any
    party: bool = False
    takes: Takes = "nothing"
    fields: type[Fields] = Nothing
    files: tuple[str, ...] = ()
    asked: Mapping[str, Any] = field(default_factory=dict)
    query: type[Fields] = Nothing
    status: int = 200
    repeats: bool = False
    compares: bool = False
    streams: bool = False


def checked(model: type[M], given: Mapping[str, Any]) -> M:
    """Fields of a form or an address, which are all text. Raises `InputError` naming the first that does not fit."""
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        raise _fault(error) from None


def checked_json(model: type[M], body: bytes) -> M:
    """Fields of a JSON object. Raises `InputError`, also for what nests without end."""
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as error:
        raise _fault(error) from None


def _fault(error: ValidationError) -> InputError:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part)[:40] for part in first["loc"]) or "The request"
    return InputError(
        f"{where}: {first['msg'].lower()}.", hint="`/v1/openapi.json` shows what is expected, with examples."
    )


def paged(every: Sequence[T], number: Callable[[T], int], asked: Paging, tell: Callable[[T], Any]) -> Answer:
    """A page of a list that runs by a number; its cursor names where the next one begins."""
    if not 1 <= asked.limit <= MOST:
        raise InputError(f"{asked.limit} is no limit.", hint=f"Give 1 to {MOST}.")
    after = 0 if asked.cursor is None else opened_cursor(asked.cursor)
    ordered = sorted((each for each in every if number(each) > after), key=number)
    page = ordered[: asked.limit]
    more = len(ordered) > len(page)
    return Answer({"items": [tell(each) for each in page], "next": cursor_at(number(page[-1])) if more else None})


def cursor_at(number: int) -> str:
    """The cursor of a page that begins after this number. It says nothing of anybody."""
    return base64.urlsafe_b64encode(json.dumps({"after": number}).encode()).decode().rstrip("=")


def opened_cursor(cursor: str) -> int:
    """The number after which a page begins. Raises `InputError` for what is no cursor."""
    try:
        content = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        after = content["after"]
    except (ValueError, TypeError, KeyError, binascii.Error, RecursionError):
        after = None
    if not isinstance(after, int) or isinstance(after, bool) or not 0 <= after < 2**63:
        raise InputError("This is no cursor.", hint="Send the `next` of the page before, as it was.")
    return after
