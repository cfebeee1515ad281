"""What the handlers work with: the opened gallery, the session, and how a page is made."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from countenance.errors import CountenanceError
from countenance.reports.page import environment
from countenance.service.countenance import Countenance
from countenance.service.runner import Runner
from countenance.web.doors import VISIT, Doors, token_of
from countenance.web.guard import Session
from countenance.web.hints import hint_of
from countenance.web.languages import asked, catalogues, say

if TYPE_CHECKING:
    from jinja2 import Environment
    from starlette.responses import Response

TEMPLATES = Path(__file__).parent / "templates"

MENU = (
    ("/", "Search", ("operator",), True),
    ("/reviews", "Review", ("reviewer",), True),
    ("/visits", "Visitor desk", ("operator",), False),
    ("/people", "People", ("controller", "operator", "officer"), False),
    ("/sources", "Sources", ("controller", "operator", "officer"), False),
    ("/events", "Events", ("controller", "operator"), False),
    ("/officer", "Rights and orders", ("controller", "officer"), False),
    ("/approvals", "Approvals", ("controller", "officer"), True),
    ("/log", "Log", ("controller", "officer"), False),
    ("/reports", "Reports", ("controller", "officer"), False),
)
"""Address, name, the roles that it is for, and whether it is for other organisations' accounts too."""


@dataclass(slots=True)
class Site:
    """One gallery, as whoever serves it has opened it, and who may come to it.

    ``doors``: named people sign in, each as themselves; without them, one browser on this machine acts for whoever
    serves. ``lock`` lets one request at a time act on ``opened``; who signs in brings a surface of their own.
    """

    opened: Countenance
    session: Session
    demo: bool = False
    doors: Doors | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    samples: dict[str, bytes] = field(default_factory=dict, repr=False)
    runner: Runner = field(default=None, repr=False)  # type: ignore[assignment] # one of its own, see below

    def __post_init__(self) -> None:
        """The work that browsers begin is done by the server's runner, where a server is there."""
        self.runner = self.runner or Runner(self.opened, threading.Event())

    @property
    def club(self) -> Countenance:
        """The gallery, opened by the account that asks."""
        visit = VISIT.get()
        return self.opened if visit is None else visit.club

    @property
    def token(self) -> str:
        """What stands in the forms of whoever asks."""
        visit = VISIT.get()
        return self.session.form_token if visit is None else token_of(visit.secret)

    @property
    def organisation(self) -> str:
        """Whose gallery this is."""
        return self.club.context.settings.gallery.organisation

    @property
    def account(self) -> str:
        """Who acts."""
        actor = self.club.context.actor
        return actor.email if actor else "nobody"

    @property
    def own(self) -> bool:
        """Whether the account is of the organisation whose gallery this is."""
        return self.club.context.party == self.club.context.organisation

    @property
    def roles(self) -> frozenset[str]:
        """The account's roles. A page offers what they permit; whether it is done, the desk decides."""
        mine = self.club.accounts.mine()
        return frozenset(mine.roles if mine else ())

    @property
    def menu(self) -> tuple[tuple[str, str], ...]:
        """What the account's roles lead to: address and name."""
        roles, own = self.roles, self.own
        return tuple((at, name) for at, name, wanted, party in MENU if roles & set(wanted) and (own or party))

    def page(self, template: str, *, status: int = 200, **content: Any) -> Response:
        """An HTML page from a template."""
        from starlette.responses import HTMLResponse

        words = {"site": self, "token": self.token, "signed_in": True, **_spoken(), **content}
        made = _environment().get_template(template).render(**words)
        return HTMLResponse(made, status_code=status, headers={"content-language": asked().language})

    def public_page(self, template: str, *, status: int = 200, **content: Any) -> Response:
        """A page for anybody: it names the organisation, and no account."""
        words = {"token": self.session.public_token, "signed_in": False, **content}
        return self.page(template, status=status, **words)

    def fault(self, error: CountenanceError, *, signed_in: bool = True) -> Response:
        """An error as a page: what is wrong, what to do, and for a refusal the rule and its log entry.

        Without ``signed_in`` it does not say whose gallery this is, nor who acts.
        """
        told = error.diagnostics()
        return self.page(
            "fault.html",
            status=error.status,
            error=error,
            hint=hint_of(error.hint),
            requirement=told.get("requirement") or "",
            entry=told.get("log_index"),
            signed_in=signed_in,
        )


@cache
def _environment() -> Environment:
    """Jinja2 for these pages: `say` speaks the language of the request."""
    made = environment(TEMPLATES).overlay()
    made.globals = {**made.globals, "say": say}
    return made


def _spoken() -> dict[str, Any]:
    """What a page needs to know of languages."""
    return {"language": asked().language, "path": asked().path, "languages": tuple(catalogues().values())}
