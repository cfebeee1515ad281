"""What an account of another organisation reaches: every method, every command and every page is walked (P3)."""

from __future__ import annotations

import inspect
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from clubs import WORDS, Club, looked
from countenance import errors
from countenance.cli.app import app, main
from countenance.cli.manual import leaves
from countenance.cli.sheets import whose
from countenance.policy.desk import Ask
from countenance.policy.facts import DataSetFacts
from countenance.service.countenance import Countenance
from countenance.service.parties import OPEN, OPEN_PARTS
from countenance.types import Appearance, Box, Evaluate, PhotoRef
from countenance.wiring import open_gallery
from county import DAN, NAME, County, county

METHODS = [name for name, _ in inspect.getmembers(Countenance, inspect.isfunction) if not name.startswith("_")]
COMMANDS = dict(leaves(typer.main.get_command(app)))
HARMLESS = {
    "init": "makes a gallery of one's own",
    "start": "makes a gallery of one's own",
    "demo": "makes a gallery of its own, of people who do not exist",
    "models": "the model files of this machine; no gallery is opened",
    "account key": "makes a key file; no gallery is opened",
    "account password": "the passphrase of its own key file",
    "account passkey list": "passkeys of its own account",
    "upgrade": "needs the key-encryption key and the disk, or the password of the tables' owner, as `restore` does",
    "status": "version, models, checkpoint; every count of the owner's is nought",
    "case list": "its own cases",
    "case open": "its own case, where an agreement covers the purpose",
    "agreement list": "those that it is the party of",
    "agreement searches": "made under an agreement that it is the party of",
    "review list": "of its own searches",
    "keys api create": "a key of its own account, which can do no more than that",
    "keys api list": "keys of its own account",
    "samples": "made-up people; no gallery is opened",
    "serve": "opens the gallery's usual account, the owner's; each page goes through the surface that is walked",
    "search": "under its agreement, in its own case; the desk decides",
    "case close": "its own cases",
    "log key": "the log's public key, with which anybody checks a certificate",
    "log checkpoint": "the log's signed state, which anybody may hold and nobody is named in",
    "restore": "needs the key-encryption key and the disk; no account opens anything by it",
    "registry prepare": "needs the password of the tables' owner; no gallery is opened",
    "registry tidy": "needs the password of the tables' owner; no gallery is opened",
    "evaluate": "reads a data set first, then asks the desk, which refuses it: see below",
}
"""Commands that answer another organisation's account, or need none, and why."""
FILES_FIRST = ("enrol", "log check")
"""Commands that read a file on their line before they open the gallery; their methods are closed: see above."""
REFUSED = {20, 25, 26, *range(30, 40)}
"""Exit codes of: not there, not signed in, too many, refused."""


@pytest.fixture
def other(club: Club) -> County:
    """The county under its agreement; Ada can be found, and Bo appears in a photo with her."""
    club.person("Ada", 1)
    club.person("Bo", 2)
    made = county(club)
    made.agree()
    club.ingest(club.source(), [looked("both.jpg", [1, 2])])
    return made


def test_p28_a_sheet_names_the_organisation_that_searched_and_whose_gallery_it_is(other: County) -> None:
    assert whose(other.dan.context) == (("Organisation", NAME), ("In the gallery of", "Rowing Club"))
    assert whose(other.club.anna.context) == (("Organisation", "Rowing Club"),)


def parts(surface: Countenance) -> set[str]:
    """Whatever is to be seen of a surface and is no method of it."""
    return {name for name in dir(surface) if not name.startswith("_")} - {"context", *METHODS}


def calls(part: object) -> list[str]:
    return [name for name, _ in inspect.getmembers(part, callable) if not name.startswith("_")]


def arguments(method: Any) -> list[object]:
    """Something for every parameter that has no default."""
    wanted = inspect.signature(method).parameters.values()
    return [
        "x"
        for each in wanted
        if each.default is each.empty and each.kind in {each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD}
    ]


def test_p3_every_method_of_the_surface_is_closed_to_another_organisation_or_listed(other: County) -> None:
    assert set(OPEN) <= set(METHODS)
    for name in METHODS:
        if name not in OPEN:
            with pytest.raises(errors.NotFound):
                getattr(other.dan, name)("x")


def test_p3_every_part_of_the_surface_is_closed_to_another_organisation_or_listed(other: County) -> None:
    assert set(OPEN_PARTS) <= parts(other.club.anna)
    walked = 0
    for name in parts(other.club.anna):
        for method in calls(getattr(other.club.anna, name)):
            if method not in OPEN_PARTS.get(name, {}):
                walked += 1
                with pytest.raises(errors.NotFound):
                    getattr(getattr(other.dan, name), method)
    assert walked > 40


def test_p3_every_list_of_what_is_open_gives_its_reason() -> None:
    assert all([*OPEN.values(), *(reason for each in OPEN_PARTS.values() for reason in each.values())])


def test_p3_below_the_surface_another_organisation_keeps_no_record_either(other: County) -> None:
    """The surface is one guard; the desk and the context are another."""
    from countenance.service.bases import Bases
    from countenance.service.sources import Sources
    from countenance.service.subjects import Subjects

    context, before = other.dan.context, other.club.anna.context.book.size()
    ada = other.club.anna.subjects.get("ada")
    for attempt in (
        lambda: Subjects(context).add("Eve", territory="GB"),
        lambda: Subjects(context).get("ada"),
        lambda: Bases(context).record(
            ada, ground="consent", condition="explicit-consent", purposes=["photo-library"], evidence=other.club.form
        ),
        lambda: Sources(context).stop("party", "because"),
        lambda: other.club.ingest(other.club.anna.sources.get("party").id, [], by=other.dan),
        lambda: other.club.enrol(ada, other.club.anna.bases.list(ada)[0], 7, by=other.dan),
        lambda: context.desk.decide(Evaluate, Ask(data_set=DataSetFacts("synthetic", 100))),
    ):
        with pytest.raises(errors.NotFound):
            attempt()
    outcomes = {entry["outcome"] for entry in other.club.anna.log_entries(before)}
    assert outcomes == {"refused"}


def test_p3_another_organisation_sees_its_candidates_photos_and_no_other(other: County) -> None:
    pictures = other.dan.pictures
    both = other.club.found(1)
    (shown,) = other.club.search(2).candidates  # the club's own search has shown Bo
    assert both == ["ada"]
    hidden = shown.appearances[0]
    with pytest.raises(errors.NotFound):
        pictures.of(hidden)
    (ada,) = other.search(1).candidates
    seen = ada.appearances[0]
    for attempt in (hidden, Appearance(PhotoRef(seen.photo.id, "x", "x"), Box(1, 1, 5, 5), 0.9)):
        with pytest.raises(errors.NotFound):
            pictures.of(attempt)
    with pytest.raises(errors.InputError):  # there: only the file is not
        pictures.of(seen)
    other.club.anna.agreements.end("A2")
    with pytest.raises(errors.NotFound):
        pictures.of(seen)


def test_p3_the_status_tells_another_organisation_nothing_of_the_owner_s_records(other: County) -> None:
    told = other.dan.status()
    assert set(told["counts"].values()) == {0}
    assert told["log"]["checkpoint"]


# --- the command line ------------------------------------------------------------------------------------------------


def examples(path: tuple[str, ...]) -> list[list[str]]:
    lines = [
        line.strip() for line in (COMMANDS[path].help or "").splitlines() if line.strip().startswith("$ countenance")
    ]
    return [shlex.split(line)[2:] for line in lines]


def name(path: tuple[str, ...]) -> str:
    return " ".join(path)


@pytest.fixture
def here(other: County, monkeypatch: pytest.MonkeyPatch) -> County:
    """In the gallery's folder, as Dan, with a file for every name that an example gives."""
    monkeypatch.chdir(other.club.folder)
    monkeypatch.setitem(open_gallery.__kwdefaults__ or {}, "clock", other.club.clock)
    monkeypatch.setenv("COUNTENANCE_PASSPHRASE", WORDS[DAN])
    monkeypatch.setenv("COUNTENANCE_NEW_PASSPHRASE", "some new words")
    return other


def harmless(path: tuple[str, ...]) -> bool:
    return any(name(path) == each or name(path).startswith(f"{each} ") for each in HARMLESS)


def test_p3_every_command_refuses_another_organisation_or_is_listed_as_harmless(
    here: County, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(here.club.anna.subjects.list())
    loose = []
    for path in COMMANDS:
        if harmless(path):
            continue
        for line in examples(path):
            for word in line:
                if Path(word).suffix and not word.startswith("-") and "/" not in word and not Path(word).exists():
                    Path(word).write_bytes(b"a file")
            code = main([*line, "--account", DAN, "--config", "."])
            if code not in REFUSED and not (code == 10 and name(path) in FILES_FIRST):
                loose.append((line, code, capsys.readouterr().err.strip()[:200]))
    assert not loose, "\n".join(map(str, loose))
    assert set(here.club.anna.subjects.list()) == before


@pytest.mark.parametrize("path", [path for path in COMMANDS if harmless(path)], ids=name)
def test_p3_what_is_listed_as_harmless_is_a_command(path: tuple[str, ...]) -> None:
    assert examples(path)


def test_p3_every_reason_belongs_to_a_command() -> None:
    for each in HARMLESS:
        assert [path for path in COMMANDS if name(path) == each or name(path).startswith(f"{each} ")], each


# --- the page --------------------------------------------------------------------------------------------------------


def test_p3_every_page_is_governed_or_shows_nothing_of_anybody() -> None:
    """Each route names the act that it is; those that show nothing of anybody are listed."""
    from countenance.web.routes import ROUTES

    nothing = {"sign-in": "the way in, with the key of this session", "show": "the style sheet, and made-up samples"}
    acts = {route.action for route in ROUTES}
    assert all(acts), "a page without an act"
    assert {route.path for route in ROUTES if route.action in nothing} >= {"/style.css"}
