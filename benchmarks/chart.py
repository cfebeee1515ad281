"""Bars and lines as pictures that a page can show on a light and on a dark ground (SVG)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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


_LEFT, _RIGHT, _TOP, _LOW = 64, 236, 56, 336
_HIGH = _LOW + 58
_LOOKS = (
    ("#1f6feb", "#58a6ff", "", "circle"),
    ("#6e7781", "#9da7b3", "7 4", "square"),
    ("#bf8700", "#d29922", "2 3", "diamond"),
    ("#1a7f37", "#3fb950", "10 3 2 3", "circle"),
    ("#cf222e", "#ff7b72", "4 2", "square"),
    ("#8250df", "#bc8cff", "1 2", "diamond"),
)
"""Of each line: its colour on a light and on a dark ground, its dashes, its marks. Lines that meet stay apart so."""
_STEPS = (0.05, 0.1, 0.2, 0.25, 0.5)


def lines(
    title: str,
    series: Mapping[str, Sequence[tuple[float, float]]],
    *,
    across: str,
    up: str,
    logarithmic: bool = False,
) -> str:
    """A line for each of ``series`` that has a point, with a legend; a single point is a mark alone.

    The way across is logarithmic, with a line at each power of ten. The way up is so too where that is said; else it
    ends at 1, for shares.
    """
    drawn = {name: sorted(each) for name, each in series.items() if each}
    points = [point for each in drawn.values() for point in each]
    x = _logarithmic([each for each, _ in points], _LEFT + 8, _WIDTH - _RIGHT)
    y = _logarithmic([each for _, each in points], _LOW, _TOP) if logarithmic else _shares([y for _, y in points])
    parts = [f'<text x="{_LEFT}" y="{_TOP - 12}" class="axis">{escape(up)}</text>']
    parts.append(f'<text x="{_WIDTH - _RIGHT}" y="{_LOW + 42}" text-anchor="end" class="axis">{escape(across)}</text>')
    for tick in x.ticks:
        at = x.place(tick)
        parts.append(f'<line x1="{at:.1f}" y1="{_TOP}" x2="{at:.1f}" y2="{_LOW}" class="grid"/>')
        parts.append(f'<text x="{at:.1f}" y="{_LOW + 20}" text-anchor="middle">{_said(tick)}</text>')
    for tick in y.ticks:
        at = y.place(tick)
        parts.append(f'<line x1="{_LEFT}" y1="{at:.1f}" x2="{_WIDTH - _RIGHT}" y2="{at:.1f}" class="grid"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{_said(tick)}</text>')
    # The first series, ours, is drawn last, over the others.
    for number, (name, each) in reversed(list(enumerate(drawn.items()))):
        placed = [(x.place(one), y.place(other)) for one, other in each]
        legend = _TOP + 8 + 24 * number
        parts += _line(number, placed)
        parts += _line(number, [(_WIDTH - _RIGHT + 20.0, legend), (_WIDTH - _RIGHT + 48.0, legend)], marks=1)
        parts.append(f'<text x="{_WIDTH - _RIGHT + 56}" y="{legend + 4}">{escape(name)}</text>')
    return _picture(title, parts)


def _picture(title: str, parts: Sequence[str]) -> str:
    light = "".join(f".s{at}{{stroke:{look[0]}}}.m{at}{{fill:{look[0]}}}" for at, look in enumerate(_LOOKS))
    dark = "".join(f".s{at}{{stroke:{look[1]}}}.m{at}{{fill:{look[1]}}}" for at, look in enumerate(_LOOKS))
    style = (
        "text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-size:16px;font-weight:600}"
        f".axis{{fill:#57606a}}.grid{{stroke:#d0d7de;stroke-width:1}}.line{{fill:none;stroke-width:2}}{light}"
        "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.axis{fill:#9da7b3}.grid{stroke:#3d444d}" + dark + "}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HIGH}" role="img" '
        f'aria-label="{escape(title)}">\n<style>{style}</style>\n'
        f'<text x="12" y="22" class="title">{escape(title)}</text>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _line(number: int, placed: Sequence[tuple[float, float]], marks: int | None = None) -> list[str]:
    """A line with its marks; or with one in the middle, for the legend."""
    _, _, dashes, mark = _LOOKS[number % len(_LOOKS)]
    at = number % len(_LOOKS)
    parts = []
    if len(placed) > 1:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        parts.append(f'<polyline points="{path}" class="line s{at}"{dashed}/>')
    if marks is not None:
        placed = [(sum(x for x, _ in placed) / len(placed), placed[0][1])]
    for x, y in placed:
        if mark == "circle":
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" class="m{at}"/>')
        else:
            turned = f' transform="rotate(45 {x:.1f} {y:.1f})"' if mark == "diamond" else ""
            parts.append(f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" class="m{at}"{turned}/>')
    return parts


@dataclass(frozen=True)
class _Scale:
    """From a value to a place between two ends, and the values that are named beside it."""

    place: Callable[[float], float]
    ticks: list[float]


def _logarithmic(values: Sequence[float], start: float, end: float) -> _Scale:
    """From the power of ten below the least value to the one above the greatest, but no further than is needed."""
    found = [math.log10(value) for value in values if value > 0] or [0.0]
    low, high = math.floor(min(found) + 1e-9), math.ceil(max(found) - 1e-9)
    high = max(high, low + 1)

    def place(value: float) -> float:
        return start + (math.log10(max(value, 10.0**low)) - low) / (high - low) * (end - start)

    return _Scale(place, [10.0**power for power in range(low, high + 1)])


def _shares(values: Sequence[float]) -> _Scale:
    """From a round number below the least share to 1."""
    least = min(values, default=0.0)
    step = next((each for each in _STEPS if (1 - least) / each <= 5), _STEPS[-1])
    low = max(0.0, math.floor((least - step / 4) / step) * step)
    count = round((1 - low) / step) or 1

    def place(value: float) -> float:
        return _LOW + (value - low) / (1 - low or 1) * (_TOP - _LOW)

    return _Scale(place, [low + step * number for number in range(count + 1)])


def _said(value: float) -> str:
    """A number as it stands at an axis."""
    return f"{value:,.0f}" if value >= 1 else f"{value:.10g}"
