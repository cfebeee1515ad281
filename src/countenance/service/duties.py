"""Parts of the surface that gather from the others what is to be done: what waits for a signature, whom to remind."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from countenance.service.parts import Parts

if TYPE_CHECKING:
    from countenance.service.reminding import Reminders
    from countenance.service.waiting import Approvals


class Duties(Parts):
    """See `countenance.service.countenance.Countenance`, which is made of these."""

    @cached_property
    def approvals(self) -> Approvals:
        """What waits for the signature of the account that is signed in."""
        from countenance.service.waiting import Approvals

        return Approvals(self.context, self.orders, self.activations, self.agreements, self.bases)

    @cached_property
    def reminders(self) -> Reminders:
        """Consents near their end, and the letters that say so."""
        from countenance.service.reminding import Reminders

        return Reminders(self.context)
