"""Where the registry is: a file of SQLite's, or a PostgreSQL server on this machine or behind TLS, and nothing else.

A password stands in no file of ours and in no address: it comes from the environment, from the password file that
``[registry] passfile`` names, or from PostgreSQL's own ``~/.pgpass``.
"""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

from countenance.config.secrets import secret
from countenance.errors import BadConfiguration

PASSWORD = "COUNTENANCE_REGISTRY_PASSWORD"  # noqa: S105 - the variable's name
OWNER_PASSWORD = "COUNTENANCE_REGISTRY_OWNER_PASSWORD"  # noqa: S105
"""Of the role that owns the tables; only `countenance registry` asks for it."""
CONNECT_SECONDS = 5
REGISTRY = "[registry] url"
"""What an address is called where it is refused."""
_HERE = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")
_MAY_SAY = {"sslmode", "sslrootcert", "sslcert", "sslkey", "passfile", "host"}
_CHECKED = "verify-full"
"""The one mode of libpq's in which a server has to prove by its certificate that it is the one that was named."""


def engine_of(url: str, *, busy: float, password: str = PASSWORD, called: str = REGISTRY) -> sa.Engine:
    """An engine for this address; nothing is connected yet.

    Args:
        url: ``sqlite:///PATH`` or ``postgresql://ROLE@HOST/DATABASE``.
        busy: Seconds to wait for another writer.
        password: The variable that holds the password.
        called: What the address is called where it is refused.

    Raises `BadConfiguration`, which repeats no address: it may hold a password.
    """
    try:
        address = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise BadConfiguration(f"{called} is no address of a database.", hint=_FORMS) from None
    kind = address.get_backend_name()
    if kind == "sqlite":
        return sa.create_engine(address, connect_args={"timeout": busy, "isolation_level": None})
    if kind != "postgresql":
        raise BadConfiguration(f"{called} names a database that cannot be used here.", hint=_FORMS)
    given = _server(address, password, called)
    if word := secret(password):
        given["password"] = word
    try:
        # A server that was started anew is noticed before a connection to the one before it is used.
        return sa.create_engine(address.set(drivername="postgresql+psycopg"), connect_args=given, pool_pre_ping=True)
    except ImportError:
        raise BadConfiguration(
            "The package for PostgreSQL is not installed.", hint="pip install 'countenance[postgresql]'"
        ) from None


_FORMS = 'Write "sqlite:///data/registry.db" or "postgresql://ROLE@HOST/DATABASE".'


def _server(address: sa.URL, password: str, called: str) -> dict[str, Any]:
    """What a connection is made with. Raises `BadConfiguration` where it would travel in clear."""
    query = {name: str(value) for name, value in address.query.items()}
    unknown = sorted(set(query) - _MAY_SAY)
    if unknown:
        raise BadConfiguration(f"{called} says {unknown[0]}, which has no place there.", hint=_FORMS)
    if address.password is not None:
        raise BadConfiguration(
            f"{called} holds a password.", hint=f"Take it out: set {password}, or name a [registry] passfile."
        )
    if not address.username or not address.database:
        raise BadConfiguration(f"{called} names no role or no database.", hint=_FORMS)
    folder = query.get("host")
    if (folder is None) == (address.host is None) or (folder is not None and not folder.startswith("/")):
        raise BadConfiguration(f"{called} names no host, or two.", hint=_FORMS)
    # An empty hostaddr keeps one in the environment (PGHOSTADDR) from taking the host's place.
    given: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS, "application_name": "countenance", "hostaddr": ""}
    if folder is None and not _HERE.fullmatch(f"{address.host}"):
        if query.get("sslmode", _CHECKED) != _CHECKED:
            raise BadConfiguration(
                f"{called} wants sslmode {query['sslmode']}: nobody would know who answers.",
                hint="Leave sslmode out, and name the server's authority: ?sslrootcert=/etc/ssl/our-authority.pem",
            )
        given |= {"sslmode": _CHECKED, "gssencmode": "disable"}
    return given
