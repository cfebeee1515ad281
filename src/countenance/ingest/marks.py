"""Reads what a photo says about itself: a prohibition, a mark of scraping, and when it was taken (P26).

A prohibition refuses the photo; a mark of scraping pauses its source. Metadata is easily stripped: this is a tripwire,
not a proof, and the absence of a mark is not permission.

Not covered: C2PA stores that lie outside the file (a sidecar or an address) or are compressed; their signatures are not
checked either, because a prohibition needs no proof. In HEIC and AVIF the packets are found by a search, not by taking
the container apart.
"""

from __future__ import annotations

import os
import re
from collections.abc import Container
from dataclasses import dataclass
from pathlib import PurePath

from countenance.ingest.metadata import Blocks, find_blocks, iptc_values
from countenance.ingest.taken import taken_at


@dataclass(frozen=True, slots=True)
class Marks:
    """What a photo says about itself. Each is ``None`` where it says nothing.

    ``prohibited`` and ``scraped`` are reasons in words for a person. ``taken_at`` is a time of day as the camera wrote
    it, in ISO 8601, with the offset from UTC where the camera knew it.
    """

    prohibited: str | None = None
    scraped: str | None = None
    taken_at: str | None = None


def read_marks(data: bytes, path: PurePath) -> Marks:
    """The marks in a photo's bytes and in its name. Never raises, whatever the bytes are."""
    blocks = find_blocks(data)
    packets = [_plain(packet) for packet in blocks.xmp]
    return Marks(
        prohibited=_prohibited(packets, blocks),
        scraped=_facebook(packets, blocks) or _scraper_name(path.name),
        taken_at=taken_at(blocks, packets),
    )


# --- prohibitions ----------------------------------------------------------------------------------------------------

_DATA_MINING = re.compile(r"DMI-PROHIBITED((?:-[A-Z]+)*)")
_IN_WORDS = {
    "-AIMLTRAINING": "prohibited for AI and machine learning",
    "-GENAIMLTRAINING": "prohibited for generative AI",
    "-EXCEPTSEARCHENGINEINDEXING": "prohibited except for search engines",
    "-SEECONSTRAINT": "prohibited, see the photo's other constraints",
    "-SEEEMBEDDEDRIGHTSEXPR": "prohibited, see the photo's rights expression",
}
"""The values of the PLUS vocabulary (IPTC Photo Metadata Standard 2023.1). Any other DMI-PROHIBITED is one too."""

_TRAINING_MINING = (b"c2pa.training-mining", b"cawg.training-mining")


def _prohibited(packets: list[str], blocks: Blocks) -> str | None:
    for packet in packets:
        found = _DATA_MINING.search(packet)
        if found:
            return f"IPTC/PLUS data mining: {_IN_WORDS.get(found[1], 'prohibited')}"
    for store in blocks.c2pa:
        # The word is the same in CBOR and JSON, so neither is parsed. An ingredient's prohibition counts as well.
        if b"notAllowed" in store and any(label in store for label in _TRAINING_MINING):
            return "C2PA training and data mining: not allowed"
    return None


# --- marks of scraping -----------------------------------------------------------------------------------------------

_FACEBOOK = re.compile(r"FBMD[0-9a-fA-F]{4}")
_SPECIAL_INSTRUCTIONS = 40
_INSTALOADER = re.compile(
    r"(?P<post>\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2}_UTC)(?:_\d{1,3}|_profile_pic|_cover)?\.[A-Za-z0-9]{3,4}", re.ASCII
)


def _facebook(packets: list[str], blocks: Blocks) -> str | None:
    for record in blocks.iptc:
        for instructions in iptc_values(record, _SPECIAL_INSTRUCTIONS):
            if _FACEBOOK.match(instructions.decode("latin-1")):
                return "Facebook's FBMD mark in IPTC Special Instructions"
    if any(_FACEBOOK.search(packet) for packet in packets):
        return "Facebook's FBMD mark in XMP Instructions"
    return None


def _scraper_name(name: str) -> str | None:
    """A photo's name as a scraper gives it."""
    return "a file name as instaloader gives it" if _INSTALOADER.fullmatch(name) else None


def scraper_trace(path: bytes, names: Container[bytes]) -> str | None:
    """What a photo's name, or that of a file beside it, says about a scraper. Nothing is opened.

    instaloader leaves ``POST.json.xz``, ``POST.json`` or ``POST.txt`` beside its pictures; gallery-dl leaves
    ``NAME.jpg.json``. Old exports from Google Photos have the latter too: such a source needs its owner's word once.

    Args:
        path: The photo's, in its source.
        names: The paths of all files in the source.
    """
    folder, slash, name = path.rpartition(b"/")
    post = _INSTALOADER.fullmatch(os.fsdecode(name))
    if post:
        for ending in (".json.xz", ".json", ".txt", "_comments.json"):
            if folder + slash + (post["post"] + ending).encode() in names:
                return f"a sidecar as instaloader writes it ({post['post']}{ending})"
    if path + b".json" in names:
        return "a sidecar as gallery-dl writes it (the photo's name and .json)"
    return _scraper_name(os.fsdecode(name))


# --- text ------------------------------------------------------------------------------------------------------------

_REFERENCE = re.compile(r"&#(?:x([0-9a-fA-F]{1,12})|([0-9]{1,12}));")


def _plain(packet: bytes) -> str:
    """An XMP packet as text to be searched: without the zeros of UTF-16, and with character references resolved.

    No XML parser is let near it. What we look for is ASCII and never contains markup.
    """
    return _REFERENCE.sub(_character, packet.replace(b"\0", b"").decode("latin-1"))


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16) if found[1] else int(found[2])
    return chr(code) if code < 128 else " "
