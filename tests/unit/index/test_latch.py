"""The latch: many look at once, a change is alone, and does not wait for ever behind those who look."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from countenance.index.latch import Latch

SOON = 10


def test_two_look_at_once() -> None:
    latch, both, inside = Latch(), threading.Barrier(2), []

    def look() -> None:
        with latch.shared():
            both.wait(SOON)  # neither gets on unless the other is in as well
            inside.append(threading.get_ident())

    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(look), pool.submit(look)]:
            each.result(SOON)
    assert len(set(inside)) == 2


def test_a_change_waits_for_those_who_look_and_goes_before_those_who_come() -> None:
    latch, order = Latch(), []
    looking, leave = threading.Event(), threading.Event()

    def look_long() -> None:
        with latch.shared():
            looking.set()
            leave.wait(SOON)
            order.append("first look")

    def change() -> None:
        with latch.alone():
            order.append("change")

    def look() -> None:
        with latch.shared():
            order.append("second look")

    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(look_long)]
        assert looking.wait(SOON)
        jobs.append(pool.submit(change))
        while not latch._waiting:
            pass
        jobs.append(pool.submit(look))
        leave.set()
        for each in jobs:
            each.result(SOON)
    assert order == ["first look", "change", "second look"]


@pytest.mark.parametrize("way", ["shared", "alone"])
def test_an_error_inside_lets_the_next_one_in(way: str) -> None:
    latch = Latch()
    with pytest.raises(KeyError), getattr(latch, way)():
        raise KeyError
    with latch.alone():
        pass
    with latch.shared():
        pass
