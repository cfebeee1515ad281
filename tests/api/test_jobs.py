"""Long work over HTTP: begun, followed, cancelled, interrupted, begun again."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from callers import Api, serving
from countenance.registry import schema as t
from countenance.samples import cast
from countenance.service import runner
from countenance.service.jobs import Jobs

STRANGER = cast().identities[-1]


@pytest.fixture
def small(api: Api) -> Iterator[Api]:
    """A source without a picture: there is little to do in it."""
    folder = api.club.root / "source-party"
    folder.mkdir()
    (folder / "clip.mp4").write_bytes(b"moving")
    api.club.source("party")
    yield api
    api.browser.app.state.service.runner.stop(30)


@pytest.fixture
def party(small: Api) -> Api:
    """And three photos; in two of them is Ada, who agreed."""
    people, folder = cast(), small.club.root / "source-party"
    for number, photo in enumerate([people.photos("Ada")[1], people.photos("Ada")[2], people.photos(STRANGER)[1]]):
        shutil.copyfile(photo, folder / f"{number}.jpg")
    ada = small.club.subject("Ada")
    small.club.anna.enrol(ada, people.portrait("Ada"), basis=small.club.basis(ada))
    return small


def followed(api: Api, job: str) -> list[dict[str, Any]]:
    """All events to the end."""
    with api.browser.stream("GET", f"/v1/jobs/{job}/events", headers=bearer(api)) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in answer.iter_lines() if line.startswith("data: ")]
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def bearer(api: Api) -> dict[str, str]:
    return {"authorization": f"Bearer {api.key('controller operator officer').token}"}


def test_an_ingest_is_a_job_that_is_followed_to_its_end(party: Api) -> None:
    begun = party.post("/v1/sources/party/ingest", json={}, headers={"idempotency-key": "1"})
    assert begun.status_code == 202, begun.text
    job = begun.json()["id"]
    assert begun.headers["location"] == f"/v1/jobs/{job}"
    events = followed(party, job)
    assert {each["event"] for each in events[:-1]} <= {"progress"}
    assert (events[-1]["event"], events[-1]["photos"], events[-1]["faces_kept"]) == ("done", 3, 2)
    assert events[-1]["skipped_by"] == {"video": 1}
    told = party.get(f"/v1/jobs/{job}").json()
    assert (told["state"], told["error"], told["account"]) == ("done", None, "anna@club.example")
    assert told["report"] == {name: value for name, value in events[-1].items() if name != "event"}
    again = party.post("/v1/sources/party/ingest", json={}, headers={"idempotency-key": "1"})
    assert again.json()["id"] == job, "sent twice, begun once"
    second = party.post("/v1/sources/party/ingest", json={}).json()["id"]
    assert followed(party, second)[-1]["new"] == 0
    assert [each["id"] for each in party.get("/v1/jobs").json()["items"]] == [job, second]
    swept = party.post("/v1/sweeps", json={"source": "party"}).json()["id"]
    assert followed(party, swept)[-1]["event"] == "done"


def test_p6_a_job_s_record_names_no_file(small: Api) -> None:
    job = small.post("/v1/sources/party/ingest", json={}).json()["id"]
    assert followed(small, job)[-1]["skipped"] == 1
    with small.club.sql() as connection:
        kept = [value for value in connection.execute(sa.select(t.jobs)).one() if isinstance(value, str)]
    assert not [text for text in kept if "clip" in text]


@pytest.fixture
def slow(small: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The work waits, once it has begun, until it is let go on."""
    go, real = threading.Event(), runner.Runner._teller

    def waits(self: runner.Runner, job: Any) -> Any:
        tell = real(self, job)

        def telling(now: Any) -> None:
            go.wait(30)
            tell(now)

        return telling

    monkeypatch.setattr(runner.Runner, "_teller", waits)
    monkeypatch.setattr(runner, "OFTEN", 0)
    yield go
    go.set()


def ended(api: Api, job: str) -> dict[str, Any]:
    until = time.monotonic() + 30
    while (told := api.get(f"/v1/jobs/{job}").json())["state"] == "running":
        assert time.monotonic() < until
        time.sleep(0.02)
    return told


def test_a_job_is_cancelled_and_one_source_has_one_ingest(small: Api, slow: threading.Event) -> None:
    job = small.post("/v1/sources/party/ingest", json={}).json()["id"]
    other = small.post("/v1/sources/party/ingest", json={})
    assert (other.status_code, other.json()["code"]) == (409, "busy")
    assert job in other.json()["detail"]
    assert small.post(f"/v1/jobs/{job}/cancel", roles="officer").status_code == 403
    told = small.post(f"/v1/jobs/{job}/cancel").json()
    assert (told["state"], told["cancelling"]) == ("running", True)
    slow.set()
    assert ended(small, job)["state"] == "cancelled"
    assert small.post(f"/v1/jobs/{job}/cancel").status_code == 404
    assert followed(small, small.post("/v1/sources/party/ingest", json={}).json()["id"])[-1]["event"] == "done"


def test_p3_a_key_that_is_revoked_ends_its_work(small: Api, slow: threading.Event) -> None:
    made = small.key("operator")
    (small.club.root / "source-party" / "one.jpg").write_bytes(b"no picture")
    job = small.post("/v1/sources/party/ingest", roles="operator", json={}).json()["id"]
    small.club.anna.api_keys.revoke(made.key)
    slow.set()
    told = ended(small, job)
    assert (told["state"], told["error"]["code"]) == ("failed", "not-signed-in")
    with small.club.sql() as connection:
        assert connection.execute(sa.select(t.photos)).all() == []


def test_a_service_that_stops_leaves_its_work_to_be_gone_on_with(small: Api, slow: threading.Event) -> None:
    job = small.post("/v1/sources/party/ingest", json={}).json()["id"]
    service = small.browser.app.state.service
    service.stopping.set()
    slow.set()
    service.runner.stop(30)
    with serving(small.club) as again:
        small.browser = again
        assert small.get(f"/v1/jobs/{job}").json()["state"] == "interrupted"
        assert followed(small, job) == [{"event": "interrupted"}]
        last = followed(small, small.post("/v1/sources/party/ingest", json={}).json()["id"])[-1]
        again.app.state.service.runner.stop(30)
    assert last["event"] == "done"


def test_a_job_whose_process_is_gone_was_interrupted(small: Api) -> None:
    jobs = Jobs(small.club.anna.context)
    source = small.club.anna.sources.get("party").id
    with jobs.lock("here"):
        job = jobs.begin("ingest", source, "here", again=False, detect=None).id
        assert small.get(f"/v1/jobs/{job}").json()["state"] == "running"
    assert small.get(f"/v1/jobs/{job}").json()["state"] == "interrupted"
    assert not jobs.lock_file("here").exists()
    assert followed(small, small.post("/v1/sources/party/ingest", json={}).json()["id"])[-1]["event"] == "done"


def test_p21_a_program_ingests_with_the_role_for_it_alone(small: Api) -> None:
    for roles in ("controller", "officer"):
        assert small.post("/v1/sources/party/ingest", roles=roles, json={}).json()["code"] == "role"
        assert small.post("/v1/sweeps", roles=roles, json={}).json()["code"] == "role"
    assert small.get("/v1/jobs").json()["items"] == []


def test_what_is_told_of_jobs_goes_after_thirty_days(small: Api) -> None:
    job = small.post("/v1/sources/party/ingest", json={}).json()["id"]
    followed(small, job)
    small.club.clock.forward(days=31)
    token = small.club.anna.api_keys.create("x", roles=["operator"], purposes=["photo-library"]).token
    headers = {"authorization": f"Bearer {token}"}
    small.browser.post("/v1/sources/party/ingest", json={}, headers=headers)
    assert small.browser.get(f"/v1/jobs/{job}", headers=headers).status_code == 404


def test_a_source_that_is_not_there_and_one_that_is_stopped(small: Api) -> None:
    assert small.post("/v1/sources/nowhere/ingest", json={}).status_code == 404
    assert small.post("/v1/sources/party/ingest", json={"detect": "hard"}).status_code == 422
    small.club.anna.sources.stop("party", reason="an order")
    told = ended(small, small.post("/v1/sources/party/ingest", json={}).json()["id"])
    assert (told["state"], told["error"]["code"]) == ("failed", "source")
