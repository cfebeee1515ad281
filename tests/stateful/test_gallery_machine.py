"""The whole gallery against a plain model: whoever may be found is found, and nobody else, whatever came before.

Hypothesis plays people: it records, confirms, enrols, ingests, searches, withdraws, erases and purges, moves the clock,
obeys authorities' orders (stays, revives and executes them), backs up and restores, kills the process in the middle of
its work, opens the gallery anew, and works in two sessions at once. `gallery_model` knows nothing of SQL or keys.
"""

from __future__ import annotations

import contextlib
import copy
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from clubs import ANNA, BEN, DAY, PURPOSES, THRESHOLD, WORDS, Club, looked, orphans, probe, template
from countenance.errors import (
    AlreadyExists,
    CountenanceError,
    Held,
    NoAgreement,
    NoBasis,
    NotFound,
    OrderError,
    PurposeRefused,
    Refused,
    Tampered,
    TerritoryRefused,
)
from countenance.registry import schema as t
from countenance.wiring import restore_gallery
from crash.killing import killed
from gallery_model import DAYS, Basis, Model, Order, Person

SHRINK = os.environ.get("COUNTENANCE_SHRINK") == "1"
"""Shrinking a failure takes minutes, so it is asked for once there is one."""
LONG = os.environ.get("COUNTENANCE_LONG") == "1"
PEOPLE = st.integers(0, 3)
PICK = st.integers(0, 3)
SESSION = st.integers(0, 1)


class GalleryMachine(RuleBasedStateMachine):
    engine = "exact"
    steps = 0
    """Of all examples of both engines in this run of pytest."""

    def __init__(self) -> None:
        super().__init__()
        memory = Path("/dev/shm")  # noqa: S108
        self.root = Path(tempfile.mkdtemp(prefix="countenance-machine-", dir=memory if memory.is_dir() else None))
        self.model = Model()
        self.counter = 0
        self.backups: list[tuple[Path, Model]] = []
        self.looked_through: dict[Path, tuple[tuple[int, int, int], frozenset[bytes]]] = {}
        """What `found_in_files` knows of a file: inode, size, time of change, and what was not in it then."""
        self.strays: set[str] = set()
        """Keys of people who came after a backup that was restored: kept, for a newer backup may hold them."""

    @initialize()
    def found(self) -> None:
        self.club = Club(self.root, engine=self.engine)
        assert self.club.cleo
        self.numbers = {
            "party": self.club.source("party", ["photo-library"]),
            "both": self.club.source("both", ["photo-library", "find-my-photos"]),
        }
        self.sources = {
            "party": frozenset({"photo-library"}),
            "both": frozenset({"photo-library", "find-my-photos"}),
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

    # --- what is at hand ---

    @property
    def now(self) -> int:
        return self.club.clock.now

    def by(self, session: int):
        return self.second if session else self.club.anna

    def handle(self, pick: int) -> str:
        return sorted(self.model.people)[pick % len(self.model.people)]

    def basis(self, pick: int) -> str:
        return sorted(self.model.bases, key=lambda each: int(each[1:]))[pick % len(self.model.bases)]

    def any_order(self, pick: int) -> Order:
        return sorted(self.model.orders.values(), key=lambda each: int(each.number[1:]))[pick % len(self.model.orders)]

    @property
    def somebody(self) -> bool:
        return bool(self.model.people)

    @property
    def something(self) -> bool:
        return bool(self.model.bases)

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
        assert number not in self.model.erased, "an erased person's number names nobody else"
        self.model.people[handle] = Person(number, face, territory, birth_year)
        return handle

    @precondition(lambda self: self.somebody)
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
        state, minor = "live" if confirmed else "pending", self.model.people[handle].minor(self.now)
        self.model.bases[number] = Basis(
            handle, frozenset(purposes), self.now, ends, state, noticed, confirmed and minor
        )
        return number

    @precondition(lambda self: self.something)
    @rule(pick=PICK, session=SESSION)
    def give_notice(self, pick: int, session: int) -> None:
        number = self.basis(pick)
        if self.model.bases[number].state == "withdrawn":
            with pytest.raises(NoBasis):
                self.by(session).bases.give_notice(number, "notice-2027")
            return
        self.by(session).bases.give_notice(number, "notice-2027")
        self.model.bases[number].noticed = True

    @precondition(lambda self: self.something)
    @rule(pick=PICK)
    def countersign(self, pick: int) -> None:
        number = self.basis(pick)
        basis = self.model.bases[number]
        if basis.state != "pending" or self.now >= basis.ends:
            with pytest.raises(NoBasis):
                self.club.ben.bases.countersign(number)
        else:
            self.club.ben.bases.countersign(number)
            basis.state, basis.guardian = "live", self.model.people[basis.subject].minor(self.now)

    @precondition(lambda self: self.something)
    @rule(pick=PICK, photo=st.integers(0, 2), session=SESSION)
    def enrol(self, pick: int, photo: int, session: int) -> None:
        self.enrol_under(self.basis(pick), photo, self.by(session))

    def enrol_under(self, number: str, photo: int, by) -> None:
        basis = self.model.bases[number]
        person = self.model.people[basis.subject]
        subject, record = by.subjects.get(basis.subject), by.bases.get(number)
        refused = None
        if person.restricted:
            refused = Refused
        elif basis.state == "withdrawn" or self.now >= basis.ends:
            refused = NoBasis
        elif self.model.bearing(basis.subject, "stop"):
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
        batch = [looked(name, faces) for name, faces in photos.items()]
        for name in photos:
            (self.root / f"source-{source}" / name).touch()
        # Where these photos were taken is unknown, so every territory's order counts.
        if any(
            each.kind == "stop" and each.state == "in-force" and each.territory for each in self.model.orders.values()
        ):
            with pytest.raises(TerritoryRefused):
                self.club.ingest(self.numbers[source], batch, by=self.by(session))
            return
        kept = sum(
            self.model.see(source, name, faces, self.sources[source], self.now) for name, faces in photos.items()
        )
        result = self.club.ingest(self.numbers[source], batch, by=self.by(session))
        assert result.kept == kept
        assert result.found == sum(map(len, photos.values()))

    # --- search ---

    @rule(face=PEOPLE, purpose=st.sampled_from(PURPOSES), session=SESSION, pick=PICK, photo=st.sampled_from([900]))
    def search(self, face: int, purpose: str, session: int, pick: int, photo: int) -> None:
        only = None
        if purpose == "find-my-photos":
            if not self.somebody:
                return
            only = self.handle(pick)
        number = self.model.people[only].number if only else None
        if not any(self.now < ends for ends in self.model.agreements):
            with pytest.raises(NoAgreement):
                self.club.search(face, purpose, only=number, by=self.by(session))
            return
        answer = self.club.search(face, purpose, only=number, by=self.by(session))
        wanted = self.model.scores(probe(face, photo).template.vector, frozenset({purpose}), self.now, only)
        expected = [(handle, basis) for handle, basis, score in wanted if score >= THRESHOLD]
        assert [(c.subject, c.basis) for c in answer.candidates] == expected
        for candidate in answer.candidates:
            shown = {(a.photo.source, a.photo.path) for a in candidate.appearances}
            assert shown == self.model.appearances(candidate.subject, purpose, self.sources, self.now)

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
        self.model.agreements.append(self.now + 365 * DAY)

    # --- out ---

    @precondition(lambda self: self.somebody)
    @rule(pick=PICK, session=SESSION, which=st.one_of(st.none(), PICK))
    def withdraw(self, pick: int, session: int, which: int | None) -> None:
        handle = self.handle(pick)
        mine = [n for n, b in self.model.bases.items() if b.subject == handle and b.state in {"pending", "live"}]
        chosen = mine if which is None or not mine else [mine[which % len(mine)]]
        if not mine:
            with pytest.raises(NotFound):
                self.by(session).withdraw(handle)
            return
        self.by(session).withdraw(handle, None if which is None else chosen)
        self.model.withdraw(chosen, self.now)

    @precondition(lambda self: self.somebody)
    @rule(pick=PICK)
    def erase(self, pick: int) -> None:
        handle = self.handle(pick)
        if self.model.bearing(handle, "hold"):
            with pytest.raises(Held):
                self.club.ben.erase(handle, reason="request")
            return
        sealed = self.sealed_bytes(self.model.people[handle].number)
        certified = self.club.ben.erase(handle, reason="request")
        assert certified.faces_erased == self.model.faces_of(handle)
        assert certified.certificate["body"]["scan"]["found"] == 0
        assert not self.found_in_files(sealed)
        self.model.erase(handle)
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
        """Files that hold a piece of a marker; those that have not changed are looked through for new pieces alone."""
        pieces = frozenset(marker[at : at + 32] for marker in markers for at in range(0, len(marker) - 32, 32))
        found = []
        for file in self.club.folder.rglob("*"):
            if not file.is_file():
                continue
            state = file.stat()
            mark = (state.st_ino, state.st_size, state.st_mtime_ns)
            before, known = self.looked_through.get(file, (mark, frozenset()))
            # What is written to mapped memory need not change the time of the file.
            left = pieces if before != mark or file.name.endswith("-shm") else pieces - known
            data = file.read_bytes() if left else b""
            if any(piece in data for piece in left):
                found.append(file.name)
            else:
                self.looked_through[file] = (mark, pieces if before != mark else known | pieces)
        return found

    @rule(dry=st.booleans())
    def purge(self, dry: bool) -> None:
        """What is reported as due is gone afterwards, and none of it was standing; what is overdue is reported."""
        listed = self.club.ben.purge(dry_run=True)
        due = {(item.what, item.id) for item in listed.due}
        numbers = {person.number: handle for handle, person in self.model.people.items()}
        people = {numbers[int(name[1:])] for what, name in due if what == "subject"}
        bases = {name for what, name in due if what == "basis"}
        for number, basis in self.model.bases.items():
            standing = self.model.standing(number, frozenset(PURPOSES), self.now)
            quiet = basis.subject in people  # three years after their own last act, whatever stands
            assert not (number in bases and standing), f"{number} is purged and stands"
            overdue = basis.state == "withdrawn" and (basis.withdrawn or 0) + 30 * DAY <= self.now
            blocked = self.model.people[basis.subject].restricted or self.model.bearing(basis.subject, "hold")
            assert not overdue or quiet or number in bases or blocked, f"{number} was withdrawn long ago and stays"
        if dry:
            return
        orders = [each for each in self.model.orders.values() if ("order", each.number) in due]
        self.club.ben.purge()
        for handle in people:
            self.model.erase(handle)
        for number in bases:
            self.model.erase_basis(number)
        for order in orders:
            self.model.execute(order)
        self.read_appearances()

    def read_appearances(self) -> None:
        """Appearances go with their source's time as well: those that are gone must be none of a photo just seen."""
        with self.club.anna.context.registry.read() as connection:
            rows = connection.execute(
                sa.select(t.sources.c.name, t.photos.c.path, t.appearances.c.subject)
                .join(t.photos, t.appearances.c.photo == t.photos.c.id)
                .join(t.sources, t.photos.c.source == t.sources.c.id)
            )
            left = {(row.name, bytes(row.path).decode(), row.subject) for row in rows}
        numbers = {handle: person.number for handle, person in self.model.people.items()}
        known = {(key[0], key[1], numbers[key[2]]): key for key in self.model.shown_in}
        assert left <= set(known), "an appearance came back"
        self.model.shown_in = {known[each]: self.model.shown_in[known[each]] for each in left}

    # --- time, orders, processes ---

    @rule(days=st.sampled_from([0, 1, 2, 8, 30, 400]), seconds=st.sampled_from([0, 1, 3600]))
    def move_the_clock(self, days: int, seconds: int) -> None:
        self.club.clock.forward(days=days, seconds=seconds)

    @rule(
        kind=st.sampled_from(["quarantine", "hold", "stop", "erase"]),
        territory=st.sampled_from([None, None, "GB", "DE"]), pick=PICK,
    )  # fmt: skip
    def order(self, kind: str, territory: str | None, pick: int) -> None:
        handle = None
        if territory is None:
            if not self.somebody:
                return
            handle = self.handle(pick)
        number = self.club.obey(kind, territory=territory, subject=handle)
        self.model.orders[number] = Order(number, kind, handle, territory)
        if kind == "hold" and handle:
            with pytest.raises(Held):
                self.club.ben.erase(handle, reason="request")

    @precondition(lambda self: self.model.orders)
    @rule(pick=PICK)
    def stay_or_revive_an_order(self, pick: int) -> None:
        order, ruling = self.any_order(pick), self.club.document(f"ruling {self.counter}")
        if order.state == "stayed":
            self.club.ben.orders.revive(order.number, evidence=ruling)
            order.state = "in-force"
            return
        for session in (self.club.ben, self.club.cleo):
            if order.state == "complied":
                with pytest.raises(OrderError):
                    session.orders.stay(order.number, evidence=ruling)
            else:
                session.orders.stay(order.number, evidence=ruling)
        if order.state != "complied":
            order.state = "stayed"

    @precondition(lambda self: self.model.orders)
    @rule(pick=PICK)
    def execute_an_order(self, pick: int) -> None:
        order = self.any_order(pick)
        if order.kind != "erase" or order.state != "in-force":
            with pytest.raises(OrderError):
                self.club.ben.orders.execute(order.number)
            return
        if self.club.ben.orders.get(order.number).waiting:  # brought back from the log: nobody has signed it here
            with pytest.raises(Tampered):
                self.club.ben.orders.execute(order.number)
            for session in (self.club.ben, self.club.cleo):
                session.orders.approve(order.number)
        before = {handle: person.number for handle, person in self.model.people.items()}
        executed = self.club.ben.orders.execute(order.number)
        sealed = self.model.execute(order)
        assert executed.state == order.state
        with self.club.anna.context.registry.read() as connection:
            states = dict(connection.execute(sa.select(t.subjects.c.id, t.subjects.c.state)).all())
        assert {handle for handle, number in before.items() if states[number] == "erased"} == set(sealed)

    @rule()
    def reopen(self) -> None:
        self.club.reopen()
        self.second = self.club.open(ANNA)

    @rule()
    def back_up(self) -> None:
        file = self.root / f"{len(self.backups)}-{self.counter}.backup"
        made = self.club.anna.backups.make(file)
        self.backups.append((made.file, copy.deepcopy(self.model)))

    @precondition(lambda self: self.backups)
    @rule(pick=PICK)
    def restore(self, pick: int) -> None:
        """Who was erased since stays erased, who withdrew since stays withdrawn, and an order in force still binds."""
        file, then = self.backups[pick % len(self.backups)]
        now, then = self.model, copy.deepcopy(then)
        self.club.close()
        place = self.club.folder
        restore_gallery(
            place, file, place / "vault" / "erasures.ledger", account=ANNA, passphrase=WORDS[ANNA], replace=True,
            clock=self.club.clock,
        )  # fmt: skip
        self.club.reopen()
        self.second = self.club.open(ANNA)
        for handle in [handle for handle, person in then.people.items() if person.number in now.erased]:
            then.erase(handle)
        for number in now.erased_bases & set(then.bases):
            then.erase_basis(number)
        for number, basis in then.bases.items():
            since = number in now.bases and now.bases[number].state == "withdrawn"
            if since or basis.subject in now.withdrew - self.backups[pick % len(self.backups)][1].withdrew:
                then.withdraw([number], self.now)
        then.erased, then.erased_bases, then.withdrew = now.erased, now.erased_bases, now.withdrew
        self.model = then
        self.strays |= {each for each in orphans(self.club) if each.startswith("key subject:")}
        self.read_what_was_tightened(now)

    def read_what_was_tightened(self, before: Model) -> None:
        """A restore may take more people out of search than there were before, never fewer."""
        handles = {person.number: handle for handle, person in self.model.people.items()}
        with self.club.anna.context.registry.read() as connection:
            for row in connection.execute(sa.select(t.subjects).where(t.subjects.c.state == "active")):
                self.model.people[handles[row.id]].restricted = row.restricted is not None
            for row in connection.execute(sa.select(t.bases)):
                basis = self.model.bases[f"B{row.id}"]
                if basis.state != "withdrawn":
                    assert row.state in {basis.state, "withdrawn"}
                    basis.state, basis.withdrawn = row.state, row.withdrawn
                assert (row.state == "withdrawn") == (basis.state == "withdrawn")
            self.model.orders = {
                f"O{row.id}": Order(f"O{row.id}", row.kind, handles.get(row.subject), row.territory, row.state)
                for row in connection.execute(sa.select(t.orders).where(t.orders.c.state != "proposed"))
            }
        for handle, person in self.model.people.items():
            if handle in before.people and before.bearing(handle, "quarantine", "erase"):
                assert person.restricted or self.model.bearing(handle, "quarantine", "erase"), handle

    @precondition(lambda self: self.somebody)
    @rule(pick=PICK, at=st.integers(1, 60), what=st.sampled_from(["erase", "withdraw", "purge", "execute", "back up"]))
    def kill(self, pick: int, at: int, what: str) -> None:
        """The process dies by SIGKILL at its ``at``-th write. What it was doing is done, or was never begun."""
        handle = self.handle(pick)
        orders = [each for each in self.model.orders.values() if each.kind == "erase" and each.state == "in-force"]
        order = orders[pick % len(orders)] if orders else None
        if what == "execute" and order is None:
            return
        self.club.close()
        killed(lambda: self.dying(what, handle, order), at)
        self.club.reopen()
        self.second = self.club.open(ANNA)
        self.read_what_the_dead_did(order if what == "execute" else None)

    def dying(self, what: str, handle: str, order: Order | None) -> Callable[[], object]:
        works: dict[str, Callable[[], object]] = {
            "erase": lambda: self.club.open(BEN).erase(handle, reason="request"),
            "withdraw": lambda: self.club.open(BEN).withdraw(handle),
            "purge": lambda: self.club.open(BEN).purge(),
            "execute": lambda: self.club.open(BEN).orders.execute(order.number if order else ""),
            "back up": lambda: self.club.open(ANNA).backups.make(self.root / f"dead-{self.counter}.backup"),
        }

        def work() -> None:
            with contextlib.suppress(CountenanceError):  # a hold, nothing to withdraw: refused, and nothing done
                works[what]()

        return work

    def read_what_the_dead_did(self, order: Order | None) -> None:
        """After the next start everything is whole: each person and basis is there, or gone without a trace."""
        with self.club.anna.context.registry.read() as connection:
            people = dict(connection.execute(sa.select(t.subjects.c.id, t.subjects.c.state)).all())
            bases = {f"B{row.id}": row for row in connection.execute(sa.select(t.bases))}
            states = {f"O{row.id}": row.state for row in connection.execute(sa.select(t.orders))}
            unfinished = connection.scalar(sa.select(sa.func.count()).where(t.erasures.c.state != "done"))
        assert unfinished == 0
        assert set(people.values()) <= {"active", "erased"}
        for handle in [handle for handle, person in self.model.people.items() if people[person.number] == "erased"]:
            assert not self.model.bearing(handle, "hold"), "a hold was broken"
            self.model.erase(handle)
        for number in [number for number in self.model.bases if number not in bases]:
            assert not self.model.standing(number, frozenset(PURPOSES), self.now)
            self.model.erase_basis(number)
        self.model.withdraw(
            [n for n, b in self.model.bases.items() if b.state != "withdrawn" and bases[n].state == "withdrawn"],
            self.now,
        )
        for number, each in self.model.orders.items():
            if each.state != states[number]:
                assert (each.state, states[number]) == ("in-force", "complied")
                each.state = states[number]
        assert order is None or order.state in {"in-force", "complied"}
        self.read_appearances()

    @rule()
    def check_the_log(self) -> None:
        self.club.anna.check_log()

    @invariant()
    def count(self) -> None:
        GalleryMachine.steps += 1

    @invariant()
    def nobody_is_kept_without_a_reason(self) -> None:
        if hasattr(self, "club"):
            assert [each for each in orphans(self.club) if each not in self.strays] == []

    @invariant()
    def no_template_lies_in_the_open(self) -> None:
        if hasattr(self, "club") and self.somebody:
            people = self.model.people.values()
            assert not self.found_in_files(
                [template(p.face, photo).to_bytes() for p in people for photo in p.references]
            )


class EmbeddedMachine(GalleryMachine):
    engine = "embedded"


_budget = settings(
    max_examples=1000 if LONG else 26,
    stateful_step_count=60 if LONG else 50,
    deadline=None,
    report_multiple_bugs=False,
    phases=(Phase.explicit, Phase.generate, *((Phase.shrink,) if SHRINK else ())),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@pytest.mark.timeout(30_000 if LONG else 600)
class TestExact(GalleryMachine.TestCase):
    settings = _budget


@pytest.mark.timeout(30_000 if LONG else 600)
class TestEmbedded(EmbeddedMachine.TestCase):
    settings = _budget


def test_that_was_a_long_walk(request: pytest.FixtureRequest) -> None:
    """Both engines together took the steps that were promised; of a single test that was asked for, nothing is said."""
    walked = {item.parent.name for item in request.session.items if item.parent and "Test" in item.parent.name}
    if {"TestExact", "TestEmbedded"} <= walked:
        assert GalleryMachine.steps >= (100_000 if LONG else 2_000), GalleryMachine.steps
