"""The sheet of invitations, to be printed and cut: a QR code and a link for each guest."""

from __future__ import annotations

import re
from collections.abc import Sequence

from countenance.errors import InputError
from countenance.reports.page import environment


def check_base(base_url: str) -> None:
    """Raise `InputError` unless this is an address that a link can begin with."""
    if re.fullmatch(r"https?://[^\s/]+(/[^\s]*)?", base_url):
        return
    what = f"{base_url!r} is no address of a page" if base_url else "An invitation needs the address of your page"
    raise InputError(f"{what}.", hint="Write it like `--base-url https://faces.club.example`.")


def code_of(address: str) -> str:
    """The address as a QR code: an SVG picture, in an address of its own (``data:``)."""
    import segno

    return segno.make_qr(address, error="m").svg_data_uri(scale=4, border=4, dark="#000", light="#fff", omitsize=True)


def render_sheet(organisation: str, event: str, expires: str, addresses: Sequence[tuple[str, str]]) -> str:
    """The page to print. ``addresses``: each invitation's number and link."""
    cards = [(number, address, code_of(address)) for number, address in addresses]
    page = environment().get_template("invited.html")
    return page.render(organisation=organisation, event=event, expires=expires, cards=cards)
