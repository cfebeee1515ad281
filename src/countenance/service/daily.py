"""What is done once a day while a gallery is served: the purge, the checkpoint sent outside, the sweep (P13, P19)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from countenance.errors import BadConfiguration, Busy, CountenanceError
from countenance.gallery.only_one import OnlyOne
from countenance.service.basis import SOON
from countenance.types import DAY

if TYPE_CHECKING:
    from countenance.service.countenance import Countenance


class Daily:
    """The day's work of one opened gallery. Whoever serves it asks every minute or so whether it is time.

    Args:
        gallery: What is served, by whose account.
        tell: Where to say what was done, or why it could not be.
        ends: Whether what takes long should be left for the next day.
    """

    def __init__(
        self, gallery: Countenance, tell: Callable[[str], None], ends: Callable[[], bool] = lambda: False
    ) -> None:
        self._gallery = gallery
        self._tell = tell
        self._ends = ends
        self._last: int | None = None
        lock = gallery.context.settings.data / "locks" / "daily.lock"
        self._one = OnlyOne(lock, "Another process does the day's work.")
        self._mine = False

    def run_if_due(self) -> bool:
        """Do the day's work unless it was done less than a day ago, or another process does it. Whether it was time.

        Of all processes that serve a gallery, one does it: whoever asks first, for as long as it lives.
        """
        if not self._mine:
            try:
                self._one.__enter__()
            except Busy:
                return False
            self._mine = True
        now = self._gallery.context.clock()
        if self._last is not None and 0 <= now - self._last < DAY:
            return False
        self._last = now
        self._purge()
        self._remind()
        self._send()
        self._sweep()
        return True

    def close(self) -> None:
        """Let another process do it."""
        if self._mine:
            self._mine = False
            self._one.__exit__()

    def _purge(self) -> None:
        try:
            purged = self._gallery.purge()
        except CountenanceError as error:
            self._tell(f"Today's purge was not made: {error.message} An officer can make it: `countenance purge`.")
            return
        if purged.due:
            numbers = ", ".join(each.certificate["body"]["number"] for each in purged.certified)
            self._tell(f"Purged: {len(purged.due)} items" + (f"; certificates {numbers}." if numbers else "."))
        if purged.blocked:
            self._tell(f"Due as well, and kept for a reason: {len(purged.blocked)}. See `countenance purge --dry-run`.")

    def _remind(self) -> None:
        try:
            sent = self._gallery.reminders.send()
        except CountenanceError as error:
            self._tell(f"Nobody was reminded of a consent that ends: {error.message} {error.hint}")
        else:
            if sent:
                self._tell(f"Reminded by e-mail that their consent ends: {len(sent)}.")
        if ending := len(self._gallery.bases.list(ending=SOON)):
            self._tell(f"Bases that end within {SOON} days: {ending}. See `countenance basis list --ending {SOON}`.")

    def _send(self) -> None:
        try:
            sent = self._gallery.logbook.send()
        except BadConfiguration:
            return  # no place outside is configured, which `countenance status` says
        except CountenanceError as error:
            self._tell(f"The log's checkpoint was not sent: {error.message}")
            return
        for each in sent:
            if each.fault:
                self._tell(f"The log's checkpoint was not sent to {each.name}: {each.fault}")

    def _sweep(self) -> None:
        """Last, for it may take long."""
        try:
            swept = self._gallery.sweep(ends=self._ends)
        except CountenanceError as error:
            self._tell(f"Today's sweep was not made: {error.message} An operator can make it: `countenance sweep`.")
            return
        if swept.faces_kept:
            self._tell(f"Swept: {swept.photos} photos looked at again, {swept.people} people found in them.")
        for name, reason in swept.left.items():
            self._tell(f"Today's sweep left out {name}: {reason}")
