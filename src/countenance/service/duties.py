"""Parts of the surface that gather from the others what is to be done: a signature, a reminder, a visit."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from countenance.service.parts import Parts

if TYPE_CHECKING:
    from countenance.service.reminding import Reminders
    from countenance.service.visits import Visits
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

    @cached_property
    def visits(self) -> Visits:
        """The visitor desk."""
        from countenance.service.visits import Visits

        return Visits(self.context, self.subjects, self.bases, self._enrolling, self.cases)
