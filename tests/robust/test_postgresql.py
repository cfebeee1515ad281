"""A club whose records are on PostgreSQL: found, withdrawn, ordered, erased, backed up and moved as any other."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from clubs import ANNA, BEN, WORDS, Club, looked, orphans
from countenance.backup.reading import verify
from countenance.check import main as check_offline
from countenance.cli.app import main
from countenance.errors import AlreadyExists, BadConfiguration, Refused, Tampered, Unavailable
from countenance.policy.bearing import stops_on_source
from countenance.registry import schema as t
from countenance.registry.address import PASSWORD
from countenance.registry.database import Registry
from countenance.service.founding import Plan
from countenance.vault.keyring import BACKUP_KEY
from countenance.wiring import found_gallery, move_registry, open_gallery, restore_gallery
from restores import backup, ledger
from robust.test_two_processes import SERVANT, WRITER, Listener, asked, child
from servers import APP, OWNER, Server, certificates
from traces import markers_of

pytestmark = pytest.mark.postgresql


@pytest.fixture
def full(pg_club: Club) -> Club:
    """Three people, one of them in two photos."""
    for number, name in enumerate(("Ada", "Bea", "Cy"), start=1):
        pg_club.person(name, number, contact=f"{name.lower()}@example.org")
    pg_club.ingest(pg_club.source(), [looked("a.jpg", [1, 9]), looked("b.jpg", [1, 2])])
    return pg_club


def test_who_is_found_withdrawn_and_erased(full: Club) -> None:
    assert [full.found(number) for number in (1, 2, 3, 9)] == [["ada"], ["bea"], ["cy"], []]
    assert [len(candidate.appearances) for candidate in full.search(1).candidates] == [2]
    full.anna.withdraw("bea")
    assert full.found(2) == []
    full.ben.erase("cy", reason="request")
    assert [full.found(number) for number in (1, 2, 3)] == [["ada"], [], []]
    full.reopen()
    assert [full.found(number) for number in (1, 2, 3)] == [["ada"], [], []]
    assert orphans(full) == []
    assert full.anna.check_log().size == full.anna.context.book.size()
    assert full.anna.status()["unfinished_erasures"] == 0


def test_p1_nobody_is_found_without_a_basis_or_past_a_rule(pg_club: Club) -> None:
    dora = pg_club.subject("Dora")
    pg_club.enrol(dora, pg_club.basis(dora, live=False), 4)
    assert pg_club.found(4) == []
    with pytest.raises(Refused):
        pg_club.search(1, purpose="visitor-check-in", case=None)
    assert pg_club.anna.log_entries()[-1]["outcome"] == "refused"


def test_p8_an_order_takes_people_out_of_search_by_where_they_live(pg_club: Club) -> None:
    pg_club.person("Ada", 1)
    pg_club.person("Eve", 5, territory="DE-BY")
    number = pg_club.order("quarantine", territory="DE")
    assert (pg_club.found(5), pg_club.found(1)) == ([], ["ada"])
    pg_club.set_order(number, "stayed")
    assert pg_club.found(5) == ["eve"]


def test_p10_an_order_on_a_supplier_binds_however_it_is_written(pg_club: Club) -> None:
    source = pg_club.source("bought")
    with pg_club.sql() as connection:
        connection.execute(sa.update(t.sources).where(t.sources.c.id == source).values(supplier="Épreuves  Straße"))
        assert stops_on_source(connection, source) == 0
    pg_club.order("stop", supplier="e\u0301PREUVES STRASSE")
    with pg_club.sql() as connection:
        assert stops_on_source(connection, source) == 1


def test_p6_an_erasure_says_what_a_server_keeps(full: Club, tmp_path: Path) -> None:
    number = full.anna.subjects.get("ada").id
    markers = markers_of(full, number)
    done = full.ben.erase("ada", reason="request")
    body = done.certificate["body"]
    assert body["counts"] == {"subjects": 1, "bases": 1, "references": 1, "appearances": 2}
    assert any("database server's own files" in each["what"] for each in body["residuals"])
    assert any("PostgreSQL" in each for each in body["method"])
    assert not any("SQLite" in each for each in body["method"])
    assert body["scan"]["complete"]
    files = [file for place in full.places for file in place.rglob("*") if file.is_file()]
    assert not [file for file in files for marker in markers if marker[8:32] in file.read_bytes()]
    file = done.save(tmp_path / "certificate.json")
    (tmp_path / "key").write_text(full.anna.context.book.verifier_key)
    assert check_offline(["certificate", str(file), "--key", str(tmp_path / "key")]) == 0


def test_what_reads_much_reads_it_from_a_server_too(full: Club) -> None:
    """Reports, lists, counts and the purge: SQL that the rules do not touch."""
    full.verify(1, 2)
    for records in (full.anna.bases, full.anna.accounts, full.anna.organisations, full.anna.cases, full.anna.orders):
        records.list()
    assert full.anna.status()["counts"]["subjects"] == 3
    assert json.dumps(full.anna.reports.accountability(), default=str)
    full.clock.forward(days=4000)
    purged = full.anna.purge()
    assert {item.what for item in purged.due} >= {"subject"}
    assert full.anna.subjects.list() == []
    assert orphans(full) == []


# --- backups, and from one to the other ---


def test_p30_a_backup_is_restored_to_a_file_and_moved_to_a_server(full: Club, server: Server) -> None:
    made = backup(full)
    key = full.anna.context.keys.vault.get(BACKUP_KEY)
    assert verify(made.file, key).counts == {"subjects": 3, "references": 3, "photos": 2, "erasures": 0}
    drilled = full.anna.backups.drill(made.file, ledger(full))
    assert drilled.faults == ()
    full.ben.erase("bea", reason="request")
    full.close()
    with pytest.raises(BadConfiguration, match="no file") as told:
        restore_gallery(full.folder, made.file, ledger(full), account=ANNA, passphrase=WORDS[ANNA], clock=full.clock)
    assert "registry move" in told.value.hint
    config = full.folder / "countenance.toml"
    config.write_text(config.read_text().replace(full_url(config), "sqlite:///data/registry.db"))
    restore_gallery(full.folder, made.file, ledger(full), account=ANNA, passphrase=WORDS[ANNA], clock=full.clock)
    full.reopen()
    assert [full.found(number) for number in (1, 2, 3)] == [["ada"], [], ["cy"]]
    moved_to(full, server, server.empty())
    assert [full.found(number) for number in (1, 2, 3)] == [["ada"], [], ["cy"]]
    assert orphans(full) == []


def full_url(config: Path) -> str:
    return next(line.split('"')[1] for line in config.read_text().splitlines() if line.startswith("url = "))


def moved_to(club: Club, server: Server, name: str) -> None:
    """Through the service, as the command does it; then everything is opened anew with the new address."""
    while len(club.opened) > 1:
        club.opened.pop().close()
    moved = move_registry(club.anna, server.url(name, OWNER), APP)
    club.close()
    assert moved.url == server.url(name)
    assert moved.left.exists()
    config = club.folder / "countenance.toml"
    config.write_text(config.read_text().replace("sqlite:///data/registry.db", moved.url))
    moved.left.unlink()
    club.reopen()


def test_a_club_moves_to_a_server_with_all_it_has(club: Club, server: Server) -> None:
    for number, name in enumerate(("Ada", "Bea"), start=1):
        club.person(name, number)
    club.ingest(club.source(), [looked("a.jpg", [1, 2])])
    club.anna.organisations.add("Police")
    club.ben.erase("bea", reason="request")
    size = club.anna.context.book.size()
    moved_to(club, server, server.empty())
    assert (club.found(1), club.found(2)) == (["ada"], [])
    assert [each.name for each in club.anna.organisations.list()] == ["Rowing Club", "Police"]
    assert club.anna.check_log().size > size
    assert orphans(club) == []
    club.person("Cy", 3)
    club.anna.organisations.add("Museum")
    assert club.found(3) == ["cy"]


def test_one_database_holds_one_gallery(pg_club: Club, server: Server) -> None:
    plan = Plan(
        pg_club.root / "second", "Second Club", ANNA, "words", ["photo-library"], keys=pg_club.root / "second-keys",
        registry=pg_club.anna.context.settings.registry.url,
    )  # fmt: skip
    with pytest.raises(AlreadyExists, match="holds a gallery already"):
        found_gallery(plan, clock=pg_club.clock)
    assert not (pg_club.root / "second" / "countenance.toml").exists()
    assert pg_club.anna.status()["counts"]["subjects"] == 0


def test_a_founding_that_was_cut_short_is_taken_up_again(server: Server, quick_folder: Path) -> None:
    name = server.copy()
    server.sql("SELECT countenance.found('Rowing Club', 1)", name, APP)
    plan = Plan(
        quick_folder / "club", "The Other Name", ANNA, WORDS[ANNA], ["photo-library"], keys=quick_folder / "keys",
        registry=server.url(name),
    )  # fmt: skip
    with found_gallery(plan) as made:
        assert [each.name for each in made.organisations.list()] == ["The Other Name"]


def test_the_old_file_is_out_of_use_and_an_erasure_finds_it(club: Club, server: Server) -> None:
    club.person("Ada", 1)
    copy = club.root / "copy.db"
    with club.anna.context.registry.raw() as live:
        live.execute("VACUUM INTO ?", (str(copy),))
    moved_to(club, server, server.empty())
    left = club.folder / "data" / "registry.moved.db"
    copy.rename(left)
    with pytest.raises(Tampered, match=left.name):
        club.anna.erase("ada", reason="request")
    assert club.found(1) == []
    left.unlink()
    club.reopen()
    assert club.anna.status()["unfinished_erasures"] == 0


# --- several processes ---


def test_a_search_here_after_a_withdrawal_there(pg_club: Club) -> None:
    for number, name in enumerate(("Ada", "Bruno", "Chidi")):
        pg_club.person(name, number)
    process = child(pg_club, SERVANT, "other")
    there = partial(asked, process)

    assert (there("found", 0), pg_club.found(0)) == (["ada"], ["ada"])
    there("withdraw", "ada")
    assert pg_club.found(0) == []
    pg_club.anna.withdraw("bruno")
    assert there("found", 1) == []
    assert there("erase", "chidi") == 1
    assert pg_club.found(2) == []
    pg_club.person("Emre", 9)
    assert there("found", 9) == ["emre"]
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    pg_club.anna.check_log()


@pytest.mark.long
def test_searches_beside_a_writer(pg_club: Club) -> None:
    pg_club.person("Ada", 1)
    count, searches = 4, 0
    writer = Listener(child(pg_club, WRITER, "one", str(count)))
    while writer.is_alive():
        assert pg_club.found(1) == ["ada"]
        before = set(writer.gone)
        assert not before & set(pg_club.found(10 + searches % count))
        searches += 1
    writer.close()
    assert searches > 2
    for number in range(count):
        assert pg_club.found(10 + number) == ([f"one-{number}"] if number % 2 == 0 else [])
    assert pg_club.anna.check_log().size == pg_club.anna.context.book.size()
    assert orphans(pg_club) == []


# --- the command line, and a server that is not there ---


def test_the_commands_say_what_they_did(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = server.empty()
    owner = server.url(name, OWNER)
    assert main(["registry", "prepare", "--owner", owner, "--role", APP, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["role"] == APP
    monkeypatch.setenv("COUNTENANCE_PASSPHRASE", "words")
    folder = tmp_path / "club"
    line = ["init", str(folder), "--organisation", "Rowing Club", "--account", ANNA, "--purposes", "photo-library"]
    assert main([*line, "--keys", str(tmp_path / "keys"), "--registry", server.url(name), "--quiet"]) == 0
    assert main(["status", "--config", str(folder), "--json"]) == 0
    assert main(["log", "check", "--config", str(folder)]) == 0
    assert main(["registry", "tidy", "--owner", owner, "--json"]) == 0
    assert not (folder / "data" / "registry.db").exists()
    assert server.url(name) in (folder / "countenance.toml").read_text()
    capsys.readouterr()
    monkeypatch.setenv(PASSWORD, "wrong")
    assert main(["status", "--config", str(folder)]) == Unavailable.exit_code
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    assert "wrong" not in told.err


def test_p25_a_server_has_to_prove_its_name_by_its_certificate(server: Server, tmp_path: Path) -> None:
    """At 127.1, which is this machine and is not held for it, so that nothing but TLS with a checked name will do."""
    url = server.url(server.copy()).replace("127.0.0.1", "127.1")
    with pytest.raises(Unavailable, match="does not support SSL"):
        Registry(f"{url}?sslrootcert=system")
    with server.secured() as authority:
        registry = Registry(f"{url}?sslrootcert={authority}")
        with registry.read() as connection:
            asked = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            assert connection.exec_driver_sql(asked).scalar() is True
        registry.close()
        other = tmp_path / "other.pem"
        other.write_bytes(certificates("127.0.0.1")[0])
        for refused in (f"?sslrootcert={other}", f"?sslrootcert={tmp_path / 'none.pem'}", ""):
            with pytest.raises(Unavailable, match="certificate") as told:
                Registry(url + refused)
            assert "sslrootcert=" in told.value.hint
            assert "\n" not in told.value.message
        with pytest.raises(BadConfiguration, match="sslmode require"):
            Registry(f"{url}?sslmode=require")
    with server.secured("10.0.0.1") as authority, pytest.raises(Unavailable, match="does not match host name"):
        Registry(f"{url}?sslrootcert={authority}")


def test_a_server_that_is_gone_is_told_in_two_lines(pg_club: Club, server: Server) -> None:
    settings = pg_club.anna.context.settings
    text = settings.file.read_text().replace(f":{server.port}/", ":1/")
    settings.file.write_text(text)
    with pytest.raises(Unavailable, match="cannot be used"):
        open_gallery(pg_club.folder, account=BEN, passphrase=WORDS[BEN], clock=pg_club.clock)
