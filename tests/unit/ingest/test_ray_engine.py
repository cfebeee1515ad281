"""What becomes of photos when processes of a cluster are lost. The cluster is one of plain objects that end as told."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from countenance.errors import Unavailable, Unreadable
from countenance.ingest import ray_cluster
from countenance.ingest.engine import Seen
from countenance.ingest.marks import Marks
from countenance.ingest.ray_cluster import HERE, Cluster, Gone
from countenance.ingest.ray_engine import RayEngine
from countenance.ingest.sealing import Reader, seal
from countenance.ingest.wire import Answer, pack
from countenance.ingest.workers import Setup
from countenance.photos.store import Found
from countenance.vision.looking import Look

LOOK = Look(1, 1, "JPEG", "0" * 16)
PATHS = [f"{number:02}.jpg".encode() for number in range(20)]
FILES = [Found(path, 1, 1) for path in PATHS]


@dataclass(eq=False)
class Process:
    """Answers with what a `RayWorker` would, until it is told to end."""

    cluster: Plain
    public: bytes
    alive: bool = True

    def __getattr__(self, name: str) -> Any:
        return type("Method", (), {"remote": staticmethod(lambda *words: self.cluster.ask(self, name, *words))})

    def answered(self, name: str, *words: Any) -> Any:
        if name == "ready":
            return b""
        if name == "read":
            self.cluster.reads.append(words[1])
            return words[1].hex(), b""
        if name == "look":
            return seal(pack(Answer(Marks(), LOOK)), self.public, words[1]), b""
        return None


@dataclass(eq=False)
class Plain:
    """Answers the questions in the order in which they were asked. ``ends`` says which ones end their process."""

    ends: Callable[[str, tuple[Any, ...]], bool]
    room: int = 2
    public: bytes = b""
    """To whom the answers are sealed instead of the run, where it is given."""
    reads: list[bytes] = field(default_factory=list)
    hired: int = 0
    dismissed: int = 0
    questions: dict[int, tuple[Process, str, tuple[Any, ...]]] = field(default_factory=dict)
    numbers: Any = field(default_factory=itertools.count)

    def ask(self, process: Process, name: str, *words: Any) -> int:
        number = next(self.numbers)
        self.questions[number] = process, name, words
        return int(number)

    def hire(self, kind: type, arguments: Sequence[Any], at_once: int) -> Process:
        self.hired += 1
        return Process(self, self.public or arguments[2])

    def dismiss(self, process: Process) -> None:
        self.dismissed += 1

    def first(self, questions: Sequence[int], seconds: float) -> int | None:
        return min(questions, default=None)

    def answer(self, number: int) -> Any:
        process, name, words = self.questions.pop(number)
        if process.alive and self.ends(name, words):
            process.alive = False
        if not process.alive:
            raise Gone
        return process.answered(name, *words)

    def close(self) -> None:
        """Nothing is open."""


def looked(cluster: Plain, settled: Callable[[Found, str], bool] = lambda *_: False) -> list[Seen]:
    engine = RayEngine(cluster, lambda: None, Setup(), workers=2)  # type: ignore[arg-type, return-value]
    return list(engine.look(iter(FILES), None, settled=settled, scraped=False))  # type: ignore[arg-type]


def test_a_process_that_is_lost_costs_no_photo_and_none_comes_twice() -> None:
    answers = itertools.count()
    cluster = Plain(lambda *_: next(answers) % 7 == 6)
    asked: list[bytes] = []

    def settled(found: Found, digest: str) -> bool:
        asked.append(found.path)
        return False

    seen = looked(cluster, settled)
    assert sorted(one.file.path for one in seen) == PATHS
    assert all(one.look and not one.fault for one in seen)
    assert sorted(asked) == PATHS, "once for each content"
    assert len(cluster.reads) > len(PATHS), "some were read again"
    assert cluster.hired == cluster.dismissed > 2


def test_a_photo_that_ends_one_process_after_another_is_left_and_no_other_is() -> None:
    cluster = Plain(lambda name, words: name == "look" and words[1] == b"07.jpg")
    faults = {one.file.path: one.fault for one in looked(cluster) if one.fault}
    assert set(faults) == {b"07.jpg"}
    assert isinstance(faults[b"07.jpg"], Unreadable)
    assert cluster.hired == 2 + 3


def test_a_cluster_whose_processes_all_end_stops_the_run() -> None:
    cluster = Plain(lambda name, _: name == "ready")
    with pytest.raises(Unavailable, match="again and again"):
        looked(cluster)
    assert cluster.hired == cluster.dismissed


def test_what_is_settled_is_not_looked_at() -> None:
    cluster = Plain(lambda *_: False)
    seen = looked(cluster, lambda found, _: found.path < b"10.jpg")
    assert sorted(one.file.path for one in seen if one.settled) == PATHS[:10]
    assert all((one.look is None) == one.settled for one in seen)


def test_an_answer_that_was_sealed_to_somebody_else_stops_the_run() -> None:
    cluster = Plain(lambda *_: False, public=Reader().public)
    with pytest.raises(Unavailable, match="cannot be read"):
        looked(cluster)


@pytest.mark.parametrize("said", [Exception("The current node timed out during startup."), ConnectionError("refused")])
def test_a_cluster_that_does_not_start_is_told_in_two_lines(said: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a machine that has not started in time Ray says so with an Exception of no kind.

    Ray itself is left out: imported before a cluster is wanted, it would not know that one is entered with a token.
    """

    def never(*_: object, **__: object) -> None:
        raise said

    ray = SimpleNamespace(
        init=never,
        shutdown=lambda: None,
        is_initialized=lambda: False,
        exceptions=SimpleNamespace(RayError=RuntimeError),
    )
    monkeypatch.setattr(ray_cluster, "_library", lambda: ray)
    with pytest.raises(Unavailable, match="No cluster could be started here"):
        Cluster(HERE, 1)
