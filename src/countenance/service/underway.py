"""Orders that are carried out while people go on: begun with a signature, carried on by a thread that has none (P8).

Whoever executes an order from a browser does not wait for its end, and their session may be over before it. What was
begun is carried to its end by the next start too, as after a crash.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from countenance.errors import CountenanceError
from countenance.service.executing import Executing
from countenance.service.leaving import Leaving

if TYPE_CHECKING:
    from countenance.service.countenance import Countenance
    from countenance.service.order import Order

_log = logging.getLogger("countenance.orders")


def execute(club: Countenance, order: Order | str) -> threading.Thread:
    """Begin to erase everything in the scope of an order in force. Returns the thread that goes on with it.

    Raises what `Executing.execute` does before anything is erased.
    """
    begun = club.orders.begin(order)
    nobody = club.context.acting(None)
    orders = Executing(nobody, Leaving(nobody))
    thread = threading.Thread(target=_carry_on, args=(orders, begun.id), name=begun.id, daemon=True)
    thread.start()
    return thread


def _carry_on(orders: Executing, number: str) -> None:
    """What stops it is in the service's log; the order's page still says that it is being executed."""
    try:
        orders.carry_on(number)
    except CountenanceError as error:
        _log.warning("%s is not carried out yet: %s", number, error.message)
    except Exception as error:  # noqa: BLE001 - the last resort: its text could carry what must not be shown
        _log.error("%s is not carried out yet: %s", number, type(error).__name__)
