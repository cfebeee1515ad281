"""The page on leaving Rekognition: its table is the application's, and the real boto3 runs its programs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from amazon import listening, now_club
from clubs import ANNA, BEN, WORDS
from countenance.http.rekognition.door import OPERATIONS
from countenance.samples import cast

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "leave-rekognition.md"
TEXT = PAGE.read_text("utf-8")
ADDRESS = "http://127.0.0.1:8420"


def test_the_table_is_the_application_s() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.*?) ?\|$", TEXT, re.MULTILINE)
    assert {(name, roles) for name, roles, _ in rows} == {(each.name, ", ".join(each.roles)) for each in OPERATIONS}
    assert {name for name, _, said in rows if "another organisation" in said} == {
        each.name for each in OPERATIONS if each.party
    }


def blocks(kind: str) -> list[str]:
    found = re.findall(r"^( *)```(\w*)\n(.*?)^ *```$", TEXT, re.MULTILINE | re.DOTALL)
    mine = [(indent, code) for indent, what, code in found if what == kind]
    return ["\n".join(line.removeprefix(indent) for line in code.splitlines()) for indent, code in mine]


def test_the_page_s_programs_run_with_the_real_client(quick_folder: Path, tmp_path: Path) -> None:
    club, people = now_club(quick_folder), cast()
    for name, photo in (("ada.jpg", people.portrait("Ada")), ("who.jpg", people.photos("Ada")[1])):
        shutil.copyfile(photo, tmp_path / name)
    (tmp_path / "form.pdf").write_text("signed form of the club")
    create, countersign = blocks("")
    indexing, searching, headers = blocks("python")
    said = []

    def ran(*command: str, **environment: str) -> str:
        done = subprocess.run(
            command, cwd=tmp_path, env=os.environ | environment, capture_output=True, text=True, timeout=90, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def cli(line: str, account: str) -> str:
        call = f'{sys.executable} -m countenance --config "{club.folder}" --json{line.removeprefix("countenance")}'
        return ran("bash", "-euc", call, COUNTENANCE_PASSPHRASE=WORDS[account])

    made = json.loads(cli(create, ANNA))
    keys = {each.upper(): made[each] for each in ("aws_access_key_id", "aws_secret_access_key")}
    with listening(club.anna) as url:
        for code in (indexing, None, searching, headers):
            if code is None:
                cli(countersign, BEN)
                continue
            assert code.count(ADDRESS) == 1  # the one line
            said.append(ran(sys.executable, "-c", code.replace(ADDRESS, url), **keys))
    assert said[0] == "indexed ada\n"
    assert re.fullmatch(r"ada \d\d\n", said[1])
    assert said[2] == "alike\n"
    assert not club.anna.subjects.list()
    club.close()
