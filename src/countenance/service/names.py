"""What CompreFace's clients call people: any text, one person each. Their record's handle stays when the name changes.

The people whom these clients recorded, or who were imported from a CompreFace database, are one collection of the
organisation, whatever key is used: keys expire, people stay. Nobody else's record is listed, renamed or erased by it.
"""

from __future__ import annotations

import secrets
import unicodedata
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import AlreadyExists, NotFound
from countenance.registry import schema as t
from countenance.service.subjects import Subject, Subjects, handle_from
from countenance.vault.keyring import subject_key

if TYPE_CHECKING:
    from countenance.service.context import Context

COLLECTION = "compreface"
EXTERNAL = "external"
"""What a program's own name for a person is sealed as, for every endpoint that has collections."""
_TRIES = 20


class Names:
    """Add, find, rename and list people by these names."""

    def __init__(self, context: Context, subjects: Subjects) -> None:
        self._context = context
        self._subjects = subjects

    def list(self) -> list[Subject]:
        """Everybody, by name."""
        with self._context.registry.read() as connection:
            rows = connection.execute(self._query()).all()
        return sorted((self._subjects.opened(row) for row in rows), key=lambda each: each.name)

    def find(self, name: str) -> Subject | None:
        """The person who is called so; None where nobody is."""
        with self._context.registry.read() as connection:
            row = connection.execute(self._query(t.collected.c.name_hash == self._hash(name))).first()
        return None if row is None else self._subjects.opened(row)

    def get(self, name: str) -> Subject:
        """The person who is called so. Raises `NotFound`: absent or not yours, in the same words."""
        found = self.find(name)
        if found is None:
            raise NotFound("There is no subject by this name.", hint="List them: GET /api/v1/recognition/subjects.")
        return found

    def add(self, name: str, *, territory: str = "unknown") -> Subject:
        """Record a person who is called so. Raises `AlreadyExists`, and what `Subjects.add` raises."""
        if self.find(name) is not None:
            raise AlreadyExists("Subject already exists.", hint="Nothing was changed.")
        subject = self._record(name, territory)
        self._call(subject, name)
        return subject

    def rename(self, name: str, new: str) -> Subject:
        """Call a person otherwise. Raises `NotFound`; `AlreadyExists` where somebody is called so: nobody is merged."""
        subject, other = self.get(name), self.find(new)
        if other is not None and other.id != subject.id:
            raise AlreadyExists(
                "Somebody is called so already, and two people's records are never made one.",
                hint="Erase one of them, or choose another name.",
            )
        renamed = self._subjects.update(subject, name=new)
        with self._context.registry.write() as connection:
            mine = t.collected.c.subject == subject.id
            called = {"name_hash": self._hash(new), "external_sealed": self._sealed(subject, new)}
            connection.execute(sa.update(t.collected).where(mine).values(**called))
        return renamed

    # --- inside ------------------------------------------------------------------------------------------------------

    def _record(self, name: str, territory: str) -> Subject:
        """A record under a handle that is free: two people may be called what makes the same handle."""
        plain = handle_from(name)[:48].strip("-") or "person"
        for handle in (plain, *(f"{plain}-{secrets.token_hex(3)}" for _ in range(_TRIES))):
            try:
                return self._subjects.add(name, territory=territory, handle=handle)
            except AlreadyExists:
                continue
        raise AlreadyExists(f"There is no free handle for {plain!r}.")

    def _call(self, subject: Subject, name: str) -> None:
        context, now = self._context, self._context.clock()
        mine = (t.collections.c.organisation == context.organisation, t.collections.c.name == COLLECTION)
        with context.registry.write() as connection:
            number = connection.scalar(sa.select(t.collections.c.id).where(*mine))
            if number is None:
                values = {"organisation": context.organisation, "made_by": context.account, "created": now}
                made = connection.execute(sa.insert(t.collections).values(name=COLLECTION, **values))
                number = (made.inserted_primary_key or (0,))[0]
            connection.execute(
                sa.insert(t.collected).values(
                    organisation=context.organisation,
                    collection=number,
                    subject=subject.id,
                    name_hash=self._hash(name),
                    external_sealed=self._sealed(subject, name),
                    created=now,
                )
            )

    def _sealed(self, subject: Subject, name: str) -> bytes | None:
        """What Rekognition's clients would call the person, under the person's own key."""
        return self._context.keys.seal_text(subject_key(subject.id), name, EXTERNAL)

    def _query(self, *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
        self._context.own()
        return sa.select(t.subjects).where(t.subjects.c.id.in_(called(self._context, *where)))

    def _hash(self, name: str) -> str:
        return self._context.find_hash(COLLECTION, unicodedata.normalize("NFC", name.strip()))


def called(context: Context, *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The numbers of the people who are called so, and have not left."""
    return (
        sa.select(t.collected.c.subject)
        .select_from(
            t.collected.join(t.subjects, t.collected.c.subject == t.subjects.c.id).join(
                t.collections, t.collected.c.collection == t.collections.c.id
            )
        )
        .where(
            t.collected.c.organisation == context.organisation,
            t.collections.c.name == COLLECTION,
            t.subjects.c.state.not_in(("erasing", "erased")),
            *where,
        )
    )
