"""Ingests and sweeps that a browser begins: how far they are, what came of them, and what stops them."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from clubs import ANNA, BEN, WORDS, Club
from countenance.policy.sessions import HOURS, IDLE
from countenance.registry import schema as t
from countenance.service import runner
from countenance.service.jobs import Jobs
from web.visitors import Visitor, site_of

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def visitor(club: Club) -> Iterator[Visitor]:
    """Anna, an operator, in her browser; a source with one file that is no picture and one that cannot be read."""
    folder = club.root / "source-party"
    folder.mkdir()
    (folder / "clip.mp4").write_bytes(b"moving")
    (folder / f"{HOSTILE}.jpg").write_bytes(b"no picture")
    club.source("party")
    site = site_of(club)
    visitor = Visitor(site)
    visitor.sign_in(ANNA)
    yield visitor
    site.runner.stop(30)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The work waits at its beginning until it is let go on."""
    go, real = threading.Event(), runner.Runner._teller

    def waits(self: runner.Runner, job: Any) -> Callable[[Any], None]:
        tell = real(self, job)

        def telling(now: Any) -> None:
            tell(now)
            go.wait(30)

        return telling

    monkeypatch.setattr(runner.Runner, "_teller", waits)
    monkeypatch.setattr(runner, "OFTEN", 0)
    yield go
    go.set()


def begun(visitor: Visitor, kind: str = "ingest", **fields: str) -> str:
    """The job's number."""
    answer = visitor.act(f"/sources/1/{kind}", **fields)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"].removeprefix("/jobs/"))


def state(visitor: Visitor, job: str) -> str:
    told = re.search(r'data-state="(\w+)"', visitor.browser.get(f"/jobs/{job}/standing").text)
    assert told
    return told[1]


def ended(visitor: Visitor, job: str) -> str:
    until = time.monotonic() + 30
    while (now := state(visitor, job)) == "running":
        assert time.monotonic() < until
        time.sleep(0.02)
    return now


def test_an_ingest_is_begun_on_the_page_and_its_end_is_told(visitor: Visitor) -> None:
    job = begun(visitor, detect="quick", again="yes")
    assert ended(visitor, job) == "done"
    page = visitor.browser.get(f"/jobs/{job}").text
    assert "Ingest of party" in page
    assert 'value="100"' in page
    for said in ("Cannot be read", "Videos"):  # why, without the names: those stand on the source's page
        assert said in page
    assert "onerror" not in page
    source = visitor.browser.get("/sources/1").text
    assert "&lt;img src=x onerror=alert(1)&gt;.jpg" in source
    assert HOSTILE not in source
    assert f'href="/jobs/{job}"' in source
    listed = visitor.browser.get("/jobs").text
    assert "Ingest of party" in listed
    assert ANNA in listed
    swept = begun(visitor, "sweep")
    assert ended(visitor, swept) == "done"
    assert "Sweep of party" in visitor.browser.get("/jobs").text


def test_what_came_of_a_job_is_told_after_the_server_was_started_anew(visitor: Visitor, club: Club) -> None:
    job = begun(visitor)
    ended(visitor, job)
    club.reopen()
    again = Visitor(site_of(club))
    again.sign_in(ANNA)
    assert state(again, job) == "done"
    assert "Videos" in again.browser.get(f"/jobs/{job}").text


def test_a_job_is_stopped_and_a_second_click_leads_to_the_one_that_runs(
    visitor: Visitor, slow: threading.Event
) -> None:
    job = begun(visitor)
    assert begun(visitor) == job
    page = visitor.browser.get(f"/jobs/{job}").text
    assert f'action="/jobs/{job}/stop"' in page
    assert 'role="status"' in page
    stopped = visitor.act(f"/jobs/{job}/stop")
    assert stopped.headers["location"] == f"/jobs/{job}"
    told = visitor.browser.get(f"/jobs/{job}").text
    assert "It stops after the photos in hand." in told
    assert f'action="/jobs/{job}/stop"' not in told
    slow.set()
    assert ended(visitor, job) == "cancelled"
    assert visitor.act(f"/jobs/{job}/stop").status_code == 404
    assert ended(visitor, begun(visitor)) == "done"


def test_a_process_that_is_gone_is_told_as_such(visitor: Visitor, club: Club) -> None:
    jobs = Jobs(club.anna.context)
    with jobs.lock("gone"):
        job = jobs.begin("ingest", club.anna.sources.get("party").id, "gone", again=False, detect=None).id
        assert state(visitor, job) == "running"
    assert state(visitor, job) == "interrupted"
    assert "The process that did it is gone" in visitor.browser.get(f"/jobs/{job}").text


def test_what_kept_an_ingest_from_going_on_is_told(visitor: Visitor, club: Club) -> None:
    club.anna.sources.stop("party", reason="an order")
    assert "Begin the ingest" not in visitor.browser.get("/sources/1").text
    job = begun(visitor)
    assert ended(visitor, job) == "failed"
    assert "stopped" in visitor.browser.get(f"/jobs/{job}").text


def test_p21_only_an_operator_begins_or_stops_and_only_the_controller_adds(
    visitor: Visitor, club: Club, slow: threading.Event
) -> None:
    job = begun(visitor)
    officer = Visitor(visitor.site)
    officer.sign_in(BEN)
    assert officer.browser.get(f"/jobs/{job}").status_code == 200
    assert "Begin the ingest" not in officer.browser.get("/sources/1").text
    for path in ("/sources/1/ingest", "/sources/1/sweep", f"/jobs/{job}/stop"):
        assert officer.act(path).status_code == 403
    WORDS["op@club.example"] = "words of an operator"
    club.anna.accounts.add("op@club.example", roles=["operator"], passphrase=WORDS["op@club.example"])
    operator = Visitor(visitor.site)
    operator.sign_in("op@club.example")
    assert operator.act("/sources", name="x", place="y", statement="z").status_code == 403
    assert operator.browser.get("/sources/new").status_code == 403
    assert operator.act(f"/jobs/{job}/stop").status_code == 303


def test_p3_work_goes_on_while_its_browser_rests_and_ends_with_its_session(
    visitor: Visitor, club: Club, slow: threading.Event
) -> None:
    job = begun(visitor)
    club.clock.forward(seconds=IDLE + 1)
    assert visitor.browser.get("/sources").status_code == 303, "nobody was there: the browser is signed out"
    slow.set()
    watching = Visitor(visitor.site)
    watching.sign_in(ANNA)
    assert ended(watching, job) == "done"


@pytest.mark.parametrize("how", ["sign-out", "too long"])
def test_p3_work_whose_session_has_ended_keeps_nothing_more(
    visitor: Visitor, club: Club, slow: threading.Event, how: str
) -> None:
    job = begun(visitor)
    if how == "sign-out":
        visitor.act("/account/sign-out")
    else:
        club.clock.forward(seconds=HOURS * 3600)
    slow.set()
    watching = Visitor(visitor.site)
    watching.sign_in(ANNA)
    assert ended(watching, job) == "failed"
    with club.sql() as connection:
        assert connection.execute(sa.select(t.photos)).all() == []


def test_p3_a_page_that_asks_by_itself_does_not_keep_its_browser_signed_in(visitor: Visitor, club: Club) -> None:
    job = begun(visitor)
    ended(visitor, job)
    for _ in range(3):
        club.clock.forward(seconds=IDLE // 3 + 1)
        visitor.browser.get(f"/jobs/{job}/standing")
        visitor.browser.get("/sources/1/standing.json")
    assert visitor.browser.get("/sources").status_code == 303
