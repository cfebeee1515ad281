"""The configuration: one frozen object, and every mistake named."""

from __future__ import annotations

from pathlib import Path

import pytest

from countenance.config import FILE_NAME, load, set_values
from countenance.errors import BadConfiguration

WHOLE = """
[gallery]
id = "rowing-club"
organisation = "Rowing Club"
[keys]
vault = "vault/keys.db"
kek = "keys/kek"
accounts = "keys/accounts"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / FILE_NAME).write_text(WHOLE)
    return tmp_path


def write(folder: Path, *changes: tuple[str, str], more: str = "") -> None:
    text = WHOLE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / FILE_NAME).write_text(text + more)


def test_defaults_and_places(folder: Path) -> None:
    for given in (folder, folder / FILE_NAME):
        settings = load(given)
        assert settings.data == folder / "data"
        assert settings.vault_path == folder / "vault" / "keys.db"
        assert settings.kek_path == folder / "keys" / "kek"
        assert settings.registry_url == f"sqlite:///{folder}/data/registry.db"
        assert (settings.search.threshold, settings.search.high, settings.index.engine) == (None, None, "embedded")


def test_settings_are_frozen(folder: Path) -> None:
    from pydantic import ValidationError

    with pytest.raises(ValidationError):
        load(folder).search.threshold = 0.0  # type: ignore[misc]


def test_the_environment_overrides_one_line_and_no_more(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTENANCE_INDEX__ENGINE", "exact")
    monkeypatch.setenv("COUNTENANCE_SEARCH__THRESHOLD", "0.5")
    settings = load(folder)
    assert (settings.index.engine, settings.search.threshold, settings.search.high) == ("exact", 0.5, None)


@pytest.mark.parametrize(("name", "value"), [("COUNTENANCE_INDEX", ""), ("COUNTENANCE_SEARCH__LIMIT", "many")])
def test_a_mistake_in_the_environment_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadConfiguration) as refused:
        load(folder)
    assert "\n" not in refused.value.message


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("[gallery]", "[galery]"), "gallery"),
        (('id = "rowing-club"', 'id = "Rowing Club!"'), "gallery id"),
        (('organisation = "Rowing Club"', ""), "gallery organisation"),
        (("[keys]", "[keys]\nspare = 1"), "keys spare"),
        (("[keys]", "[search]\nthreshold = 1.5\n[keys]"), "search threshold"),
        (("[keys]", "[search]\nlimit = 0\n[keys]"), "search limit"),
        (("[keys]", '[vision]\nbackend = "abacus"\n[keys]'), "vision backend"),
        (("[keys]", "[keys"), "cannot be read"),
    ],
)
def test_a_mistake_in_the_file_is_named(folder: Path, change: tuple[str, str], named: str) -> None:
    write(folder, change)
    with pytest.raises(BadConfiguration) as refused:
        load(folder)
    assert named in refused.value.message
    assert refused.value.hint
    assert "\n" not in refused.value.message


def test_no_file_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="no configuration"):
        load(tmp_path)
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadConfiguration, match="cannot be read"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (('"vault/keys.db"', '"data/keys.db"'), "vault"),
        (('"keys/kek"', '"data/kek"'), "kek"),
        (('"keys/kek"', '"data/../data/deep/kek"'), "kek"),
        (('"keys/kek"', '"vault/kek"'), "vault's folder"),
    ],
)
def test_keys_never_lie_with_what_they_lock(folder: Path, change: tuple[str, str], named: str) -> None:
    write(folder, change)
    with pytest.raises(BadConfiguration, match=named):
        load(folder)


def test_a_link_into_the_data_folder_does_not_hide_it(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "keys").symlink_to(folder / "data")
    with pytest.raises(BadConfiguration, match="kek"):
        load(folder)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[index]\nengine = "exact"  # why\nsnapshot = 5\n', '[index]\nengine = "embedded"  # why\nsnapshot = 5\n'),
        ("[index]\nengine = 'exact'\n", '[index]\nengine = "embedded"\n'),
        ("[index]  # of faces\nsnapshot = 5\n", '[index]  # of faces\nengine = "embedded"\nsnapshot = 5\n'),
        ('[ingest]\nengine = "ray"\n', '[ingest]\nengine = "ray"\n\n[index]\nengine = "embedded"\n'),
        ('[index]\n[ingest]\nengine = "ray"\n', '[index]\nengine = "embedded"\n[ingest]\nengine = "ray"\n'),
    ],
)
def test_one_line_is_changed_and_no_other(folder: Path, before: str, after: str) -> None:
    write(folder, more=before)
    set_values(folder / FILE_NAME, "index", {"engine": "embedded"})
    assert (folder / FILE_NAME).read_text() == WHOLE + after
    assert load(folder).index.engine == "embedded"


def test_a_file_that_is_written_otherwise_is_left_as_it_is(folder: Path) -> None:
    write(folder, ("[gallery]", 'index.engine = "exact"\n[gallery]'))
    before = (folder / FILE_NAME).read_text()
    with pytest.raises(BadConfiguration, match="cannot be changed"):
        set_values(folder / FILE_NAME, "index", {"engine": "embedded"})
    assert (folder / FILE_NAME).read_text() == before
