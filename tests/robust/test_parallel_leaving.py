"""Who withdraws, objects or is put under an order is in no search that begins afterwards (P5): threads, processes."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from clubs import ANNA, WORDS, Club
from countenance.service.countenance import Countenance

SEARCHES = """
    import sys, time
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    from clubs import ANNA, WORDS, MovableClock, Club
    from countenance.wiring import open_gallery

    root, gone = Path({root!r}), Path({gone!r})
    club = Club.__new__(Club)
    club.root, club.opened, club.clock = root, [], MovableClock()
    session = open_gallery(root / "club", account=ANNA, passphrase=WORDS[ANNA], clock=club.clock)
    late, rounds = [], 0
    until = time.monotonic() + 60
    while rounds < 3 and time.monotonic() < until:
        began_after = gone.exists()
        found = [c.subject for c in club.search(1, by=session, case={case!r}).candidates]
        if began_after:
            rounds += 1
            late += found
        elif "ready" not in vars():
            ready = Path({gone!r} + {case!r} + ".ready").touch()
    session.close()
    print(rounds, late)
"""

WAYS: dict[str, Callable[[Club], object]] = {
    "withdraws": lambda club: club.ben.withdraw("ada"),
    "is put under an order": lambda club: club.order("quarantine", subject=1),
    "is erased": lambda club: club.ben.erase("ada", reason="request"),
    "objects": lambda club: club.ben.requests.open("objection", subject="ada"),
}


@pytest.fixture
def two(club: Club) -> Club:
    club.person("Ada", 1)
    club.person("Bo", 2)
    return club


@pytest.mark.parametrize("way", WAYS)
def test_p5_no_search_that_begins_after_somebody_left_shows_them(two: Club, way: str) -> None:
    """Three threads search all the while, each in a session of its own."""
    gone, faults = threading.Event(), []
    late: list[str] = []
    rounds = [0, 0, 0]

    def keep_searching(session: Countenance, number: int) -> None:
        try:
            for _ in range(400):
                began_after = gone.is_set()
                found = two.found(1, by=session, case=f"press {number}")
                if began_after:
                    rounds[number] += 1
                    late.extend(found)
                    if rounds[number] >= 3:
                        return
        except BaseException as error:  # noqa: BLE001 - a thread must not die unheard
            faults.append(error)

    sessions = [two.open(ANNA) for _ in rounds]
    threads = [threading.Thread(target=keep_searching, args=(each, number)) for number, each in enumerate(sessions)]
    for thread in threads:
        thread.start()
    WAYS[way](two)
    gone.set()
    for thread in threads:
        thread.join()
    assert faults == []
    assert min(rounds) == 3
    assert late == []
    assert two.found(2) == ["bo"]


def test_p5_nor_does_one_in_another_process(two: Club, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    script = {"tests": str(Path(__file__).parents[1]), "root": str(two.root), "gone": str(gone)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(SEARCHES).format(case=f"press {number}", **script)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number in range(2)
    ]  # fmt: skip
    for number in range(2):
        while not Path(f"{gone}press {number}.ready").exists():
            assert processes[number].poll() is None, processes[number].communicate()
    two.ben.withdraw("ada")
    gone.touch()
    told = [process.communicate() for process in processes]
    assert [out.strip() for out, _ in told] == ["3 []"] * 2, told
    assert WORDS[ANNA]
