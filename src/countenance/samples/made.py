"""Makes the awkward files that demos and tests need: photos with a mark in their metadata, and a broken one.

Everything is written byte by byte from the formats' own descriptions: JPEG (ITU-T T.81 annex B), Adobe's image resource
blocks, IPTC-IIM 4.2, and XMP part 3.
"""

from __future__ import annotations

from countenance.samples import cast

FACEBOOK_MARK = b"FBMD01000a" + b"00c0ffee" * 9
"""What Facebook writes into a photo's Special Instructions, with digits that mean nothing."""

_XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\0"
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/">
<plus:DataMining>http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED</plus:DataMining>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def with_facebook_mark(jpeg: bytes) -> bytes:
    """The JPEG with Facebook's mark in IPTC Special Instructions (2:40), in a Photoshop APP13 segment."""
    dataset = b"\x1c\x02\x28" + len(FACEBOOK_MARK).to_bytes(2) + FACEBOOK_MARK
    padding = b"\0" * (len(dataset) % 2)
    resource = b"8BIM\x04\x04\0\0" + len(dataset).to_bytes(4) + dataset + padding
    return with_segment(jpeg, 0xED, b"Photoshop 3.0\0" + resource)


def with_data_mining_prohibited(jpeg: bytes) -> bytes:
    """The JPEG with an XMP packet whose ``plus:DataMining`` is DMI-PROHIBITED."""
    return with_segment(jpeg, 0xE1, _XMP_HEADER + _XMP.encode())


def broken_jpeg() -> bytes:
    """A photo cut off in the middle, as a copy that was interrupted leaves it."""
    whole = cast().no_face()[0].read_bytes()
    return whole[: len(whole) // 2]


def with_segment(jpeg: bytes, marker: int, payload: bytes) -> bytes:
    """The JPEG with one application segment (``marker`` 0xE0 to 0xEF) added behind its JFIF header.

    Raises `ValueError` when the bytes are no JPEG, or when the payload does not fit a segment (65,533 bytes).
    """
    if not jpeg.startswith(b"\xff\xd8"):
        raise ValueError("not a JPEG")
    if len(payload) > 65_533:
        raise ValueError("the payload does not fit one segment")
    at = 2
    if jpeg[2:4] == b"\xff\xe0":
        at += 2 + int.from_bytes(jpeg[4:6])
    return jpeg[:at] + bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2) + payload + jpeg[at:]
