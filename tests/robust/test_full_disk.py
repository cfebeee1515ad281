"""A disk that fills up: a typed error, whatever was under way; nothing half-written; and it goes on once there is room.

On a small file system of its own where this process may mount one, else (and as well) with a limit on the size of files
in a process of its own.
"""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clubs import ANNA, WORDS, Club, looked
from countenance import errors
from robust.attacks import counts, two_lines


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Club]:
    """A club on a file system of two megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError:
        pytest.skip("there is no mount here")
    if done.returncode:
        pytest.skip("this process may not mount a file system")
    club = None
    try:
        club = Club(disk)
        yield club
    finally:
        if club:
            club.close()
        subprocess.run(["umount", "-l", str(disk)], check=False)


@contextlib.contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Not a byte is free in here."""
    ballast = folder / "ballast"
    with ballast.open("wb") as file, contextlib.suppress(OSError):
        for size in (65536, 4096, 512):
            with contextlib.suppress(OSError):
                while True:
                    os.write(file.fileno(), bytes(size))
    try:
        yield
    finally:
        ballast.unlink()


def full(act: Callable[[], object]) -> None:
    with pytest.raises(errors.CountenanceError) as caught:
        act()
    assert isinstance(caught.value, errors.Unavailable)
    assert caught.value.exit_code in {60, 61}
    two_lines(caught.value)


def test_every_act_on_a_full_disk(small: Club) -> None:
    ada = small.person("Ada", 1)
    source = small.source()
    small.ingest(source, [looked("before.jpg", [1])])
    basis = small.anna.bases.list(ada)[0]
    before = counts(small)
    form = small.evidence("Eve")
    with filled(small.root):
        # The write-ahead log takes small changes as long as it has pages to reuse; soon it has none.
        for attempt in range(200):
            try:
                small.anna.subjects.add(f"Filler {attempt}", territory="GB")
            except errors.CountenanceError as fault:
                two_lines(fault)
                break
        else:
            pytest.fail("the disk never filled")
        middle = counts(small)
        full(lambda: small.anna.subjects.add("Eve", territory="GB"))
        full(lambda: small.enrol(ada, basis, 1, photo=7))
        full(lambda: small.ingest(source, [looked(f"{n}.jpg", [1, 5, 6]) for n in range(16)]))
        full(lambda: small.search(1))
        full(lambda: small.anna.withdraw("ada"))
        full(lambda: small.anna.erase("ada", reason="request"))
        full(
            lambda: small.anna.bases.record(
                ada, ground="consent", condition="explicit-consent", purposes=["photo-library"], evidence=form
            )
        )
        full(lambda: small.anna.accounts.add("eve@club.example", roles=["operator"], passphrase="eve's words"))
        assert counts(small) == middle
        small.anna.check_log()
        assert small.anna.status()["counts"]["references"] == before["references_"]
    small.anna.check_log()
    assert small.found(1) == ["ada"]
    small.anna.accounts.add("eve@club.example", roles=["operator"], passphrase="eve's words")
    small.ingest(source, [looked(f"{n}.jpg", [1, 5, 6]) for n in range(16)])
    assert len(small.search(1).candidates[0].appearances) == 17
    small.anna.erase("ada", reason="request")
    assert small.found(1) == []
    small.anna.check_log()


def test_a_gallery_can_be_opened_and_looked_at_on_a_full_disk(small: Club) -> None:
    small.person("Ada", 1)
    small.close()
    with filled(small.root), contextlib.suppress(errors.Unavailable):
        small.anna = small.open(ANNA)
        small.anna.check_log()
        assert small.anna.status()["counts"]["references"] == 1
    small.close()
    small.reopen()
    assert small.found(1) == ["ada"]


CHILD = textwrap.dedent(
    """
    import json, resource, signal, sys
    from pathlib import Path
    from countenance.errors import CountenanceError
    from countenance.wiring import open_gallery
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    said = []
    clock = lambda: int(sys.argv[4])
    with open_gallery(Path(sys.argv[1]), passphrase=sys.argv[2], clock=clock) as c:
        c.sign_in()
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
        for act in (
            lambda: c.subjects.add("Eve", territory="GB"),
            lambda: c.withdraw("ada"),
            lambda: c.erase("ada", reason="request"),
        ):
            try:
                act()
                said.append("done")
            except CountenanceError as error:
                said.append(f"{error.code} {error.exit_code} {error.message}")
    print(json.dumps(said))
    """
)


@pytest.mark.parametrize("limit", [0, 1000, 4096, 20_000])
def test_a_writer_that_fails(club: Club, limit: int) -> None:
    import json

    club.person("Ada", 1)
    before = counts(club)
    club.close()
    command = [sys.executable, "-c", CHILD, str(club.folder), WORDS[ANNA], str(limit), str(club.clock())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-1500:]
    club.reopen()
    club.anna.check_log()
    for line in json.loads(done.stdout):
        assert line == "done" or line.split()[1] in {"60", "61"}
    if "done" not in json.loads(done.stdout):
        assert counts(club) == before
        assert club.found(1) == ["ada"]


def test_a_checkpoint_that_cannot_be_written_undoes_nothing(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is derived from the log: what was committed stands, and the next one is written when there is room."""
    folder = club.folder / "data" / "log"

    def failing(path: Path, _target: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", failing)
        club.subject("Ada")
        club.anna.cases.open("press 12", purpose="photo-library")
    assert [subject.handle for subject in club.anna.subjects.list()] == ["ada"]
    club.anna.check_log()
    club.subject("Bruno")
    assert (folder / "checkpoint").read_text() == club.anna.context.book.checkpoint()
    assert {file.name for file in folder.iterdir()} == {"checkpoint", "tail"}
