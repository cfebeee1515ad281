"""The demo, run whole with a small crowd, and the promises that it shows."""

from __future__ import annotations

import io
import json
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from countenance.demo import arriving, authorities, club, leaving, stage, story
from countenance.errors import CountenanceError, InputError
from countenance.samples import cast

CROWD = 4_000


@dataclass
class Told:
    """What a run left: its exit code, what it printed, its page and its folder."""

    code: int
    printed: str
    page: str
    places: club.Places


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    memory = Path("/dev/shm")  # noqa: S108
    root = Path(tempfile.mkdtemp(prefix="countenance-demo-", dir=memory if memory.is_dir() else None))
    out = io.StringIO()
    code = story.run(root / ".demo", page=root / "story.html", crowd=CROWD, console=Console(file=out, width=400))
    yield Told(code, out.getvalue(), (root / "story.html").read_text(), club.Places(root / ".demo"))
    shutil.rmtree(root)


def step(told: Told, number: int) -> str:
    """The printed line of one step."""
    found = re.search(rf"^{number} .*$", told.printed, re.MULTILINE)
    assert found, told.printed
    return found[0]


def test_every_step_prints_one_line_with_its_time(told):
    assert told.code == 0
    assert len(story.STEPS) >= 10
    for number in range(1, len(story.STEPS) + 1):
        assert re.search(r"\d+\.\d s\s*$", step(told, number))


def test_twenty_are_enrolled_with_confirmed_consent_and_one_waits(told):
    assert "21 members enrolled, a template each." in step(told, 1)
    assert "countersigned 20 consents" in step(told, 1)
    with told.places.open() as anna:
        counts = anna.status()["counts"]
        confirmed = [basis.confirmed_how for basis in anna.bases.list() if basis.state != "pending"]
    assert counts["bases_pending"] == 1
    assert set(confirmed) == {"countersigned by a second account"}


def test_strangers_are_forgotten_and_the_scraped_folder_is_stopped(told):
    line = step(told, 2)
    assert re.search(r"20 files, \d+ faces: \d+ kept, \d+ forgotten", line)
    assert "stopped at its first batch" in line
    assert "FBMD mark" in told.page
    with told.places.open() as anna:
        assert anna.sources.get(club.SCRAPED).state == "paused"


def test_the_faces_kept_are_those_of_members_who_are_in_the_picture(told):
    present = {group.path.name: group.people for group in cast().party()}
    with told.places.open() as anna:
        names = {each.handle: each.name for each in anna.subjects.list()}
        kept = {names[handle]: anna.look(handle).appearances for handle in names}
    shown = [(name, each.photo.path) for name, appearances in kept.items() for each in appearances]
    assert len(shown) > 20
    assert [(name, path) for name, path in shown if name not in present[path]] == []


def test_the_crowd_is_labelled_as_generated_and_the_threshold_as_for_rendered_people(told):
    assert f"Among {CROWD:,} generated templates" in step(told, 3)
    assert "nobody behind them" in told.page
    for text in (told.printed, told.page):
        assert "0.57, a threshold for rendered people, who resemble one another more than real ones do" in text


def test_refusals_carry_their_rule_and_log_entry(told):
    assert "A search needs a purpose, and none was given." in told.page
    assert "A trial account has no access to real people." in told.page
    assert len(re.findall(r"P\d+, log entry \d+", told.page)) >= 3


def test_who_left_is_found_no_more(told):
    with told.places.open() as anna:
        for name in (stage.WITHDRAWN, stage.ERASED):
            assert not anna.search(stage.unseen(name), purpose=club.PURPOSE, case=stage.CASE)
        assert stage.ERASED not in [each.name for each in anna.subjects.list()]


def test_another_organisation_searches_by_agreement_and_the_owner_sees_it(told):
    assert "whom two of their people confirmed" in step(told, 5)
    assert "is not in force: not until" in told.page
    assert "The agreement has ended" in told.page
    with told.places.open() as anna:
        (theirs,) = [each for each in anna.agreements.list() if each.party == authorities.POLICE]
        assert theirs.ended
        assert [each.confirmed for each in anna.agreements.searches(theirs.id)] == [1]


def test_an_order_takes_those_of_unknown_residence_with_it(told):
    assert "3 people, one of unknown residence among them" in step(told, 8)
    certificate = told.places.folder / "order.json"
    assert json.loads(certificate.read_text())["body"]["kind"] == "order"
    command = [sys.executable, "-m", "countenance.check", "certificate", str(certificate)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    with told.places.open() as anna:
        assert not {each.name for each in anna.subjects.list()} & set(club.TERRITORIES)


def test_an_old_backup_brings_nobody_back(told):
    assert "and the 3 erased by order are not" in step(told, 9)
    assert (told.places.folder / "before.backup").stat().st_size > 10_000
    assert not (told.places.folder / "restored").exists()


def test_the_certificate_is_saved_and_checks(told):
    file = told.places.folder / "certificate.json"
    scan = json.loads(file.read_text())["body"]["scan"]
    assert f"{scan['files']} files, {scan['bytes']:,} bytes searched" in step(told, 7)
    command = [sys.executable, "-m", "countenance.check", "certificate", str(file)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_the_changed_log_is_refused_and_the_real_one_still_checks(told):
    assert "Log entry 40 was changed after it was written" in step(told, 10)
    assert "was signed over other entries" in step(told, 10)
    whole, changed = ((told.places.folder / name).read_bytes() for name in ("log.jsonl", "log-changed.jsonl"))
    assert len(whole) == len(changed)
    assert sum(one != other for one, other in zip(whole, changed, strict=True)) == 1
    with told.places.open() as anna:
        assert anna.check_log().size >= whole.count(b"\n")


def test_it_ends_with_the_commands_for_your_own_folder_and_the_page(told):
    assert told.printed.rstrip().endswith("make serve")
    for text in (told.printed, told.page):
        assert "countenance start ~/Pictures" in text


def test_the_next_commands_are_ones_that_can_be_typed_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    (_, start), (_, serve) = story.next_commands()
    assert Path(start.split(" start ")[0]).exists()
    assert serve.endswith("countenance serve --demo")


def test_keys_lie_apart_and_the_passphrases_are_for_the_owner_alone(told):
    folder = told.places.folder
    assert (folder / "keys" / "kek").exists()
    assert stat.S_IMODE((folder / "passphrases.json").stat().st_mode) == 0o600
    assert set(told.places.passphrases) == {club.ANNA, club.BEN, club.CLARA, club.TRIAL, *club.GUESTS}


def test_a_finished_club_is_served_as_it_is(told):
    before = (told.places.club / "countenance.toml").read_text()
    assert club.ready(told.places.folder).finished
    assert (told.places.club / "countenance.toml").read_text() == before


def test_a_folder_of_somebody_elses_is_never_emptied(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"mine")
    with pytest.raises(InputError, match="no demo made it"):
        story.run(tmp_path, page=tmp_path / "story.html", console=Console(file=io.StringIO()))
    assert (tmp_path / "holiday.jpg").read_bytes() == b"mine"


def test_a_run_that_was_cut_short_is_built_anew(tmp_path):
    places = club.clear(tmp_path / "demo")
    (places.folder / "half").write_text("a rest")
    assert not places.finished
    assert not (club.clear(tmp_path / "demo").folder / "half").exists()


def test_a_step_that_does_not_go_as_promised_stops_the_demo():
    with pytest.raises(CountenanceError, match="a stranger was kept"):
        stage.expect(kept=False, promise="a stranger was kept")
    with pytest.raises(CountenanceError, match="was not refused"):
        arriving.refused("A search without a purpose", lambda: None)


def test_exactly_one_bit_of_the_log_is_changed():
    entry = b'{"act":"basis","at":"2026-11-22T18:40:45Z"}'
    changed = leaving._one_byte_changed(entry)
    assert changed == b'{"act":"basis","at":"2026-11-22T18:41:45Z"}'
