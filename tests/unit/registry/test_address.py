"""Where a registry may be: a file, this machine, or a server that proves who it is; and no password in an address."""

from __future__ import annotations

from pathlib import Path

import pytest

from clubs import Club
from countenance.config import load
from countenance.errors import BadConfiguration
from countenance.registry.address import PASSWORD, engine_of

pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'countenance[postgresql]'")


def arguments(url: str) -> dict[str, object]:
    """What a connection would be made with."""
    engine = engine_of(url, busy=1)
    given: dict[str, object] = {}

    def catch(_dialect: object, _record: object, _words: object, named: dict[str, object]) -> None:
        given.update(named)
        raise KeyboardInterrupt

    import sqlalchemy as sa

    sa.event.listen(engine, "do_connect", catch)
    with pytest.raises(KeyboardInterrupt):
        engine.connect()
    engine.dispose()
    return given


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("no address at all", "no address"),
        ("mysql://a@127.0.0.1/club", "cannot be used here"),
        ("postgresql://app:hunter2@127.0.0.1/club", "holds a password"),
        ("postgresql://app@127.0.0.1/club?password=hunter2", "password, which has no place"),
        ("postgresql://app@127.0.0.1/club?options=-crow_security%3Doff", "options, which has no place"),
        ("postgresql://app@127.0.0.1/club?service=far", "service, which has no place"),
        ("postgresql://127.0.0.1/club", "no role"),
        ("postgresql://app@127.0.0.1/", "no role or no database"),
        ("postgresql://app@/club", "no host"),
        ("postgresql://app@/club?host=db.example.org", "no host"),
        ("postgresql://app@127.0.0.1/club?host=/run/postgresql", "no host, or two"),
        ("postgresql://app@db.example.org/club?sslmode=require", "sslmode require"),
        ("postgresql://app@db.example.org/club?sslmode=disable", "sslmode disable"),
        ("postgresql://app@10.0.0.1/club?sslmode=verify-ca", "sslmode verify-ca"),
    ],
)
def test_p25_an_address_that_would_travel_in_clear_or_tell_a_secret_is_refused(url: str, why: str) -> None:
    with pytest.raises(BadConfiguration, match=why) as refused:
        engine_of(url, busy=1)
    assert "hunter2" not in f"{refused.value.message} {refused.value.hint}"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.8.0.1"])
def test_on_this_machine_no_certificate_is_asked_for(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD, "hunter2")
    given = arguments(f"postgresql://app@{host}:5433/club")
    assert (given["host"], given["password"], given["hostaddr"]) == (host.strip("[]"), "hunter2", "")
    assert "sslmode" not in given


def test_a_socket_of_this_machine_is_named_by_its_folder() -> None:
    given = arguments("postgresql://app@/club?host=/run/postgresql")
    assert (given["host"], "sslmode" in given) == ("/run/postgresql", False)


@pytest.mark.parametrize("host", ["db.example.org", "10.0.0.1", "127.example.org", "localhost.example.org"])
def test_p25_any_other_server_has_to_prove_its_name(host: str) -> None:
    given = arguments(f"postgresql://app@{host}/club?sslrootcert=/etc/ssl/ours.pem")
    assert (given["sslmode"], given["gssencmode"], given["sslrootcert"]) == (
        "verify-full",
        "disable",
        "/etc/ssl/ours.pem",
    )


def test_a_password_file_of_the_configuration_is_handed_on(club: Club) -> None:
    config = club.folder / "countenance.toml"
    text = config.read_text().replace('"sqlite:///data/registry.db"', '"postgresql://app@127.0.0.1/club"')
    config.write_text(text.replace('# passfile = "/etc/countenance/pgpass"', 'passfile = "../secrets/pgpass"'))
    settings = load(club.folder)
    assert arguments(settings.registry_url)["passfile"] == str(Path(club.folder.resolve() / "../secrets/pgpass"))
