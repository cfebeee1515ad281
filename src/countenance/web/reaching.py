"""Where the service is reached: what ``[http]`` says of it, checked before anything listens."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from countenance.errors import BadConfiguration

if TYPE_CHECKING:
    from countenance.config import HttpSection

_TLS = "Set [http] certificate and key, or proxies and a public_url: docs/how-to/run-it.md."


@dataclass(frozen=True, slots=True)
class Reach:
    """What is listened on, what we are called, and whose word is taken for where a request comes from.

    ``certificate`` and ``key``: of TLS that we speak ourselves. ``proxies``: their ``X-Forwarded-`` headers are
    believed, and of everybody else's nothing.
    """

    host: str = "127.0.0.1"
    port: int = 8420
    public_url: str | None = None
    certificate: Path | None = None
    key: Path | None = None
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()

    @property
    def secure(self) -> bool:
        """Whether TLS ends here."""
        return self.certificate is not None

    @property
    def beyond(self) -> bool:
        """Whether others than this machine can connect."""
        return not ip_address(self.host).is_loopback

    @property
    def moves(self) -> bool:
        """Whether another port does as well, where the one that was asked for is taken."""
        return not (self.beyond or self.public_url or self.proxies)

    def on(self, port: int | None = None, host: str | None = None) -> Reach:
        """The same, with what a command's line says instead."""
        return replace(self, port=self.port if port is None else port, host=host or self.host)

    def from_proxy(self, peer: str) -> bool:
        """Whether a connection comes from a proxy of ours."""
        address = _address(peer)
        return address is not None and any(address in network for network in self.proxies)

    def tls(self) -> dict[str, Any]:
        """What the server is told of TLS."""
        return {"ssl_certfile": self.certificate, "ssl_keyfile": self.key} if self.secure else {}


def reach(section: HttpSection, folder: Path) -> Reach:
    """What ``[http]`` says; relative paths are relative to the folder."""
    files = [None if each is None else folder / each.expanduser() for each in (section.certificate, section.key)]
    proxies = tuple(ip_network(each) for each in section.proxies)
    return Reach(section.host, section.port, section.public_url, files[0], files[1], proxies)


def check(wanted: Reach) -> list[str]:
    """Raise `BadConfiguration` for what must not be served; otherwise what is missing, a line each."""
    if (wanted.certificate is None) != (wanted.key is None):
        raise BadConfiguration("[http] has a certificate without a key, or a key without a certificate.", hint=_TLS)
    if wanted.beyond and not (wanted.secure or wanted.proxies):
        raise BadConfiguration(
            f"[http] host {wanted.host} is beyond this machine, and nothing is encrypted.", hint=_TLS
        )
    if wanted.beyond and not wanted.public_url:
        raise BadConfiguration(
            f"[http] host {wanted.host} is beyond this machine, and nobody knows its name.",
            hint='Say what people call it: public_url = "https://faces.example.org".',
        )
    public = urlsplit(wanted.public_url or "")
    if public.scheme == "https" and not (wanted.secure or wanted.proxies):
        raise BadConfiguration("[http] public_url is https://, and nothing here or before it speaks TLS.", hint=_TLS)
    if wanted.certificate is not None and wanted.key is not None:
        _check_pair(wanted.certificate, wanted.key)
    if not public.hostname:
        return ["Phones, cameras and passkeys of others need https: see [http] in docs/how-to/run-it.md."]
    if _address(public.hostname) is not None:
        return [f"Passkeys belong to a name and not to a number such as {public.hostname}: people use passwords."]
    return []


def is_here(peer: str) -> bool:
    """Whether a connection comes from this machine."""
    address = _address(peer)
    return address is not None and address.is_loopback


def _check_pair(certificate: Path, key: Path) -> None:
    for name, file in (("certificate", certificate), ("key", key)):
        if not os.access(file, os.R_OK):
            raise BadConfiguration(
                f"[http] {name}: {file} cannot be read.", hint="Name a PEM file of the server's own."
            )
    try:
        # Nobody is asked for a passphrase: a service is started when nobody looks.
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key, password=lambda: b"")
    except (ssl.SSLError, ValueError, OSError):
        raise BadConfiguration(
            "[http] certificate and key do not belong together, or the key has a passphrase.",
            hint="Give the certificate with its chain, and its own key in PEM without a passphrase.",
        ) from None


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
