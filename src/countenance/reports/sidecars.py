"""Confirmed names as XMP sidecars: a file beside each photo, which programs for pictures read.

Sources: XMP part 1 (ISO 16684-1), MWG Guidelines for Handling Image Metadata 2.0, section 5.9 (regions), IPTC Photo
Metadata Standard (PersonInImage). MWG regions lie in the picture as it is stored, before its orientation is obeyed, so
boxes are turned back. Some programs look for the orientation in the sidecar alone, so it stands there too.

The last line of a sidecar is the SHA-256 of all before it. One that another program has changed is not ours any more.
"""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import dataclass

from countenance.reports.names import CAUTION, Exported, Name
from countenance.types import Box

NAMESPACE = "urn:countenance:names:1"
_SEAL = re.compile(rb"\A(.*\n)<!-- countenance ([0-9a-f]{64}) -->\n\Z", re.DOTALL)
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write."""


@dataclass(frozen=True, slots=True)
class Area:
    """A region as MWG has it: the centre and the size, as shares of the stored picture's width and height."""

    x: float
    y: float
    w: float
    h: float


def area(box: Box, width: int, height: int, orientation: int) -> Area:
    """The region of a box in the upright photo of this size, in the picture as it is stored (EXIF 2.32, tag 0x0112)."""
    left, top = max(box.x, 0.0), max(box.y, 0.0)
    right, bottom = min(box.x + box.w, width), min(box.y + box.h, height)
    x, y = (left + right) / 2 / width, (top + bottom) / 2 / height
    w, h = (right - left) / width, (bottom - top) / height
    if orientation in (3, 4, 7, 8):
        y = 1 - y
    if orientation in (2, 3, 6, 7):
        x = 1 - x
    return Area(y, x, h, w) if orientation in (5, 6, 7, 8) else Area(x, y, w, h)


def sidecar(told: Exported, names: tuple[Name, ...], orientation: int) -> bytes:
    """The sidecar of one photo, all of whose names these are."""
    photo = names[0]
    width, height = (photo.height, photo.width) if orientation > 4 else (photo.width, photo.height)
    people = "".join(f"\n     <rdf:li>{_text(each)}</rdf:li>" for each in dict.fromkeys(one.name for one in names))
    regions = "".join(_region(each, area(each.box, each.width, each.height, orientation)) for each in names)
    body = f"""<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Countenance">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
    xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#"
    xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"
    xmlns:names="{NAMESPACE}"
    tiff:Orientation="{orientation}"
    names:photoSHA256="{_text(photo.sha256)}"
    names:gallery="{_text(told.gallery)}"
    names:organisation="{_text(told.organisation)}"
    names:recipient="{_text(told.recipient)}"
    names:purpose="{_text(told.purpose)}"
    names:exportLogIndex="{told.log_index}"
    names:made="{_text(told.made)}"
    names:caution="{_text(CAUTION)}">
   <Iptc4xmpExt:PersonInImage>
    <rdf:Bag>{people}
    </rdf:Bag>
   </Iptc4xmpExt:PersonInImage>
   <mwg-rs:Regions rdf:parseType="Resource">
    <mwg-rs:AppliedToDimensions stDim:w="{width}" stDim:h="{height}" stDim:unit="pixel"/>
    <mwg-rs:RegionList>
     <rdf:Bag>{regions}
     </rdf:Bag>
    </mwg-rs:RegionList>
   </mwg-rs:Regions>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
""".encode()
    return body + f"<!-- countenance {hashlib.sha256(body).hexdigest()} -->\n".encode()


def is_ours(content: bytes) -> bool:
    """Whether a file is a sidecar of ours that nobody has changed since."""
    found = _SEAL.match(content)
    return found is not None and hashlib.sha256(found[1]).hexdigest().encode() == found[2]


def _region(each: Name, where: Area) -> str:
    confirmed = "".join(
        f'\n          <rdf:li names:account="{_text(who)}" names:at="{_text(at)}"/>' for who, at in each.by
    )
    return f"""
      <rdf:li>
       <rdf:Description mwg-rs:Name="{_text(each.name)}" mwg-rs:Type="Face">
        <mwg-rs:Area stArea:x="{where.x:.6f}" stArea:y="{where.y:.6f}" stArea:w="{where.w:.6f}" \
stArea:h="{where.h:.6f}" stArea:unit="normalized"/>
        <mwg-rs:Extensions rdf:parseType="Resource">
         <names:subject>{_text(each.subject)}</names:subject>
         <names:basis>{_text(each.basis.id)}</names:basis>
         <names:ground>{_text(each.basis.ground)}</names:ground>
         <names:search>{_text(each.search)}</names:search>
         <names:logIndex>{each.log_index}</names:logIndex>
         <names:confirmed>
          <rdf:Seq>{confirmed}
          </rdf:Seq>
         </names:confirmed>
        </mwg-rs:Extensions>
       </rdf:Description>
      </rdf:li>"""


def _text(text: str) -> str:
    """Text or an attribute's value; what XML cannot hold is left out."""
    return html.escape(_NO_XML.sub("", text), quote=True)
