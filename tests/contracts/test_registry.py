"""What every registry promises, on SQLite and on PostgreSQL. A new database joins by its opener in ``PLACES``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from countenance.errors import BadConfiguration, InputError, Unavailable
from countenance.registry import database, dump
from countenance.registry import schema as t
from countenance.registry.database import Registry
from countenance.registry.migrating import HEAD, MIGRATIONS
from countenance.registry.names import plain_name
from countenance.registry.owning import Owner
from countenance.registry.phrases import holds
from countenance.registry.server import WRITERS
from servers import APP, OWNER, Server

SUBJECT = {
    "organisation": 1,
    "handle_hash": "h",
    "territory": "GB",
    "state": "active",
    "created": 1,
    "last_interaction": 1,
}


class Place:
    """Where a registry may be: opened again and again, as several processes do."""

    def __init__(self, folder: Path, server: Server | None) -> None:
        self.server = server
        self.folder = folder
        self.name = server.copy() if server else ""
        self.url = server.url(self.name) if server else f"sqlite:///{folder}/registry.db"
        self.opened: list[Registry] = []

    def open(self) -> Registry:
        self.opened.append(Registry(self.url, create=True))
        return self.opened[-1]

    def older(self, revision: str) -> sa.Engine:
        """A registry of this migration, by its owner."""
        if self.server is None:
            engine = sa.create_engine(f"sqlite:///{self.folder}/registry.db")
        else:
            self.name = self.server.empty()
            self.url = self.server.url(self.name)
            engine = Owner(self.server.url(self.name, OWNER))._engine
        with engine.begin() as connection:
            migrate(connection, revision)
        return engine

    def close(self) -> None:
        for registry in self.opened:
            registry.close()


def migrate(connection: sa.Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def on_postgresql(request: pytest.FixtureRequest, folder: Path) -> Place:
    return Place(folder, request.getfixturevalue("server"))


PLACES: dict[str, Callable[[pytest.FixtureRequest, Path], Place]] = {
    "sqlite": lambda _, folder: Place(folder, None),
    "postgresql": on_postgresql,
}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def place(request: pytest.FixtureRequest, quick_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    made = PLACES[request.param](request, quick_folder)
    yield made
    made.close()


@pytest.fixture
def registry(place: Place) -> Registry:
    """One whose gallery is founded."""
    opened = place.open()
    with opened.write() as connection:
        assert opened.found(connection, "Rowing Club", 1) == 1
    return opened


def add(registry: Registry, name: str) -> int:
    with registry.write() as connection:
        made = connection.execute(sa.insert(t.organisations).values(name=name, created=1))
        return int(made.inserted_primary_key[0])


def names(registry: Registry) -> list[str]:
    with registry.read() as connection:
        return list(connection.scalars(sa.select(t.organisations.c.name).order_by(t.organisations.c.id)))


def test_a_transaction_is_done_whole_or_not_at_all(registry: Registry) -> None:
    with pytest.raises(RuntimeError), registry.write() as connection:  # noqa: PT012
        connection.execute(sa.insert(t.organisations).values(name="Two", created=1))
        raise RuntimeError
    assert names(registry) == ["Rowing Club"]


def test_a_second_writer_waits_and_is_then_told(place: Place, registry: Registry) -> None:
    other = place.open()
    with registry.write() as connection:
        connection.execute(sa.insert(t.organisations).values(name="One", created=1))
        with pytest.raises(Unavailable, match="Another process is writing"):
            add(other, "Two")
        assert names(other) == ["Rowing Club"], "readers are not kept waiting, and see no half of it"
    add(other, "Two")
    assert names(registry) == ["Rowing Club", "One", "Two"]


def test_a_reader_sees_one_state_throughout(place: Place, registry: Registry) -> None:
    other = place.open()
    query = sa.select(sa.func.count()).select_from(t.organisations)
    with other.read() as reading:
        assert reading.scalar(query) == 1
        add(registry, "One")
        assert reading.scalar(query) == 1
    assert len(names(other)) == 2


def test_writers_queue_and_each_sees_what_those_before_it_did(place: Place, registry: Registry) -> None:
    faults: list[BaseException] = []
    other = place.open()

    def count(registry: Registry) -> None:
        try:
            for _ in range(10):
                with registry.write() as connection:
                    seen = connection.scalar(sa.select(sa.func.count()).select_from(t.organisations))
                    connection.execute(sa.insert(t.organisations).values(name=f"{seen}", created=1))
        except BaseException as error:  # noqa: BLE001 - a thread must not die unheard
            faults.append(error)

    threads = [threading.Thread(target=count, args=[each]) for each in (registry, other, registry)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert names(registry) == ["Rowing Club", *(str(number) for number in range(1, 31))]


def test_the_sequence_is_the_number_of_the_last_change(registry: Registry) -> None:
    with registry.write() as connection:
        assert registry.sequence(connection) == 0
        subject = connection.execute(sa.insert(t.subjects).values(**SUBJECT)).inserted_primary_key[0]
        for _ in range(3):
            connection.execute(sa.insert(t.changes).values(subject=subject))
    with registry.read() as connection:
        assert registry.sequence(connection) == 3


def test_what_names_nobody_is_not_stored(registry: Registry) -> None:
    with pytest.raises(sa.exc.IntegrityError), registry.write() as connection:
        connection.execute(sa.insert(t.bases).values(
            organisation=1, subject=99, ground="g", condition="c", purposes=1, evidence_sha256="", collective=False,
            starts=1, ends=2, state="live", recorded_by=1, created=1,
        ))  # fmt: skip


def test_a_word_that_is_not_in_its_list_is_not_stored(registry: Registry) -> None:
    with pytest.raises(sa.exc.IntegrityError, match="ck_subjects_state"), registry.write() as connection:
        connection.execute(sa.insert(t.subjects).values(SUBJECT | {"state": "immortal"}))


def test_a_number_is_never_given_out_again(registry: Registry) -> None:
    with registry.write() as connection:
        first = connection.execute(sa.insert(t.subjects).values(**SUBJECT)).inserted_primary_key[0]
        connection.execute(sa.delete(t.subjects))
        assert dump.given_out(connection)["subjects"] == first
    with registry.write() as connection:
        second = connection.execute(sa.insert(t.subjects).values(**SUBJECT)).inserted_primary_key[0]
    assert second > first


@pytest.mark.parametrize("value", [2**63, "a\ud800b"], ids=["number", "text"])
def test_what_cannot_be_stored_is_told_in_plain_words(registry: Registry, value: object) -> None:
    values = SUBJECT | ({"created": value} if isinstance(value, int) else {"territory": value})
    with pytest.raises(InputError, match="cannot be stored"), registry.write() as connection:
        connection.execute(sa.insert(t.subjects).values(**values))


def test_numbers_bytes_and_truths_come_back_as_they_were(registry: Registry) -> None:
    score = 0.1 + 0.2
    with registry.write() as connection:
        connection.execute(sa.insert(t.leaves).values(index=0, leaf=bytes(range(256)), hash=b""))
        connection.execute(sa.insert(t.accounts).values(
            organisation=1, email="a@b.example", roles="officer", public_key=b"\0\xff", trial=True, created=2**62,
        ))  # fmt: skip
        assert connection.scalar(sa.select(sa.literal(score, sa.Float))) == score
    with registry.read() as connection:
        assert bytes(connection.scalar(sa.select(t.leaves.c.leaf))) == bytes(range(256))
        row = connection.execute(sa.select(t.accounts)).one()
    assert (row.public_key, row.trial, row.created, row.revoked) == (b"\0\xff", True, 2**62, None)


def test_bytes_are_found_within_bytes(registry: Registry) -> None:
    with registry.write() as connection:
        for index, leaf in enumerate([b'{"act":"locate"}', b'{"act":"lo%ate"}', b'\0"act":"locate"\xff']):
            connection.execute(sa.insert(t.leaves).values(index=index, leaf=leaf, hash=b""))
        wanted = holds(t.leaves.c.leaf, sa.literal(b'"act":"locate"', sa.LargeBinary))
        assert list(connection.scalars(sa.select(t.leaves.c.index).where(wanted).order_by(t.leaves.c.index))) == [0, 2]


ALIKE = ("Épreuves", "ÉPREUVES", "E\u0301preuves", "é\u00adpreuves", " épreuves ", "Straße", "STRASSE", "ſtraße",
         "ΟΔΟΣ", "οδος", "οδοσ", "ﬁle", "FILE", "a\u2003b", "A  b", "İx", "i̇x", "ß", "ẞ", "ss")  # fmt: skip


def test_names_that_are_one_are_one_in_the_database_too(registry: Registry) -> None:
    """Casefolding is Python's; that of the database may hold more names for one, never fewer."""
    with registry.read() as connection:
        plain = {name: connection.scalar(sa.select(sa.func.plain_name(name))) for name in ALIKE}
        assert connection.scalar(sa.select(sa.func.plain_name(None))) is None
    for one in ALIKE:
        for other in ALIKE:
            if plain_name(one) == plain_name(other):
                assert plain[one] == plain[other], (one, other)
    assert len(set(plain.values())) > 5


def test_every_sign_is_plain_whichever_way_it_is_written(place: Place, registry: Registry) -> None:
    if place.server is None:
        return  # there the function is the same one
    signs = [chr(number) for number in range(1, 0x20000) if not 0xD800 <= number < 0xE000]
    changed = [sign for sign in signs if plain_name(sign) != sign]
    assert len(changed) > 3000
    folded = [f"x{plain_name(f'x{sign}y')}" for sign in changed]
    written = [f"xx{sign}y" for sign in changed]
    query = sa.text("SELECT a FROM unnest(CAST(:a AS text[]), CAST(:b AS text[])) AS u(a, b) "
                    "WHERE plain_name(a) <> plain_name(b)")  # fmt: skip
    with registry.read() as connection:
        assert list(connection.scalars(query, {"a": written, "b": folded})) == []


# --- migrations ------------------------------------------------------------------------------------------------------


def test_the_migrations_make_exactly_the_schema(registry: Registry) -> None:
    with registry.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, t.metadata) == []


def test_a_registry_of_a_newer_version_is_refused(place: Place) -> None:
    engine = place.older(HEAD)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        if place.server is not None:
            connection.exec_driver_sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {APP}")
    engine.dispose()
    with pytest.raises(BadConfiguration, match=r"newer version|not separated"):
        place.open()
    if place.server is not None:
        with Owner(place.server.url(place.name, OWNER)) as owner, pytest.raises(BadConfiguration, match="newer"):
            owner.prepare(APP)


def test_an_older_registry_is_brought_up_to_date_with_what_it_holds(place: Place) -> None:
    engine = place.older("0001")
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO organisations (name, created) VALUES ('Rowing Club', 1)")
        connection.execute(sa.insert(t.subjects).values(**SUBJECT))
    with engine.begin() as connection:
        migrate(connection, "0002")
        connection.exec_driver_sql(
            "INSERT INTO sources (organisation, name, root, statement, territory, purposes, unknown_faces, "
            "retention_days, state, created) VALUES (1, 'party', '/p', 'ours', 'GB', 4, 'forget', 30, 'active', 1)"
        )
    engine.dispose()
    if place.server is not None:
        with pytest.raises(BadConfiguration, match="may not do this"):
            place.open()
        place.server.sql(f"GRANT SELECT ON alembic_version TO {APP}", place.name)
        with pytest.raises(BadConfiguration, match="older version") as refused:
            place.open()
        assert "upgrade --owner" in refused.value.hint
        with Owner(place.server.url(place.name, OWNER)) as owner:
            assert owner.prepare(APP, "Rowing Club") == HEAD
    else:
        with pytest.raises(BadConfiguration, match="older version") as refused:
            place.open()
        assert "countenance upgrade" in refused.value.hint
        Registry(place.url, older="upgraded").close()
    with place.open().read() as connection:
        assert connection.execute(sa.select(t.subjects.c.territory, t.subjects.c.restricted)).one() == ("GB", None)
        assert connection.scalar(sa.select(t.sources.c.name)) == "party"
        assert connection.scalar(sa.select(sa.func.count()).select_from(t.approvals)) == 0


# --- one and the other -----------------------------------------------------------------------------------------------


@pytest.mark.postgresql
@pytest.mark.parametrize("way", ["to the server", "from the server"])
def test_rows_go_from_one_to_the_other_as_they_are(server: Server, quick_folder: Path, way: str) -> None:
    file, name = f"sqlite:///{quick_folder}/registry.db", server.copy()
    source, target = (file, server.url(name)) if way == "to the server" else (server.url(name), file)
    with closing(Registry(source, create=True)) as registry:
        with registry.write() as connection:
            registry.found(connection, "Rowing Club", 1)
            connection.execute(sa.insert(t.organisations).values(name="Police", created=2))
            connection.execute(sa.insert(t.subjects), [SUBJECT | {"handle_hash": f"{n}"} for n in range(3)])
            connection.execute(sa.delete(t.subjects).where(t.subjects.c.handle_hash == "2"))
            connection.execute(sa.insert(t.leaves).values(index=0, leaf=b"\0\xff", hash=b""))
            connection.execute(sa.insert(t.accounts).values(
                organisation=2, email="a@b.example", roles="officer", public_key=b"k", trial=True, created=1,
            ))  # fmt: skip
        with dump.snapshot(registry) as connection:
            lines, counts = list(dump.dump(connection)), dump.counted(connection)
    assert counts["subjects"] == 2
    if way == "to the server":
        with Owner(server.url(name, OWNER)) as owner:
            assert owner.fill(lines, APP, "Rowing Club", counts) == counts
    else:
        with closing(Registry(target, create=True)) as registry:
            dump.load(registry, lines)
    with closing(Registry(target)) as registry:
        with dump.snapshot(registry) as connection:
            assert list(dump.dump(connection))[:-1] == lines[:-1]
        with registry.write() as connection:
            fourth = connection.execute(sa.insert(t.subjects).values(**SUBJECT)).inserted_primary_key[0]
        assert fourth == 4, "a number that was given out before the move is given to nobody else"


@pytest.mark.postgresql
def test_the_lock_of_the_one_writer_is_told_by_its_number(server: Server) -> None:
    with closing(Registry(server.url(name := server.copy()))) as registry, registry.write():
        locks = server.sql("SELECT classid, objid FROM pg_locks WHERE locktype = 'advisory'", name)
    assert [(high << 32) + low for high, low in locks] == [WRITERS]
