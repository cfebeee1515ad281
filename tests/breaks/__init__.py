"""Every way in which a rule is broken on purpose: one module an area, each with its ``BREAKS``."""

from __future__ import annotations

import importlib
import pkgutil

from breaks.kind import Break

BREAKS: list[Break] = [
    each
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__) if info.name != "kind")
    for each in importlib.import_module(f"breaks.{module}").BREAKS
]
