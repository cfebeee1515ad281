"""The whole gallery against a plain model: whoever may be found is found, and nobody else, whatever came before.

Hypothesis plays people: it records, confirms, enrols, ingests, searches, withdraws, erases, moves the clock, issues
orders, opens the gallery anew, and works in two sessions at once. The model knows nothing of SQL, keys or indexes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from clubs import ANNA, DAY, PURPOSES, START, THRESHOLD, Club, looked, orphans, probe, template
from countenance.errors import AlreadyExists, Held, NoAgreement, NoBasis, NotFound, PurposeRefused, TerritoryRefused
from countenance.registry import schema as t

SHRINK = os.environ.get("COUNTENANCE_SHRINK") == "1"
"""Shrinking a failure takes minutes, so it is asked for once there is one."""
LONG = os.environ.get("COUNTENANCE_LONG") == "1"
DAYS = {"find-my-photos": 90, "visitor-check-in": 1, "photo-library": 1095}
PEOPLE = st.integers(0, 3)
PICK = st.integers(0, 3)
SESSION = st.integers(0, 1)


@dataclass
class Basis:
    subject: str
    purposes: frozenset[str]
    ends: int
    state: str = "pending"
    noticed: bool = False


@dataclass
class Person:
    number: int
    face: int
    territory: str
    birth_year: int | None
    references: dict[int, str] = field(default_factory=dict)  # photo → basis

    def may(self, purposes: frozenset[str], now: int) -> frozenset[str]:
        minor = self.birth_year is not None and datetime.fromtimestamp(now, UTC).year - self.birth_year <= 18
        return purposes & {"find-my-photos"} if minor else purposes


@dataclass
class Order:
    number: int
    kind: str
    subject: str | None
    territory: str | None
    in_force: bool = True

    def bears_on(self, handle: str, territory: str) -> bool:
        if not self.in_force:
            return False
        return self.subject == handle or (self.territory is not None and territory in {self.territory, "unknown"})


class GalleryMachine(RuleBasedStateMachine):
    engine = "exact"

    def __init__(self) -> None:
        super().__init__()
        memory = Path("/dev/shm")  # noqa: S108
        self.root = Path(tempfile.mkdtemp(prefix="countenance-machine-", dir=memory if memory.is_dir() else None))
        self.people: dict[str, Person] = {}
        self.bases: dict[str, Basis] = {}
        self.orders: list[Order] = []
        self.shown_in: dict[tuple[str, str, str], tuple[str, float]] = {}  # (source, photo, handle) → (basis, score)
        self.agreements = [START + 365 * DAY]
        self.counter = 0

    @initialize()
    def found(self) -> None:
        self.club = Club(self.root, engine=self.engine)
        self.sources = {
            "party": (self.club.source("party", ["photo-library"]), frozenset({"photo-library"})),
            "both": (
                self.club.source("both", ["photo-library", "find-my-photos"]),
                frozenset({"photo-library", "find-my-photos"}),
            ),
        }
        self.second = self.club.open(ANNA)
        # Three people to begin with, so that most steps meet somebody: two can be found, one lacks a notice.
        for face, territory, noticed in ((0, "GB", True), (1, "unknown", True), (2, "DE", False)):
            handle = self.new_subject(face, territory, None)
            number = self.new_basis(handle, {"photo-library"}, noticed=noticed, confirmed=True)
            self.enrol_under(number, 0, self.club.anna)

    def teardown(self) -> None:
        if hasattr(self, "club"):
            self.club.anna.check_log()
            self.club.close()
        shutil.rmtree(self.root, ignore_errors=True)

    # --- the model's answers ---

    @property
    def now(self) -> int:
        return self.club.clock.now

    def by(self, session: int):
        return self.second if session else self.club.anna

    def handle(self, pick: int) -> str:
        return sorted(self.people)[pick % len(self.people)]

    def basis(self, pick: int) -> str:
        return sorted(self.bases, key=lambda each: int(each[1:]))[pick % len(self.bases)]

    def ordered(self, kind: tuple[str, ...], handle: str) -> bool:
        return any(o.kind in kind and o.bears_on(handle, self.people[handle].territory) for o in self.orders)

    def basis_serves(self, number: str, wanted: frozenset[str]) -> bool:
        basis = self.bases[number]
        return basis.state == "live" and basis.noticed and self.now < basis.ends and bool(basis.purposes & wanted)

    def scores(
        self, vector: np.ndarray, wanted: frozenset[str], only: str | None = None
    ) -> list[tuple[str, str, float]]:
        """(handle, basis, score) of everybody who may be shown for one of these purposes, best first."""
        best = {}
        for handle, person in self.people.items():
            if only not in (None, handle) or self.ordered(("quarantine", "erase"), handle):
                continue
            for photo, number in person.references.items():
                if not self.basis_serves(number, person.may(wanted, self.now)):
                    continue
                score = float(np.dot(template(person.face, photo).vector, vector))
                if handle not in best or score > best[handle][2]:
                    best[handle] = (handle, number, score)
        return sorted(best.values(), key=lambda each: (-each[2], self.people[each[0]].number))

    def appearances(self, handle: str, purpose: str) -> set[tuple[str, str]]:
        return {
            (source, photo)
            for (source, photo, whose), (number, _) in self.shown_in.items()
            if whose == handle
            and self.bases[number].state == "live"
            and self.now < self.bases[number].ends
            and purpose in self.bases[number].purposes
            and purpose in self.sources[source][1]
        }

    # --- in ---

    @rule(
        face=PEOPLE, territory=st.sampled_from(["GB", "DE", "unknown"]), birth_year=st.sampled_from([None, 1990, 2010])
    )
    def add_subject(self, face: int, territory: str, birth_year: int | None) -> None:
        self.new_subject(face, territory, birth_year)

    def new_subject(self, face: int, territory: str, birth_year: int | None) -> str:
        self.counter += 1
        handle = f"person-{self.counter}"
        number = self.club.subject(handle, territory=territory, birth_year=birth_year).id
        self.people[handle] = Person(number, face, territory, birth_year)
        return handle

    @precondition(lambda self: self.people)
    @rule(
        pick=PICK, purposes=st.sets(st.sampled_from(PURPOSES), min_size=1), noticed=st.booleans(),
        confirmed=st.booleans(), photo=st.one_of(st.none(), st.integers(0, 2)),
    )  # fmt: skip
    def record_basis(self, pick: int, purposes: set[str], noticed: bool, confirmed: bool, photo: int | None) -> None:
        number = self.new_basis(self.handle(pick), purposes, noticed=noticed, confirmed=confirmed)
        if photo is not None:
            self.enrol_under(number, photo, self.club.anna)

    def new_basis(self, handle: str, purposes: set[str], *, noticed: bool, confirmed: bool) -> str:
        subject = self.club.anna.subjects.get(handle)
        notice = "notice-2027" if noticed else None
        number = self.club.basis(subject, sorted(purposes), live=confirmed, notice=notice).id
        ends = self.now + min(DAYS[each] for each in purposes) * DAY
        self.bases[number] = Basis(handle, frozenset(purposes), ends, "live" if confirmed else "pending", noticed)
        return number

    @precondition(lambda self: self.bases)
    @rule(pick=PICK, session=SESSION)
    def give_notice(self, pick: int, session: int) -> None:
        number = self.basis(pick)
        self.by(session).bases.give_notice(number, "notice-2027")
        self.bases[number].noticed = True

    @precondition(lambda self: self.bases)
    @rule(pick=PICK)
    def countersign(self, pick: int) -> None:
        number = self.basis(pick)
        basis = self.bases[number]
        if basis.state != "pending" or self.now >= basis.ends:
            with pytest.raises(NoBasis):
                self.club.ben.bases.countersign(number)
        else:
            self.club.ben.bases.countersign(number)
            basis.state = "live"

    @precondition(lambda self: self.bases)
    @rule(pick=PICK, photo=st.integers(0, 2), session=SESSION)
    def enrol(self, pick: int, photo: int, session: int) -> None:
        self.enrol_under(self.basis(pick), photo, self.by(session))

    def enrol_under(self, number: str, photo: int, by) -> None:
        basis = self.bases[number]
        person = self.people[basis.subject]
        subject, record = by.subjects.get(basis.subject), by.bases.get(number)
        refused = None
        if basis.state == "withdrawn" or self.now >= basis.ends:
            refused = NoBasis
        elif self.ordered(("stop",), basis.subject):
            refused = TerritoryRefused
        elif photo in person.references:
            refused = AlreadyExists
        if refused:
            with pytest.raises(refused):
                self.club.enrol(subject, record, person.face, photo, by=by)
        else:
            self.club.enrol(subject, record, person.face, photo, by=by)
            person.references[photo] = number

    @rule(
        source=st.sampled_from(["party", "both"]), session=SESSION,
        photos=st.dictionaries(
            st.sampled_from(["a.jpg", "b.jpg", "c.jpg"]), st.lists(st.integers(0, 4), min_size=1, max_size=3)
        ),
    )  # fmt: skip
    def ingest(self, source: str, session: int, photos: dict[str, list[int]]) -> None:
        number, purposes = self.sources[source]
        batch = [looked(name, faces) for name, faces in photos.items()]
        # Where these photos were taken is unknown, so every territory's order counts.
        if any(order.kind == "stop" and order.in_force and order.territory for order in self.orders):
            with pytest.raises(TerritoryRefused):
                self.club.ingest(number, batch, by=self.by(session))
            return
        kept = 0
        for name, faces in photos.items():
            for gone in [key for key in self.shown_in if key[:2] == (source, name)]:
                del self.shown_in[gone]
            for face in faces:
                seen = self.scores(template(face, 500).vector, purposes)
                if not seen or seen[0][2] < THRESHOLD:
                    continue
                handle, basis, score = seen[0]
                if score > self.shown_in.get((source, name, handle), ("", -2.0))[1]:
                    self.shown_in[source, name, handle] = (basis, score)
            kept += sum(key[:2] == (source, name) for key in self.shown_in)
        result = self.club.ingest(number, batch, by=self.by(session))
        assert result.kept == kept
        assert result.found == sum(map(len, photos.values()))

    # --- search ---

    @rule(face=PEOPLE, purpose=st.sampled_from(PURPOSES), session=SESSION, pick=PICK, photo=st.sampled_from([900]))
    def search(self, face: int, purpose: str, session: int, pick: int, photo: int) -> None:
        only = None
        if purpose == "find-my-photos":
            if not self.people:
                return
            only = self.handle(pick)
        number = self.people[only].number if only else None
        if not any(self.now < ends for ends in self.agreements):
            with pytest.raises(NoAgreement):
                self.club.search(face, purpose, only=number, by=self.by(session))
            return
        answer = self.club.search(face, purpose, only=number, by=self.by(session))
        wanted = self.scores(probe(face, photo).template.vector, frozenset({purpose}), only)
        expected = [(handle, basis) for handle, basis, score in wanted if score >= THRESHOLD]
        assert [(c.subject, c.basis) for c in answer.candidates] == expected
        for candidate in answer.candidates:
            shown = {(a.photo.source, a.photo.path) for a in candidate.appearances}
            assert shown == self.appearances(candidate.subject, purpose)

    @rule(face=PEOPLE, session=SESSION, wrong=st.sampled_from([None, "no-such-purpose", "duplicate-check"]))
    def search_without_a_purpose(self, face: int, session: int, wrong: str | None) -> None:
        before = self.club.anna.context.book.size()
        with pytest.raises(PurposeRefused) as refused:
            self.club.search(face, wrong, by=self.by(session))
        assert refused.value.log_index == before
        assert self.club.anna.context.book.size() == before + 1

    @rule()
    def renew_the_agreement(self) -> None:
        self.club.anna.agreements.add(PURPOSES)
        self.agreements.append(self.now + 365 * DAY)

    # --- out ---

    @precondition(lambda self: self.people)
    @rule(pick=PICK, session=SESSION, which=st.one_of(st.none(), PICK))
    def withdraw(self, pick: int, session: int, which: int | None) -> None:
        handle = self.handle(pick)
        mine = [n for n, b in self.bases.items() if b.subject == handle and b.state in {"pending", "live"}]
        chosen = mine if which is None or not mine else [mine[which % len(mine)]]
        if not mine:
            with pytest.raises(NotFound):
                self.by(session).withdraw(handle)
            return
        self.by(session).withdraw(handle, None if which is None else chosen)
        for number in chosen:
            self.bases[number].state = "withdrawn"

    @precondition(lambda self: self.people)
    @rule(pick=PICK)
    def erase(self, pick: int) -> None:
        handle = self.handle(pick)
        person = self.people[handle]
        if self.ordered(("hold",), handle):
            with pytest.raises(Held):
                self.club.ben.erase(handle, reason="request")
            return
        sealed = self.sealed_bytes(person.number)
        certified = self.club.ben.erase(handle, reason="request")
        appeared = [key for key in self.shown_in if key[2] == handle]
        assert certified.faces_erased == len(person.references) + len(appeared)
        assert certified.certificate["body"]["scan"]["found"] == 0
        assert not self.found_in_files(sealed)
        del self.people[handle]
        self.bases = {number: basis for number, basis in self.bases.items() if basis.subject != handle}
        for key in appeared:
            del self.shown_in[key]
        with pytest.raises(NotFound):
            self.club.anna.subjects.get(handle)

    def sealed_bytes(self, number: int) -> list[bytes]:
        """What the files hold of one person just now: fields, templates, log openings, the wrapped key."""
        context = self.club.anna.context
        with context.registry.read() as connection:
            row = connection.execute(sa.select(t.subjects).where(t.subjects.c.id == number)).one()
            found = [row.handle_sealed, row.name_sealed, context.keys.vault.wrapped(f"subject:{number}")]
            for reference in connection.execute(sa.select(t.references).where(t.references.c.subject == number)):
                found += [reference.template_sealed, reference.photo_sealed, reference.face_sealed]
            openings = sa.select(t.openings.c.sealed).where(t.openings.c.key == f"subject:{number}")
            found += connection.scalars(openings).all()
        return [bytes(each) for each in found if each]

    def found_in_files(self, markers: list[bytes]) -> list[str]:
        content = [(file, file.read_bytes()) for file in self.club.folder.rglob("*") if file.is_file()]
        return [
            file.name for file, data in content for marker in markers for start in range(0, len(marker) - 32, 32)
            if marker[start : start + 32] in data
        ]  # fmt: skip

    # --- time, orders, processes ---

    @rule(days=st.sampled_from([0, 1, 2, 30, 400]), seconds=st.sampled_from([0, 1, 3600]))
    def move_the_clock(self, days: int, seconds: int) -> None:
        self.club.clock.forward(days=days, seconds=seconds)

    @rule(
        kind=st.sampled_from(["quarantine", "hold", "stop"]), territory=st.sampled_from([None, "GB", "DE"]), pick=PICK
    )  # fmt: skip
    def order(self, kind: str, territory: str | None, pick: int) -> None:
        if territory is not None:
            self.orders.append(Order(self.club.order(kind, territory=territory), kind, None, territory))
        elif self.people:
            handle = self.handle(pick)
            number = self.club.order(kind, subject=self.people[handle].number)
            self.orders.append(Order(number, kind, handle, None))
            if kind == "hold":
                with pytest.raises(Held):
                    self.club.ben.erase(handle, reason="request")

    @precondition(lambda self: self.orders)
    @rule(pick=PICK)
    def stay_or_revive_an_order(self, pick: int) -> None:
        order = self.orders[pick % len(self.orders)]
        order.in_force = not order.in_force
        self.club.set_order(order.number, "in-force" if order.in_force else "stayed")

    @rule()
    def reopen(self) -> None:
        self.club.reopen()
        self.second = self.club.open(ANNA)

    @rule()
    def check_the_log(self) -> None:
        self.club.anna.check_log()

    @invariant()
    def nobody_is_kept_without_a_reason(self) -> None:
        if hasattr(self, "club"):
            assert orphans(self.club) == []

    @invariant()
    def no_template_lies_in_the_open(self) -> None:
        if self.people:
            plain = [template(p.face, photo).to_bytes() for p in self.people.values() for photo in p.references]
            assert not self.found_in_files(plain)


class EmbeddedMachine(GalleryMachine):
    engine = "embedded"


_budget = settings(
    max_examples=400 if LONG else 30,
    stateful_step_count=60 if LONG else 30,
    deadline=None,
    report_multiple_bugs=False,
    phases=(Phase.explicit, Phase.generate, *((Phase.shrink,) if SHRINK else ())),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@pytest.mark.timeout(3600 if LONG else 300)
class TestExact(GalleryMachine.TestCase):
    settings = _budget


@pytest.mark.timeout(3600 if LONG else 300)
class TestEmbedded(EmbeddedMachine.TestCase):
    settings = _budget
