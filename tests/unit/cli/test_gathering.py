"""People, as a person types it, on pictures of people who do not exist: the commands of the how-to, one by one."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from countenance.samples import cast

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "put-people-in-order.md"
WHY = ("--purpose", "photo-library", "--case", "library 1")


@pytest.fixture
def library(run, club, finished, tmp_path):
    """A source of Ada's own pictures beside the party; and Ada, enrolled a second time."""
    folder = tmp_path / "album"
    folder.mkdir()
    for shot in (1, 2):
        shutil.copy(cast().photos("Ada")[shot], folder / f"Ada-{shot}.jpg")
    run("source", "add", "album", folder, "--statement", "our own photographer")
    assert run("ingest", "album").code == 0
    run("subject", "add", "Ada Berg", "--territory", "GB")
    run("basis", "record", "ada-berg", "--evidence", finished / "form.txt", "--notice", "notice-2026")
    run("enrol", "ada-berg", cast().portrait("Ada"), "--basis", "B4")
    run("basis", "countersign", "B4", "--account", "ben@club.example", words="ben's words")
    return folder


def album(told, *handles):
    """The faces that are kept from the album of the person with these records, by photo: its number."""
    (person,) = (each for each in told["people"] if [one["subject"] for one in each["records"]] == [*handles])
    photos = [face["photo"] for face in person["faces"]]
    return {photo["path"]: photo["id"] for photo in photos if photo["source"] == "album"}


def test_the_commands_of_the_page_do_what_it_says(run, library):
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    lines = [line.removeprefix("$ countenance ") for block in blocks for line in block.splitlines()]
    before = run("people", "show", "ada", *WHY)
    assert "ada and ada-berg may be one person" in before.out
    assert "countenance people merge ada ada-berg" in before.out
    kept = album(run("people", "show", "ada", *WHY, "--json").json, "ada")
    assert set(kept) == {"Ada-1.jpg", "Ada-2.jpg"}
    run("people", "merge", "ada", "ada-berg")  # or what is not Ada's would be kept as hers under the other record
    names = {"P1": kept["Ada-1.jpg"], "P2": kept["Ada-2.jpg"]}
    said = {}
    for line in lines:
        merging = line.startswith("people merge")
        if merging:
            assert run("people", "part", "ada", "ada-berg").code == 0
        ran = run(*(names.get(word, word) for word in shlex.split(line)))
        assert ran.code == 0, (line, ran.err)
        said[line] = ran.out
        if line == "ingest album --again":
            assert set(album(run("people", "show", "ada", *WHY, "--json").json, "ada", "ada-berg")) == {"Ada-2.jpg"}
    assert "1 face taken off ada" in said["people not ada P1"]
    assert "may show ada" in said["people is ada P1"]
    assert "Nobody else is kept in their place" in said["people split ada P2"]
    told = run("people", "show", "ada", *WHY, "--json").json
    assert (album(told, "ada"), told["proposals"]) == ({}, [])
    html = Path("people.html").read_text("utf-8")
    assert "Ada-2.jpg" in html
    assert html.count("data:image/jpeg") >= 4
    assert "A proposal is not a finding" in html


def test_what_is_refused_says_why(run, club):
    assert run("people", "list", "--case", "c").code == 33
    assert run("people", "list", "--purpose", "visitor-check-in", "--case", "c").code == 33
    assert run("people", "list", "--purpose", "photo-library").code == 36
    assert run("people", "not", "ada", "P999").code == 20
    assert run("people", "not", "ada", "x").code == 20
    assert run("people", "merge", "ada", "ada").code == 10
