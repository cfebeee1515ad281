"""Scores as percentages, for clients of other products: the gallery's own threshold is 80."""

from __future__ import annotations

from countenance.gallery.scale import Scale
from countenance.gallery.searching import Above

AT_THRESHOLD = 80.0
"""What Rekognition's clients ask for when they say nothing."""


def similarity(score: float, scale: Scale) -> float:
    """A cosine as a percentage: the threshold is 80, the same vector 100, and straight lines lie between.

    So 80 means the rate that the gallery was set to, whatever its size; it is no probability.
    """
    least = scale.threshold
    if score >= least:
        found = AT_THRESHOLD + (100 - AT_THRESHOLD) * (score - least) / max(1 - least, 1e-6)
    else:
        found = AT_THRESHOLD * max(score, 0.0) / max(least, 1e-6)
    return round(min(found, 100.0), 4)


def above(wanted: float | None) -> Above | None:
    """The threshold for a similarity that a client asks for; None where the gallery's own is as high, or higher."""
    if wanted is None or wanted <= AT_THRESHOLD:
        return None
    return Above((wanted - AT_THRESHOLD) / (100 - AT_THRESHOLD))
