"""All tables in one frozen object, and the places that follow from them."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from countenance.config.finding import (
    IndexSection,
    IngestSection,
    MilvusSection,
    RaySection,
    SearchSection,
    VisionSection,
)
from countenance.config.outside import HttpSection, MailServerSection, WitnessSection
from countenance.config.records import GallerySection, KeysSection, PhotosSection, RegistrySection, S3Section


class Settings(BaseSettings):
    """All settings. Relative paths are relative to the folder of the file."""

    model_config = SettingsConfigDict(
        env_prefix="COUNTENANCE_",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        nested_model_default_partial_update=True,
    )

    folder: Path
    file: Path
    gallery: GallerySection
    registry: RegistrySection = RegistrySection()
    keys: KeysSection
    index: IndexSection = IndexSection()
    milvus: MilvusSection | None = None
    vision: VisionSection = VisionSection()
    search: SearchSection = SearchSection()
    ingest: IngestSection = IngestSection()
    ray: RaySection = RaySection()
    photos: PhotosSection = PhotosSection()
    s3: S3Section | None = None
    witness: WitnessSection = WitnessSection()
    mail: MailServerSection | None = None
    http: HttpSection = HttpSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is the library's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then the file. Nothing else is read."""
        return env_settings, init_settings

    @property
    def data(self) -> Path:
        """The data folder: registry, log files, locks. Never a source, never the vault."""
        return self.folder / "data"

    @property
    def vault_path(self) -> Path:
        """The vault's own file."""
        return self.folder / self.keys.vault

    @property
    def ledger_path(self) -> Path:
        """The erasure ledger: beside the vault, so that it is kept with the keys and is in no backup."""
        return self.vault_path.parent / "erasures.ledger"

    @property
    def places(self) -> tuple[Path, ...]:
        """Where files of ours lie: the gallery's folder, with backups, answers and certificates in it; data; vault."""
        return self.folder, self.data, self.vault_path.parent

    @property
    def kek_path(self) -> Path:
        """The file of the key-encryption key."""
        return self.folder / self.keys.kek.expanduser()

    @property
    def accounts_path(self) -> Path:
        """The folder of the account key files."""
        return self.folder / self.keys.accounts.expanduser()

    def account_key(self, email: str) -> Path:
        """The key file of one account."""
        return self.accounts_path / f"{email}.pem"

    @property
    def photos_root(self) -> str | None:
        """``[photos] root``: a folder, made absolute, or a bucket."""
        root = self.photos.root
        if root is None or root.startswith("s3://"):
            return root
        return str((self.folder / Path(root).expanduser()).absolute())

    @property
    def registry_url(self) -> str:
        """The database address, with relative paths made absolute."""
        prefix, url = "sqlite:///", self.registry.url
        if url.startswith(prefix):
            return prefix + str(self.folder / url.removeprefix(prefix))
        if self.registry.passfile is None:
            return url
        return f"{url}{'&' if '?' in url else '?'}passfile={self.folder / self.registry.passfile.expanduser()}"
