"""Two processes on one gallery: one changes, the other searches; no wrong answer, no lost change, no locked door."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import threading
from functools import partial
from pathlib import Path

from clubs import ANNA, WORDS, Club

# What a child needs to open the same club: the same clock, the same account.
HEAD = textwrap.dedent(
    """
    import json, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[3])
    import clubs
    club = clubs.Club.__new__(clubs.Club)
    club.root, club.engine, club.opened, club.clock = Path(sys.argv[1]), "embedded", [], clubs.MovableClock()
    club.form = club.root / f"form-{sys.argv[2]}.pdf"
    club.anna, club.ben = club.open(clubs.ANNA), club.open(clubs.BEN)
    club.anna.sign_in(), club.ben.sign_in()
    print("ready", flush=True)
    name = sys.argv[2]
    """
)
WRITER = HEAD + textwrap.dedent(
    """
    for number in range(int(sys.argv[4])):
        handle = f"{name}-{number}"
        club.person(handle, 10 + number % 40, handle=handle)
        print("came", handle, flush=True)
        if number % 2:
            club.anna.withdraw(handle)
            print("went", handle, flush=True)
        if number % 4 == 3:
            club.anna.erase(handle, reason="withdrawn")
    club.close()
    """
)
SERVANT = HEAD + textwrap.dedent(
    """
    for line in sys.stdin:
        act, *rest = json.loads(line)
        if act == "found":
            print(json.dumps(club.found(*rest)), flush=True)
        elif act == "withdraw":
            print(json.dumps(club.anna.withdraw(*rest)), flush=True)
        elif act == "erase":
            print(json.dumps(club.anna.erase(rest[0], reason="request").faces_erased), flush=True)
    club.close()
    """
)
TESTS = str(Path(__file__).parents[1])


def child(club: Club, code: str, name: str, *more: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(club.root), name, TESTS, *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", process.communicate()
    return process


def asked(process: subprocess.Popen[str], *words: object) -> object:
    """What the `SERVANT` of another process answers."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(words) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def test_a_search_here_after_a_withdrawal_there(club: Club) -> None:
    for number, name in enumerate(("Ada", "Bruno", "Chidi", "Dina")):
        club.person(name, number)
    process = child(club, SERVANT, "other")
    there = partial(asked, process)

    assert there("found", 0) == ["ada"]
    assert club.found(0) == ["ada"]
    there("withdraw", "ada")
    assert club.found(0) == []
    assert there("found", 0) == []
    club.anna.withdraw("bruno")
    assert there("found", 1) == []
    assert there("erase", "chidi") == 1
    assert club.found(2) == []
    club.anna.erase("dina", reason="request")
    assert there("found", 3) == []
    club.person("Emre", 9)
    assert there("found", 9) == ["emre"]
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    club.anna.check_log()


class Listener(threading.Thread):
    """Hears what a writer says it did, and ends with it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        super().__init__()
        self.process = process
        self.came: set[str] = set()
        self.gone: set[str] = set()
        self.start()

    def run(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            word, handle = line.split()
            (self.came if word == "came" else self.gone).add(handle)

    def close(self) -> None:
        self.join()
        _, errors = self.process.communicate()
        assert self.process.returncode == 0, errors


def test_searches_beside_writers(club: Club) -> None:
    club.person("Ada", 1)
    count, searches = 12, 0
    writers = [Listener(child(club, WRITER, name, str(count))) for name in ("one", "two")]
    while searches < 6 or any(writer.is_alive() for writer in writers):  # on a busy machine they may be quick
        assert club.found(1) == ["ada"]
        before = set().union(*(writer.gone for writer in writers))
        assert not before & set(club.found(10 + searches % count))
        if searches % 5 == 0:
            club.anna.check_log()
        searches += 1
    for writer in writers:
        writer.close()
    assert set().union(*(w.came for w in writers)) == {f"{n}-{i}" for n in ("one", "two") for i in range(count)}
    for number in range(count):
        assert set(club.found(10 + number)) == ({f"one-{number}", f"two-{number}"} if number % 2 == 0 else set())
    status = club.anna.status()
    assert status["counts"]["erasures"] == 2 * (count // 4)
    assert status["unfinished_erasures"] == 0
    assert club.anna.check_log().size == club.anna.context.book.size()


def test_threads_of_one_process_publish_beside_one_another(club: Club) -> None:
    faults: list[BaseException] = []

    def publish() -> None:
        try:
            for _ in range(40):
                club.anna.context.book.publish()
        except BaseException as fault:  # noqa: BLE001 - to be shown by the test
            faults.append(fault)

    threads = [threading.Thread(target=publish) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    club.anna.check_log()


def test_many_may_open_at_once(club: Club) -> None:
    account = ANNA
    code = (
        "import sys, countenance\n"
        "with countenance.open(sys.argv[1], account=sys.argv[2], passphrase=sys.argv[3]) as c:\n"
        "    print(c.check_log().size)\n"
    )
    command = [sys.executable, "-c", code, str(club.folder), account, WORDS[account]]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for _ in range(3)]  # type: ignore[call-overload]
    answers = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0] * 3, answers
    assert len({out for out, _ in answers}) == 1
