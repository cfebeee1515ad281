"""What is done for guests while a gallery is served: who waits is looked for, and who left an address is written to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from countenance.errors import Busy, CountenanceError
from countenance.service.guest_letters import GuestLetters

if TYPE_CHECKING:
    from countenance.service.countenance import Countenance


BETWEEN_LETTERS, AFTER_A_FAILURE = 600, 3600
"""Seconds between two looks at whether somebody is to be written to, and after one that a mail server has spoilt."""


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
        self._said: dict[str, str] = {}
        self._letters = 0

    def run_if_due(self) -> None:
        """Look for the guests who wait, if any do, and now and then write letters.

        What keeps one from being done does not keep the other, and is told once.
        """
        self._sweep()
        now = self._gallery.context.clock()
        if not 0 < self._letters - now <= AFTER_A_FAILURE:  # a clock that was set back does not keep it either
            self._letters = now + (BETWEEN_LETTERS if self._write() else AFTER_A_FAILURE)

    def _write(self) -> bool:
        try:
            sent = GuestLetters(self._gallery.context).send()
        except CountenanceError as error:
            self._tell_once("letters", f"Guests wait for a letter: {error.message} It is tried again in an hour.")
            return False
        self._said.pop("letters", None)
        if sent:
            self._tell(f"Told by e-mail that pictures of them came: {sent}.")
        return True

    def _tell_once(self, what: str, text: str) -> None:
        if self._said.get(what) != text:
            self._tell(text)
        self._said[what] = text

    def _sweep(self) -> None:
        try:
            sweep_for_guests(self._gallery, self._ends)
        except Busy:
            return  # another process looks at these photos now; it is asked again in a moment
        except CountenanceError as error:
            said = f"Guests wait to be looked for: {error.message} `countenance event look` does it."
            self._tell_once("sweep", said)
        else:
            self._said.pop("sweep", None)
