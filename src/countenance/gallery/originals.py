"""What an erasure leaves: the operator's own photo files, by count and salted hash (P12); answers handed out, by count.

The salt is not published beside the hashes, since file names can be guessed. It is kept sealed for the organisation,
which can so tell of any file whether it is among them.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.gallery.eligible import parts
from countenance.gallery.marking import opened
from countenance.photos.opening import archive_kind, is_bucket
from countenance.registry import schema as t
from countenance.types import OrganisationId
from countenance.vault.keyring import Keyring, organisation_key, subject_key

if TYPE_CHECKING:
    from countenance.gallery.erasing import What

WHAT = "the operator's own original files"
ARCHIVED = "of these, files inside archives: to delete one, its archive has to be made anew without it"
BUCKETED = "of these, objects in buckets: older versions and copies that the store keeps remain as well"
ANSWERS = "access answers that were made for them: a copy that was handed out is with whoever got it"
SALT = "salt_sealed"
"""Kept with the erasure and never published."""
_LABEL = "originals"
Where = Callable[[str], str]
"""From a source's root, as it is recorded, to the place where it is."""


_PHOTOS = sa.select(t.sources.c.root, t.photos.c.path).select_from(
    t.appearances.join(t.photos, t.appearances.c.photo == t.photos.c.id).join(
        t.sources, t.photos.c.source == t.sources.c.id
    )
)


def originals_of(connection: sa.Connection, keys: Keyring, what: What, place: Where) -> list[bytes]:
    """The files that show them: photos they appear in and photos they were enrolled with.

    ``place`` says where a source's root is.
    """
    paths: set[bytes] = set()
    for part in parts(what.numbers):
        found = connection.execute(_PHOTOS.where(what.of(t.appearances, part)))
        paths |= {os.path.join(os.fsencode(place(root)), bytes(path)) for root, path in found}  # noqa: PTH118
        query = sa.select(t.references.c.subject, t.references.c.photo_sealed).where(what.of(t.references, part))
        rows = [(subject_key(subject), sealed) for subject, sealed in connection.execute(query)]
        paths |= set(opened(keys, rows, "photo"))
    return sorted(paths)


def residuals(
    keys: Keyring, organisation: OrganisationId, originals: Sequence[bytes], decision: int
) -> list[dict[str, Any]]:
    """What remains and is not ours to delete: by count and salted hash, so that a certificate names nobody (P12)."""
    salt = secrets.token_bytes(16)
    return [
        {
            "what": WHAT,
            "count": len(originals),
            "sha256": sorted(_hash(salt, path) for path in originals),
            SALT: keys.seal(organisation_key(organisation), salt, f"{_LABEL}:{decision}").hex(),
        }
    ]


def elsewhere(connection: sa.Connection, what: What, place: Where) -> list[dict[str, Any]]:
    """Which of the originals cannot simply be deleted: those inside archives and in buckets, by count."""
    found: set[tuple[str, bytes]] = set()
    for part in parts(what.numbers):
        rows = connection.execute(_PHOTOS.where(what.of(t.appearances, part)))
        found |= {(place(root), bytes(path)) for root, path in rows}
    kinds = {root: BUCKETED if is_bucket(root) else ARCHIVED if archive_kind(Path(root)) else "" for root, _ in found}
    counts = Counter(kinds[root] for root, _ in found)
    return [{"what": kind, "count": counts[kind]} for kind in (ARCHIVED, BUCKETED) if counts[kind]]


def answers(connection: sa.Connection, subjects: Sequence[int]) -> list[dict[str, Any]]:
    """Access answers that were made for these people, by count: what was handed out in clear is out of reach."""
    count = 0
    for part in parts(sorted(set(subjects))):
        made = (t.requests.c.subject.in_(part), t.requests.c.kind == "access", t.requests.c.state == "answered")
        count += connection.scalar(sa.select(sa.func.count()).select_from(t.requests).where(*made)) or 0
    return [{"what": ANSWERS, "count": count}] if count else []


def is_original(
    keys: Keyring, organisation: OrganisationId, residual: Mapping[str, Any], decision: int, path: str
) -> bool:
    """Whether the file at this path is one of those that an erasure left: the salt is opened for the organisation."""
    sealed = bytes.fromhex(residual[SALT])
    salt = keys.unseal(organisation_key(organisation), sealed, f"{_LABEL}:{decision}")
    return _hash(salt, os.fsencode(path)) in residual["sha256"]


def published(residual: Mapping[str, Any]) -> dict[str, Any]:
    """A residual as a certificate shows it: without what is sealed."""
    return {name: value for name, value in residual.items() if name != SALT}


def _hash(salt: bytes, path: bytes) -> str:
    return hashlib.sha256(salt + path).hexdigest()
