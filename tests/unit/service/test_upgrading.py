"""From an older version's tables to this one's: refused without, a backup first, and nothing twice after a kill."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clubs import ANNA, WORDS, Club
from countenance import wiring
from countenance.errors import BadConfiguration, InputError, RoleRefused, Unavailable
from countenance.registry.migrating import HEAD
from countenance.service.upgrading import Upgraded
from countenance.wiring import restore_gallery
from older import before, make_older
from servers import OWNER, Server

DEE = "dee@club.example"


@pytest.fixture
def old(club: Club) -> Club:
    """A club with one person, as an older version left it."""
    club.person("Ada", 1)
    club.anna.accounts.add(DEE, roles=["operator"], passphrase="words")
    make_older(club)
    return club


def upgrade(club: Club, **more: object) -> Upgraded:
    given = {"passphrase": WORDS[ANNA], "clock": club.clock} | more
    return wiring.upgrade_gallery(club.folder, **given)  # type: ignore[arg-type]


def upgrades(club: Club) -> list[object]:
    leaves = [json.loads(line) for line in club.open(ANNA).export_log()]
    return [leaf["facts"] for leaf in leaves if leaf["act"] == "upgrade"]


def test_p30_older_tables_are_refused_until_they_are_upgraded(old: Club) -> None:
    with pytest.raises(BadConfiguration, match="older version") as refused:
        old.open(ANNA)
    assert "countenance upgrade" in refused.value.hint
    done = upgrade(old)
    assert (done.before, done.after, done.needed) == (before(), HEAD, True)
    assert Path(done.backup or "").parent == old.folder / "backups"
    old.anna = old.open(ANNA)
    assert old.found(1) == ["ada"]
    assert upgrades(old) == [{"from": before(), "to": HEAD, "backup": done.sha256}]
    old.close()
    assert upgrade(old) == Upgraded(HEAD, HEAD)
    assert len(list((old.folder / "backups").iterdir())) == 1


def test_what_was_backed_up_before_can_be_restored(old: Club, tmp_path: Path) -> None:
    target = tmp_path / "before.backup"
    upgrade(old, backup=target)
    ledger = old.folder / "vault" / "erasures.ledger"
    made = restore_gallery(old.folder, target, ledger, replace=True, passphrase=WORDS[ANNA], clock=old.clock)
    assert made.manifest.migration == before()
    old.anna = old.open(ANNA)
    assert old.found(1) == ["ada"]


@pytest.mark.parametrize("at", ["Registry", "open_gallery"])
def test_cut_short_it_goes_on_where_it_was(old: Club, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    def killed(*_: object, **__: object) -> None:
        raise Unavailable("killed")

    with monkeypatch.context() as patch:
        patch.setattr(wiring, at, killed)
        with pytest.raises(Unavailable):
            upgrade(old)
    done = upgrade(old)
    assert done.before == before()
    assert len(list((old.folder / "backups").iterdir())) == 1
    assert len(upgrades(old)) == 1


def test_a_backup_that_is_gone_is_made_again(old: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(wiring, "Registry", None)
        with pytest.raises(TypeError):
            upgrade(old)
    (lost,) = (old.folder / "backups").iterdir()
    lost.write_bytes(b"half")
    old.clock.forward(seconds=1)
    done = upgrade(old)
    assert done.backup != str(lost)


def test_p30_a_backup_beside_the_data_and_an_account_without_the_role_are_refused(old: Club) -> None:
    for folder in ("data", "vault"):
        with pytest.raises(InputError, match="lies in the"):
            upgrade(old, backup=old.folder / folder / "x.backup")
    with pytest.raises(RoleRefused, match="no controller"):
        upgrade(old, account=DEE, passphrase="words")
    with pytest.raises(BadConfiguration, match="older version"):
        old.open(ANNA)


@pytest.mark.postgresql
def test_on_a_server_the_owner_upgrades(server: Server, pg_club: Club) -> None:
    pg_club.person("Ada", 1)
    url = pg_club.anna.context.settings.registry_url
    owner = server.url(url.rpartition("/")[2], OWNER)
    make_older(pg_club)
    with pytest.raises(BadConfiguration, match="older version") as refused:
        pg_club.open(ANNA)
    assert "upgrade --owner" in refused.value.hint
    with pytest.raises(BadConfiguration, match="owner"):
        upgrade(pg_club)
    assert upgrade(pg_club, owner=owner).before == before()
    pg_club.anna = pg_club.open(ANNA)
    assert pg_club.found(1) == ["ada"]
    assert len(upgrades(pg_club)) == 1
