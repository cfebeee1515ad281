"""Values as people read them: a duration, a rate, a state, and text with code in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markupsafe import Markup

_CODE = re.compile(r"`([^`\n]+)`")


def seconds(value: float) -> str:
    """A duration, always in the same unit so that two can be compared: ``under 0.1 s``, ``1.4 s``, ``2 min 5 s``."""
    if value < 0.1:
        return "under 0.1 s"
    if value < 59.95:
        return f"{value:.1f} s"
    return f"{round(value) // 60} min {round(value) % 60} s"


def percent(score: float) -> str:
    """Where a cosine lies on a scale from 0 to 1, for a style attribute."""
    return f"{min(max(score, 0.0), 1.0) * 100:.1f}%"


def ticked(text: object) -> Markup:
    """The text, with what stands between backticks set as code. All of it is escaped first."""
    from markupsafe import Markup, escape

    return Markup(_CODE.sub(r"<code>\1</code>", f"{escape(text)}"))  # noqa: S704 - nothing in it is markup any more


def plainly(word: str) -> str:
    """A state or a kind as people write it: ``in force``."""
    return word.replace("-", " ")


def day(at: str | None) -> str:
    """The day of a time in ISO 8601."""
    return (at or "")[:10]


def joined(values: Sequence[Any]) -> str:
    """Several values in one cell."""
    return ", ".join(map(str, values))


def share(rate: float | None) -> str:
    """A rate in per cent; rare ones as one in so many, as far as anybody could have measured it."""
    if rate is None:
        return "too few to say"
    if 0 < rate < 1e-7:
        return "fewer than 1 in 10,000,000"
    return f"{rate:.2%}" if rate >= 0.001 or not rate else f"1 in {round(1 / rate):,}"


def false_matches(expected: float) -> str:
    """How many of the faces that were kept can be expected to be strangers (P27)."""
    about = f"about {expected:,.1f}" if expected >= 0.05 else "fewer than 0.1"
    return f"Of the kept, {about} are expected to be somebody else, where faces are like those of LFW (press photos)."


def witnessed(held: str | dict[str, Any]) -> str:
    """Who outside holds a checkpoint of the log."""
    if isinstance(held, str):
        return "nobody outside holds a checkpoint yet"
    return f"{held['name']}, {held['size']} entries, {day(held['at'])}"
