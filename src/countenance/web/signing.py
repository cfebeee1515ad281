"""Pages for signing in and out, for one's own account, and for signing what needs the person's own signature."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from countenance.errors import CountenanceError, InputError, NotFound, NotSignedIn, SignAgain, TooMany
from countenance.service import directory as second
from countenance.service import signing_again, signing_in
from countenance.service.signing_in import Visit
from countenance.web.doors import SIGN_IN, VISIT, Doors, token_of
from countenance.web.look import a_page_of_ours
from countenance.web.route import ANYBODY, Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from countenance.service.signing_in import Place
    from countenance.web.forms import Form
    from countenance.web.site import Site


def form(site: Site, request: Request) -> Response:
    """The sign-in page."""
    return form_with(site, request)


def come_in(site: Site, request: Request) -> Response:
    """Sign in by password or passkey. The session's secret is made now, whatever the browser had before."""
    from starlette.responses import RedirectResponse

    doors, host = _doors(site), request.headers.get("host", "")
    given: Form = request.scope["form"]
    seen, opened = given.text("directory"), site.opened
    try:
        if given.text("answer"):
            sealed, answered = given.text("sealed") or "", given.text("answer") or ""
            cookie = signing_in.by_passkey(opened, sealed, answered, _place(doors, host), seen=seen)
        else:
            email, password = given.text("email") or "", given.fields.get("password", "")
            cookie = signing_in.by_password(opened, email, password, seen=seen)
    except (NotSignedIn, TooMany) as error:
        return form_with(site, request, error, seen=seen)
    doors.leave(request.headers)
    visit = signing_in.enter(site.opened, cookie)
    context = visit.club.context
    visit.close()
    usual = "/" if context.party == context.organisation else "/account"
    answer = RedirectResponse(a_page_of_ours(request, doors.there(request.headers) or "") or usual, status_code=303)
    doors.give(answer, host, cookie)
    doors.forget(answer, host)
    return answer


def go(site: Site, request: Request) -> Response:
    """Sign out: the session ends here, and opens nothing for whoever else has its cookie."""
    from starlette.responses import RedirectResponse

    doors = _doors(site)
    site.club.browsers.end_here()
    answer = RedirectResponse(SIGN_IN, status_code=303)
    doors.take(answer, request.headers.get("host", ""))
    return answer


def account(site: Site, request: Request) -> Response:
    """One's own passkeys and sessions."""
    visit, host = VISIT.get(), request.headers.get("host", "")
    place = site.doors.place(host) if site.doors and visit else None
    return site.page(
        "account.html",
        passkeys=[each for each in site.club.passkeys.list() if each.account == site.account and each.state == "live"],
        browsers=site.club.browsers.list(),
        options=site.club.passkeys.options(place) if place else None,
        instead=None if place else _instead(site, host),
        visiting=visit is not None,
        directory=site.doors.directory if site.doors else None,
        bound=site.club.browsers.directory(),
    )


def add_passkey(site: Site, request: Request) -> Response:
    """Add what the browser made; the account's own key, which the password opens, signs it."""
    given: Form = request.scope["form"]
    place = _place(_doors(site), request.headers.get("host", ""))
    site.club.passkeys.add(
        given.text("label") or "", given.fields.get("password", ""), given.text("sealed") or "",
        given.text("answer") or "", place,
    )  # fmt: skip
    return _back()


def remove_passkey(site: Site, request: Request) -> Response:
    """End one of one's own passkeys."""
    number = request.path_params["passkey"]
    if number not in [each.id for each in site.club.passkeys.list() if each.account == site.account]:
        raise NotFound(f"There is no passkey {number[:20]}.")
    site.club.passkeys.remove(number)
    return _back()


def end_browser(site: Site, request: Request) -> Response:
    """Sign another browser of one's own out."""
    site.club.browsers.end(request.path_params["browser"])
    return _back()


ROUTES = (
    Route("GET", SIGN_IN, "sign-in", form, party=True),
    Route("POST", SIGN_IN, "sign-in", come_in, party=True),
    Route("GET", "/account", "account", account, ANYBODY, party=True),
    Route("POST", "/account/sign-out", "account", go, ANYBODY, party=True),
    Route("POST", "/account/passkeys", "account", add_passkey, ANYBODY, party=True),
    Route("POST", "/account/passkeys/{passkey}/remove", "account", remove_passkey, ANYBODY, party=True),
    Route("POST", "/account/browsers/{browser}/end", "account", end_browser, ANYBODY, party=True),
)


# --- signing in person -----------------------------------------------------------------------------------------------


def signed(site: Site, request: Request, visit: Visit, handler: Callable[[Site, Request], Response]) -> Response:
    """Answer a request; where it needs the person's own signature, ask for it, and answer it when it comes."""
    given: Form | None = request.scope.get("form")
    fault: CountenanceError | None = None
    if given is not None:
        taken = {name: given.fields.pop(f"sign_{name}", "") for name in ("password", "sealed", "answer")}
        try:
            _sign(site, request, visit, taken)
        except (NotSignedIn, TooMany, InputError) as error:
            fault = error
    try:
        return handler(site, request)
    except SignAgain as error:
        return _ask_again(site, request, visit, error, fault)


def _sign(site: Site, request: Request, visit: Visit, taken: dict[str, str]) -> None:
    if taken["password"]:
        signing_again.by_password(visit, taken["password"])
    elif taken["answer"]:
        place = _place(_doors(site), request.headers.get("host", ""))
        signing_again.by_passkey(visit, taken["sealed"], taken["answer"], place)


def _ask_again(
    site: Site, request: Request, visit: Visit, error: SignAgain, fault: CountenanceError | None
) -> Response:
    given: Form = request.scope["form"]
    if given.files:
        raise InputError("A form with a file is signed with the password in the form itself.")
    place = _doors(site).place(request.headers.get("host", ""))
    asked = signing_again.ask_again(visit, error, place)
    return site.page(
        "sign.html",
        status=(fault or error).status,
        path=request.url.path,
        fields=sorted(given.fields.items()),
        asked=asked,
        site_of_passkeys=place.site if place and asked.credentials else None,
        fault=fault,
    )


# --- inside ----------------------------------------------------------------------------------------------------------


def form_with(
    site: Site, request: Request, fault: CountenanceError | None = None, *, seen: str | None = None
) -> Response:
    """The sign-in form. ``seen``: what the directory said, as it was handed out; it comes back with the form."""
    doors, host = _doors(site), request.headers.get("host", "")
    place, before = doors.place(host), secrets.token_urlsafe(32)
    person = second.still_seen(site.opened.context, seen)
    waits = doors.directory is not None and doors.directory.required and person is None
    answer = site.page(
        "sign-in.html",
        status=fault.status if fault else 200,
        signed_in=False,
        token=token_of(before),
        fault=fault,
        asked=signing_in.ask(site.opened, seen=seen if person else None) if place and not waits else None,
        place=place,
        instead=None if place else _instead(site, host),
        ended=fault is None and not seen and doors.had(request.headers),
        back=a_page_of_ours(request, doors.there(request.headers) or ""),
        directory=doors.directory,
        waits=waits,
        person=person,
        seen=seen if person else None,
    )
    doors.give(answer, host, before, name=doors.before(host))
    return answer


def _doors(site: Site) -> Doors:
    """Raise `NotFound` where the terminal's own browser is the only one."""
    if site.doors is None:
        raise NotFound("There is no such page.", hint="Go back to the start.")
    return site.doors


def _place(doors: Doors, host: str) -> Place:
    place = doors.place(host)
    if place is None:
        raise InputError("Passkeys do not work on this address.", hint="Open the page by its name, such as localhost.")
    return place


def _instead(site: Site, host: str) -> str:
    """An address of ours on which passkeys work."""
    known = [
        origin
        for origin in sorted(site.session.origins, reverse=True)
        if site.doors and site.doors.place(origin.partition("://")[2])
    ]
    return known[0] if known else f"http://{host}"


def _back() -> Response:
    from starlette.responses import RedirectResponse

    return RedirectResponse("/account", status_code=303)
