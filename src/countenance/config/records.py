"""Whose gallery this is, and where its records, keys and photographs lie."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from countenance.config.section import Section


class GallerySection(Section):
    """Whose gallery this is, and what a command may leave out.

    ``address`` and ``dpo``, where letters and the data protection officer are reached, stand in the register.
    """

    id: str = Field(pattern=r"^[a-z0-9-]{4,64}$")
    organisation: str
    address: str | None = None
    dpo: str | None = None
    purpose: str | None = None
    account: str | None = None


class RegistrySection(Section):
    """The truth: SQLite by default, or ``postgresql://ROLE@HOST/DATABASE``.

    A server's password comes from COUNTENANCE_REGISTRY_PASSWORD, from ``passfile`` or from ``~/.pgpass``, both in
    PostgreSQL's own form; never from the address.
    """

    url: str = "sqlite:///data/registry.db"
    passfile: Path | None = None


class KeysSection(Section):
    """Where keys lie: the vault outside the data folder, the key-encryption key apart from both."""

    vault: Path = Path("vault/keys.db")
    kek: Path
    accounts: Path


class PhotosSection(Section):
    """Where the photographs lie of every source that is named ``photos://NAME``: a folder, or ``s3://bucket/prefix``.

    Moving them is one line here; the sources, and what is known of their photos, stay as they are.
    """

    root: str | None = Field(default=None, pattern=r"^(s3://\S+|[^:]+)$")


class S3Section(Section):
    """The store of buckets, the only one that is ever spoken to. Its keys are read from AWS_ACCESS_KEY_ID and so on.

    ``certificates``: PEM of an authority of your own, where the store's certificate comes from one.
    """

    endpoint: str = Field(pattern=r"^https?://[A-Za-z0-9.:\[\]-]+/?$")
    region: str = Field(default="us-east-1", pattern=r"^[a-z0-9-]{1,40}$")
    certificates: Path | None = None
