"""What a write was answered, for a day: a program that sends the same request again gets the same answer, once done.

An answer that is about a person is sealed under that person's key, and goes with them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import Busy, InputError, NotFound
from countenance.registry import schema as t
from countenance.types import DAY
from countenance.vault.keyring import subject_key

if TYPE_CHECKING:
    from countenance.service.context import Context

KEPT = DAY
"""Seconds."""
MOST = 128
"""Characters of an idempotency key."""
_LABEL = "reply"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that was given before."""

    status: int
    answer: Any


class Replies:
    """Begin, finish, drop."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def begin(self, key: str, asked: str) -> Reply | None:
        """Take an idempotency key for a request; the answer that it had before, if it was done.

        Args:
            key: What the program chose for this one write.
            asked: All that was asked. Only a keyed hash of it is stored.

        Raises:
            InputError: the key is none, or was used for another request.
            Busy: the same request is being done, or was cut short and nobody knows how far it came.
        """
        context, now = self._context, self._context.clock()
        if not 1 <= len(key) <= MOST or not key.isascii() or not key.isprintable():
            raise InputError(
                "This is no idempotency key.", hint=f"Send 1 to {MOST} printable characters, such as a UUID."
            )
        said = context.keys.keyed_hash(context.party_key, f"asked:{asked}")
        c = t.replies.c
        with context.registry.write() as connection:
            connection.execute(sa.delete(t.replies).where(c.account == context.account, c.created < now - KEPT))
            row = connection.execute(sa.select(t.replies).where(*self._mine(key))).first()
            if row is None:
                values = {"organisation": context.party, "account": context.account, "key_hash": self._hash(key)}
                made = sa.insert(t.replies).values(**values, request_hash=said, state="begun", created=now)
                connection.execute(made)
                return None
        if row.request_hash != said:
            raise InputError(
                "This idempotency key was used for another request.", hint="Choose a new one for each write."
            )
        if row.state == "begun":
            raise Busy(
                "The same request is being done, or was cut short.",
                hint="Look whether it was done; if it was not, send it with a new idempotency key.",
            )
        return Reply(row.status, self._open(row))

    def finish(self, key: str, status: int, answer: Any, *, subject: str | None = None) -> None:
        """Keep the answer; with ``subject``, a handle, it is about that person and sealed under their key."""
        context, number, sealing = self._context, None, self._context.party_key
        with context.registry.write() as connection:
            if subject is not None:
                try:
                    number = context.subject_row(connection, subject).id
                except NotFound:  # they have left meanwhile: nothing is kept of them
                    answer = None
                else:
                    sealing = subject_key(number)
            sealed = context.keys.seal_text(sealing, json.dumps(answer), _LABEL)
            values = {"state": "done", "status": status, "answer_sealed": sealed, "subject": number}
            connection.execute(sa.update(t.replies).where(*self._mine(key)).values(**values))

    def drop(self, key: str) -> None:
        """Let go of the key: the request was refused, and changed nothing."""
        with self._context.registry.write() as connection:
            connection.execute(sa.delete(t.replies).where(*self._mine(key)))

    # --- inside ------------------------------------------------------------------------------------------------------

    def _hash(self, key: str) -> str:
        """Two programs of one person choose their keys apart from each other."""
        actor = self._context.actor
        return hashlib.sha256(f"{actor.program if actor else None}:{key}".encode()).hexdigest()

    def _mine(self, key: str) -> tuple[sa.ColumnElement[bool], ...]:
        return t.replies.c.account == self._context.account, t.replies.c.key_hash == self._hash(key)

    def _open(self, row: sa.Row[tuple[object, ...]]) -> Any:
        key = self._context.party_key if row.subject is None else subject_key(row.subject)
        return json.loads(self._context.keys.unseal_text(key, row.answer_sealed, _LABEL) or "null")
