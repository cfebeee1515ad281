"""How the borders between organisations on a PostgreSQL server are broken, and the way to the server."""

from __future__ import annotations

from breaks.kind import Break

BORDERS = "unit/registry/test_borders.py"
ADDRESS = "unit/registry/test_address.py"

BREAKS = [
    Break(
        "P3",
        "a table of a registry on a server that every organisation sees",
        (
            (
                "registry/borders.py",
                "POLICIES.get(table, (_MINE, _MINE))",
                'POLICIES.get(table, ("true", "true") if table is t.references else (_MINE, _MINE))',
            ),
        ),
        f"{BORDERS}::test_p3_raw_sql_sees_and_changes_nothing_of_another_organisation",
        server=True,
    ),
    Break(
        "P3",
        "a program that works as the owner of the tables, whom no border binds",
        (("registry/server.py", 'if connection.scalar(sa.text(_WHO), {"names": names}):', "if False:"),),
        f"{BORDERS}::test_p3_a_role_that_no_border_binds_is_refused[club_owner]",
        server=True,
    ),
    Break(
        "P3",
        "a registry on a server whose borders were taken down and that is opened all the same",
        (
            (
                "registry/server.py",
                'if drawn and connection.scalar(sa.text(_DRAWN), {"names": names}) != len(names):',
                "if False:",
            ),
        ),
        f"{BORDERS}::test_p3_a_database_that_is_not_prepared_or_lost_a_border_is_refused",
        server=True,
    ),
    Break(
        "P25",
        "a registry's server somewhere else that need not prove its name",
        (("registry/address.py", 'given |= {"sslmode": _CHECKED, "gssencmode": "disable"}', "pass"),),
        f"{ADDRESS}::test_p25_any_other_server_has_to_prove_its_name[db.example.org]",
    ),
]
