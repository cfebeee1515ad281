"""The embedding contract: what two templates must have in common before they may be compared."""

from __future__ import annotations

import hashlib
import json

from countenance.vision.cards import FOLD_VERSION, SFACE, SIZE, YUNET, ModelCard

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


FLIPPED = ", mean of the face's and its mirror image's"


def contract_of(recogniser: ModelCard = SFACE, detector: ModelCard = YUNET, *, flip: bool = False) -> str:
    """The contract of templates that ``recogniser`` makes of faces that ``detector`` finds.

    Whatever changes a vector is in it: the file, what is done to the picture, whose landmarks the face is aligned by,
    and whether its mirror image counts too (``flip``). What a card says besides, such as its licence, is not.
    """
    mirrored = FLIPPED if flip else ""
    if recogniser == SFACE and detector == YUNET:
        return embedding_contract(preprocessing=PREPROCESSING + mirrored)
    plain = recogniser.mean == (0.0, 0.0, 0.0) and recogniser.std == (1.0, 1.0, 1.0)
    levels = "no normalisation" if plain else f"minus {list(recogniser.mean)} over {list(recogniser.std)}"
    found = "YuNet" if detector == YUNET else f"{detector.style} {detector.sha256}"
    if detector != YUNET:
        found += f" ({detector.channels}, minus {list(detector.mean)} over {list(detector.std)})"
    preprocessing = (
        f"{recogniser.channels} 0-255, {levels}, {SIZE}x{SIZE}, bilinear, five-point similarity to the ArcFace "
        f"template, landmarks of {found} on the face at 200 pixels, output {recogniser.output}{mirrored}"
    )
    fold = FOLD_VERSION if recogniser.ours else 0
    return embedding_contract(recogniser.sha256, fold=fold, preprocessing=preprocessing, dimension=recogniser.dimension)
