"""Vision: pixels → faces → templates. Other rooms import `Vision` and what it takes and gives, no module behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from countenance.vision.cards import ModelCard, ModelFile
    from countenance.vision.contract import embedding_contract
    from countenance.vision.decode import Limits, Picture
    from countenance.vision.engine import Vision
    from countenance.vision.packs import add_file, fetch, installed

__all__ = [
    "Limits",
    "ModelCard",
    "ModelFile",
    "Picture",
    "Vision",
    "add_file",
    "embedding_contract",
    "fetch",
    "installed",
]

_HOME = {
    "Limits": "decode",
    "Picture": "decode",
    "Vision": "engine",
    "embedding_contract": "contract",
    "ModelCard": "cards",
    "ModelFile": "cards",
    "add_file": "packs",
    "fetch": "packs",
    "installed": "packs",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for: the decode worker imports this package and must start fast."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
