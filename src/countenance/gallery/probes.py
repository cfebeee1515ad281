"""Probes that wait for a review: the searched face, sealed under a key of its own, for 14 days at the most (P16).

Everything else of a probe stays in memory. At the last review, or when it has waited too long, the key is destroyed
first and the row deleted then, so that no copy of the row can be opened. `forget_expired` is what a purge calls.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import sqlalchemy as sa

from countenance.errors import KeyMissing, NotFound
from countenance.registry import schema as t
from countenance.registry.database import Registry
from countenance.types import DAY, SearchId
from countenance.vault.keyring import Keyring

DAYS = 14
"""How long a probe waits for its review."""
MOST_BYTES = 64 * 2**10
"""A crop of a face is no larger; what is, is no crop of a face."""
_LABEL = "probe"


def probe_key(search: SearchId | int) -> str:
    """The name of the key of one search's probe."""
    return f"probe:{search}"


def keep(connection: sa.Connection, keys: Keyring, search: SearchId, crop: bytes, now: int) -> None:
    """Seal the crop, in the transaction that records its search. Key first, then row (DESIGN §10)."""
    if len(crop) > MOST_BYTES:
        raise ValueError("The crop of a probe is too large to be one.")
    key = probe_key(search)
    keys.vault.destroy(key)  # a crash may have left one before its row was committed; it has sealed nothing
    keys.vault.create(key)
    sealed = keys.seal(key, crop, _LABEL)
    connection.execute(sa.insert(t.probes).values(search=search, key=key, sealed=sealed, expires=now + DAYS * DAY))


def read(connection: sa.Connection, keys: Keyring, search: SearchId, now: int) -> bytes:
    """The face that was searched for, as a JPEG. Raises `NotFound` once it is gone."""
    row = connection.execute(sa.select(t.probes).where(t.probes.c.search == search, t.probes.c.expires > now)).first()
    if row is not None:
        with contextlib.suppress(KeyMissing):
            return keys.unseal(row.key, row.sealed, _LABEL)
    raise NotFound("The searched face is not kept any more.", hint=f"It is kept until the last review, {DAYS} days.")


def forget(registry: Registry, keys: Keyring, searches: Sequence[SearchId]) -> int:
    """Destroy the probes of these searches: their keys, then their rows. Returns how many there were."""
    if not searches:
        return 0
    for search in searches:
        keys.vault.destroy(probe_key(search))
    with registry.write() as connection:
        return connection.execute(sa.delete(t.probes).where(t.probes.c.search.in_(searches))).rowcount


def forget_expired(registry: Registry, keys: Keyring, now: int) -> int:
    """Destroy every probe that has waited too long. Returns how many."""
    with registry.read() as connection:
        late = list(connection.scalars(sa.select(t.probes.c.search).where(t.probes.c.expires <= now)))
    return forget(registry, keys, late)
