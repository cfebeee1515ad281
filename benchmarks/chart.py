"""Bars and lines as pictures that a page can show on a light and on a dark ground (SVG)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

_WIDTH, _NAMES, _BAR, _STEP = 760, 330, 18, 26
_OURS = "Countenance"


def bars(title: str, groups: Mapping[str, Mapping[str, float]]) -> str:
    """A group of bars for each of ``groups``, longest as wide as the picture; each group has a scale of its own."""
    parts, y = [], 46
    for group, rows in groups.items():
        parts.append(f'<text x="12" y="{y}" class="group">{escape(group)}</text>')
        y += 12
        longest = max(rows.values(), default=1.0)
        for name, value in rows.items():
            parts.append(_bar(name, value, value / longest, y))
            y += _STEP
        y += 30
    height = y - 16
    style = (
        "text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-size:16px;font-weight:600}"
        ".group{font-weight:600}.ours{fill:#1f6feb}.other{fill:#8c959f}"
        "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.other{fill:#6e7681}}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}">\n<style>{style}</style>\n'
        f'<text x="12" y="22" class="title">{escape(title)}</text>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _bar(name: str, value: float, share: float, y: int) -> str:
    length = max(1.0, share * (_WIDTH - _NAMES - 80))
    kind = "ours" if name.startswith(_OURS) else "other"
    return (
        f'<text x="{_NAMES - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>'
        f'<rect x="{_NAMES}" y="{y}" width="{length:.1f}" height="{_BAR}" rx="3" class="{kind}"/>'
        f'<text x="{_NAMES + length + 6:.1f}" y="{y + 14}">{value:,.3g}</text>'
    )


_HIGH, _LEFT, _RIGHT, _TOP, _LOW = 380, 70, 210, 50, 330
_COLOURS = ("#1f6feb", "#8c959f", "#d4a72c", "#2da44e", "#cf222e", "#8250df")


def lines(title: str, series: Mapping[str, Sequence[tuple[float, float]]], *, logarithmic: bool = False) -> str:
    """A line for each of ``series``. The way across is logarithmic, and the way up too where that is said."""
    points = [point for each in series.values() for point in each if point[0] > 0]
    across = _scale([x for x, _ in points], _LEFT, _WIDTH - _RIGHT, logarithmic=True)
    up = _scale([y for _, y in points] + ([] if logarithmic else [0.0, 1.0]), _LOW, _TOP, logarithmic=logarithmic)
    parts = [
        f'<text x="{across(x):.1f}" y="{_LOW + 22}" text-anchor="middle">{x:,g}</text>'
        for x in sorted({x for x, _ in points})
    ]
    parts += [
        f'<text x="{_LEFT - 8}" y="{up(y) + 4:.1f}" text-anchor="end">{y:,.3g}</text>'
        for y in sorted({y for _, y in points})[:: max(1, len(points) // 8)]
    ]
    for at, (name, each) in enumerate(series.items()):
        colour = _COLOURS[at % len(_COLOURS)]
        placed = [(across(x), up(y)) for x, y in each if x > 0]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in placed]
        parts.append(f'<text x="{_WIDTH - _RIGHT + 24}" y="{_TOP + 22 * at}" fill="{colour}">{escape(name)}</text>')
    style = (
        "text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-size:16px;font-weight:600}"
        "@media(prefers-color-scheme:dark){text{fill:#e6edf3}}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HIGH}" role="img" '
        f'aria-label="{escape(title)}">\n<style>{style}</style>\n'
        f'<text x="12" y="22" class="title">{escape(title)}</text>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _scale(values: Sequence[float], start: float, end: float, *, logarithmic: bool) -> Callable[[float], float]:
    """From a value to a place between two ends."""
    found = [math.log10(max(value, 1e-9)) if logarithmic else value for value in values] or [0.0]
    least, width = min(found), (max(found) - min(found)) or 1.0

    def place(value: float) -> float:
        at = math.log10(max(value, 1e-9)) if logarithmic else value
        return start + (at - least) / width * (end - start)

    return place
