"""The configuration: ``countenance.toml`` and the environment, read into one frozen object that is passed by hand.

An environment variable such as ``COUNTENANCE_INDEX__ENGINE=exact`` overrides the file's ``[index] engine``.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from countenance.errors import BadConfiguration

FILE_NAME = "countenance.toml"


class Section(BaseModel):
    """A table of the file. Unknown keys are errors: a misspelt setting must not be silently ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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


class IndexSection(Section):
    """The search engine: ``embedded`` (turbovec), ``exact`` (numpy) or ``milvus`` (a cluster).

    ``snapshot``: from how many templates on the embedded index is kept on disk, encrypted, so that it opens in seconds;
    0 for never. Fewer are built from the registry in the same time.
    """

    engine: str = "embedded"
    snapshot: int = Field(default=100_000, ge=0)


class MilvusSection(Section):
    """The Milvus server, the only one that is ever spoken to, over TLS or on this machine.

    ``encrypted_disk`` is the operator's word that its disks are encrypted: it keeps vectors in clear. ``index``:
    ``flat`` looks at every eligible row, ``hnsw`` follows a graph; its other types learn from what they hold.
    ``certificates``: PEM of an authority of your own. A token is read from COUNTENANCE_MILVUS_TOKEN.
    """

    address: str = Field(
        pattern=r"^(https://[A-Za-z0-9.-]+(:[0-9]{1,5})?|http://(127\.0\.0\.1|localhost|\[::1\]):[0-9]{1,5})/?$"
    )
    encrypted_disk: bool = False
    index: Literal["flat", "hnsw"] = "flat"
    certificates: Path | None = None


class VisionSection(Section):
    """How pictures are read, and by which models (`countenance models`). Sizes in bytes, pixels, and seconds.

    ``gate``: the least that is asked of a face; ``enrolment_gate``: of one to be enrolled, where that is another level.

    ``flip``: a template is the mean of the face's and its mirror image's. It is part of what a template is, as the
    model is: `countenance models use` changes it where people are enrolled.

    ``detect``: how closely an ingest looks for faces. One photo that a person gives is looked at in the standard way.
    """

    recogniser: str = Field(default="sface", pattern=r"^[a-z0-9-]{2,40}$")
    detector: str = Field(default="yunet", pattern=r"^[a-z0-9-]{2,40}$")
    flip: bool = False
    backend: Literal["auto", "onnxruntime", "openvino", "cuda"] = "auto"
    gate: Literal["standard", "strict"] = "standard"
    enrolment_gate: Literal["standard", "strict"] | None = None
    detect: Literal["quick", "standard", "thorough"] = "standard"
    threads: int | None = Field(default=None, ge=1)
    max_bytes: int = Field(default=64 * 2**20, ge=1024)
    max_pixels: int = Field(default=120_000_000, ge=10_000)
    seconds: float = Field(default=20.0, gt=0)


class SearchSection(Section):
    """Scores are cosine similarities, and the threshold follows from a rate that is stated and the gallery's size.

    ``fpir``: how often a search for somebody who is not enrolled may show anybody. ``calibration``: what
    ``countenance calibrate`` wrote; the model's own where it is left out. ``threshold`` and ``high`` fix the cosine of
    a candidate and of the high band instead, whatever the size.
    """

    fpir: float = Field(default=0.01, ge=1e-6, le=0.5)
    calibration: Path | None = None
    threshold: float | None = Field(default=None, ge=-1, le=1)
    high: float | None = Field(default=None, ge=-1, le=1)
    limit: int = Field(default=10, ge=1, le=1000)


class IngestSection(Section):
    """How photos are gone through. ``workers``: processes that look at them; as many as there are cores, when None.

    ``batch``: how many photos are decided on and written at once, at most: after a few seconds it is those that there
    are.
    ``engine``: where these processes are: ``local`` for this machine, ``ray`` for a cluster's machines.
    """

    batch: int = Field(default=64, ge=1, le=1024)
    workers: int | None = Field(default=None, ge=1, le=256)
    engine: Literal["local", "ray"] = "local"


class RaySection(Section):
    """The cluster, the only one that is ever spoken to: its head's ``HOST:PORT``, or one that is started here."""

    address: str = Field(default="local", pattern=r"^(local|[A-Za-z0-9.-]+:[0-9]{1,5}|\[[0-9A-Fa-f:]+\]:[0-9]{1,5})$")


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


class MailSection(Section):
    """A mail server that takes checkpoints. The password, if any, is read from COUNTENANCE_SMTP_PASSWORD."""

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    starttls: bool = True
    sender: str
    to: str
    user: str | None = None


class TimestampSection(Section):
    """A time-stamping authority (RFC 3161). ``certificates``: its root certificates, PEM, as you got them from it."""

    url: str = Field(pattern=r"^https?://[^\s/]+(/\S*)?$")
    certificates: Path


class WitnessSection(Section):
    """Where signed checkpoints of the log go, so that somebody else can tell whether it was changed (P19)."""

    drop: Path | None = None
    smtp: MailSection | None = None
    timestamp: TimestampSection | None = None


class HttpSection(Section):
    """The HTTP API. ``requests``: of one account in a minute, in all processes together. ``max_bytes``: of a request.

    ``waiting``: bytes of all requests that are being received or answered at one time.
    """

    requests: int = Field(default=600, ge=1, le=1_000_000)
    max_bytes: int = Field(default=32 * 2**20, ge=1024)
    waiting: int = Field(default=256 * 2**20, ge=1024)


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


def load(path: Path) -> Settings:
    """Read a configuration file, or the one in a folder. Raises `BadConfiguration` naming the line to correct."""
    file = path / FILE_NAME if path.is_dir() else path
    try:
        values: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise BadConfiguration(f"There is no configuration at {file}.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadConfiguration(f"{file} cannot be read: {error}.") from None
    try:
        settings = Settings(folder=file.resolve().parent, file=file.resolve(), **values)
    except (ValidationError, SettingsError, TypeError) as error:
        raise BadConfiguration(f"{file}: {_first_fault(error)}.") from None
    _check_places(settings, file)
    return settings


def set_values(file: Path, table: str, values: dict[str, str | float]) -> None:
    """Write settings of one table into a configuration file, and leave every other line of it as it is.

    Raises `BadConfiguration` when the file is written in a way that this cannot change, or cannot be written.
    """
    try:
        text = file.read_text("utf-8")
        changed, wanted = text, tomllib.loads(text)
        for key, value in values.items():
            changed = _with_value(changed, table, key, value)
        wanted[table] = {**wanted.get(table, {}), **values}
        if _parsed(changed) != wanted:
            lines = ", ".join(f"{key} = {_literal(value)}" for key, value in values.items())
            raise BadConfiguration(
                f"{file} is written in a way that cannot be changed here.",
                hint=f"Write it yourself: {lines} in the table [{table}].",
            )
        fresh = file.with_name(f"{file.name}.new")
        fresh.write_text(changed, encoding="utf-8")
        fresh.chmod(file.stat().st_mode & 0o777)
        fresh.replace(file)
    except OSError as error:
        raise BadConfiguration(f"{file} cannot be written: {error.strerror}.") from None


def _literal(value: str | float) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _with_value(text: str, table: str, key: str, value: str | float) -> str:
    lines, setting = text.splitlines(keepends=True), f"{key} = {_literal(value)}"
    start = next((number for number, line in enumerate(lines, 1) if re.match(rf"\s*\[{table}\]\s*(#|$)", line)), None)
    if start is None:
        return f"{text}\n[{table}]\n{setting}\n"
    for number in range(start, len(lines)):
        if lines[number].lstrip().startswith("["):
            break
        if re.match(rf"\s*{key}\s*=", lines[number]):
            old = rf"{key}\s*=\s*(\"[^\"]*\"|'[^']*'|[-+.\w]+)"
            lines[number] = re.sub(old, lambda _: setting, lines[number], count=1)
            return "".join(lines)
    lines.insert(start, f"{setting}\n")
    return "".join(lines)


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _first_fault(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    fault = error.errors()[0]
    return f"[{' '.join(str(part) for part in fault['loc'])}] {fault['msg'].lower()}"


def _check_places(settings: Settings, file: Path) -> None:
    """Keys beside the data they lock would make the lock a decoration (P30)."""
    data = settings.data.resolve()
    for name, place in (
        ("vault", settings.vault_path),
        ("kek", settings.kek_path),
        ("accounts", settings.accounts_path),
    ):
        if place.resolve().is_relative_to(data):
            raise BadConfiguration(
                f"{file}: [keys] {name} lies inside the data folder.",
                hint="Move it outside: a stolen disk or backup of the data must not hold the keys (P30).",
            )
    drop = settings.witness.drop
    if drop is not None and (settings.folder / drop.expanduser()).resolve().is_relative_to(data):
        raise BadConfiguration(
            f"{file}: [witness] drop lies inside the data folder.",
            hint="Name a folder that somebody else keeps: beside the log, a checkpoint proves nothing.",
        )
    if settings.kek_path.resolve().parent == settings.vault_path.resolve().parent:
        raise BadConfiguration(
            f"{file}: [keys] kek lies in the vault's folder.", hint="Keep the key-encryption key apart from both."
        )
