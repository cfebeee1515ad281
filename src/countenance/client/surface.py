"""Every method of the client, written once: each builds what it asks for; `asking` makes an answer of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from countenance.client import results
from countenance.client.asking import Ask, K, Part, asks, photo_of
from countenance.client.results import (
    Basis,
    Case,
    Certified,
    Detected,
    Enrolled,
    Found,
    Job,
    Review,
    Source,
    Subject,
    Verified,
    made,
)

Photo = str | Path | bytes
EVENTS = "/v1/jobs/{job}/events"
"""The one route that streams: `follow` of both clients."""


class Subjects(Part[K]):
    """The people who may be found."""

    @asks("GET", "/v1/subjects")
    def list(self) -> Ask[list[Subject]]:
        """Everybody who is here."""
        return Ask(_many(partial(made, Subject)), paged=True)

    @asks("GET", "/v1/subjects/{handle}")
    def get(self, handle: Subject | str) -> Ask[Subject]:
        """One person. Raises `NotFound`."""
        return Ask(partial(made, Subject), {"handle": str(handle)})

    @asks("POST", "/v1/subjects", repeats=True)
    def add(
        self,
        name: str,
        *,
        territory: str,
        handle: str | None = None,
        contact: str | None = None,
        birth_year: int | None = None,
        guardian: str | None = None,
    ) -> Ask[Subject]:
        """Record a person. Nothing of their face is stored by this."""
        fields = {
            "name": name, "territory": territory, "handle": handle, "contact": contact, "birth_year": birth_year,
            "guardian": guardian,
        }  # fmt: skip
        return Ask(partial(made, Subject), fields=fields)


class Bases(Part[K]):
    """Why each of them may be held."""

    @asks("GET", "/v1/subjects/{handle}/bases")
    def list(self, subject: Subject | str) -> Ask[list[Basis]]:
        """A person's bases, each with what it waits for."""
        return Ask(_many(results.basis), {"handle": str(subject)}, paged=True)

    @asks("POST", "/v1/subjects/{handle}/bases", repeats=True)
    def record(
        self,
        subject: Subject | str,
        *,
        ground: str,
        condition: str,
        purposes: Iterable[str],
        evidence: Photo,
        notice: str | None = None,
        until: str | None = None,
        collective: bool = False,
    ) -> Ask[Basis]:
        """Record why a person's face may be held. It finds nobody until a person, and no program, has confirmed it."""
        form = {
            "ground": ground, "condition": condition, "purposes": ",".join(sorted(purposes)), "notice": notice,
            "until": until, "collective": collective,
        }  # fmt: skip
        return Ask(results.basis, {"handle": str(subject)}, form=form, files={"evidence": photo_of(evidence)})


class Sources(Part[K]):
    """Folders, archives and buckets with photos."""

    @asks("GET", "/v1/sources")
    def list(self) -> Ask[list[Source]]:
        """All sources, without where they lie."""
        return Ask(_many(partial(made, Source)), paged=True)


class Cases(Part[K]):
    """What searches belong to."""

    @asks("GET", "/v1/cases")
    def list(self) -> Ask[list[Case]]:
        """The organisation's own cases."""
        return Ask(_many(partial(made, Case)), paged=True)


class Reviews(Part[K]):
    """What people decide about candidates. A program reads it; to confirm or reject takes a person's own key."""

    @asks("GET", "/v1/reviews")
    def list(self) -> Ask[list[Review]]:
        """Reviews of the organisation's own searches."""
        return Ask(_many(results.review), paged=True)


class Jobs(Part[K]):
    """Long work: ingests and sweeps."""

    @asks("GET", "/v1/jobs")
    def list(self) -> Ask[list[Job]]:
        """The jobs of the last 30 days."""
        return Ask(_many(partial(made, Job)), paged=True)

    @asks("GET", "/v1/jobs/{job}")
    def get(self, job: Job | str) -> Ask[Job]:
        """How far one is, or what came of it."""
        return Ask(partial(made, Job), {"job": str(job)})

    @asks("POST", "/v1/jobs/{job}/cancel")
    def cancel(self, job: Job | str) -> Ask[Job]:
        """Have it stop after the photos in hand; what was kept before stays."""
        return Ask(partial(made, Job), {"job": str(job)})

    @asks("POST", "/v1/sources/{name}/ingest", repeats=True)
    def ingest(self, source: Source | str, *, again: bool = False, detect: str | None = None) -> Ask[Job]:
        """Begin an ingest, and return at once; `Client.ingest` follows it as well."""
        return Ask(partial(made, Job), {"name": str(source)}, fields={"again": again, "detect": detect})

    @asks("POST", "/v1/sweeps", repeats=True)
    def sweep(self, source: Source | str | None = None) -> Ask[Job]:
        """Begin a sweep of one source, or of all, and return at once."""
        return Ask(partial(made, Job), fields={"source": None if source is None else str(source)})


class Log(Part[K]):
    """The tamper-evident record."""

    @asks("GET", "/v1/log/checkpoint")
    def checkpoint(self) -> Ask[dict[str, Any]]:
        """The log's signed checkpoint, and the key that it is checked with."""
        return Ask(dict)

    @asks("GET", "/v1/log/entries")
    def entries(self) -> Ask[list[dict[str, Any]]]:
        """All entries, oldest first."""
        return Ask(_many(dict), paged=True)

    @asks("GET", "/v1/log/entries/{index}/proof")
    def prove(self, index: int) -> Ask[dict[str, Any]]:
        """A signed proof that an entry is in the log, for ``countenance-check``."""
        return Ask(dict, {"index": str(index)})


class Surface(Part[K]):
    """One gallery, reached by an API key: its parts, and what is done with them."""

    def __init__(self, perform: Callable[[Ask[Any]], Any]) -> None:
        super().__init__(perform)
        self.subjects: Subjects[K] = Subjects(perform)
        self.bases: Bases[K] = Bases(perform)
        self.sources: Sources[K] = Sources(perform)
        self.cases: Cases[K] = Cases(perform)
        self.reviews: Reviews[K] = Reviews(perform)
        self.jobs: Jobs[K] = Jobs(perform)
        self.log: Log[K] = Log(perform)

    @asks("GET", "/v1/status")
    def status(self) -> Ask[dict[str, Any]]:
        """Version, models, counts, the log's checkpoint."""
        return Ask(dict)

    @asks("GET", "/v1/whoami")
    def whoami(self) -> Ask[dict[str, Any]]:
        """Whose key this is, and how far it reaches."""
        return Ask(dict)

    @asks("POST", "/v1/subjects/{handle}/references", repeats=True)
    def enrol(
        self, subject: Subject | str, photo: Photo, *, basis: Basis | str, face: int | None = None
    ) -> Ask[Enrolled]:
        """Enrol a person from a photo of them alone; ``face``: its number where there are several."""
        form = {"basis": str(basis), "face": face}
        return Ask(partial(made, Enrolled), {"handle": str(subject)}, form=form, files={"photo": photo_of(photo)})

    @asks("POST", "/v1/detect")
    def detect(self, photo: Photo) -> Ask[Detected]:
        """Where the faces in a photo are. Nobody is compared, nothing is kept."""
        return Ask(results.detected, files={"photo": photo_of(photo)})

    @asks("POST", "/v1/search")
    def search(
        self,
        photo: Photo,
        *,
        purpose: str | None = None,
        case: str | None = None,
        face: int | None = None,
        limit: int | None = None,
        threshold: float | str | None = None,
        on_behalf_of: Subject | str | None = None,
    ) -> Ask[Found]:
        """Find who resembles the face in a photo. A candidate is not an identification: a person must look."""
        form = {
            "purpose": purpose, "case": case, "face": face, "limit": limit, "threshold": threshold,
            "on_behalf_of": None if on_behalf_of is None else str(on_behalf_of),
        }  # fmt: skip
        return Ask(results.found, form=form, files={"photo": photo_of(photo)})

    @asks("POST", "/v1/verify")
    def verify(
        self, first: Photo, second: Photo, *, purpose: str | None = None, case: str | None = None
    ) -> Ask[Verified]:
        """Compare two faces, 1:1."""
        files = {"first": photo_of(first), "second": photo_of(second)}
        return Ask(partial(made, Verified), form={"purpose": purpose, "case": case}, files=files)

    @asks("POST", "/v1/subjects/{handle}/withdraw", repeats=True)
    def withdraw(self, subject: Subject | str, bases: Sequence[Basis | str] | None = None) -> Ask[int]:
        """Withdraw a person's bases, all or some: the next search does not find them. Gives the log's index."""
        fields = {"bases": None if bases is None else [str(each) for each in bases]}
        return Ask(lambda told: int(told["log"]["index"]), {"handle": str(subject)}, fields=fields)

    @asks("POST", "/v1/subjects/{handle}/erase", repeats=True)
    def erase(self, subject: Subject | str, *, reason: str) -> Ask[Certified]:
        """Erase a person, with a certificate."""
        return Ask(partial(made, Certified), {"handle": str(subject)}, fields={"reason": reason})


def _many(one: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda items: [one(each) for each in items]
