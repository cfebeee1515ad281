"""Faces of a collection: taken in by a key's basis form, listed, searched with, and erased one by one."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from countenance.errors import Busy, Held, NotFound
from countenance.gallery.searching import Above, Answer
from countenance.registry import schema as t
from countenance.service.detecting import Detected, detect
from countenance.service.face_ids import FaceIds
from countenance.service.gates import ENROLMENT, level_for
from countenance.service.leaving import Certified, Leaving
from countenance.service.refusing import recording
from countenance.types import BasisId, Face, SubjectId
from countenance.vault.keyring import subject_key
from countenance.vision.quality import reasons

if TYPE_CHECKING:
    from countenance.service.collecting import Collection, Collections
    from countenance.service.context import Context
    from countenance.service.enrolling import Enrolling
    from countenance.service.finding import Finding, Found
    from countenance.service.forms import Forms
    from countenance.service.subjects import Subject, Subjects

__all__ = ["Answer", "Collected", "CollectedFace", "Dropped", "Indexed"]
UNNAMED, NOT_LARGEST = "no name was given", "only the largest face is taken in"
_NO_HANDLE = re.compile(r"[^a-z0-9]+")
_ROOM = 24
"""Characters of a handle for the collection's name, and again for the person's."""


@dataclass(frozen=True, slots=True)
class CollectedFace:
    """One enrolment photo of somebody in a collection. ``box``: x, y, width, height in pixels of a photo of ``size``.

    ``called``: by the program; ``user``: the user whom the person belongs to.
    """

    number: int
    id: str
    photo_id: str
    subject: int
    basis: int
    called: str
    user: str | None
    box: tuple[float, float, float, float]
    size: tuple[int, int] | None
    score: float


@dataclass(frozen=True, slots=True)
class Indexed:
    """What became of a photo: the face that was taken in, and every other one with the reasons why it was not."""

    seen: Detected
    face: CollectedFace | None
    left: tuple[tuple[Face, tuple[str, ...]], ...]
    basis: str | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """Faces that were erased, by their ids, and the certificates."""

    ids: tuple[str, ...]
    certificates: tuple[Certified, ...]


class Collected:
    """What is done with faces of collections."""

    def __init__(
        self,
        context: Context,
        collections: Collections,
        subjects: Subjects,
        forms: Forms,
        enrolling: Enrolling,
        leaving: Leaving,
        finding: Finding,
    ) -> None:
        self._context = context
        self._collections = collections
        self._subjects = subjects
        self._forms = forms
        self._enrolling = enrolling
        self._leaving = leaving
        self._finding = finding

    @property
    def ids(self) -> FaceIds:
        """How faces are called outside."""
        return FaceIds(self._context.keys, self._context.own_key)

    # --- in ----------------------------------------------------------------------------------------------------------

    def index(self, collection: str, photo: bytes, *, called: str | None, gate: str | None = None) -> Indexed:
        """Take the largest face of a photo into a collection, under a pending basis from the key's form.

        Args:
            collection: Its name.
            photo: The picture's bytes, held in memory only.
            called: Whose face it is, in the program's words: one name is one person. Without one nobody is taken in.
            gate: A stricter quality gate than the configured one.

        The same photo of the same person twice is one face. Raises `NoBasis` without a form, and what `Forms.basis`
        and `Enrolling.enrol` raise.
        """
        found, context = self._collections.get(collection), self._context
        self._forms.mine()
        seen = detect(context, photo)
        if called is None or not seen.faces:
            return Indexed(seen, None, tuple((face, (UNNAMED,)) for face in seen.faces))
        poor = reasons(seen.faces[0], level_for(context.settings.vision, ENROLMENT, gate), ENROLMENT)
        others = tuple((face, (NOT_LARGEST,)) for face in seen.faces[1:])
        if poor:
            return Indexed(seen, None, ((seen.faces[0], poor), *others))
        person = self._person(found, called)
        number, basis = self._known(person, photo), None
        if number is None:
            made = self._forms.basis(person)
            enrolled = self._enrolling.enrol(person, photo, made, face=1, gate=gate)
            number, basis = enrolled.reference, enrolled.basis
        (face,) = self._faces(found, t.references.c.id == number)
        return Indexed(seen, face, others, basis)

    # --- look --------------------------------------------------------------------------------------------------------

    def faces(
        self, collection: str, *, after: int = 0, limit: int = 1000, ids: Sequence[str] = (), user: str | None = None
    ) -> list[CollectedFace]:
        """The faces of a collection, as they were taken in, from a number on; of a user alone, or these."""
        found, wanted = self._collections.get(collection), [t.references.c.id > after]
        if ids:
            wanted.append(t.references.c.id.in_([self.ids.number(each) for each in ids]))
        if user is not None:
            wanted.append(t.collected.c.collection_user == self._collections.user(collection, user).number)
        return self._faces(found, *wanted, limit=limit)

    def of(self, collection: str, numbers: Sequence[int]) -> dict[int, CollectedFace]:
        """The faces with these numbers, as far as they are in the collection."""
        found = self._faces(self._collections.get(collection), t.references.c.id.in_(numbers))
        return {face.number: face for face in found}

    def search(self, collection: str, photo: bytes, **more: Any) -> Found:
        """Who in the collection resembles the largest face of a photo. See `Finding.search`."""
        return self._finding.search(photo, face=1, among=self._collections.get(collection).number, **more)

    def search_enrolled(
        self,
        collection: str,
        faces: Sequence[CollectedFace],
        *,
        purpose: str | None,
        case: str | None,
        limit: int,
        threshold: Above | None,
    ) -> Answer:
        """Who in the collection resembles the person of these faces. See `Finding.search_enrolled`."""
        found = self._collections.get(collection)
        return self._finding.search_enrolled(
            [face.number for face in faces], found.number, purpose=purpose, case=case, limit=limit, threshold=threshold
        )

    # --- out ---------------------------------------------------------------------------------------------------------

    def delete(self, collection: str, ids: Sequence[str], *, reason: str) -> Dropped:
        """Erase faces, with certificates: of whoever has no other face or basis left, the whole person.

        Raises `Held` where a face shares its basis with one that stays: their person's own page erases those.
        """
        gone = self.faces(collection, ids=ids) if ids else []
        whole, bases = self._what_goes(gone)
        certificates = []
        if whole:
            certificates.append(self._leaving.erase_many([SubjectId(each) for each in whole], reason))
        if bases:
            certificates.append(self._leaving.erase_bases([BasisId(each) for each in bases], reason))
        return Dropped(tuple(face.id for face in gone), tuple(certificates))

    # --- inside ------------------------------------------------------------------------------------------------------

    def _what_goes(self, gone: Sequence[CollectedFace]) -> tuple[list[int], list[int]]:
        """People of whom nothing else is held, and the bases of the faces of all others."""
        people, bases = {face.subject for face in gone}, {face.basis for face in gone}
        with self._context.registry.read() as connection:
            standing = t.bases.c.state.in_(("pending", "live", "withdrawn"))
            theirs = sa.select(t.bases.c.id, t.bases.c.subject).where(t.bases.c.subject.in_(people), standing)
            held = {row.id: row.subject for row in connection.execute(theirs)}
            c = t.references.c
            photos = connection.execute(sa.select(c.basis, c.photo_sha256, c.id).where(c.basis.in_(bases))).all()
        numbers = {face.number for face in gone}
        with_them = {(row.basis, row.photo_sha256) for row in photos if row.id in numbers}  # its twins of other models
        if any((row.basis, row.photo_sha256) not in with_them for row in photos):
            raise Held(
                "A face shares its basis with another one that would stay.",
                hint="Delete them together, or let an officer erase the basis.", requirement="P1",
            )  # fmt: skip
        empty = self._without_faces(set(held) - bases)
        whole = sorted(people - {subject for basis, subject in held.items() if basis not in bases | empty})
        return whole, sorted(basis for basis in bases if held.get(basis) not in whole)

    def _without_faces(self, bases: set[int]) -> set[int]:
        """Those under which nothing is kept: a pending one that waits for its photo keeps nobody here."""
        kept: set[int] = set()
        with self._context.registry.read() as connection:
            for table in (t.references, t.appearances):
                kept |= set(connection.scalars(sa.select(table.c.basis).where(table.c.basis.in_(bases))))
            live = sa.select(t.bases.c.id).where(t.bases.c.id.in_(bases), t.bases.c.state != "pending")
            kept |= set(connection.scalars(live))
        return bases - kept

    def _person(self, found: Collection, called: str) -> Subject:
        """The person whom the program calls this, in this collection; recorded now where they are new."""
        context, hashed = self._context, self._context.find_hash("collected", f"{found.number}/{called}")
        c = t.collected.c
        query = sa.select(t.subjects.c.handle_sealed, t.subjects.c.id).join(t.collected, c.subject == t.subjects.c.id)
        with context.registry.read() as connection:
            row = connection.execute(query.where(c.collection == found.number, c.name_hash == hashed)).first()
        if row is not None:
            handle = context.keys.unseal_text(subject_key(row.id), row.handle_sealed, "handle")
            return self._subjects.get(handle or "")
        person = self._subjects.add(called[:200], territory="unknown", handle=self._handle(found, called))
        sealed = context.keys.seal_text(subject_key(person.id), called, "external")
        try:
            with recording(context, "collected") as connection:
                values = {"organisation": context.organisation, "collection": found.number, "subject": person.id}
                made = sa.insert(t.collected).values(**values, name_hash=hashed, external_sealed=sealed)
                connection.execute(made.values(created=context.clock()))
                context.desk.record(connection, "collected", "controller", subjects=(person.id,))
        except sa.exc.IntegrityError:
            raise Busy("The same person is being recorded by another request.", hint="Send it again.") from None
        return person

    def _handle(self, found: Collection, called: str) -> str:
        """``staff.anna``, or with something to tell them apart where that is not all of it or is taken."""
        parts = [_NO_HANDLE.sub("-", each.lower()).strip("-")[:_ROOM] or "x" for each in (found.name, called)]
        handle = ".".join(parts)
        if handle == f"{found.name}.{called}":
            try:
                self._subjects.get(handle)
            except NotFound:
                return handle
        return f"{handle}.{secrets.token_hex(4)}"

    def _known(self, person: Subject, photo: bytes) -> int | None:
        c = t.references.c
        same = (
            c.subject == person.id,
            c.photo_sha256 == hashlib.sha256(photo).hexdigest(),
            c.contract == self._context.desk.contract,
        )
        with self._context.registry.read() as connection:
            found: int | None = connection.scalar(sa.select(c.id).where(*same))
        return found

    def _faces(
        self, found: Collection, *wanted: sa.ColumnElement[bool], limit: int | None = None
    ) -> list[CollectedFace]:
        context, c, users = self._context, t.references.c, t.collection_users
        query = (
            sa.select(
                c.id,
                c.subject,
                c.basis,
                c.photo_sha256,
                c.face_sealed,
                t.collected.c.external_sealed,
                users.c.user_sealed,
            )
            .select_from(t.references.join(t.collected, c.subject == t.collected.c.subject).outerjoin(users))
            .where(t.collected.c.collection == found.number, c.contract == context.desk.contract, *wanted)
            .order_by(c.id)
            .limit(limit)
        )
        with context.registry.read() as connection:
            rows = connection.execute(query).all()
        opened = context.keys.unseal_many([(subject_key(row.subject), row.face_sealed) for row in rows], "face")
        named = context.keys.unseal_many([(subject_key(row.subject), row.external_sealed) for row in rows], "external")
        ids, told = self.ids, []
        for row, plain, name in zip(rows, opened, named, strict=True):
            face = json.loads(plain or b"{}")
            size, box = face.get("size"), face.get("box") or (0, 0, 0, 0)
            user = context.keys.unseal_text(context.own_key, row.user_sealed, "user")
            told.append(
                CollectedFace(
                    row.id, ids.of(row.id), ids.of_photo(row.photo_sha256), row.subject, row.basis,
                    (name or b"").decode(), user, tuple(box), (size[0], size[1]) if size else None,
                    float(face.get("score", 1.0)),
                )
            )  # fmt: skip
        return told
