"""When a photo was taken, as it says itself: with the zone where anything in it tells one, and never guessed.

Of what cameras write this is all that is read. Where (GPS), with which camera and by whom is left in the photo: nothing
here needs it, so that nothing of it can get into a record or a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from countenance.ingest.metadata import Blocks, directory, first_directory, iptc_values, number

_EXIF_TIME = re.compile(rb"(\d{4}):(\d\d):(\d\d)[ T](\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(rb"[+-]\d\d:\d\d")
_XMP_TIME = re.compile(
    r"(?:exif:DateTimeOriginal|photoshop:DateCreated)\s*(?:=\s*[\"']|>)\s*"
    r"(\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d)?)(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d)?",
    re.ASCII,
)
_DATE_CREATED, _TIME_CREATED = 55, 60
_EXIF_DIRECTORY, _ORIGINAL, _ORIGINAL_OFFSET = 0x8769, 0x9003, 0x9011


def taken_at(blocks: Blocks, packets: Sequence[str]) -> str | None:
    """The time in ISO 8601, or a date alone, or None.

    Exif goes before XMP and XMP before IPTC. Where the first knows no zone, and another tells the same time of day with
    one, that one is given.
    """
    told = [time for time in _told(blocks, packets) if _is_time(time)]
    if not told:
        return None
    return next(
        (time for time in told if time.startswith(told[0]) and len(time) > len(told[0]) and "T" in told[0]), told[0]
    )


def _told(blocks: Blocks, packets: Sequence[str]) -> Iterator[str]:
    for tiff in blocks.exif[:4]:
        yield from _by_exif(tiff)
    for packet in packets:
        for found in _XMP_TIME.finditer(packet):
            zone = "+00:00" if found[2] == "Z" else found[2] or ""
            yield found[1] + zone if "T" in found[1] else found[1]
    for record in blocks.iptc:
        yield from _by_iptc(record)


def _by_exif(tiff: bytes) -> Iterator[str]:
    first = first_directory(tiff)
    # In Canon's newest raw files the directory of Exif has a structure of its own, and is its first.
    exif = directory(tiff, number(tiff, first[_EXIF_DIRECTORY])) if _EXIF_DIRECTORY in first else first
    time = _EXIF_TIME.match(exif.get(_ORIGINAL, b""))
    if time is None:
        return
    year, month, day, hour, minute, second = (part.decode() for part in time.groups())
    local = f"{year}-{month}-{day}T{hour}:{minute}:{second}"
    offset = _OFFSET.match(exif.get(_ORIGINAL_OFFSET, b""))
    if offset:
        yield local + offset[0].decode()
    yield local


def _by_iptc(record: bytes) -> Iterator[str]:
    date = next(iptc_values(record, _DATE_CREATED), b"").decode("latin-1")
    time = next(iptc_values(record, _TIME_CREATED), b"").decode("latin-1")
    day = f"{date[:4]}-{date[4:6]}-{date[6:8]}"
    if re.fullmatch(r"\d{6}[+-]\d{4}", time, re.ASCII):
        yield f"{day}T{time[:2]}:{time[2:4]}:{time[4:6]}{time[6:9]}:{time[9:]}"
    yield day


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
