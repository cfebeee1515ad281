"""What answers without a live, named account: every method is called by nobody, a trial and a revoked one (P21)."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from clubs import ANNA, WORDS, Club, looked
from countenance import errors
from countenance.cli.app import main
from countenance.config import FILE_NAME
from countenance.service.countenance import Countenance
from countenance.service.entrance import OPEN, OPEN_PARTS
from countenance.wiring import open_gallery
from county import NAME, county

METHODS = [name for name, _ in inspect.getmembers(Countenance, inspect.isfunction) if not name.startswith("_")]
TINA, REX, TOM = "tina@club.example", "rex@club.example", "tom@county.example"
WORDS.update({TINA: "tina's words", REX: "rex's words", TOM: "tom's words"})
ROLES = ["controller", "operator", "reviewer", "officer"]
WHO = ("nobody", "trial", "revoked")


@pytest.fixture
def full(club: Club) -> Club:
    club.person("Ada Lovelace", 1, contact="ada@home.example")
    club.ingest(club.source(), [looked("both.jpg", [1])])
    assert club.found(1) == ["ada-lovelace"]
    return club


def session(club: Club, who: str) -> Countenance:
    """A session that no live, named account has."""
    if who == "nobody":
        config = club.folder / FILE_NAME
        config.write_text(config.read_text().replace(f'account = "{ANNA}"', ""))
        return club.open(None)
    email = TINA if who == "trial" else REX
    club.anna.accounts.add(email, roles=ROLES, passphrase=WORDS[email], trial=who == "trial")
    opened = club.open(email)
    if who == "revoked":
        club.anna.accounts.revoke(REX)
    return opened


def closed(surface: Countenance) -> Iterator[tuple[str, object]]:
    for name in METHODS:
        if name not in OPEN:
            yield name, getattr(surface, name)
    for name, part in vars(surface).items():
        if name.startswith("_") or name in {"context", *METHODS}:
            continue
        for method in dir(part):
            if not method.startswith("_") and method not in OPEN_PARTS.get(name, {}):
                found = getattr(part, method)
                if callable(found):
                    yield f"{name}.{method}", found


@pytest.mark.parametrize("who", WHO)
def test_p21_without_a_live_named_account_nothing_recorded_is_told(full: Club, who: str) -> None:
    surface = session(full, who)
    kind = errors.RoleRefused if who == "trial" else errors.NotSignedIn
    calls = dict(closed(surface))
    assert len(calls) > 80
    assert {"subjects.list", "bases.list", "cases.list", "requests.list", "log_entries", "look"} <= set(calls)
    for name, call in calls.items():
        with pytest.raises(errors.CountenanceError) as caught:
            call()  # type: ignore[operator]
        assert type(caught.value) is kind, name
    assert surface.status()["counts"]["subjects"] == 1
    assert {entry["outcome"] for entry in full.anna.log_entries()[-len(calls) :]} == {"refused"}


@pytest.mark.parametrize("who", WHO)
def test_p29_exercising_a_right_and_reading_what_is_public_need_no_account(full: Club, who: str) -> None:
    surface = session(full, who)
    assert surface.reports.public()["report"] == "public"
    assert surface.requests.receive("access", contact="ada@home.example").words
    assert [each.kind for each in full.anna.requests.list()] == ["access"]


def test_p21_an_account_is_shut_out_from_the_moment_it_is_revoked(full: Club) -> None:
    full.anna.accounts.add(REX, roles=ROLES, passphrase=WORDS[REX])
    rex = full.open(REX)
    assert [each.name for each in rex.subjects.list()] == ["Ada Lovelace"]
    full.anna.accounts.revoke(REX)
    with pytest.raises(errors.NotSignedIn):
        rex.subjects.list()


def test_p21_a_trial_account_of_another_organisation_sees_no_review_and_no_photo(full: Club) -> None:
    other = county(full)
    other.agree()
    (ada,) = other.search(1).candidates
    full.anna.accounts.add(TOM, roles=["reviewer"], passphrase=WORDS[TOM], organisation=NAME, trial=True)
    tom = full.open(TOM)
    for look in (tom.reviewing.list, lambda: tom.pictures.of(ada.appearances[0])):
        with pytest.raises(errors.RoleRefused):
            look()
    assert [each.candidates[0].name for each in other.eve.reviewing.list()] == ["Ada Lovelace"]


def test_p21_the_command_line_tells_a_trial_account_nothing(
    full: Club, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(open_gallery.__kwdefaults__ or {}, "clock", full.clock)
    full.anna.accounts.add(TINA, roles=ROLES, passphrase=WORDS[TINA], trial=True)
    place: Path = full.folder
    full.close()
    for line in ("subject list", "subject show ada-lovelace", "basis list", "review list", "case list", "log show"):
        assert main([*line.split(), "--account", TINA, "--config", str(place)]) in range(25, 40), line
        out, err = capsys.readouterr()
        assert "Ada" not in out + err
    assert main(["subject", "list", "--config", str(place)]) == 0
    assert "Ada Lovelace" in capsys.readouterr().out
