"""Faces that a reviewer said are not somebody's, so that the pair never returns: in no search, ingest or sweep.

What is kept is a mark: of the content of a photo and the number of the face in it, keyed by the person's own key. It
says nothing of the photo to whoever lacks that key, and goes with it when the person is erased. No template and no box
is kept of a searched face (P16): a copy of the photo that was saved anew is another photo.

It holds for whose reviewer said it: another organisation's word hides nobody from the owner, nor the other way round.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

import sqlalchemy as sa

from countenance.errors import KeyMissing
from countenance.gallery.eligible import parts
from countenance.registry import schema as t
from countenance.vault.keyring import Keyring, subject_key

_LABEL = "rejected"


def content_of(photo: str, face: int) -> str:
    """What a mark is made of: the SHA-256 of a photo's bytes and a face's number in it, from 1, the largest first."""
    return hashlib.sha256(f"{photo}/{face}".encode()).hexdigest()


def mark(keys: Keyring, subject: int, content: str) -> str | None:
    """The mark of a content for a person. None of a face that came without one, or where the person's key is gone."""
    if not content:
        return None
    try:
        salt = keys.salt(subject_key(subject), _LABEL)
    except KeyMissing:
        return None
    return hmac.new(salt, content.encode(), hashlib.sha256).hexdigest()


def reject(connection: sa.Connection, values: dict[str, int | None], subject: int, made: str) -> None:
    """Write that the face behind a mark is not this person's. ``values``: organisation, party, account and time."""
    c = t.rejections.c
    same = (c.party == values["party"], c.subject == subject, c.mark == made)
    if not connection.scalar(sa.select(sa.exists().where(*same))):
        connection.execute(sa.insert(t.rejections).values(**values, subject=subject, mark=made))


def forget_kept(connection: sa.Connection, keys: Keyring, subject: int, made: str) -> int:
    """Forget what is kept of a person in the photo behind a mark, wherever a copy lies. Returns how many faces.

    Of the photo only its content is known, so this looks among those that the person is kept in.
    """
    kept = sa.select(t.photos.c.id, t.photos.c.sha256, t.photos.c.faces_found).join(
        t.appearances, t.appearances.c.photo == t.photos.c.id
    )
    rows = connection.execute(kept.where(t.appearances.c.subject == subject, t.photos.c.sha256.is_not(None))).all()
    gone = [
        row.id
        for row in rows
        if any(mark(keys, subject, content_of(row.sha256, each + 1)) == made for each in range(row.faces_found))
    ]
    theirs = (t.appearances.c.subject == subject, t.appearances.c.photo.in_(gone))
    return connection.execute(sa.delete(t.appearances).where(*theirs)).rowcount if gone else 0


def rejected(
    connection: sa.Connection, keys: Keyring, party: int, pairs: Iterable[tuple[str, int]]
) -> set[tuple[str, int]]:
    """Those of these pairs of content and person of which a reviewer of this organisation said no."""
    wanted = set(pairs)
    known: dict[int, set[str]] = {}
    for part in parts(sorted({subject for _, subject in wanted})):
        query = sa.select(t.rejections.c.subject, t.rejections.c.mark)
        rows = connection.execute(query.where(t.rejections.c.party == party, t.rejections.c.subject.in_(part)))
        for subject, made in rows:
            known.setdefault(subject, set()).add(made)
    return {(content, who) for content, who in wanted if who in known and mark(keys, who, content) in known[who]}
