"""A club to test with: founded in a temporary folder, two accounts, a clock that can be moved.

Everything is the real part: registry and vault on files, index, log, desk, gallery. Only the pixels are left out where
a test is about rules: `Club.enrol`, `Club.ingest` and `Club.search` hand made-up templates to the gallery, with grants
from the desk, exactly as the service does with templates that vision has made.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from countenance.config import FILE_NAME
from countenance.gallery.batch import Kept, Looked, PhotoFile
from countenance.gallery.enrolments import Enrolment
from countenance.gallery.gallery import Answer, Comparison
from countenance.gallery.orphans import orphans as held_without_reason
from countenance.policy.desk import Ask
from countenance.registry import schema as t
from countenance.service.bases import Basis
from countenance.service.countenance import Countenance
from countenance.service.founding import Plan
from countenance.service.subjects import Subject
from countenance.types import (
    Box,
    Enrol,
    Face,
    Ingest,
    Probe,
    Quality,
    Search,
    SourceId,
    SubjectId,
    Template,
    Verify,
)
from countenance.vault import accounts
from countenance.vision.contract import embedding_contract
from countenance.wiring import found_gallery, open_gallery
from servers import Server

ANNA, BEN, CLEO = "anna@club.example", "ben@club.example", "cleo@club.example"
WORDS = {ANNA: "anna's words", BEN: "ben's words", CLEO: "cleo's words"}
PURPOSES = ("photo-library", "find-my-photos", "visitor-check-in")
THRESHOLD, HIGH = 0.57, 0.65
DAY = 86_400
START = 1_800_000_000
"""2027-01-15 08:00 UTC."""

SQLITE = "sqlite:///data/registry.db"
SEEDS = os.environ.get("COUNTENANCE_TEST_SEEDS")
"""Where clubs lie that the unbroken source founded: a process whose source is broken on purpose need not found its own.

`keep_seeds` puts them there. A rule that only a founding can show is tested again without them (see `workshop`)."""


class _Stretcher:
    """Stretching is slow on purpose. The same passphrase and salt give the same key, so it is done once a run."""

    def __init__(self) -> None:
        self._really = accounts._stretch
        self._kept = Path(SEEDS, "stretched.json") if SEEDS else None
        self.known = json.loads(self._kept.read_text()) if self._kept and self._kept.is_file() else {}

    def __call__(self, passphrase: str, salt: bytes) -> bytes:
        name = f"{salt.hex()} {passphrase}"
        if name not in self.known:
            self.known[name] = self._really(passphrase, salt).decode()
        return self.known[name].encode()


accounts._stretch = _Stretcher()


class MovableClock:
    """Stands still until it is moved."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def forward(self, *, days: int = 0, seconds: int = 0) -> None:
        self.now += days * DAY + seconds


# --- made-up faces ---------------------------------------------------------------------------------------------------


@functools.cache
def _people() -> np.ndarray:
    """64 people who do not resemble one another at all: orthonormal, none of them a face."""
    random = np.random.default_rng(20261122)
    square, _ = np.linalg.qr(random.standard_normal((128, 128)))
    return square.astype(np.float32)


def template(person: int, photo: int = 0) -> Template:
    """A template of one of 64 made-up people: any two of one person have a cosine of 0.8 or more, of two under 0.35."""
    shared = _people()[person % 64]
    random = np.random.default_rng([person, photo])
    noise = random.standard_normal(128)
    noise -= noise @ shared * shared
    vector = shared + 0.3 * noise / np.linalg.norm(noise)
    return Template((vector / np.linalg.norm(vector)).astype(np.float32), embedding_contract())


def face(place: int = 0) -> Face:
    """A detection of no importance."""
    points = ((20.0, 20.0), (40.0, 20.0), (30.0, 30.0), (22.0, 42.0), (38.0, 42.0))
    return Face(Box(10.0 + 100 * place, 10, 80, 80), points, 0.9, Quality(80, 100, 120, 0, 0))


def probe(person: int, photo: int = 900) -> Probe:
    """A face to search for."""
    commitment = hashlib.sha256(f"probe {person} {photo}".encode()).hexdigest()
    return Probe(face(), template(person, photo), commitment)


def enrolment(person: int, photo: int = 0) -> Enrolment:
    """An enrolment photo of a made-up person."""
    digest = hashlib.sha256(f"photo {person} {photo}".encode()).hexdigest()
    return Enrolment(face(), template(person, photo), f"/pictures/person-{person}-{photo}.jpg", digest)


def looked(name: str, people: Sequence[int], photo: int = 500) -> Looked:
    """A photo in which these people were seen."""
    file = PhotoFile(name.encode(), 1000, 1, hashlib.sha256(name.encode()).hexdigest())
    faces = [face(place) for place in range(len(people))]
    return Looked(file, 4000, 3000, faces=faces, templates=[template(person, photo) for person in people])


@functools.cache
def _seed(engine: str, founded: int, registry: str = SQLITE) -> Path:
    """A club as it is founded, once a run; every test gets a copy, with keys, vault, registry and log of its own."""
    if SEEDS and registry == SQLITE and (kept := Path(SEEDS, f"{engine}-{founded}")).is_dir():
        return kept
    root = Path(tempfile.mkdtemp(prefix="countenance-seed-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    return _found(root, engine, founded, registry)


def _found(root: Path, engine: str, founded: int, registry: str = SQLITE) -> Path:
    plan = Plan(
        root / "club", "Rowing Club", ANNA, WORDS[ANNA], PURPOSES, keys=root / "keys", threshold=THRESHOLD, high=HIGH,
        registry=registry,
    )  # fmt: skip
    with found_gallery(plan, clock=MovableClock(founded)) as founding:
        founding.accounts.add(BEN, roles=["controller", "officer"], passphrase=WORDS[BEN])
    config = root / "club" / FILE_NAME
    config.write_text(config.read_text().replace('engine = "embedded"', f'engine = "{engine}"'))
    return root


def keep_seeds(folder: Path) -> None:
    """Found what nearly every test begins with, below ``folder``."""
    for engine in ("embedded", "exact"):
        _found(folder / f"{engine}-{START}", engine, START)
    folder.joinpath("stretched.json").write_text(json.dumps(accounts._stretch.known))


@functools.cache
def _database(server: Server, engine: str, founded: int) -> str:
    """The database that this seed is founded in."""
    return server.copy()


# --- the club --------------------------------------------------------------------------------------------------------


@dataclass
class Club:
    """A founded gallery and those who have it open."""

    root: Path
    engine: str = "embedded"
    clock: MovableClock = field(default_factory=MovableClock)
    opened: list[Countenance] = field(default_factory=list)
    server: Server | None = None
    """Where its records are, if on PostgreSQL."""
    anna: Countenance = field(init=False)
    ben: Countenance = field(init=False)

    def __post_init__(self) -> None:
        founded = min(START, self.clock())  # a log does not go back in time
        if self.server is None:
            seed, moved = _seed(self.engine, founded), {}
        else:
            database = _database(self.server, self.engine, founded)
            seed = _seed(self.engine, founded, self.server.url(database))
            moved = {self.server.url(database): self.server.url(self.server.copy(database))}
        shutil.copytree(seed, self.root, dirs_exist_ok=True)
        config = self.folder / FILE_NAME
        text = config.read_text().replace(str(seed), str(self.root))
        for before, now in moved.items():
            text = text.replace(before, now)
        config.write_text(text)
        self.form = self.root / "form.pdf"
        self.form.write_text("signed form")
        self.notice = self.root / "notice.txt"
        self.notice.write_text("We look for your face in our own pictures.")
        self.anna, self.ben = self.open(ANNA), self.open(BEN)
        self.anna.notices.add("notice-2027", text=self.notice, channel="form")

    @property
    def folder(self) -> Path:
        return self.root / "club"

    @property
    def places(self) -> tuple[Path, ...]:
        """Where our own files lie: data and vault."""
        return self.folder / "data", self.folder / "vault"

    def open(self, account: str | None) -> Countenance:
        """One more session."""
        words = WORDS.get(account or "", "words")
        session = open_gallery(self.folder, account=account, passphrase=words, clock=self.clock)
        self.opened.append(session)
        return session

    @property
    def cleo(self) -> Countenance:
        """A third person, with every role: added when first asked for. Until then the club is solo (P18)."""
        for session in self.opened:
            if session.context.actor and session.context.actor.email == CLEO:
                return session
        if CLEO not in [account.email for account in self.anna.accounts.list()]:
            roles = ["controller", "operator", "reviewer", "officer"]
            self.anna.accounts.add(CLEO, roles=roles, passphrase=WORDS[CLEO])
        return self.open(CLEO)

    def reopen(self) -> None:
        """Let go of everything and open it anew: the index is built again from the registry."""
        self.close()
        self.anna, self.ben = self.open(ANNA), self.open(BEN)

    def configure(self, *lines: str) -> None:
        """Add lines to the configuration, and open everything anew with them."""
        config = self.folder / FILE_NAME
        config.write_text("\n".join([config.read_text(), *lines, ""]))
        self.reopen()

    def close(self) -> None:
        while self.opened:
            self.opened.pop().close()

    @contextmanager
    def sql(self) -> Iterator[sa.Connection]:
        """A write transaction around all rules, for what no use case offers yet (an authority's order) and for lies."""
        with self.anna.context.registry.write() as connection:
            yield connection

    # --- records in one line ---

    def subject(self, name: str, **more: Any) -> Subject:
        return self.anna.subjects.add(name, **({"territory": "GB"} | more))

    def basis(
        self,
        subject: Subject,
        purposes: Sequence[str] = ("photo-library",),
        *,
        live: bool = True,
        notice: str | None = "notice-2027",
        until: str | None = None,
        evidence: Path | None = None,
    ) -> Basis:
        """A recorded basis, countersigned by Ben unless ``live`` is false."""
        basis = self.anna.bases.record(
            subject, ground="consent", condition="explicit-consent", purposes=purposes, notice=notice, until=until,
            evidence=evidence or self.evidence(str(subject)),
        )  # fmt: skip
        return self.ben.bases.countersign(basis) if live else basis

    def evidence(self, words: str) -> Path:
        """A form of its own, so that nobody's is taken for a collective one."""
        self.form.write_text(f"signed form of {words}")
        return self.form

    def person(self, name: str, number: int, purposes: Sequence[str] = ("photo-library",), **more: Any) -> Subject:
        """Somebody who is enrolled, with a live basis and a notice, and can be found."""
        subject = self.subject(name, **more)
        self.enrol(subject, self.basis(subject, purposes), number)
        return subject

    def source(self, name: str = "party", purposes: Sequence[str] = ("photo-library",)) -> SourceId:
        folder = self.root / f"source-{name}"
        folder.mkdir(exist_ok=True)
        return self.anna.sources.add(name, folder, statement="our own photographer", purposes=purposes).id

    def order(self, kind: str, *, state: str = "in-force", **scope: Any) -> int:
        """An authority's order, written straight into the registry: the use case comes with its own issue."""
        values = {"organisation": 1, "kind": kind, "authority": "ICO", "state": state, "created": self.clock()}
        with self.sql() as connection:
            row = connection.execute(sa.insert(t.orders).values(**values, **scope))
            _everything_changed(connection)
            return int((row.inserted_primary_key or (0,))[0])

    def document(self, words: str = "notice of enforcement") -> Path:
        """An authority's document, whose hash depends on its words."""
        file = self.root / f"{hashlib.sha256(words.encode()).hexdigest()[:12]}.pdf"
        file.write_text(words)
        return file

    def obey(self, kind: str, **order: Any) -> str:
        """An authority's order through the service: proposed by Anna, approved by Ben and Cleo, and so in force."""
        cleo = self.cleo
        given = {"authority": "ICO", "evidence": self.document()} | order
        number = self.anna.orders.propose(kind, **given).id
        self.ben.orders.approve(number)
        cleo.orders.approve(number)
        return number

    def set_order(self, number: int, state: str) -> None:
        """Stay, revive or end an order."""
        with self.sql() as connection:
            connection.execute(sa.update(t.orders).where(t.orders.c.id == number).values(state=state))
            _everything_changed(connection)

    # --- through the desk and the gallery, without pixels ---

    def enrol(
        self, subject: Subject, basis: Basis, person: int, photo: int = 0, *, by: Countenance | None = None
    ) -> int:
        context = (by or self.anna).context
        grant = context.desk.decide(Enrol, Ask(subject=subject.id, basis=basis.number, facts={"basis": basis.id}))
        reference, _ = context.gallery.enrol(subject.id, basis.number, enrolment(person, photo), grant=grant)
        return int(reference)

    def ingest(self, source: SourceId, batch: Sequence[Looked], *, by: Countenance | None = None) -> Kept:
        context = (by or self.anna).context
        grant = context.desk.decide(Ingest, Ask(source=source, facts={"photos": len(batch)}))
        return context.gallery.keep_known(source, batch, grant=grant)

    def search(
        self,
        person: int,
        purpose: str | None = "photo-library",
        case: str | None = "press 12",
        *,
        by: Countenance | None = None,
        only: SubjectId | None = None,
        threshold: float | str | None = THRESHOLD,
        limit: int = 50,
    ) -> Answer:
        session = by or self.anna
        context = session.context
        number = session.cases.for_search(case, purpose)
        wanted = probe(person)
        ask = Ask(
            purpose=purpose, case_named=bool(case), case=number, on_behalf_of=only, facts={"probe": wanted.commitment}
        )
        grant = context.desk.decide(Search, ask)
        return context.gallery.search(wanted, limit=limit, threshold=threshold, only=only, grant=grant)

    def verify(self, one: int, other: int, case: str = "press 12", purpose: str = "photo-library") -> Comparison:
        context = self.anna.context
        number = self.anna.cases.for_search(case, purpose)
        grant = context.desk.decide(Verify, Ask(purpose=purpose, case_named=True, case=number))
        return context.gallery.verify(probe(one), probe(other, 901), grant=grant)

    def found(self, person: int, purpose: str = "photo-library", **more: Any) -> list[str]:
        """The handles that a search shows, best first."""
        return [candidate.subject for candidate in self.search(person, purpose, **more).candidates]


def _everything_changed(connection: sa.Connection) -> None:
    """What an order does to the registry sequence: whoever it may bear on has changed."""
    numbers = connection.scalars(sa.select(t.subjects.c.id)).all()
    if numbers:
        connection.execute(sa.insert(t.changes), [{"subject": number} for number in numbers])


def orphans(club: Club) -> list[str]:
    """What the registry or the vault holds of anybody without a reason to. Always empty, or a promise is broken."""
    context = club.anna.context
    with context.registry.read() as connection:
        return held_without_reason(connection, context.keys.vault.ids())
