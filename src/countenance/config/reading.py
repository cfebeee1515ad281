"""Reading the configuration: the file, then the environment over it, then what no single setting can tell."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import SettingsError

from countenance.config.secrets import check_one
from countenance.config.settings import Settings
from countenance.errors import BadConfiguration

FILE_NAME = "countenance.toml"


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
    check_one()
    return settings


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
