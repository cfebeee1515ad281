"""What a backup says of itself: which gallery, when, and how far its log and the erasure ledger had come."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from countenance.errors import BadConfiguration, Tampered

FORMAT = 1
CONFIG, REGISTRY = "countenance.toml", "registry"
"""The members. Tiles and the published checkpoint are not among them: they are made from the registry's leaves."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The last line of a backup, authenticated with all the rest.

    ``migration`` is the registry's; ``made`` is in seconds since 1970; ``ledger_lines`` and ``ledger_head`` are how
    long the erasure ledger was and the hash that it ended in; ``members`` holds the SHA-256 of each.
    """

    gallery: str
    version: str
    migration: str
    made: int
    log_size: int
    log_root: str
    checkpoint: str
    ledger_lines: int
    ledger_head: str
    members: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    format: int = FORMAT

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    @classmethod
    def parse(cls, value: Any) -> Manifest:
        """The opposite of `as_json`. Raises `Tampered`, or `BadConfiguration` for a newer format."""
        try:
            if value["format"] != FORMAT:
                raise BadConfiguration("This backup has a format that this version does not know.")
            return cls(**value)
        except (TypeError, KeyError):
            raise Tampered("The backup's manifest cannot be read.") from None
