"""What the handlers work with: the opened gallery, the session, and how a page is made."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from countenance.errors import CountenanceError
from countenance.reports.page import environment
from countenance.service.countenance import Countenance
from countenance.web.doors import VISIT, Doors, token_of
from countenance.web.guard import Session

if TYPE_CHECKING:
    from starlette.responses import Response

TEMPLATES = Path(__file__).parent / "templates"


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

    def page(self, template: str, *, status: int = 200, **content: Any) -> Response:
        """An HTML page from a template."""
        from starlette.responses import HTMLResponse

        words = {"site": self, "token": self.token, "signed_in": True, **content}
        return HTMLResponse(environment(TEMPLATES).get_template(template).render(**words), status_code=status)

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
            requirement=told.get("requirement") or "",
            entry=told.get("log_index"),
            signed_in=signed_in,
        )
