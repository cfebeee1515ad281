"""Borders between organisations on PostgreSQL: row-level security, drawn anew from the schema whenever it is prepared.

A login role is bound to one organisation by a table that only the tables' owner can write. So it is not a setting of
the connection that says whose rows are seen, which whoever sends SQL could change, but who has logged in.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import groupby

import sqlalchemy as sa

from countenance.registry import schema as t

_MINE = "organisation = (SELECT countenance.mine())"
_OURS = "organisation = ANY ((SELECT countenance.ours())::bigint[])"
_OF_A_SEARCH = "EXISTS (SELECT 1 FROM public.searches s WHERE s.id = search)"
POLICIES: dict[sa.Table, tuple[str, str]] = {
    # The names of organisations are no secret: they stand in the public register.
    t.organisations: ("true", "(SELECT countenance.mine()) IS NOT NULL"),
    # Those of the gallery's owner, and those of the organisations that it has added.
    t.accounts: (_OURS, _OURS),
    t.cases: (_OURS, _OURS),
    t.api_keys: (_OURS, _OURS),
    t.replies: (_OURS, _OURS),
    t.drawn: (_OURS, _OURS),
    t.presented: (_OURS, _OURS),
    t.passkeys: (_OURS, _OURS),
    t.sessions: (_OURS, _OURS),
    t.bindings: (_OURS, _OURS),
    t.changes: (clause := "EXISTS (SELECT 1 FROM public.subjects s WHERE s.id = subject)", clause),
    t.shown: (_OF_A_SEARCH, _OF_A_SEARCH),
    t.probes: (_OF_A_SEARCH, _OF_A_SEARCH),
    # The log is one for the whole registry, and says nothing of anybody: what it commits to lies in the openings.
    t.leaves: ("true", "(SELECT countenance.mine()) IS NOT NULL"),
    t.log_state: ("true", "(SELECT countenance.mine()) IS NOT NULL"),
    t.witnesses: ("true", "(SELECT countenance.mine()) IS NOT NULL"),
    t.openings: (
        opened := "CASE WHEN key ~ '^subject:[0-9]{1,18}$' THEN "
        "EXISTS (SELECT 1 FROM public.subjects s WHERE s.id = substr(key, 9)::bigint) "
        "ELSE key = ANY (SELECT 'organisation:' || number FROM unnest(countenance.ours()) number) END",
        opened,
    ),
}
"""Which rows are seen (and changed), and which may be written, where a table is not simply one organisation's."""
APPENDED = frozenset({t.organisations, t.leaves, t.witnesses, t.changes})
"""Tables that the application adds to, and in which it changes and deletes nothing."""

_FUNCTIONS = """
CREATE SCHEMA IF NOT EXISTS countenance;
CREATE TABLE IF NOT EXISTS countenance.members (
    role name PRIMARY KEY, organisation bigint NOT NULL REFERENCES public.organisations);
CREATE TABLE IF NOT EXISTS countenance.guests (
    organisation bigint PRIMARY KEY REFERENCES public.organisations, host bigint NOT NULL);
REVOKE ALL ON ALL TABLES IN SCHEMA countenance FROM PUBLIC;

CREATE OR REPLACE FUNCTION countenance.mine() RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT organisation FROM countenance.members WHERE role = session_user $$;

CREATE OR REPLACE FUNCTION countenance.ours() RETURNS bigint[]
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT array_agg(known.id) FROM (
        SELECT organisation AS id FROM countenance.members WHERE role = session_user
        UNION SELECT g.organisation FROM countenance.guests g WHERE g.host = (
            SELECT organisation FROM countenance.members WHERE role = session_user))
        AS known $$;

CREATE OR REPLACE FUNCTION countenance.note_guest() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO countenance.guests SELECT NEW.id, organisation FROM countenance.members WHERE role = session_user;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER note_guest AFTER INSERT ON public.organisations
    FOR EACH ROW EXECUTE FUNCTION countenance.note_guest();

-- The first organisation, and the role that founds it bound to it. A founding that was cut short, before anything was
-- written to the log, is taken up again.
CREATE OR REPLACE FUNCTION countenance.found(wanted text, moment bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE number bigint;
BEGIN
    IF EXISTS (SELECT 1 FROM public.leaves) THEN RETURN NULL; END IF;
    SELECT organisation INTO number FROM countenance.members WHERE role = session_user;
    IF number IS NOT NULL THEN
        DELETE FROM public.activations;
        DELETE FROM public.accounts;
        UPDATE public.organisations SET name = wanted, created = moment WHERE id = number;
    ELSIF NOT EXISTS (SELECT 1 FROM public.organisations) THEN
        INSERT INTO public.organisations (name, created) VALUES (wanted, moment) RETURNING id INTO number;
        INSERT INTO countenance.members VALUES (session_user, number);
    END IF;
    RETURN number;
END $$;
REVOKE ALL ON FUNCTION countenance.found(text, bigint) FROM PUBLIC;
"""

_PLAIN_NAME = """
CREATE OR REPLACE FUNCTION public.plain_name(name text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT btrim(regexp_replace(regexp_replace(normalize(
        lower(upper(lower(normalize(name, NFKC) COLLATE "und-x-icu") COLLATE "und-x-icu") COLLATE "und-x-icu"), NFKC),
        '[{unseen}]', '', 'g'), '[{blank}]+', ' ', 'g'), ' ') $$
"""
"""What `countenance.registry.names.plain_name` is: two names that it holds for one are one here as well."""


def draw(connection: sa.Connection) -> None:
    """Make the functions and policies of every table, in the owner's transaction; what was there is replaced."""
    for statement in (_FUNCTIONS, _plain_name()):
        connection.exec_driver_sql(statement.replace("%", "%%"))
    for table in t.metadata.sorted_tables:
        seen, written = POLICIES.get(table, (_MINE, _MINE))
        name = _quoted(table.name)
        for each in (
            f"ALTER TABLE public.{name} ENABLE ROW LEVEL SECURITY",
            f"DROP POLICY IF EXISTS border ON public.{name}",
            f"CREATE POLICY border ON public.{name} USING ({seen}) WITH CHECK ({written})",
        ):
            connection.exec_driver_sql(each)


def admit(connection: sa.Connection, role: str) -> None:
    """Let a login role work with the records of the organisation that it is, or becomes, bound to."""
    who = _quoted(role)
    for each in (
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public, countenance FROM {who}",
        f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {who}",
        f"GRANT USAGE ON SCHEMA public, countenance TO {who}",
        f"GRANT SELECT ON public.alembic_version TO {who}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {who}",
        f"GRANT EXECUTE ON FUNCTION countenance.found(text, bigint) TO {who}",
    ):
        connection.exec_driver_sql(each)
    for table in t.metadata.sorted_tables:
        rights = "SELECT, INSERT" if table in APPENDED else "SELECT, INSERT, UPDATE, DELETE"
        connection.exec_driver_sql(f"GRANT {rights} ON public.{_quoted(table.name)} TO {who}")


def bind(connection: sa.Connection, role: str, organisation: int) -> None:
    """Say whose rows a role works with; and whose guests the other organisations are that nobody hosts."""
    connection.execute(
        sa.text(
            "INSERT INTO countenance.members VALUES (:role, :organisation) "
            "ON CONFLICT (role) DO UPDATE SET organisation = :organisation"
        ),
        {"role": role, "organisation": organisation},
    )


def host(connection: sa.Connection, organisation: int) -> None:
    """All other organisations of this registry were added by this one."""
    connection.execute(
        sa.text(
            "INSERT INTO countenance.guests SELECT id, :host FROM public.organisations WHERE id <> :host "
            "ON CONFLICT (organisation) DO UPDATE SET host = :host"
        ),
        {"host": organisation},
    )


@cache
def _plain_name() -> str:
    every = [chr(number) for number in range(sys.maxunicode + 1) if not 0xD800 <= number < 0xE000]
    unseen = (sign for sign in every if unicodedata.category(sign) == "Cf")
    blank = (sign for sign in every if sign.isspace())
    return _PLAIN_NAME.format(unseen="".join(_ranges(unseen)), blank="".join(_ranges(blank)))


def _ranges(signs: Iterator[str]) -> Iterator[str]:
    """Signs as ranges of a regular expression's brackets."""
    for _, run in groupby(enumerate(signs), key=lambda pair: ord(pair[1]) - pair[0]):
        numbers = [ord(sign) for _, sign in run]
        yield "-".join(f"\\U{number:08X}" for number in dict.fromkeys((numbers[0], numbers[-1])))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
