"""What every index engine owes the gallery. The same tests run on each; a plain dictionary is the judge."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from conftest import LONG
from countenance.errors import InputError
from countenance.evaluate.crowd import generated_templates
from countenance.index import ENGINES, NO_ID, Eligibility, Index, Rows, open_index
from milvuses import KINDS, Milvuses

DIMENSION = 128
NOW = 1_800_000_000
CROWD = np.concatenate(list(generated_templates(400, DIMENSION, seed=7)))
ANY = Eligibility(purposes=1, organisations=frozenset({1}), at=NOW)
FOUND_ABOVE = 0.45
ON_A_SERVER = 40 if LONG else 4


def rows(
    ids, vectors=None, *, subjects=None, organisations=1, purposes=1, not_before=0, expires=NOW + 1000, territories=0
) -> Rows:
    """Rows with one policy for all, or a list of policies; id n is of subject n, with the crowd's row n."""
    ids = np.asarray(ids, np.int64)
    full = lambda value, kind: np.broadcast_to(np.asarray(value, kind), ids.shape).copy()  # noqa: E731
    return Rows(
        ids=ids,
        vectors=CROWD[ids] if vectors is None else vectors,
        subjects=full(ids if subjects is None else subjects, np.int64),
        organisations=full(organisations, np.int64),
        purposes=full(purposes, np.uint32),
        not_before=full(not_before, np.int64),
        expires=full(expires, np.int64),
        territories=full(territories, np.int64),
    )


def found(index: Index, eligible: Eligibility = ANY, *, k: int = 50, query: int = 0) -> set[int]:
    """The ids that a search finds, without the padding."""
    ids = index.search(CROWD[query : query + 1], k, eligible).ids[0]
    return set(ids[ids != NO_ID].tolist())


@pytest.fixture(params=[*sorted(ENGINES), *KINDS])
def another(request) -> Callable[[], Index]:
    """Opens an empty index of one engine."""
    if request.param in ENGINES:
        return lambda: open_index(request.param, DIMENSION)
    milvuses = request.getfixturevalue("milvuses")
    return lambda: milvuses.index(request.param, DIMENSION)


@pytest.fixture
def index(another) -> Index:
    return another()


def test_an_empty_index_finds_nobody(index):
    hits = index.search(CROWD[:2], 3, ANY)
    assert hits.ids.tolist() == [[NO_ID] * 3] * 2
    assert np.isneginf(hits.scores).all()
    assert len(index) == 0
    assert 1 not in index


def test_it_counts_the_rows_that_a_search_may_show(index):
    assert index.count(ANY) == 0
    index.add(rows(range(1, 31), purposes=[1, 2, 3] * 10, expires=[NOW + 9] * 24 + [NOW - 9] * 6))
    assert index.count(ANY) == 16
    assert index.count(replace(ANY, subjects=frozenset({1, 2, 3}))) == 2
    assert index.count(replace(ANY, organisations=frozenset({2}))) == 0
    index.remove(np.array([1, 2], np.int64))
    assert index.count(ANY) == 15


def test_the_row_itself_comes_first_with_a_cosine_of_one(index):
    index.add(rows(range(1, 300)))
    hits = index.search(CROWD[[5, 250]], 3, ANY)
    assert hits.ids[:, 0].tolist() == [5, 250]
    assert hits.scores[:, 0] == pytest.approx([1, 1], abs=0.02)
    assert hits.ids.dtype == np.int64
    assert hits.scores.dtype == np.float32
    assert (np.diff(hits.scores, axis=1) <= 0).all()


def test_each_query_has_its_own_line(index):
    index.add(rows(range(1, 100)))
    together = index.search(CROWD[:5], 4, ANY)
    for line in range(5):
        alone = index.search(CROWD[line : line + 1], 4, ANY)
        assert alone.ids[0].tolist() == together.ids[line].tolist()


def test_no_query_gives_no_line(index):
    index.add(rows([1]))
    assert index.search(CROWD[:0], 4, ANY).ids.shape == (0, 4)


def test_what_is_missing_is_padded_behind_what_is_found(index):
    index.add(rows([1, 2]))
    hits = index.search(CROWD[:1], 5, ANY)
    assert set(hits.ids[0, :2].tolist()) == {1, 2}
    assert np.isfinite(hits.scores[0, :2]).all()
    assert hits.ids[0, 2:].tolist() == [NO_ID] * 3
    assert np.isneginf(hits.scores[0, 2:]).all()


def test_a_single_row(index):
    index.add(rows([7]))
    assert found(index, k=1) == {7}
    assert len(index) == 1
    assert 7 in index


def test_nothing_added_changes_nothing(index):
    index.add(rows([]))
    assert len(index) == 0
    assert found(index) == set()


def test_an_id_added_again_is_replaced_with_its_policy(index):
    index.add(rows([1, 2, 3]))
    index.add(rows([2], CROWD[[9]], purposes=2))
    assert len(index) == 3
    assert found(index) == {1, 3}
    under_two = replace(ANY, purposes=2)
    assert found(index, under_two) == {2}
    assert index.search(CROWD[9:10], 1, under_two).scores[0, 0] == pytest.approx(1, abs=0.02)


def test_what_is_removed_is_gone_at_once(index):
    index.add(rows(range(1, 20)))
    assert index.remove(np.array([1, 19, 7], np.int64)) == 3
    assert found(index) == set(range(1, 20)) - {1, 19, 7}
    assert len(index) == 16
    assert 7 not in index


def test_removing_counts_only_what_was_there(index):
    index.add(rows([1, 2]))
    assert index.remove(np.array([2, 2, 99, -1], np.int64)) == 1
    assert index.remove(np.array([], np.int64)) == 0
    assert found(index) == {1}


def test_a_person_is_removed_with_every_row(index):
    index.add(rows(range(1, 9), subjects=[5, 6, 5, 7, 5, 6, 8, 5]))
    assert index.remove(np.array([5, 8], np.int64)) == 5
    assert found(index) == {2, 4, 6}
    assert 3 not in index


def test_the_last_one_can_be_removed_and_added_again(index):
    index.add(rows([1]))
    assert index.remove(np.array([1], np.int64)) == 1
    assert found(index) == set()
    index.add(rows([1]))
    assert found(index) == {1}


def test_clear_forgets_everyone(index):
    index.add(rows(range(1, 9)))
    index.clear()
    assert len(index) == 0
    assert found(index) == set()
    index.add(rows([3]))
    assert found(index) == {3}


def test_p4_only_rows_whose_basis_covers_the_purpose(index):
    index.add(rows([1, 2, 3, 4], purposes=[0b001, 0b011, 0b100, 0]))
    assert found(index, replace(ANY, purposes=0b001)) == {1, 2}
    assert found(index, replace(ANY, purposes=0b010)) == {2}
    assert found(index, replace(ANY, purposes=0b1000)) == set()


def test_the_highest_purpose_bit_works(index):
    index.add(rows([1, 2], purposes=[1 << 31, 1]))
    assert found(index, replace(ANY, purposes=1 << 31)) == {1}


def test_only_the_organisations_that_are_named(index):
    index.add(rows([1, 2, 3], organisations=[1, 2, 3]))
    assert found(index, replace(ANY, organisations=frozenset({2}))) == {2}
    assert found(index, replace(ANY, organisations=frozenset({1, 3}))) == {1, 3}
    assert found(index, replace(ANY, organisations=frozenset({9}))) == set()


def test_no_organisation_means_nobody(index):
    index.add(rows([1, 2, 3]))
    assert found(index, replace(ANY, organisations=frozenset())) == set()


def test_a_row_is_found_from_its_first_second_until_before_its_last(index):
    index.add(rows([1, 2], not_before=[NOW, 0], expires=[NOW + 10, NOW + 5]))
    by_time = {NOW - 1: {2}, NOW: {1, 2}, NOW + 4: {1, 2}, NOW + 5: {1}, NOW + 9: {1}, NOW + 10: set()}
    for at, expected in by_time.items():
        assert found(index, replace(ANY, at=at)) == expected, at
    assert found(index, replace(ANY, at=NOW - 1)) == {2}, "and back again"


def test_only_the_subjects_that_are_named(index):
    index.add(rows([1, 2, 3, 4], subjects=[10, 10, 20, 30]))
    assert found(index, replace(ANY, subjects=frozenset({10}))) == {1, 2}
    assert found(index, replace(ANY, subjects=frozenset({20, 30, 99}))) == {3, 4}
    assert found(index, replace(ANY, subjects=frozenset())) == set()


def test_p4_only_where_the_spans_of_territories_reach(index):
    index.add(rows([1, 2, 3, 4], territories=[0, 100, 150, 200]))
    spans = {
        frozenset({(100, 200)}): {2, 3},
        frozenset({(150, 151), (200, 300)}): {3, 4},
        frozenset({(101, 150)}): set(),
        frozenset(): set(),
    }
    for where, expected in spans.items():
        assert found(index, replace(ANY, territories=where)) == expected
    assert found(index) == {1, 2, 3, 4}, "where nobody is asked where they live, nobody needs to be known to"


def test_the_conditions_hold_together(index):
    index.add(rows([1, 2, 3], subjects=5, organisations=[1, 2, 1], purposes=[1, 1, 2]))
    assert found(index, replace(ANY, subjects=frozenset({5}))) == {1}


def test_the_policy_stays_with_its_row_when_another_is_removed(index):
    index.add(rows(range(1, 6), organisations=[1, 2, 3, 4, 5]))
    index.remove(np.array([2], np.int64))  # the last row moves into its place
    for organisation, expected in {1: {1}, 2: set(), 3: {3}, 4: {4}, 5: {5}}.items():
        assert found(index, replace(ANY, organisations=frozenset({organisation}))) == expected


def test_p4_one_eligible_row_among_many_is_found(index):
    index.add(rows(range(1, 400), organisations=[2] * 200 + [1] + [2] * 198))
    assert found(index, k=10) == {201}


@pytest.mark.parametrize(
    "queries",
    [CROWD[:1, :64].copy(), CROWD[0], CROWD[:1].astype(np.float64), CROWD[:1] * 2, CROWD[:1] * np.nan, CROWD[:1] * 0],
    ids=["dimension", "one-dimensional", "float64", "too long", "not a number", "zero"],
)
def test_a_query_that_is_no_template_is_refused(index, queries):
    index.add(rows([1]))
    with pytest.raises(InputError):
        index.search(queries, 1, ANY)


def test_templates_of_another_dimension_are_refused_whole(index):
    index.add(rows([1]))
    other = CROWD[[1]][:, :64].copy()
    with pytest.raises(InputError, match="dimension 128, not 64"):
        index.add(rows([1], other / np.linalg.norm(other)))
    assert found(index) == {1}


def test_less_than_one_candidate_cannot_be_asked_for(index):
    with pytest.raises(InputError):
        index.search(CROWD[:1], 0, ANY)


def test_subjects_to_remove_must_be_numbers(index):
    with pytest.raises(InputError):
        index.remove(np.array([1.0]))


def test_a_table_in_another_memory_order_is_taken(index):
    index.add(rows(range(1, 9), np.asfortranarray(CROWD[1:9])))
    assert index.search(np.asfortranarray(CROWD[3:5]), 1, ANY).ids.tolist() == [[3], [4]]


def test_p23_nothing_is_learned_from_the_others(index, another):
    """P23: what one person's template scores does not depend on who else is in the gallery."""
    other = another()
    index.add(rows(range(1, 200)))
    other.add(rows([1, 2, *range(200, 400)]))
    both = replace(ANY, subjects=frozenset({1, 2}))
    here, there = (each.search(CROWD[:20], 2, both) for each in (index, other))
    assert here.ids.tolist() == there.ids.tolist()
    assert here.scores == pytest.approx(there.scores, abs=0 if index.approximate else 1e-6)


def test_a_search_beside_changes_never_shows_what_it_may_not(index):
    """P5: once remove() has returned, no search that begins after it finds the row; an ineligible row never shows."""
    index.add(rows(range(1, 100)))
    index.add(rows(range(100, 200), organisations=2))
    gone: set[int] = set()
    stop, last = threading.Event(), 90 if index.name in ENGINES else 25

    def search() -> int:
        wrong = done = 0
        while not stop.is_set() or not done:
            before = frozenset(gone)
            shown = found(index, k=150)
            wrong += len(shown & before) + len([i for i in shown if i >= 100])
            done += 1
        return wrong

    with ThreadPoolExecutor(2) as pool:
        searches = [pool.submit(search) for _ in range(2)]
        try:
            for reference in range(1, last):
                index.remove(np.array([reference], np.int64))
                gone.add(reference)
                index.add(rows([300 + reference], organisations=2))
                index.remove(np.array([100 + reference], np.int64))
        finally:
            stop.set()
        assert [each.result() for each in searches] == [0, 0]
    assert found(index, k=100) == set(range(last, 100))


class Walk:
    """Eight who search and one who changes, on an engine and on the exact one, step by step."""

    def __init__(self, index: Index) -> None:
        self.index, self.exact = index, open_index("exact", DIMENSION)
        self.whole = [rows(range(1, 200)), rows(range(200, 399), organisations=2)]
        for index in (self.index, self.exact):
            for each in self.whole:
                index.add(each)
        self.step = 0
        """Even between changes, odd while one is being made: an answer that saw no change is checked against exact."""
        self.expected = {0: self._expected()}

    def _expected(self) -> list[set[int]]:
        return [found(self.exact, k=399, query=query) for query in range(4)]

    def change(self, number: int) -> None:
        gone = np.array([number, 398 - number], np.int64)
        for index in (self.exact, self.index):
            if index is self.index:
                self.expected[self.step + 2] = self._expected()
                self.step += 1
            index.remove(gone)
            index.add(rows([200 + number]))
        self.step += 1

    def search(self, worker: int, stop: threading.Event) -> tuple[int, int]:
        wrong = checked = 0
        while not stop.is_set() or not checked:
            before = self.step
            shown = found(self.index, k=399, query=worker % 4)
            if before == self.step and before % 2 == 0:
                checked += 1
                wrong += shown != self.expected[before][worker % 4]
        return wrong, checked


def test_eight_parallel_searchers_beside_a_writer_are_never_wrong(index):
    walk, stop = Walk(index), threading.Event()
    with ThreadPoolExecutor(8) as pool:
        searches = [pool.submit(walk.search, worker, stop) for worker in range(8)]
        try:
            for number in range(1, 60 if index.name in ENGINES else 15):
                walk.change(number)
        finally:
            stop.set()
        told = [each.result() for each in searches]
    assert sum(wrong for wrong, _ in told) == 0
    assert all(checked for _, checked in told)


_ids = st.integers(1, 40)
_purposes = st.integers(0, 7)
_times = st.integers(-3, 3)
_lives = st.integers(0, 4)
_entry = st.tuples(_ids, st.integers(0, 79), st.integers(1, 4), st.integers(1, 3), _purposes, _times, _times, _lives)


class IndexMachine(RuleBasedStateMachine):
    """Any order of changes and searches, against a dictionary of the same rows."""

    @initialize(engine=st.sampled_from(sorted(ENGINES)))
    def open(self, engine):
        self.index = open_index(engine, DIMENSION)
        self.model: dict[int, tuple[int, ...]] = {}

    @rule(entries=st.lists(_entry, max_size=12, unique_by=lambda entry: entry[0]))
    def add(self, entries):
        columns = np.array(entries, np.int64).reshape(-1, 8).T
        ids, people, subjects, organisations, purposes, begin, end, lives = columns
        policy = {"subjects": subjects, "organisations": organisations, "purposes": purposes.astype(np.uint32)}
        policy |= {"not_before": NOW + begin, "expires": NOW + end, "territories": lives}
        self.index.add(rows(ids, CROWD[people], **policy))
        self.model |= {entry[0]: entry[1:] for entry in entries}

    @rule(subjects=st.lists(st.integers(0, 5), max_size=3))
    def remove(self, subjects):
        theirs = [reference for reference, row in self.model.items() if row[1] in subjects]
        assert self.index.remove(np.array(subjects, np.int64)) == len(theirs)
        for reference in theirs:
            del self.model[reference]

    @rule()
    def clear(self):
        self.index.clear()
        self.model.clear()

    @rule(
        query=st.integers(0, 79),
        k=st.integers(1, 50),
        purpose=st.sampled_from([1, 2, 4]),
        organisations=st.frozensets(st.integers(1, 3)),
        at=_times,
        subjects=st.none() | st.frozensets(st.integers(1, 4)),
        lives=st.none() | st.frozensets(st.sampled_from([(1, 2), (1, 3), (3, 5), (4, 9)])),
    )
    def search(self, query, k, purpose, organisations, at, subjects, lives):
        eligible = Eligibility(purpose, organisations, NOW + at, subjects, lives)
        hits = self.index.search(CROWD[query : query + 1], k, eligible)
        exact = {
            reference: float(CROWD[query] @ CROWD[person])
            for reference, (person, subject, organisation, purposes, begin, end, place) in self.model.items()
            if purposes & purpose
            and organisation in organisations
            and begin <= at < end
            and (subjects is None or subject in subjects)
            and (lives is None or any(start <= place < stop for start, stop in lives))
        }
        shown = [reference for reference in hits.ids[0].tolist() if reference != NO_ID]
        assert len(set(shown)) == len(shown) == min(k, len(exact))
        assert set(shown) <= set(exact)
        self._check_ranking(shown, exact, k)

    def _check_ranking(self, shown, exact, k):
        if not self.index.approximate:
            best = sorted(exact.values(), reverse=True)[:k]
            assert [exact[reference] for reference in shown] == pytest.approx(best, abs=1e-5)
        elif sum(score > FOUND_ABOVE - 0.3 for score in exact.values()) <= k:
            assert {reference for reference, score in exact.items() if score > FOUND_ABOVE} <= set(shown)

    @invariant()
    def counts(self):
        if hasattr(self, "index"):
            assert len(self.index) == len(self.model)
            assert all(reference in self.index for reference in self.model)


TestAnyOrder = IndexMachine.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


# Each step of these asks a server: fewer of them.


class MilvusMachine(IndexMachine):
    """The same, on a server."""

    kind: str
    milvuses: Milvuses
    most = 0
    """Rows that it held at the most."""

    @initialize(entries=st.lists(_entry, min_size=1, max_size=12, unique_by=lambda entry: entry[0]))
    def open(self, entries):
        self.index = self.milvuses.index(self.kind, DIMENSION)
        self.model: dict[int, tuple[int, ...]] = {}
        self.add(entries)  # there are so few examples that in most of them nothing might be added

    @invariant()
    def counts(self):
        if hasattr(self, "index"):
            assert len(self.index) == len(self.model)
            type(self).most = max(type(self).most, len(self.index))

    def teardown(self):
        self.milvuses.tidy()


@pytest.mark.parametrize("kind", KINDS)
def test_any_order_on_a_server(kind, milvuses):
    machine = type("Machine", (MilvusMachine,), {"kind": kind, "milvuses": milvuses})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=ON_A_SERVER, stateful_step_count=20, deadline=None)
    )
    assert machine.most > 0, "some of the orders put rows there"


_policy = st.tuples(st.integers(1, 3), _purposes, _times, _times, _lives)
_change = st.one_of(
    st.lists(st.tuples(st.integers(1, 90), st.integers(1, 30), _policy), max_size=30, unique_by=lambda row: row[0]),
    st.sets(st.integers(1, 30), max_size=6),
)
_asked = st.tuples(
    st.integers(0, 79), st.sampled_from([1, 3, 4]), st.frozensets(st.integers(1, 3), min_size=1), _times,
    st.none() | st.frozensets(st.sampled_from([(0, 1), (1, 3), (3, 5)]), max_size=2),
)  # fmt: skip


@settings(max_examples=100)
@given(changes=st.lists(_change, min_size=1, max_size=5), asked=st.lists(_asked, min_size=1, max_size=5))
@pytest.mark.parametrize("engine", sorted(set(ENGINES) - {"exact"}))
def test_an_engine_equals_exact_after_the_exact_scoring(engine, changes, asked):
    """Whatever the policies and the changes: the ten best that both find, scored exactly, are the same."""
    both = [open_index(name, DIMENSION) for name in (engine, "exact")]
    for change in changes:
        if isinstance(change, set):
            for index in both:
                index.remove(np.array(sorted(change), np.int64))
            continue
        ids, subjects, policies = [np.array(each) for each in zip(*change, strict=True)] if change else [[], [], []]
        organisations, purposes, begin, end, lives = np.array(policies, np.int64).reshape(-1, 5).T
        policy = {"organisations": organisations, "purposes": purposes, "not_before": NOW + begin}
        for index in both:
            index.add(rows(ids, subjects=subjects, expires=NOW + end, territories=lives, **policy))
    for query, purpose, organisations, at, lives in asked:
        eligible = Eligibility(purpose, organisations, NOW + at, None, lives)
        answers = [index.search(CROWD[query : query + 1], 100, eligible).ids[0] for index in both]
        best = [
            sorted((-float(CROWD[query] @ CROWD[i]), i) for i in ids.tolist() if i != NO_ID)[:10] for ids in answers
        ]
        assert best[0] == best[1]
