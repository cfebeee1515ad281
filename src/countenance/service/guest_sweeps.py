"""The sweeps that are made for guests: all who wait are looked for together, in the photos of their event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from countenance.errors import Busy, CountenanceError

if TYPE_CHECKING:
    from countenance.service.countenance import Countenance


@dataclass(frozen=True, slots=True)
class SweptFor:
    """Guests that were looked for, the photos that were looked at, and the appearances that were kept."""

    guests: int = 0
    photos: int = 0
    faces: int = 0


def sweep_for_guests(gallery: Countenance, ends: Callable[[], bool] = lambda: False) -> SweptFor:
    """Look for the guests who wait. Who comes meanwhile waits for the next pass. Raises as `Countenance.sweep` does."""
    total = SweptFor()
    for source, waiting in gallery.hosting.due().items():
        swept = gallery.sweep(source, ends=ends)
        if ends():
            break  # it may have been cut short: they are looked for again
        gallery.hosting.looked_for(waiting)
        total = SweptFor(total.guests + len(waiting), total.photos + swept.photos, total.faces + swept.faces_kept)
    return total


class GuestSweeps:
    """What whoever serves a gallery asks every few seconds."""

    def __init__(
        self, gallery: Countenance, tell: Callable[[str], None], ends: Callable[[], bool] = lambda: False
    ) -> None:
        self._gallery = gallery
        self._tell = tell
        self._ends = ends
        self._said = ""

    def run_if_due(self) -> None:
        """Look for the guests who wait, if any do. What keeps it from being done is told once."""
        try:
            sweep_for_guests(self._gallery, self._ends)
        except Busy:
            return  # another process looks at these photos now; it is asked again in a moment
        except CountenanceError as error:
            if error.message != self._said:
                self._tell(f"Guests wait to be looked for: {error.message} `countenance event look` does it.")
            self._said = error.message
        else:
            self._said = ""
