"""Bars as a picture that a page can show on a light and on a dark ground (SVG)."""

from __future__ import annotations

from collections.abc import Mapping
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
