"""People, as a person types it, on pictures of people who do not exist: the commands of the how-to, one by one."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from countenance.samples import cast
from countenance.wiring import open_gallery

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "put-people-in-order.md"


@pytest.fixture
def library(run, club, tmp_path):
    """A source of Ada's own pictures beside the party."""
    folder = tmp_path / "album"
    folder.mkdir()
    for shot in (1, 2):
        shutil.copy(cast().photos("Ada")[shot], folder / f"Ada-{shot}.jpg")
    run("source", "add", "album", folder, "--statement", "our own photographer")
    assert run("ingest", "album").code == 0
    return folder


def enrolled_again(run, finished):
    run("subject", "add", "Ada Berg", "--territory", "GB")
    run("basis", "record", "ada-berg", "--evidence", finished / "form.txt", "--notice", "notice-2026")
    run("enrol", "ada-berg", cast().portrait("Ada"), "--basis", "B4")
    run("basis", "countersign", "B4", "--account", "ben@club.example", words="ben's words")


def album(club):
    """The faces of Ada that are kept from the album: photo and its number."""
    with open_gallery(club, account="anna@club.example", passphrase="anna's words") as c:
        photos = [each.photo for each in c.look("ada").appearances]
    return {photo.path: photo.id for photo in photos if photo.source == "album"}


def test_the_commands_of_the_page_do_what_it_says(run, club, library, finished):
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    lines = [line.removeprefix("$ countenance ") for block in blocks for line in block.splitlines()]
    kept = album(club)
    assert set(kept) == {"Ada-1.jpg", "Ada-2.jpg"}
    names = {"P1": kept["Ada-1.jpg"], "P2": kept["Ada-2.jpg"]}
    said = {}
    for line in lines:
        if line.startswith("people merge"):
            enrolled_again(run, finished)
        ran = run(*(names.get(word, word) for word in shlex.split(line)))
        assert ran.code == 0, (line, ran.err)
        said[line] = ran.out
        if line == "ingest album --again":
            assert set(album(club)) == {"Ada-2.jpg"}
    assert "1 face taken off ada" in said["people not ada P1"]
    assert "may show ada" in said["people is ada P1"]
    assert "Nobody else is kept in their place" in said["people split ada P2"]
    assert album(club) == {}
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
