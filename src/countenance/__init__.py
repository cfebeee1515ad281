"""Countenance: face search by permission.

Find a person in the photographs that an organisation is entitled to hold, and prove the entitlement::

    import countenance

    with countenance.open("club.toml", account="anna@club.example", passphrase="…") as c:
        for hit in c.search("who.jpg", purpose="photo-library", case="press office 12"):
            print(hit.rank, hit.subject, f"{hit.score:.2f}", hit.band)

`Client` and `AsyncClient` are the same over HTTP, with an API key; they need ``countenance[client]``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from countenance.version import VERSION

if TYPE_CHECKING:
    from countenance.client.connecting import AsyncClient, Client
    from countenance.service.countenance import Countenance

__version__ = VERSION
__all__ = ["AsyncClient", "Client", "__version__", "open"]


def open(  # noqa: A001
    config: str | Path, *, account: str | None = None, passphrase: str | Callable[[], str] | None = None
) -> Countenance:
    """Open a gallery.

    Args:
        config: The configuration file, or the folder that holds ``countenance.toml``.
        account: The e-mail address of the named account that acts; the configuration's own when left out.
        passphrase: Opens that account's key file, or asks for what does; ``COUNTENANCE_PASSPHRASE`` from the
            environment when left out.

    Raises:
        BadConfiguration: there is no such file, or it contradicts itself.
        NotSignedIn: there is no such account.
        KeyMissing: the vault or the key-encryption key is not where the configuration says.
    """
    # The libraries behind it are heavy, and `countenance --help` needs none of them.
    from countenance.wiring import open_gallery

    return open_gallery(Path(config), account=account, passphrase=passphrase)


def __getattr__(name: str) -> object:
    """The clients, imported when they are asked for: the library behind them is an extra."""
    if name in {"AsyncClient", "Client"}:
        from countenance.client import connecting

        return getattr(connecting, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
