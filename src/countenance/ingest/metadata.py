"""Finds the blocks of metadata in a photo's bytes without decoding the picture. Pure Python over bounded slices.

The bytes come from outside, and this runs in the main process: nothing here follows a pointer twice, takes more than
`MOST_BYTES` in all, or raises. What does not fit its format is passed over.

Sources: JPEG (ITU-T T.81 annex B), Exif 3.0, XMP part 3 (with its extension for long packets), Adobe's image resource
blocks, PNG third edition, the WebP container specification, JUMBF in JPEG (ISO/IEC 19566-5), C2PA 2.2.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_BYTES = 8 << 20
"""The most metadata that is kept, and the most that is inflated, of one photo."""

_MOST_PARTS = 4096  # segments, chunks or resources looked at in one file
_MOST_SEARCHED = 64 << 20  # bytes searched in a container that we do not take apart
_TIFF = frozenset({b"II*\0", b"MM\0*", b"IIRO", b"IIRS", b"MMOR", b"IIU\0"})  # and cameras' raw files like it
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_XMP_MORE = b"http://ns.adobe.com/xmp/extension/\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_C2PA_BOX = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")  # the uuid box of a C2PA store in HEIC, AVIF and MP4


@dataclass(slots=True)
class Blocks:
    """What was found: TIFF structures of Exif, XMP packets, IPTC-IIM records and C2PA stores, each as raw bytes."""

    exif: list[bytes] = field(default_factory=list)
    xmp: list[bytes] = field(default_factory=list)
    iptc: list[bytes] = field(default_factory=list)
    c2pa: list[bytes] = field(default_factory=list)
    room: int = MOST_BYTES

    def keep(self, kind: list[bytes], body: bytes) -> None:
        """Put ``body`` to its kind, as far as there is room."""
        body = body[: max(self.room, 0)]
        self.room -= len(body)
        if body:
            kind.append(body)


def find_blocks(data: bytes) -> Blocks:
    """The metadata blocks of a JPEG, PNG, WebP, TIFF or raw file like one; in any other, what a plain search finds."""
    if data.startswith(b"\xff\xd8"):
        return _in_jpeg(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _in_png(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _in_webp(data)
    if data[:4] in _TIFF:
        return _in_tiff(data)
    if data.startswith(b"FUJIFILMCCD-RAW"):
        # A camera's raw file around a JPEG that carries everything.
        start, size = int.from_bytes(data[84:88]), int.from_bytes(data[88:92])
        return _in_jpeg(data[start : start + size])
    return _in_other(data)


# --- containers ------------------------------------------------------------------------------------------------------


def _in_jpeg(data: bytes) -> Blocks:
    blocks = Blocks()
    photoshop, store, more = bytearray(), bytearray(), dict[tuple[bytes, int], bytes]()
    for marker, payload in _segments(data):
        if marker == 0xE1 and payload.startswith(b"Exif\0"):
            blocks.keep(blocks.exif, payload[6:])
        elif marker == 0xE1 and payload.startswith(_XMP):
            blocks.keep(blocks.xmp, payload[len(_XMP) :])
        elif marker == 0xE1 and payload.startswith(_XMP_MORE):
            rest = payload[len(_XMP_MORE) :]
            more[rest[:32], int.from_bytes(rest[36:40])] = rest[40:]
        elif marker == 0xED and payload.startswith(_PHOTOSHOP):
            photoshop += payload[len(_PHOTOSHOP) :]
        elif marker == 0xEB and payload.startswith(b"JP") and len(store) < MOST_BYTES:
            # Each segment repeats the first box' header; a later one (sequence number > 1) goes on behind it.
            later = int.from_bytes(payload[4:8]) > 1
            wide = payload[8:12] == b"\0\0\0\1"
            store += payload[8 + (8 + 8 * wide) * later :]
    if more:
        blocks.keep(blocks.xmp, b"".join(more[key] for key in sorted(more))[:MOST_BYTES])
    if store:
        blocks.keep(blocks.c2pa, bytes(store))
    for record in _iptc_resources(bytes(photoshop)):
        blocks.keep(blocks.iptc, record)
    return blocks


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The marker segments before the picture itself: marker, payload."""
    at = 2
    for _ in range(_MOST_PARTS):
        if data[at : at + 1] != b"\xff":
            return
        while data[at + 1 : at + 2] == b"\xff":  # fill bytes
            at += 1
        marker = int.from_bytes(data[at + 1 : at + 2])
        size = int.from_bytes(data[at + 2 : at + 4])
        if marker in (0xDA, 0xD9, 0x00) or size < 2:
            return
        yield marker, data[at + 4 : at + 2 + size]
        at += 2 + size


def _in_png(data: bytes) -> Blocks:
    blocks, at = Blocks(), 8
    for _ in range(_MOST_PARTS):
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + min(size, MOST_BYTES)]
        if len(kind) < 4 or kind == b"IEND":
            break
        if kind == b"eXIf":
            blocks.keep(blocks.exif, body)
        elif kind == b"caBX":
            blocks.keep(blocks.c2pa, body)
        elif kind in (b"iTXt", b"tEXt", b"zTXt"):
            _png_text(kind, body, blocks)
        at += 12 + size
    return blocks


def _png_text(kind: bytes, body: bytes, blocks: Blocks) -> None:
    keyword, _, rest = body.partition(b"\0")
    if keyword != b"XML:com.adobe.xmp" and not keyword.startswith(b"Raw profile type "):
        return
    if kind == b"iTXt":
        packed, rest = rest[:1] == b"\1", rest[2:]
        rest = rest.partition(b"\0")[2].partition(b"\0")[2]  # language, translated keyword
    else:
        packed = kind == b"zTXt"
        rest = rest[packed:]
    text = _unpacked(rest, blocks.room) if packed else rest
    if keyword == b"XML:com.adobe.xmp":
        blocks.keep(blocks.xmp, text)
    else:
        blocks.room -= len(text)
        _raw_profile(keyword[17:].lower(), text, blocks)


def _raw_profile(name: bytes, text: bytes, blocks: Blocks) -> None:
    """ImageMagick's way to carry a JPEG's metadata in a PNG: name, length and the bytes in hexadecimal, by lines."""
    digits = b"".join(text.split()[2:])
    try:
        raw = bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        return
    if name in (b"iptc", b"8bim"):
        for record in _iptc_resources(raw) if raw.startswith(b"8BIM") else [raw]:
            blocks.keep(blocks.iptc, record)
    elif name == b"xmp" or raw.startswith(_XMP):
        blocks.keep(blocks.xmp, raw)
    elif name in (b"exif", b"app1"):
        blocks.keep(blocks.exif, raw.removeprefix(b"Exif\0\0"))


def _in_webp(data: bytes) -> Blocks:
    blocks, at = Blocks(), 12
    for _ in range(_MOST_PARTS):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if len(kind) < 4:
            break
        body = data[at + 8 : at + 8 + min(size, MOST_BYTES)]
        if kind == b"EXIF":
            blocks.keep(blocks.exif, body.removeprefix(b"Exif\0\0"))
        elif kind == b"XMP ":
            blocks.keep(blocks.xmp, body)
        elif kind == b"C2PA":
            blocks.keep(blocks.c2pa, body)
        at += 8 + size + size % 2
    return blocks


def _in_tiff(data: bytes) -> Blocks:
    tags = first_directory(data)
    blocks = Blocks(exif=[data])
    if 700 in tags:
        blocks.keep(blocks.xmp, tags[700])
    if 33723 in tags:
        blocks.keep(blocks.iptc, tags[33723])
    if 52545 in tags:
        blocks.keep(blocks.c2pa, tags[52545])
    for record in _iptc_resources(tags.get(34377, b"")):
        blocks.keep(blocks.iptc, record)
    return blocks


def _in_other(data: bytes) -> Blocks:
    """HEIC, AVIF and whatever else: not taken apart, but searched for packets that begin as they always do."""
    blocks, data = Blocks(), data[:_MOST_SEARCHED]
    start = data.find(b"<x:xmpmeta")
    if start >= 0:
        end = data.rfind(b"</x:xmpmeta>", start, start + MOST_BYTES)
        blocks.keep(blocks.xmp, data[start : end if end > 0 else start + MOST_BYTES])
    exif = data.find(b"Exif\0\0")
    if exif >= 0:
        blocks.keep(blocks.exif, data[exif + 6 : exif + 6 + MOST_BYTES])
    canon = data.find(b"CMT2", 0, _MOST_PARTS)  # the box of Exif in Canon's newest raw files
    if canon >= 0:
        blocks.keep(blocks.exif, data[canon + 4 : canon + 4 + int.from_bytes(data[canon - 4 : canon]) % MOST_BYTES])
    store = data.find(_C2PA_BOX)
    if store >= 0:
        blocks.keep(blocks.c2pa, data[store : store + MOST_BYTES])
    return blocks


# --- what lies inside the containers ---------------------------------------------------------------------------------

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}


def first_directory(tiff: bytes) -> dict[int, bytes]:
    """The tags of a TIFF structure's first directory, as raw bytes."""
    return directory(tiff, number(tiff, tiff[4:8]))


def directory(tiff: bytes, at: int) -> dict[int, bytes]:
    """The tags of the directory at byte ``at``. Empty where there is none; values are cut at `MOST_BYTES` in all."""
    tags: dict[int, bytes] = {}
    if tiff[:4] not in _TIFF or at < 8:
        return tags
    room = MOST_BYTES
    for index in range(min(number(tiff, tiff[at : at + 2]), 512)):
        entry = tiff[at + 2 + 12 * index : at + 14 + 12 * index]
        if len(entry) < 12:
            break
        size = _SIZES.get(number(tiff, entry[2:4]), 0) * number(tiff, entry[4:8])
        where = number(tiff, entry[8:12])
        value = entry[8 : 8 + size] if size <= 4 else tiff[where : where + min(size, room)]
        room -= len(value)
        tags[number(tiff, entry[:2])] = value
    return tags


def number(tiff: bytes, digits: bytes) -> int:
    """An unsigned number in the byte order of this TIFF structure."""
    return int.from_bytes(digits, "big" if tiff.startswith(b"MM") else "little")


def _iptc_resources(photoshop: bytes) -> list[bytes]:
    """The IPTC records (resource 0x0404) in a run of Photoshop image resource blocks."""
    found, at = list[bytes](), 0
    for _ in range(_MOST_PARTS):
        if photoshop[at : at + 4] != b"8BIM":
            break
        kind = photoshop[at + 4 : at + 6]
        name = 1 + int.from_bytes(photoshop[at + 6 : at + 7])
        at += 6 + name + name % 2
        size = int.from_bytes(photoshop[at : at + 4])
        if kind == b"\x04\x04":
            found.append(photoshop[at + 4 : at + 4 + size])
        at += 4 + size + size % 2
    return found


def iptc_values(record: bytes, dataset: int) -> Iterator[bytes]:
    """The values of the data sets 2:``dataset`` in an IPTC-IIM 4.2 record."""
    at = 0
    while record[at : at + 1] == b"\x1c" and len(record) >= at + 5:
        size = int.from_bytes(record[at + 3 : at + 5])
        if size & 0x8000:  # an extended data set: the rest of the number is the length of the length
            wide = size & 0x7FFF
            size, at = int.from_bytes(record[at + 5 : at + 5 + min(wide, 8)]), at + wide
        elif record[at + 1 : at + 3] == bytes((2, dataset)):
            yield record[at + 5 : at + 5 + size]
        at += 5 + size


def _unpacked(packed: bytes, room: int) -> bytes:
    """Inflated, as far as it goes and no more than ``room`` bytes."""
    if room < 1:
        return b""
    try:
        return zlib.decompressobj().decompress(packed, room)
    except zlib.error:
        return b""
