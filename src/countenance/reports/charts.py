"""Small charts for a page (SVG): they take the page's colours, light and dark, and stay legible on a telephone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup

_WIDE, _HIGH = 420, 290
_LEFT, _RIGHT, _TOP, _LOW = 52, 398, 14, 240
_TONES = ("one", "two")
_LABELS = 6
"""The most powers of ten that are all written below a chart."""

Point = tuple[float, float]
Place = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Line:
    """A curve: what it is called and its points, in order. ``marked`` are points that get a dot."""

    name: str
    points: tuple[Point, ...]
    marked: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Axes:
    """What is written at the axes: across and up."""

    across: str
    up: str


def decades(title: str, lines: Sequence[Line], axes: Axes) -> Markup:
    """Curves of small rates, both ways in powers of ten. A rate of nothing lies on the lower edge."""
    points = [point for line in lines for point in line.points]
    across = _powers([x for x, _ in points], _LEFT, _RIGHT)
    up = _powers([y for _, y in points], _LOW, _TOP)
    every = 2 if len(across[1]) > _LABELS else 1  # or they would run into one another
    named = across[1][::-every]
    grid = [_upright(across[0](10.0**power), rate(10.0**power) if power in named else "") for power in across[1]]
    grid += [_level(up[0](10.0**power), rate(10.0**power)) for power in up[1]]
    return _picture(title, [*grid, *_curves(lines, across[0], up[0])], axes)


def ranks(title: str, shares: Sequence[float], axes: Axes) -> Markup:
    """The share of searches that have found by each rank, from rank 1."""
    least = math.floor(min(shares, default=0.0) * 50 - 0.01) / 50
    least = max(0.0, min(least, 0.98))
    across = _even(1, max(len(shares), 2), _LEFT + 8, _RIGHT - 4)
    up = _even(least, 1.0, _LOW, _TOP)
    grid = [_upright(across(rank), str(rank)) for rank in (1, 5, 10, 15, 20) if rank <= len(shares)]
    grid += [_level(up(value), rate(value)) for value in (least + (1 - least) * part / 4 for part in range(5))]
    points = tuple(zip(range(1, len(shares) + 1), shares, strict=True))
    line = Line("", tuple((float(rank), share) for rank, share in points))
    marked = Line("", line.points, line.points)
    return _picture(title, [*grid, *_curves([marked], across, up)], axes)


def humps(title: str, lines: Sequence[Line], axes: Axes, at: Sequence[tuple[float, str]] = ()) -> Markup:
    """Distributions, each as high as the picture, with upright lines ``at`` the places that matter."""
    points = [point for line in lines for point in line.points]
    least, most = min((x for x, _ in points), default=-1.0), max((x for x, _ in points), default=1.0)
    across, up = _even(least, max(most, least + 0.1), _LEFT, _RIGHT), _even(0, 1.06, _LOW, _TOP)
    steps = [value / 10 for value in range(-10, 11, 2) if least <= value / 10 <= most]
    parts = [_upright(across(value), f"{value:.1f}") for value in steps]
    for tone, line in zip(_TONES, lines, strict=False):
        highest = max((y for _, y in line.points), default=0.0) or 1.0
        path = " ".join(f"{across(x):.1f},{up(y / highest):.1f}" for x, y in line.points)
        if path:
            ends = f"{across(line.points[-1][0]):.1f},{_LOW} {across(line.points[0][0]):.1f},{_LOW}"
            parts.append(f'<polygon class="{tone}" points="{path} {ends}"/>')
            parts.append(f'<polyline class="{tone}" points="{path}"/>')
    for value, name in at:
        x = across(min(max(value, least), most))
        parts.append(f'<path class="mark" d="M{x:.1f} {_LOW}V{_TOP}"/>')
        parts.append(f'<text x="{x + 5:.1f}" y="{_TOP + 10}">{escape(name)}</text>')
    return _picture(title, parts, axes)


def rate(value: float) -> str:
    """A rate in per cent, without zeros that say nothing."""
    return f"{value * 100:.6f}".rstrip("0").rstrip(".") + " %"


def _curves(lines: Sequence[Line], across: Place, up: Place) -> list[str]:
    parts = []
    for tone, line in zip(_TONES, lines, strict=False):
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in line.points)
        parts.append(f'<polyline class="{tone}" points="{path}"/>')
        parts += [f'<circle class="{tone}" cx="{across(x):.1f}" cy="{up(y):.1f}" r="3.2"/>' for x, y in line.marked]
    return parts


def _powers(values: Sequence[float], start: float, end: float) -> tuple[Place, list[int]]:
    """A place for each value on a scale of whole powers of ten, and the powers."""
    told = [value for value in values if value > 0] or [0.1]
    low = max(math.floor(math.log10(min(told)) + 1e-9), -7)
    high = max(math.ceil(math.log10(max(told)) - 1e-9), low + 1)

    def place(value: float) -> float:
        power = min(max(math.log10(value), low), high) if value > 0 else low
        return start + (power - low) / (high - low) * (end - start)

    return place, list(range(low, high + 1))


def _even(low: float, high: float, start: float, end: float) -> Place:
    return lambda value: start + (value - low) / (high - low) * (end - start)


def _upright(x: float, label: str) -> str:
    return f'<path d="M{x:.1f} {_TOP}V{_LOW}"/><text x="{x:.1f}" y="{_LOW + 17}" text-anchor="middle">{label}</text>'


def _level(y: float, label: str) -> str:
    return (
        f'<path d="M{_LEFT} {y:.1f}H{_RIGHT}"/><text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
    )


def _picture(title: str, parts: Sequence[str], axes: Axes) -> Markup:
    from markupsafe import Markup

    middle = (_TOP + _LOW) / 2
    words = (
        f'<text class="axis" x="{(_LEFT + _RIGHT) / 2}" y="{_HIGH - 8}" text-anchor="middle">'
        f"{escape(axes.across)}</text>"
        f'<text class="axis" x="12" y="{middle}" text-anchor="middle" transform="rotate(-90 12 {middle})">'
        f"{escape(axes.up)}</text>"
    )
    return Markup(  # noqa: S704 - numbers of ours, and words that are escaped
        f'<svg class="chart" viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="{escape(title)}">'
        + "".join(parts) + words + "</svg>"
    )  # fmt: skip
