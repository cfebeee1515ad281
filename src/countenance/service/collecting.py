"""Collections: people of this organisation who are searched together, apart from all others; and users in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from countenance.errors import AlreadyExists, NotFound
from countenance.registry import schema as t
from countenance.service.leaving import Certified, Leaving
from countenance.service.refusing import recording
from countenance.types import SubjectId

if TYPE_CHECKING:
    from countenance.service.context import Context

_USER = "user"


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection, with how many faces and users are in it. ``created``: seconds since 1970."""

    number: int
    name: str
    created: int
    faces: int
    users: int


@dataclass(frozen=True, slots=True)
class User:
    """A program's own name for some of a collection's people; ``people``: how many."""

    number: int
    name: str
    people: int


class Collections:
    """Make, list and delete them, and the users in them."""

    def __init__(self, context: Context, leaving: Leaving) -> None:
        self._context = context
        self._leaving = leaving

    def create(self, name: str) -> Collection:
        """Make an empty one. Raises `AlreadyExists`, `RoleRefused`."""
        context = self._context
        context.own()
        with recording(context, "collection") as connection:
            if connection.scalar(sa.select(t.collections.c.id).where(*self._named(name))):
                raise AlreadyExists("There is a collection by this name already.")
            values = {"organisation": context.organisation, "name": name, "made_by": context.account}
            connection.execute(sa.insert(t.collections).values(**values, created=context.clock()))
            context.desk.record(connection, "collection", "controller")
        return self.get(name)

    def get(self, name: str) -> Collection:
        """The collection by this name. Raises `NotFound`: absent or not yours, in the same words."""
        with self._context.registry.read() as connection:
            row = connection.execute(self._query().where(*self._named(name))).first()
        if row is None:
            raise NotFound("There is no such collection.", hint="`list_collections` shows them.")
        return Collection(row.id, row.name, row.created, row.faces, row.users)

    def every(self) -> list[Collection]:
        """The organisation's own, as they were made."""
        query = self._query().where(t.collections.c.organisation == self._context.organisation)
        with self._context.registry.read() as connection:
            rows = connection.execute(query.order_by(t.collections.c.id)).all()
        return [Collection(row.id, row.name, row.created, row.faces, row.users) for row in rows]

    def delete(self, name: str, *, reason: str) -> Certified | None:
        """Erase everybody who is in it, in one pass with one certificate (none where nobody is); then remove it.

        Raises `Held` where an authority forbids it for one of them: nobody is erased then, and the collection stays.
        """
        context, found = self._context, self.get(name)
        with context.registry.read() as connection:
            query = sa.select(t.collected.c.subject).where(t.collected.c.collection == found.number)
            people = [SubjectId(number) for number in connection.scalars(query.order_by(t.collected.c.subject))]
        certified = self._leaving.erase_many(people, reason) if people else None
        with recording(context, "collection-deleted") as connection:
            users = t.collection_users.c.collection == found.number
            if connection.scalar(sa.select(t.collected.c.id).where(t.collected.c.collection == found.number)):
                raise AlreadyExists("Somebody was added to the collection meanwhile.", hint="Delete it again.")
            connection.execute(sa.delete(t.collection_users).where(users))
            connection.execute(sa.delete(t.collections).where(t.collections.c.id == found.number))
            context.desk.record(connection, "collection-deleted", "officer", facts={"people": len(people)})
        return certified

    # --- users -------------------------------------------------------------------------------------------------------

    def create_user(self, name: str, user: str) -> None:
        """Make a name for people of a collection. Raises `AlreadyExists`."""
        context, found = self._context, self.get(name)
        with recording(context, "collection-user") as connection:
            if self._user_row(connection, found, user) is not None:
                raise AlreadyExists("There is a user by this name already.")
            values = {"organisation": context.organisation, "collection": found.number}
            sealed = context.keys.seal_text(context.own_key, user, _USER)
            made = sa.insert(t.collection_users).values(**values, name_hash=self._hash(found, user), user_sealed=sealed)
            connection.execute(made.values(created=context.clock()))
            context.desk.record(connection, "collection-user", "controller")

    def user(self, name: str, user: str) -> User:
        """A user by their name. Raises `NotFound`."""
        found = self.get(name)
        with self._context.registry.read() as connection:
            row = self._user_row(connection, found, user)
        if row is None:
            raise NotFound("There is no such user in this collection.", hint="`list_users` shows them.")
        return User(row.id, user, row.people)

    def users(self, name: str, after: int = 0, limit: int = 500) -> list[User]:
        """The users of a collection, as they were made, from a number on."""
        context, found = self._context, self.get(name)
        query = self._users().where(t.collection_users.c.collection == found.number, t.collection_users.c.id > after)
        with context.registry.read() as connection:
            rows = connection.execute(query.order_by(t.collection_users.c.id).limit(limit)).all()
        opened = context.keys.unseal_many([(context.own_key, row.user_sealed) for row in rows], _USER)
        return [User(row.id, (name or b"").decode(), row.people) for row, name in zip(rows, opened, strict=True)]

    def delete_user(self, name: str, user: str) -> None:
        """Remove a name. The people stay, and are erased by what erases people."""
        context, found = self._context, self.user(name, user)
        with recording(context, "collection-user-deleted") as connection:
            self._part(connection, found)
            connection.execute(sa.delete(t.collection_users).where(t.collection_users.c.id == found.number))
            context.desk.record(connection, "collection-user-deleted", "officer")

    def name_people(self, user: User, subjects: Iterable[int]) -> None:
        """Give people of the collection this name, in place of whatever they had."""
        self._set(user.number, subjects)

    def unname_people(self, subjects: Iterable[int]) -> None:
        """Take the name from these people."""
        self._set(None, subjects)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _set(self, user: int | None, subjects: Iterable[int]) -> None:
        context, people = self._context, tuple(SubjectId(each) for each in sorted(set(subjects)))
        if not people:
            return
        with recording(context, "collection-user") as connection:
            mine = (t.collected.c.subject.in_(people), t.collected.c.organisation == context.organisation)
            connection.execute(sa.update(t.collected).where(*mine).values(collection_user=user))
            context.desk.record(connection, "collection-user", "controller", subjects=people)

    @staticmethod
    def _part(connection: sa.Connection, user: User) -> None:
        mine = t.collected.c.collection_user == user.number
        connection.execute(sa.update(t.collected).where(mine).values(collection_user=None))

    def _named(self, name: str) -> tuple[sa.ColumnElement[bool], ...]:
        return t.collections.c.organisation == self._context.organisation, t.collections.c.name == name

    def _query(self) -> sa.Select[tuple[object, ...]]:
        faces = (
            sa.select(sa.func.count())
            .select_from(t.references.join(t.collected, t.references.c.subject == t.collected.c.subject))
            .where(
                t.collected.c.collection == t.collections.c.id, t.references.c.contract == self._context.desk.contract
            )
        )
        users = sa.select(sa.func.count()).where(t.collection_users.c.collection == t.collections.c.id)
        return sa.select(
            t.collections, faces.scalar_subquery().label("faces"), users.scalar_subquery().label("users")
        )  # fmt: skip

    @staticmethod
    def _users() -> sa.Select[tuple[object, ...]]:
        people = sa.select(sa.func.count()).where(t.collected.c.collection_user == t.collection_users.c.id)
        return sa.select(t.collection_users, people.scalar_subquery().label("people"))

    def _user_row(self, connection: sa.Connection, found: Collection, user: str) -> sa.Row[tuple[object, ...]] | None:
        c = t.collection_users.c
        query = self._users().where(c.collection == found.number, c.name_hash == self._hash(found, user))
        return connection.execute(query).first()

    def _hash(self, found: Collection, user: str) -> str:
        return self._context.find_hash("collection-user", f"{found.number}/{user}")
