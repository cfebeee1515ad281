"""Row-level security by organisation: what the program's own role sees and changes, whatever SQL it is made to send."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from clubs import Club
from countenance.errors import BadConfiguration, NotFound
from countenance.registry import borders
from countenance.registry import schema as t
from countenance.registry.database import Registry
from countenance.registry.owning import Owner
from servers import APP, OWNER, SECRET, Server

pytestmark = pytest.mark.postgresql
OTHER = "other_app"
SUBJECT = "INSERT INTO subjects (organisation, handle_hash, territory, state, created, last_interaction) VALUES "
# One row of another organisation in each table that can have one. All their numbers are 900.
THEIRS = """
INSERT INTO organisations (id, name, created) VALUES (900, 'Another Club', 1);
INSERT INTO accounts (id, organisation, email, roles, public_key, trial, created)
    VALUES (900, 900, 'eve@other.example', 'controller', '\\x00', false, 1);
INSERT INTO agreements (id, organisation, party, purposes, territories, starts, ends, created)
    VALUES (900, 900, 900, 1, '*', 1, 2, 1);
INSERT INTO notices (id, organisation, name, sha256, channel, given, created) VALUES (900, 900, 'n', 's', 'c', 1, 1);
INSERT INTO cases (id, organisation, agreement, purpose, reference_hash, reference_sealed, opened_by, created)
    VALUES (900, 900, 900, 'p', 'h', '\\x00', 900, 1);
INSERT INTO sources (id, organisation, name, root, statement, territory, purposes, unknown_faces, retention_days, state,
    created) VALUES (900, 900, 's', '/', 's', 'GB', 1, 'forget', 1, 'active', 1);
INSERT INTO photos (id, organisation, source, path, bytes, modified_ns, state, faces_found, ingested)
    VALUES (900, 900, 900, '\\x61', 1, 1, 'done', 0, 1);
INSERT INTO subjects (id, organisation, handle_hash, territory, state, created, last_interaction)
    VALUES (900, 900, 'h', 'GB', 'active', 1, 1);
INSERT INTO bases (id, organisation, subject, ground, condition, purposes, evidence_sha256, collective, starts, ends,
    state, recorded_by, created) VALUES (900, 900, 900, 'g', 'c', 1, 'e', false, 1, 2, 'live', 900, 1);
INSERT INTO references_ (id, organisation, subject, basis, photo_sha256, photo_sealed, face_sealed, template_sealed,
    contract, expires, created) VALUES (900, 900, 900, 900, 's', '\\x00', '\\x00', '\\x00', 'c', 1, 1);
INSERT INTO appearances (id, organisation, photo, subject, basis, box, score, band, created)
    VALUES (900, 900, 900, 900, 900, 'b', 0.5, 'high', 1);
INSERT INTO searches (id, organisation, account, "case", purpose, kind, probe_commitment, sequence, log_index,
    candidates, started, ended) VALUES (900, 900, 900, 900, 'p', 'search', 'c', 1, 1, 1, 1, 1);
INSERT INTO shown (search, subject, score) VALUES (900, 900, 0.5);
INSERT INTO probes (search, key, sealed, expires) VALUES (900, 'k', '\\x00', 1);
INSERT INTO reviews (id, organisation, search, subject, account, decision, signature, created)
    VALUES (900, 900, 900, 900, 900, 'confirm', '\\x00', 1);
INSERT INTO orders (id, organisation, kind, authority, state, created) VALUES (900, 900, 'hold', 'ICO', 'in-force', 1);
INSERT INTO requests (id, organisation, kind, channel, state, key, deadline, created)
    VALUES (900, 900, 'access', 'contact', 'open', 'k', 1, 1);
INSERT INTO receipts (id, organisation, subject, basis, sha256, expires, created)
    VALUES (900, 900, 900, 900, 's', 1, 1);
INSERT INTO links (id, organisation, basis, kind, token_hash, made_by, expires, created)
    VALUES (900, 900, 900, 'person', 't', 900, 1, 1);
INSERT INTO approvals (id, organisation, thing, act, account, statement, signature, created)
    VALUES (900, 900, 't', 'a', 900, 's', '\\x00', 1);
INSERT INTO activations (id, organisation, kind, value, created) VALUES (900, 900, 'model', 'v', 1);
INSERT INTO erasures (id, organisation, subject, reason, state, ordered_by, faces, log_index, residuals, created)
    VALUES (900, 900, 900, 'r', 'done', 900, 1, 1, 'r', 1);
INSERT INTO corrections (id, organisation, subject, photo_sha256, decision, created)
    VALUES (900, 900, 900, 's', 'not', 1);
INSERT INTO subjects (id, organisation, handle_hash, territory, state, created, last_interaction)
    VALUES (901, 900, 'i', 'GB', 'active', 1, 1);
INSERT INTO pairs (id, organisation, subject, other, decision, created) VALUES (900, 900, 900, 901, 'same', 1);
INSERT INTO rejections (id, organisation, party, subject, mark, created) VALUES (900, 900, 900, 900, 'm', 1);
INSERT INTO api_keys (id, organisation, account, label, public_key, roles, purposes, quota, signature, created, expires)
    VALUES (900, 900, 900, 'l', '\\x01', 'searcher', 1, 1, '\\x00', 1, 2);
INSERT INTO replies (id, organisation, account, key_hash, request_hash, state, created)
    VALUES (900, 900, 900, 'k', 'r', 'begun', 1);
INSERT INTO drawn (id, organisation, account, kind, starts, used) VALUES (900, 900, 900, 'k', 1, 1);
INSERT INTO basis_forms (id, organisation, api_key, ground, condition, purposes, notice, evidence_sha256, collective,
    signature, created) VALUES (900, 900, 900, 'g', 'c', 1, 900, 'e', false, '\\x00', 1);
INSERT INTO collections (id, organisation, name, made_by, created) VALUES (900, 900, 'n', 900, 1);
INSERT INTO collection_users (id, organisation, collection, name_hash, user_sealed, created)
    VALUES (900, 900, 900, 'h', '\\x00', 1);
INSERT INTO collected (id, organisation, collection, subject, name_hash, external_sealed, created)
    VALUES (900, 900, 900, 900, 'h', '\\x00', 1);
INSERT INTO presented (id, organisation, api_key, mark, created) VALUES (900, 900, 900, 'm', 1);
INSERT INTO jobs (id, organisation, account, kind, state, again, runner, step, created)
    VALUES (900, 900, 900, 'sweep', 'done', false, 'r', 0, 1);
INSERT INTO passkeys (id, organisation, account, label, credential, public_key, site, sign_count, signature, created)
    VALUES (900, 900, 900, 'l', '\\x01', '\\x00', 's', 0, '\\x00', 1);
INSERT INTO sessions (id, organisation, account, public_key, how, proof, created, seen, expires)
    VALUES (900, 900, 900, '\\x01', 'password', '\\x00', 1, 1, 2);
INSERT INTO bindings (id, organisation, account, issuer, person_hash, signature, created)
    VALUES (900, 900, 900, 'i', 'h', '\\x00', 1);
INSERT INTO answered (id, organisation, once, created) VALUES (900, 900, 'o', 1);
INSERT INTO guesses (id, organisation, who_hash, starts, count) VALUES (900, 900, 'w', 1, 1);
INSERT INTO events (id, organisation, agreement, source, notice, made_by, name_sealed, words, receive, approve,
    happened, ends, signature, created)
    VALUES (900, 900, 900, 900, 900, 900, '\\x00', 'w', 'blurred', false, 1, 2, '\\x00', 1);
INSERT INTO invitations (id, organisation, event, made_by, token_hash, signature, expires, created)
    VALUES (900, 900, 900, 900, 't', '\\x00', 2, 1);
INSERT INTO guests (id, organisation, invitation, subject, basis, key_hash, signature, created)
    VALUES (900, 900, 900, 900, 900, 'k', '\\x00', 1);
INSERT INTO visits (id, organisation, subject, basis, details_sealed, made_by, signature, ends, way, created)
    VALUES (900, 900, 900, 900, '\\x00', 900, '\\x00', 2, 'none', 1);
INSERT INTO changes (id, subject) VALUES (900, 900);
INSERT INTO openings (index, key, sealed) VALUES (0, 'subject:900', '\\x00'), (0, 'organisation:900', '\\x00');
"""
SHARED = {"organisations", "leaves", "log_state", "witnesses"}
"""The names of organisations, and the log, which says nothing of anybody."""


@pytest.fixture(scope="module")
def whole(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Club]:
    """A club, in whose database another organisation, that the club never added, has a row in every table."""
    club = Club(tmp_path_factory.mktemp("borders"), server=server)
    club.person("Ada", 1)
    assert club.found(1) == ["ada"]
    server.sql(THEIRS, name_of(club), OWNER)
    yield club
    club.close()


def name_of(club: Club) -> str:
    return club.anna.context.settings.registry.url.rsplit("/", 1)[1]


@pytest.fixture
def database(whole: Club) -> str:
    return name_of(whole)


@pytest.fixture
def raw(server: Server, database: str) -> Iterator[Any]:
    """The program's own role, sending whatever it likes."""
    with server.connect(database, APP) as connection:
        yield connection


def refused(raw: Any, statement: str) -> bool:
    import psycopg

    try:
        raw.execute(statement)
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.SyntaxError):
        return True
    return False


def key(table: str) -> str:
    return {"shown": "search", "probes": "search", "openings": "index"}.get(table, "id")


TABLES = [table.name for table in t.metadata.sorted_tables]


def test_every_table_has_a_border_and_another_organisation_behind_it(server: Server, database: str) -> None:
    drawn = server.sql("SELECT relname FROM pg_class WHERE relrowsecurity", database)
    assert {name for (name,) in drawn} == set(TABLES)
    for table in sorted(set(TABLES) - SHARED):
        theirs = server.sql(f'SELECT count(*) FROM "{table}" WHERE {key(table)}::bigint IN (0, 900)', database)
        assert theirs[0][0] > 0, table
    with_column = {table.name for table in t.metadata.sorted_tables if "organisation" in table.columns}
    assert with_column | {table.name for table in borders.POLICIES} == set(TABLES), "a table without a rule of its own"


def test_p3_raw_sql_sees_and_changes_nothing_of_another_organisation(raw: Any, server: Server, database: str) -> None:
    before = {table: server.sql(f'SELECT * FROM "{table}" ORDER BY 1', database) for table in TABLES}
    theirs = "index = 0 AND key LIKE '%:900'"
    for table in sorted(set(TABLES) - SHARED):
        where = theirs if table == "openings" else f"{key(table)} = 900"
        assert raw.execute(f'SELECT count(*) FROM "{table}" WHERE {where}').fetchone() == (0,), table
        if table not in {each.name for each in borders.APPENDED}:
            column = "key" if table == "openings" else "id" if "id" in t.metadata.tables[table].columns else "search"
            assert raw.execute(f'UPDATE "{table}" SET {column} = {column} WHERE {where}').rowcount == 0, table
            assert raw.execute(f'DELETE FROM "{table}" WHERE {where}').rowcount == 0, table
    assert before == {table: server.sql(f'SELECT * FROM "{table}" ORDER BY 1', database) for table in TABLES}


def test_its_own_rows_it_sees(raw: Any) -> None:
    assert raw.execute("SELECT count(*) FROM subjects").fetchone() == (1,)
    assert raw.execute("SELECT count(*) FROM openings WHERE key = 'subject:1'").fetchone()[0] > 0
    assert raw.execute("SELECT count(*) FROM openings WHERE key = 'organisation:1'").fetchone()[0] > 0
    assert raw.execute("SELECT count(*) FROM changes").fetchone()[0] > 0


@pytest.mark.parametrize(
    "statement",
    [
        SUBJECT + "(900, 'x', 'GB', 'active', 1, 1)",
        "UPDATE subjects SET organisation = 900",
        "INSERT INTO changes (subject) VALUES (900)",
        "INSERT INTO shown (search, subject, score) VALUES (900, 1, 1)",
        "INSERT INTO openings (index, key, sealed) VALUES (0, 'subject:900', '')",
        "INSERT INTO countenance.members VALUES (session_user, 900)",
        "UPDATE countenance.members SET organisation = 900",
        "SELECT * FROM countenance.members",
        "INSERT INTO countenance.guests VALUES (900, 1)",
        "ALTER TABLE subjects DISABLE ROW LEVEL SECURITY",
        "DROP POLICY border ON subjects",
        "CREATE POLICY mine ON subjects USING (true)",
        "ALTER FUNCTION countenance.mine() RESET ALL",
        "CREATE OR REPLACE FUNCTION countenance.mine() RETURNS bigint LANGUAGE sql AS 'SELECT 900::bigint'",
        "CREATE FUNCTION public.anything() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE public.copies (a int)",
        "TRUNCATE subjects",
        "SET row_security = off; SELECT * FROM subjects",
        f"SET ROLE {OWNER}",
        f"SET SESSION AUTHORIZATION {OWNER}",
        "SET SESSION AUTHORIZATION postgres",
        f"ALTER ROLE {APP} BYPASSRLS",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT pg_read_file('/etc/passwd')",
        "UPDATE organisations SET name = 'x' WHERE id = 900",
        "UPDATE leaves SET leaf = ''",
        "DELETE FROM leaves",
        "DELETE FROM witnesses",
        "DELETE FROM changes",
        "UPDATE alembic_version SET version_num = '0001'",
        "SELECT setval('subjects_id_seq', 1)",
    ],
)
def test_what_the_programs_role_may_not_do_it_cannot(raw: Any, statement: str) -> None:
    assert refused(raw, statement)


def test_no_setting_of_the_connection_moves_a_border(raw: Any) -> None:
    for setting in ("countenance.organisation", "app.organisation", "countenance.mine"):
        raw.execute(f"SET {setting} = '900'")
    raw.execute("SET search_path = pg_temp, public")
    raw.execute("CREATE TEMP TABLE members (role name, organisation bigint)")
    raw.execute("INSERT INTO members VALUES (session_user, 900)")
    raw.execute("CREATE FUNCTION pg_temp.mine() RETURNS bigint LANGUAGE sql AS 'SELECT 900::bigint'")
    mine, ours = raw.execute("SELECT countenance.mine(), countenance.ours()").fetchone()
    assert (mine, 900 in ours) == (1, False)
    assert raw.execute("SELECT count(*) FROM public.subjects WHERE organisation = 900").fetchone() == (0,)


def test_a_second_founding_moves_nobody(raw: Any) -> None:
    assert raw.execute("SELECT countenance.found('Mine Now', 1)").fetchone() == (None,)
    assert raw.execute("SELECT countenance.mine()").fetchone() == (1,)


def test_a_role_that_nobody_bound_sees_nothing(server: Server, database: str) -> None:
    server.sql(f"CREATE ROLE {OTHER} LOGIN PASSWORD '{SECRET}'")
    try:
        with Owner(server.url(database, OWNER)) as owner:
            owner.prepare(OTHER)
            with server.connect(database, OTHER) as unbound:
                for table in sorted(set(TABLES) - SHARED):
                    assert unbound.execute(f'SELECT count(*) FROM "{table}"').fetchone() == (0,), table
                assert unbound.execute("SELECT countenance.found('Mine', 1)").fetchone() == (None,)
            owner.prepare(OTHER, "Another Club")
            with pytest.raises(NotFound, match="no organisation"):
                owner.prepare(OTHER, "Nobody's Club")
        with server.connect(database, OTHER) as bound:
            assert bound.execute("SELECT id FROM subjects ORDER BY id").fetchall() == [(900,), (901,)]
            assert bound.execute("SELECT email FROM accounts").fetchall() == [("eve@other.example",)]
    finally:
        server.sql(f"DROP OWNED BY {OTHER}", database)
        server.sql(f"DROP ROLE {OTHER}")


def test_guests_are_seen_by_whoever_added_them(whole: Club, raw: Any) -> None:
    whole.anna.organisations.add("Police")
    police = raw.execute("SELECT id FROM organisations WHERE name = 'Police'").fetchone()[0]
    assert sorted(raw.execute("SELECT countenance.ours()").fetchone()[0]) == [1, police]


@pytest.mark.parametrize("role", [OWNER, "postgres"])
def test_p3_a_role_that_no_border_binds_is_refused(server: Server, role: str) -> None:
    name = server.copy()
    with pytest.raises(BadConfiguration, match="may pass over row-level security"):
        Registry(server.url(name, role))
    with Owner(server.url(name, OWNER)) as owner, pytest.raises(BadConfiguration, match="would not be bound"):
        owner.prepare(role)


def test_p3_a_database_that_is_not_prepared_or_lost_a_border_is_refused(server: Server) -> None:
    with pytest.raises(BadConfiguration, match="no registry in this database") as told:
        Registry(server.url(server.empty()))
    assert "registry prepare" in told.value.hint
    name = server.copy()
    server.sql("ALTER TABLE subjects DISABLE ROW LEVEL SECURITY", name, OWNER)
    with pytest.raises(BadConfiguration, match="not separated"):
        Registry(server.url(name))
    with Owner(server.url(name, OWNER)) as owner:
        owner.prepare(APP)
    Registry(server.url(name)).close()


def test_the_owner_of_nothing_prepares_nothing(server: Server) -> None:
    with Owner(server.url(server.copy(), OWNER)) as owner, pytest.raises(NotFound, match="no role"):
        owner.prepare("nobody_at_all")
    with pytest.raises(BadConfiguration, match="has an owner"):
        Owner("sqlite:///x.db")


def test_tables_are_cleaned_by_their_owner_alone(server: Server, pg_club: Club) -> None:
    name = name_of(pg_club)
    marker = "x" * 40 + "a name that must go"
    server.sql(SUBJECT + f"(1, '{marker}', 'GB', 'active', 1, 1)", name, APP)
    server.sql(f"DELETE FROM subjects WHERE handle_hash = '{marker}'", name, APP)
    assert files_with(server, name, marker)
    with Owner(server.url(name, OWNER)) as owner:
        assert set(owner.tidy()) == set(TABLES)
    server.sql("CHECKPOINT")
    assert files_with(server, name, marker) == []
    assert pg_club.anna.check_log().size > 0


def files_with(server: Server, database: str, marker: str) -> list[str]:
    """The files of this database, on the disk, in which these bytes are."""
    server.sql("CHECKPOINT")
    number = server.sql(f"SELECT oid FROM pg_database WHERE datname = '{database}'")[0][0]
    folder = server.folder / "data" / "base" / str(number)
    return [file.name for file in folder.iterdir() if marker.encode() in file.read_bytes()]
