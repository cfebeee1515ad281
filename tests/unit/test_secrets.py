"""Secrets come from the environment or from files that it names, never from both."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import countenance
from countenance.config import FILE_NAME, load
from countenance.config.secrets import FILE, SECRETS, is_given, secret
from countenance.errors import BadConfiguration
from countenance.registry.address import PASSWORD, engine_of
from countenance.vault import kek
from unit.test_config import WHOLE

WORDS = "hunter two"
SOURCE = Path(countenance.__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "environment.md"


def test_p30_a_secret_lies_in_a_file_that_its_variable_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, name in enumerate(SECRETS):
        monkeypatch.delenv(name, raising=False)
        assert (secret(name), is_given(name)) == (None, False)
        file = tmp_path / f"{number}"
        file.write_text(f"{WORDS} {number}\n")
        monkeypatch.setenv(name + FILE, str(file))
        assert (secret(name), is_given(name)) == (f"{WORDS} {number}", True)


def test_p30_one_that_is_given_twice_is_refused_before_anything_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / FILE_NAME).write_text(WHOLE)
    for name in SECRETS:
        with monkeypatch.context() as patch:
            patch.setenv(name, WORDS)
            patch.setenv(name + FILE, "/nowhere")
            with pytest.raises(BadConfiguration, match="both set"):
                load(tmp_path)
            with pytest.raises(BadConfiguration, match="both set") as refused:
                secret(name)
            assert WORDS not in refused.value.message


@pytest.mark.parametrize(
    ("content", "wrong"), [(None, "cannot be read"), (b"", "is empty"), (b"\n", "is empty"), (b"\xff\xfe", "no text")]
)
def test_a_file_that_holds_no_secret_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, wrong: str
) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    monkeypatch.delenv(PASSWORD, raising=False)
    monkeypatch.setenv(PASSWORD + FILE, str(tmp_path / "secret"))
    with pytest.raises(BadConfiguration, match=wrong) as refused:
        secret(PASSWORD)
    assert refused.value.hint


def test_what_opens_the_house_takes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kek").write_text("ab" * 32)
    (tmp_path / "password").write_text(WORDS)
    monkeypatch.delenv(PASSWORD, raising=False)
    monkeypatch.setenv(kek.ENVIRONMENT + FILE, str(tmp_path / "kek"))
    monkeypatch.setenv(PASSWORD + FILE, str(tmp_path / "password"))
    assert kek.load_kek() == bytes.fromhex("ab" * 32)
    assert kek.kind_of(tmp_path / "none") == kek.VARIABLE
    engine = engine_of("postgresql://club_app@127.0.0.1/club", busy=1)
    assert engine.dialect.create_connect_args(engine.url)
    assert WORDS not in repr(engine.url)
    engine.dispose()


def test_no_secret_is_read_elsewhere_and_the_page_names_all() -> None:
    names = re.compile(r"COUNTENANCE_[A-Z_]*(?:PASS[A-Z]*|TOKEN|KEK|SECRET)\b")
    found = {name for file in SOURCE.rglob("*.py") for name in names.findall(file.read_text("utf-8"))}
    assert found <= set(SECRETS)
    page = PAGE.read_text("utf-8")
    assert [name for name, what in SECRETS.items() if f"| `{name}` | {what} |" not in page] == []
