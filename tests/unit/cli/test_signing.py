"""How a person signs in with a browser, by the command line: another passphrase, passkeys listed and removed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from authenticators import Authenticator
from clubs import ANNA, WORDS, Club, MovableClock
from countenance.errors import NotSignedIn
from countenance.service import signing_in
from countenance.service.signing_in import Place
from unit.cli.conftest import BENS_WORDS, Run

HERE = Place("localhost", "http://localhost:8420")


@pytest.fixture
def mine(quick_folder: Path) -> Iterator[Club]:
    made = Club(quick_folder / "signing", clock=MovableClock(int(time.time()) - 60))  # the command line has no other
    yield made
    made.close()


def test_passkeys_are_listed_and_removed(run: Run, mine: Club) -> None:
    here = ("--config", mine.folder)
    assert "There are no passkeys." in run("account", "passkey", "list", *here).out
    visit = signing_in.enter(mine.anna, signing_in.by_password(mine.anna, ANNA, WORDS[ANNA]))
    options = visit.club.passkeys.options(HERE)
    made = Authenticator(HERE.origin, HERE.site).create(options.challenge)
    visit.club.passkeys.add("my phone", WORDS[ANNA], options.sealed, made, HERE)
    listed = run("account", "passkey", "list", "--json", *here).json
    assert [(each["id"], each["label"], each["account"]) for each in listed] == [("W1", "my phone", ANNA)]
    assert "my phone" in run("account", "passkey", "list", *here).out
    removed = run("account", "passkey", "remove", "W1", *here)
    assert (removed.code, "opens nothing any more" in removed.out) == (0, True)
    assert run("account", "passkey", "remove", "W1", *here).code == 20


def test_another_passphrase_is_the_password_from_then_on(run: Run, mine: Club) -> None:
    cookie = signing_in.by_password(mine.anna, ANNA, WORDS[ANNA])
    done = run("account", "password", "--json", "--config", mine.folder)
    assert done.json == {"changed": True, "signed_out": 1}
    with pytest.raises(NotSignedIn):
        signing_in.enter(mine.anna, cookie)
    assert signing_in.by_password(mine.anna, ANNA, BENS_WORDS)
    assert run("account", "password", "--config", mine.folder).code == 25  # the old one opens it no more
    assert not list((mine.root / "keys").rglob("*.new"))
