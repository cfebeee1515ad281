"""The page on leaving CompreFace: its commands and its program are run, on a real database and with the real SDK."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clubs import ANNA, BEN, WORDS, Club
from compreface_db import CompreFaceDatabase
from countenance.cli.app import main
from countenance.http.compreface.table import PREFIX, ROUTES
from countenance.ingest.compreface import PASSWORD
from countenance.samples import cast
from countenance.types import system_clock
from sdks import compreface
from servers import SECRET, Server

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "leave-compreface.md"
TEXT = PAGE.read_text("utf-8")


def test_the_table_is_the_application_s() -> None:
    rows = re.findall(r"^\| `(\w+) (\S+)` \| (.+?) \| (.+?) \|$", TEXT, re.MULTILINE)
    assert rows == [
        (each.method, each.path.removeprefix(PREFIX).replace(":path", ""), ", ".join(each.roles),
         each.summary.rstrip("."))
        for each in ROUTES
    ]  # fmt: skip


@pytest.fixture
def present(quick_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Club]:
    """A club of today that knows the notice of the page not yet; the page's files lie in the current folder."""
    made = Club(quick_folder, clock=system_clock)  # type: ignore[arg-type]
    with made.sql() as connection:
        connection.exec_driver_sql("DELETE FROM notices")
    (tmp_path / "form.pdf").write_text("the form that they signed")
    (tmp_path / "notice.txt").write_text("We look for your face in our own pictures.")
    (tmp_path / "who.jpg").write_bytes(cast().photos("Ada")[2].read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COUNTENANCE_CONFIG", str(made.folder))
    yield made
    made.close()


def run(line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COUNTENANCE_PASSPHRASE", WORDS[BEN if BEN in line else ANNA])
    capsys.readouterr()
    assert main(shlex.split(line)[1:]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


@pytest.mark.postgresql
@pytest.mark.sdk
def test_the_commands_and_the_program_do_what_the_page_says(
    present: Club, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    python, why = compreface()
    if python is None:
        pytest.skip(why)
    monkeypatch.setenv(PASSWORD, SECRET)
    database = CompreFaceDatabase.make(server)
    database.person("Ada", cast().photos("Ada")[0].read_bytes())
    blocks = "".join(re.findall(r"```bash\n(.*?)```", TEXT, re.DOTALL))
    lines = [line for line in blocks.splitlines() if line.startswith("countenance ")]
    said = [
        run(line.replace("postgresql://frs@127.0.0.1:5432/frs", database.url) + " --json", capsys, monkeypatch)
        for line in lines
    ]
    assert len(said) == 5
    token = json.loads(said[-1])["token"]
    serving = subprocess.Popen(
        [sys.executable, "-m", "countenance", "serve", "--port", "0", "--no-open"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"COUNTENANCE_PASSPHRASE": WORDS[ANNA]},
    )  # fmt: skip
    try:
        assert serving.stdout
        found = re.search(r"http://127\.0\.0\.1:(\d+)", serving.stdout.readline() + serving.stdout.readline())
        assert found
        (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
        environment = {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", "PORT": found[1], "KEY": token}
        ran = subprocess.run(
            [python, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.communicate(timeout=30)
    assert (ran.returncode, ran.stdout.split()[0], ran.stdout.split()[-1]) == (0, "Ada", "high"), ran.stderr
    database.forget(database.run("SELECT id FROM subject")[0][0])
    (statement,) = re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)
    database.run(statement)
    assert database.run("SELECT count(*) FROM img") == [(0,)]
