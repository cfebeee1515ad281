"""What an operation of Rekognition's is here, and what its handler works with."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field

from countenance.errors import InputError, TooLarge
from countenance.http.rekognition.protocol import Fault
from countenance.http.route import Fields

if TYPE_CHECKING:
    from countenance.service.countenance import Countenance
    from countenance.service.programs import Entered

CollectionText = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[a-zA-Z0-9_.\-]+$")]
UserText = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[a-zA-Z0-9_.\-:]+$")]
FaceText = Annotated[str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
Percent = Annotated[float, Field(ge=0, le=100)]
Filter = Literal["NONE", "AUTO", "LOW", "MEDIUM", "HIGH"]
Wanted = Annotated[list[str], Field(max_length=20)]
Token = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-zA-Z0-9_-]+$")]


class Elsewhere(Fields):
    """Named by clients that keep photos with Amazon. Nothing is fetched from anywhere (P25)."""

    Bucket: str | None = None
    Name: str | None = None
    Version: str | None = None


class Photo(Fields):
    """A photo, in base64."""

    model_config = ConfigDict(extra="forbid", str_max_length=None)  # its bytes: the body is bounded as a whole
    Bytes: str | None = None
    S3Object: Elsewhere | None = None

    def photo(self, limit: int) -> bytes:
        """Its bytes. Raises `Fault` for an address, `InputError` or `TooLarge`."""
        if self.S3Object is not None:
            raise Fault("InvalidS3ObjectException", "No photo is fetched from anywhere: send its bytes as Image.Bytes.")
        if not self.Bytes:
            raise InputError("No photo was sent.", hint="Send its bytes as Image.Bytes.")
        if len(self.Bytes) > limit * 4 // 3 + 4:
            raise TooLarge(f"This photo is larger than {limit:,} bytes.", hint="Make it smaller.")
        try:
            return base64.b64decode(self.Bytes, validate=True)
        except (binascii.Error, ValueError):
            raise InputError("The photo's bytes are no base64.", hint="The client packs them by itself.") from None


@dataclass(slots=True)
class Call:
    """One request that was let in. ``purpose`` and ``case``: of its headers, or the key's own."""

    entered: Entered
    fields: Any
    purpose: str | None
    case: str | None
    reason: str
    limit: int
    headers: dict[str, str] = field(default_factory=dict)
    """What is answered beside the body."""

    @property
    def club(self) -> Countenance:
        """The gallery, opened by the account whose key signed."""
        return self.entered.club

    @property
    def why(self) -> dict[str, str | None]:
        """Why faces are compared."""
        return {"purpose": self.purpose, "case": self.case}

    def photo(self, name: str = "Image") -> bytes:
        """The bytes of a photo of the request."""
        image: Photo = getattr(self.fields, name)
        return image.photo(self.limit)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. What is not in the table is answered as unknown.

    Attributes:
        name: As the client calls it.
        roles: Of which the account and its key must have one.
        handler: Who answers.
        fields: What is sent.
        party: Another organisation's account may ask too; to it, all others are absent.
        compares: It counts for the key's daily quota of comparisons.
        photos: How many may be sent.
    """

    name: str
    roles: tuple[str, ...]
    handler: Callable[[Call], dict[str, Any]]
    fields: type[Fields]
    party: bool = False
    compares: bool = False
    photos: int = 0


def gate_of(asked: Filter | None) -> str | None:
    """The quality gate for a client's filter: HIGH is strict; nothing lowers the gallery's own."""
    return "strict" if asked == "HIGH" else None
