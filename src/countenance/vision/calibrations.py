"""How high strangers score under the default model: the calibration that ships with it, as plain numbers.

Measured by ``python -m benchmarks.calibration lfw-dev`` on a part of Labeled Faces in the Wild, the face in the middle
of each photo (7,255,304 comparisons of two people); docs/reference/calibration.md has what it was tried out on. No
photograph, template or name is part of it. The model's card carries it, as that of any other model may.
"""

from __future__ import annotations

from typing import Any

SFACE: dict[str, Any] = {
    "rates": (
        (0.20548, 0.1), (0.25786, 0.03), (0.29641, 0.01), (0.33314, 0.003), (0.36326, 0.001), (0.39278, 0.0003),
        (0.4174, 0.0001), (0.44354, 0.00003), (0.4693, 0.00001),
    ),
    "decay": 41.33,
    "spread": 2.0,
    "measured_on": "Labeled Faces in the Wild: press photographs of adults",
    "people": 1363,
    "photos": 3812,
    "measured_to": 0.00001,
}  # fmt: skip
SFACE_FLIPPED: dict[str, Any] = SFACE | {
    "rates": (
        (0.20663, 0.1), (0.25904, 0.03), (0.29765, 0.01), (0.33455, 0.003), (0.36458, 0.001), (0.39421, 0.0003),
        (0.41951, 0.0001), (0.44574, 0.00003), (0.47003, 0.00001),
    ),
    "decay": 42.01,
}  # fmt: skip
"""The same of templates that are the mean of the face's and its mirror image's."""
