"""The rules are held by tests that can fail: each is broken on purpose in a copy of the source, and its test turns red.

The tables are in docs/reference/rules.md and docs/reference/permission.md. A mutation that no longer fits the source is
an error here, so that the tables stay true.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import pytest

import countenance
from breaks import BREAKS
from breaks.kind import Break
from clubs import keep_seeds
from conftest import LONG
from servers import missing
from workshop import Ran, Workshop

SOURCE = Path(countenance.__file__).parent
AT_ONCE = min(os.cpu_count() or 1, 8)
pytestmark = pytest.mark.timeout(900)


class Pool:
    """Workshops that work side by side: a run takes whichever is free."""

    def __init__(self, root: Path) -> None:
        keep_seeds(root / "seeds")
        self._all = [Workshop(root / str(number), SOURCE, root / "seeds") for number in range(AT_ONCE)]
        self._threads = ThreadPoolExecutor(AT_ONCE)
        self._free: SimpleQueue[Workshop] = SimpleQueue()
        for each in self._all:
            self._free.put(each)

    def submit(self, job: Callable[[Workshop], Ran]) -> Future[Ran]:
        return self._threads.submit(self._run, job)

    def _run(self, job: Callable[[Workshop], Ran]) -> Ran:
        workshop = self._free.get()
        try:
            return job(workshop)
        finally:
            self._free.put(workshop)

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
        for each in self._all:
            each.close()


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    made = Pool(tmp_path_factory.mktemp("broken"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def outcomes(pool: Pool, request: pytest.FixtureRequest) -> dict[str, Future[Ran]]:
    """All rules that this run of pytest is to break, handed to the pool at once, in the order of the items."""
    chosen = [each.callspec.params["broken"] for each in request.session.items if _breaks(each)]
    chosen = [each for each in chosen if not lacking(each)]
    return {each.rule: pool.submit(lambda workshop, each=each: workshop.run_broken(each)) for each in chosen}


def lacking(broken: Break) -> str | None:
    """Why this rule's test cannot run here."""
    return missing() if broken.server else None


def _breaks(item: pytest.Item) -> bool:
    return item.nodeid.partition("::")[0].endswith("test_rules_can_fail.py") and hasattr(item, "callspec")


def test_unbroken_they_pass_here_too(pool: Pool) -> None:
    """That each passes is shown by the whole run; here, that a workshop turns none red by itself: one of each file."""
    every = sorted({each.test for each in BREAKS if not lacking(each)})
    tests = every if LONG else list({test.partition("::")[0]: test for test in every}.values())
    parts = [tests[start::AT_ONCE] for start in range(min(AT_ONCE, len(tests)))]
    for done in [pool.submit(lambda workshop, part=part: workshop.run(*part)) for part in parts]:
        assert done.result().code == 0, done.result().output
        assert "skipped" not in done.result().output


@pytest.mark.parametrize("broken", BREAKS, ids=[each.rule for each in BREAKS])
def test_a_broken_rule_turns_its_test_red(broken: Break, outcomes: dict[str, Future[Ran]]) -> None:
    if why := lacking(broken):
        pytest.skip(why)
    done = outcomes[broken.rule].result()
    assert done.red, f"the rule was broken and nobody minded:\n{done.output}"


def test_no_rule_is_broken_twice_under_one_name() -> None:
    assert len({each.rule for each in BREAKS}) == len(BREAKS)
