"""The migrations make exactly the schema, and a registry of another version is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from countenance.errors import BadConfiguration
from countenance.registry.database import Registry
from countenance.registry.migrating import MIGRATIONS
from countenance.registry.schema import metadata


def test_the_migrations_make_exactly_the_schema(tmp_path: Path) -> None:
    registry = Registry(f"sqlite:///{tmp_path}/r.db", create=True)
    with registry.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, metadata) == []
    registry.close()


def test_the_migrations_make_the_same_checks_and_keys_as_the_schema(tmp_path: Path) -> None:
    registry = Registry(f"sqlite:///{tmp_path}/r.db", create=True)
    plain = sa.create_engine("sqlite://")
    metadata.create_all(plain)
    migrated, declared = sa.inspect(registry.engine), sa.inspect(plain)
    for table in declared.get_table_names():
        for what in ("get_check_constraints", "get_foreign_keys", "get_unique_constraints", "get_indexes"):
            theirs, ours = getattr(migrated, what)(table), getattr(declared, what)(table)
            assert sorted(map(_plain, theirs)) == sorted(map(_plain, ours)), (table, what)
    registry.close()
    plain.dispose()


def _plain(constraint: object) -> str:
    return " ".join(repr(sorted(constraint.items(), key=str)).split())  # type: ignore[attr-defined]


def test_an_erased_person_s_number_is_never_used_again(tmp_path: Path) -> None:
    registry = Registry(f"sqlite:///{tmp_path}/r.db", create=True)
    with registry.read() as connection:
        made = dict(connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'").all())
    registry.close()
    for name in ("subjects", "bases", "references_", "appearances", "searches", "changes", "erasures"):
        assert "AUTOINCREMENT" in made[name], name


def test_a_registry_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/r.db"
    registry = Registry(url, create=True)
    with registry.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    registry.close()
    with pytest.raises(BadConfiguration, match="newer version"):
        Registry(url)
    with pytest.raises(BadConfiguration, match="newer version"):
        Registry(url, create=True)


def test_a_registry_that_is_not_there_is_not_made_by_opening(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="no registry"):
        Registry(f"sqlite:///{tmp_path}/r.db")
    assert list(tmp_path.iterdir()) == []


def test_an_older_registry_is_brought_up_to_date_with_what_it_holds(tmp_path: Path) -> None:
    registry = Registry(f"sqlite:///{tmp_path}/r.db", create=True)
    registry.close()
    old = sa.create_engine(f"sqlite:///{tmp_path}/old.db")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with old.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql("INSERT INTO organisations (name, created) VALUES ('Rowing Club', 1)")
        connection.exec_driver_sql(
            "INSERT INTO subjects (organisation, handle_hash, territory, state, created, last_interaction) "
            "VALUES (1, 'h', 'GB', 'active', 1, 1)"
        )
        command.upgrade(config, "0002")
        connection.exec_driver_sql(
            "INSERT INTO sources (organisation, name, root, statement, territory, purposes, unknown_faces, "
            "retention_days, state, created) VALUES (1, 'party', '/p', 'ours', 'GB', 4, 'forget', 30, 'active', 1)"
        )
        connection.exec_driver_sql(
            "INSERT INTO photos (organisation, source, path, bytes, modified_ns, state, faces_found, ingested) "
            "VALUES (1, 1, x'61', 1000, 1, 'done', 3, 77)"
        )
    old.dispose()
    upgraded = Registry(f"sqlite:///{tmp_path}/old.db", older="upgraded")
    with upgraded.read() as connection:
        assert connection.scalar(sa.text("SELECT restricted FROM subjects")) is None
        assert connection.scalar(sa.text("SELECT territory FROM subjects")) == "GB"
        assert connection.scalar(sa.text("SELECT count(*) FROM approvals")) == 0
        photo = connection.execute(sa.text("SELECT faces_found, ingested, looked, missing FROM photos")).one()
        assert tuple(photo) == (3, 77, None, None), "kept as it was, and nobody says when it was looked at"
    upgraded.close()


@pytest.mark.parametrize(
    ("pragma", "wanted"), [("secure_delete", 1), ("journal_mode", "wal"), ("foreign_keys", 1), ("synchronous", 2)]
)
def test_every_connection_has_the_pragmas_that_erasure_relies_on(tmp_path: Path, pragma: str, wanted: object) -> None:
    registry = Registry(f"sqlite:///{tmp_path}/r.db", create=True)
    for door in (registry.read, registry.write):
        with door() as connection:
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == wanted
    registry.close()
