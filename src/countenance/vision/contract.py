"""The embedding contract: what two templates must have in common before they may be compared."""

from __future__ import annotations

import hashlib
import json

from countenance.vision.packs import FOLD_VERSION, SFACE

PREPROCESSING = (
    "rgb 0-255, no normalisation, 112x112, bilinear, five-point similarity to the ArcFace template, "
    "landmarks of YuNet on the face at 200 pixels"
)
NORMALISATION = "l2"


def embedding_contract(
    model_sha256: str = SFACE.sha256,
    *,
    fold: int = FOLD_VERSION,
    preprocessing: str = PREPROCESSING,
    dimension: int = SFACE.dimension,
    normalisation: str = NORMALISATION,
) -> str:
    """SHA-256 (hex) of the canonical JSON of all that makes a vector what it is (DESIGN §5).

    Canonical: keys sorted, no spaces, ASCII (for these plain values the same bytes as RFC 8785). The backend is no part
    of it, because backends must agree to a cosine of 0.999; a test holds them to that.
    """
    terms = {
        "dimension": dimension,
        "fold": fold,
        "model_sha256": model_sha256,
        "normalisation": normalisation,
        "preprocessing": preprocessing,
    }
    return hashlib.sha256(json.dumps(terms, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()
