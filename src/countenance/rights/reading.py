"""Where an access answer is read from, and of whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from countenance.registry import schema as t
from countenance.types import OrganisationId, SubjectId, iso
from countenance.vault.keyring import Keyring, subject_key


@dataclass(frozen=True, slots=True)
class Reading:
    """One registry, one person."""

    connection: sa.Connection
    keys: Keyring
    organisation: OrganisationId
    subject: SubjectId

    @property
    def key(self) -> str:
        """The name of the person's key."""
        return subject_key(self.subject)

    def all(self, query: sa.Select[Any]) -> Sequence[Any]:
        """The rows of a query."""
        return self.connection.execute(query).all()

    def text(self, sealed: bytes | None, label: str) -> str | None:
        """A field that was sealed under the person's key."""
        return self.keys.unseal_text(self.key, sealed, label)

    def account(self, number: int | None) -> str | None:
        """The e-mail address of an account."""
        email: str | None = self.connection.scalar(sa.select(t.accounts.c.email).where(t.accounts.c.id == number))
        return email


def when(at: int | None) -> str | None:
    """A time as RFC 3339, or none."""
    return None if at is None else iso(at)
