"""At which level of the quality gate a face is judged: as configured, or stricter where that was asked for (P22)."""

from __future__ import annotations

from countenance.config import VisionSection
from countenance.errors import InputError, Refused

LEVELS = ("standard", "strict")
"""From the least to the most that is asked. The gate is ``off`` in an evaluation alone."""
PROBE, ENROLMENT = "probe", "enrolment"


def level_for(wanted: VisionSection, use: str, asked: str | None = None) -> str:
    """The level for an enrolment or a probe.

    Raises:
        InputError: there is no such level.
        Refused: it is a lower one than the gallery's (P22).
    """
    floor = (wanted.enrolment_gate or wanted.gate) if use == ENROLMENT else wanted.gate
    if asked is None:
        return floor
    if asked == "off" or (asked in LEVELS and LEVELS.index(asked) < LEVELS.index(floor)):
        raise Refused(
            f"The quality gate of this gallery is {floor!r}, and no option lowers it.", requirement="P22",
            hint="Give a better picture. What a lower gate does to the errors: `countenance evaluate --gate`.",
        )  # fmt: skip
    if asked not in LEVELS:
        raise InputError(f"There is no quality gate {asked!r}.", hint=f"Use one of: {', '.join(LEVELS)}.")
    return asked
