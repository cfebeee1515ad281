"""Confirmed names as a download, for the roles that may hand them out."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from countenance.web.forms import Form
from countenance.web.logs import READERS
from countenance.web.route import Route
from countenance.web.site import Site

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from countenance.service.exporting import Handed

OFFERED = (
    ("csv", "Table (CSV), for a spreadsheet"),
    ("json", "Document (JSON), for a program"),
    ("xmp", "Sidecars (XMP), one beside each photo, as a zip archive"),
)
"""The formats, and what each is for."""
_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json", "xmp": "application/zip"}


def offer(site: Site, _: Request) -> Response:
    """The form."""
    club = site.club
    return site.page(
        "exports.html",
        purposes=club.agreements.reviewed(),
        sources=[each.name for each in club.sources.list()],
        kinds=OFFERED,
    )


def hand_out(site: Site, request: Request) -> Response:
    """The names, as one file. Nothing is kept of it here but the log's entry."""
    from starlette.responses import Response

    form: Form = request.scope["form"]
    handed = site.club.exporting.names(
        purpose=form.text("purpose"), recipient=form.text("recipient"), format=form.text("format") or "",
        source=form.text("source"), case=form.text("case"),
    )  # fmt: skip
    if handed.format == "xmp":
        name, content = "names-xmp.zip", _packed(handed)
    else:
        name, content = next((path.decode(), content) for path, content in handed.files.items())
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(content, media_type=_TYPES[handed.format], headers=headers)


def _packed(handed: Handed) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in handed.files.items():
            # Elsewhere a backslash parts folders, and `..\\..` leads out of the one that an archive is unpacked in.
            archive.writestr(path.replace(b"\\", b"%5C").decode("utf-8", "backslashreplace"), content)
        left_out = "".join(f"{photo}: {reason}\n" for photo, reason in handed.left_out)
        if left_out:
            archive.writestr("left-out.txt", left_out)
    return packed.getvalue()


ROUTES = (
    Route("GET", "/reports/names", "export", offer, READERS),
    Route("POST", "/reports/names", "export", hand_out, READERS),
)
