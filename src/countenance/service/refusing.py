"""Write transactions whose refusals are in the log: nothing done, and a trace that it was tried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import Held, InputError, NotFound, NotSignedIn, OrderError, Refused

if TYPE_CHECKING:
    from countenance.service.context import Context


@contextmanager
def recording(context: Context, act: str) -> Iterator[sa.Connection]:
    """A transaction for one act. A refusal undoes it and is logged once; otherwise the new checkpoint is published."""
    with context.registry.write() as connection:
        try:
            yield connection
        except (Refused, OrderError, Held, NotSignedIn, NotFound, InputError) as error:
            if not connection.in_transaction():
                raise  # the desk has refused, and has logged it
            raise context.desk.refuse(connection, act, error) from None
    context.book.publish()
