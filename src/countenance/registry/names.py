"""Names as they are compared: the same whoever types them, with capitals or without, composed or not, spaced oddly."""

from __future__ import annotations

import unicodedata


def plain_name(name: str | None) -> str | None:
    """A name by which two spellings of one are alike: compatible signs made one, no capitals, single spaces.

    SQLite's own ``lower`` knows ASCII alone: an order for ``ÉPREUVES`` would miss ``Épreuves``.
    """
    if name is None:
        return None
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join("".join(sign for sign in text if unicodedata.category(sign) != "Cf").split())
