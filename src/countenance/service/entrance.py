"""Who is let in: without a live, named account nothing that is recorded here is told (P3, P21).

A session of nobody, of a trial account, or of an account that was revoked since it was opened, reaches the closed list
below and no more. All else asks, at each call, whether the account is live; a refusal is in the log. Reading asks for
no signature: that is for acts (DESIGN §10).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from copy import copy
from functools import partial, wraps
from inspect import isfunction
from typing import TYPE_CHECKING, Any, NoReturn

from countenance.errors import NotFound
from countenance.policy import gather, rules
from countenance.policy.facts import Facts
from countenance.service import parties
from countenance.types import Action

if TYPE_CHECKING:
    from countenance.service.context import Context
    from countenance.service.countenance import Countenance

OPEN = {
    "status": "version, models, counts and the log's checkpoint; nobody is named",
    "sign_in": "opens a key, or refuses",
    "close": "gives back files",
    "search": "the desk decides, and logs the refusal",
    "verify": "the desk decides, and logs the refusal",
    "withdraw_by_receipt": "for the receipt's holder, who needs no account",
    "erase_by_receipt": "for the receipt's holder, who needs no account",
}
"""Methods of the surface that ask for no live account here, and why."""
OPEN_PARTS: dict[str, dict[str, str]] = {
    "bases": {
        "link_notice": "what a one-time link asks; it names nobody",
        "confirm_by_link": "for whoever was sent the link",
        "decline_by_link": "for whoever was sent the link",
    },
    "comparing": {"faces": "the desk decides, and logs the refusal"},
    "accounts": {"mine": "the session's own account; None where nobody opened it"},
    "cases": {"for_search": "a case's number; the desk decides the search that it is for"},
    "receipts": {
        "accept": "what a receipt proves, to its holder",
        "withdraw": "for the receipt's holder",
        "may_erase": "for the receipt's holder; the desk decides",
    },
    "stills": {"answer": "for whoever was asked for the stills"},
    "coming": {"look": "for whoever has the invitation", "agree": "for whoever has the invitation"},
    "guests": dict.fromkeys(
        ("standing", "ask", "answer", "picture", "leave"), "for whoever has the guest's secret; it shows them alone"
    ),
    "requests": {
        "open": "exercising a right needs no account (P29); with a handle or a photo the desk asks for an officer",
        "receive": "the public page: what comes back says nothing about anybody",
    },
    "reports": {"public": "what is public anyhow"},
}
"""Parts of the surface, their methods, and why each may be called."""


class Guarded:
    """A part of the surface whose methods ask first, but for the ``open_`` ones. ``there``: all there are, if fewer."""

    def __init__(
        self, context: Context, part: Callable[[], object], open_: Collection[str], there: Collection[str] | None
    ) -> None:
        self._context = context
        self._part = part
        self._open = open_
        self._there = there

    def __getattr__(self, name: str) -> Any:
        if self._there is not None and name not in self._there:
            _not_there()
        found = getattr(self._part(), name)
        return (
            found if name in self._open or name.startswith("_") or not callable(found) else _asked(self._context, found)
        )

    def __dir__(self) -> list[str]:
        return dir(self._part())


def guarded(inside: Countenance) -> Countenance:
    """The surface with the guard before everything; for another organisation, without what is not on its list.

    What is let through reaches ``inside``, where one part uses another unasked.
    """
    context = inside.context
    ours = context.party == context.organisation
    surface = copy(inside)
    for name in dir(inside):
        if name.startswith("_") or name == "context":
            continue
        if not isfunction(getattr(type(inside), name, None)):
            there = None if ours else frozenset(parties.OPEN_PARTS.get(name, {}))
            part = partial(getattr, inside, name)
            vars(surface)[name] = Guarded(context, part, frozenset(OPEN_PARTS.get(name, {})), there)
        elif not ours and name not in parties.OPEN:
            vars(surface)[name] = _closed(name)
        else:
            method = getattr(inside, name)
            vars(surface)[name] = method if name in OPEN else _asked(context, method)
    return surface


def let_in(context: Context) -> None:
    """Raise `NotSignedIn` or `RoleRefused` unless a live, named account has this session; the refusal is logged."""
    actor = context.actor
    with context.registry.read() as connection:
        account = gather.account(connection, actor, signed=True) if actor else None
    asked = Facts(action=Action, now=context.clock(), gallery=context.organisation, account=account)
    refusal = rules.a_named_account(asked)
    if refusal is not None:
        with context.registry.write() as connection:
            raise context.desk.refuse(connection, "session", refusal)


def _asked(context: Context, method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def asking(*given: Any, **named: Any) -> Any:
        let_in(context)
        return method(*given, **named)

    return asking


def _closed(name: str) -> Callable[..., NoReturn]:
    def closed(*_: object, **__: object) -> NoReturn:
        _not_there()

    closed.__name__ = name
    return closed


def _not_there() -> NoReturn:
    raise NotFound(
        "There is no such record.",
        hint="Another organisation's account searches, reviews, and reads its own cases and agreements.",
    )
