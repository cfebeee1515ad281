"""Pages of the way to the organisation's directory and back. What comes back signs nobody in: it shows the form."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from countenance.errors import NotFound, NotSignedIn, Unavailable
from countenance.service import directory as second
from countenance.web import signing
from countenance.web.doors import BACK, DIRECTORY, Doors
from countenance.web.route import ANYBODY, Route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from countenance.web.oidc import Directory
    from countenance.web.site import Site


def go(site: Site, request: Request) -> Response:
    """Send the browser to the directory, with a question that only this browser can bring the answer to."""
    from starlette.responses import RedirectResponse

    doors, known = _both(site)
    host, sent = request.headers.get("host", ""), second.send(site.opened.context)
    try:
        back = _back(doors, host)
        place = known.address(back=back, state=sent.state, nonce=sent.nonce, verifier=sent.verifier)
    except Unavailable as error:
        return signing.form_with(site, request, error)
    answer = RedirectResponse(place, status_code=303)
    doors.send(answer, host, sent.sealed)
    return answer


def back(site: Site, request: Request) -> Response:
    """What the directory answers. It is looked at once, in the browser that asked, and shows the sign-in form."""
    doors, known = _both(site)
    context, told, host = site.opened.context, request.query_params, request.headers.get("host", "")
    try:
        sent = second.come_back(context, doors.sent(request.headers), told.get("state", ""))
        if "iss" in told and not hmac.compare_digest(told["iss"].encode(), known.issuer.encode()):
            raise NotSignedIn("Another directory has answered.", hint="Begin anew from the sign-in page.")
        if "error" in told or not told.get("code"):
            raise NotSignedIn("The directory said no.", hint="Whoever runs the directory knows why.")
        person = known.person(told["code"], back=_back(doors, host), nonce=sent.nonce, verifier=sent.verifier)
    except (NotSignedIn, Unavailable) as error:
        answer = signing.form_with(site, request, error)
    else:
        answer = signing.form_with(site, request, seen=second.hand_out(context, person))
    doors.unsend(answer, host)
    return answer


def forget(site: Site, _: Request) -> Response:
    """End what the account has said of the directory; the next sign-in by password says it anew."""
    from starlette.responses import RedirectResponse

    site.club.browsers.leave_directory()
    return RedirectResponse("/account", status_code=303)


ROUTES = (
    Route("GET", DIRECTORY, "sign-in", go, party=True),
    Route("GET", BACK, "sign-in", back, party=True),
    Route("POST", "/account/directory/end", "account", forget, ANYBODY, party=True),
)


# --- inside ----------------------------------------------------------------------------------------------------------


def _both(site: Site) -> tuple[Doors, Directory]:
    """Raise `NotFound` where none is configured, or nobody signs in."""
    if site.doors is None or site.doors.directory is None:
        raise NotFound("There is no such page.", hint="Go back to the start.")
    return site.doors, site.doors.directory


def _back(doors: Doors, host: str) -> str:
    """Where the directory sends the browser: here, by the name that the browser calls us."""
    return f"{doors.origin(host)}{BACK}"
