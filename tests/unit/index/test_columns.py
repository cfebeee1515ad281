"""The policy columns keep step with the engine's slots, and a kept mask never differs from one that is made anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.index import Eligibility, Rows
from countenance.index.columns import Columns, room_for
from countenance.index.masks import KEPT, Terms

NOW = 1_000
ANY = Eligibility(purposes=1, organisations=frozenset({1}), at=NOW)


def rows(ids, *, purposes=1, not_before=0, expires=NOW * 2, organisations=1, territories=0, subjects=None) -> Rows:
    ids = np.asarray(ids, np.int64)
    full = lambda value, kind=np.int64: np.broadcast_to(np.asarray(value, kind), ids.shape).copy()  # noqa: E731
    return Rows(
        ids=ids,
        vectors=np.eye(1, 8, dtype=np.float32).repeat(len(ids), 0),
        subjects=full(ids if subjects is None else subjects),
        organisations=full(organisations),
        purposes=full(purposes, np.uint32),
        not_before=full(not_before),
        expires=full(expires),
        territories=full(territories),
    )


def shown(columns: Columns, eligible: Eligibility = ANY) -> list[bool]:
    return columns.mask(eligible).mask.tolist()


@given(st.integers(1, 60), st.lists(st.sets(st.integers(0, 59), max_size=9), max_size=8))
def test_slots_follow_the_order_of_swap_removal(n, removals):
    columns, model = Columns(), list(range(1, n + 1))
    columns.append(rows(model))
    for removal in removals:
        slots = np.array(sorted(slot for slot in removal if slot < len(model)), np.int64)
        moves = columns.remove(slots)
        for slot in moves.taken:  # as an engine does that removes one at a time
            model[slot] = model[-1]
            model.pop()
    assert len(columns) == len(model)
    assert columns.ids(np.arange(len(model))).tolist() == model
    assert [columns.slots(np.array([each])).tolist() for each in model] == [[slot] for slot in range(len(model))]
    assert columns.slots(np.array([n + 1, 0, -1])).tolist() == []


_purposes, _time = st.integers(0, 3), st.integers(NOW - 3, NOW + 3)
_row = st.tuples(st.integers(1, 12), _purposes, _time, _time, st.integers(1, 2), st.integers(0, 2))
_asked = st.tuples(st.sampled_from([1, 2]), st.frozensets(st.integers(1, 2)), _time, st.sampled_from([None, (1, 2)]))


@settings(max_examples=150)
@given(
    st.lists(st.one_of(st.lists(_row, max_size=6, unique_by=lambda row: row[0]), st.sets(st.integers(1, 12)), _asked))
)
def test_a_kept_mask_is_the_one_that_would_be_made_anew(steps):
    columns = Columns()
    for step in steps:
        if isinstance(step, list):
            ids, *policy = np.array(step, np.int64).reshape(-1, 6).T
            names = ("purposes", "not_before", "expires", "organisations", "territories")
            columns.remove(columns.slots(ids))
            columns.append(rows(ids, **dict(zip(names, policy, strict=True))))
        elif isinstance(step, set):
            columns.remove(columns.slots(np.array(sorted(step), np.int64)))
        else:
            purposes, organisations, at, span = step
            eligible = Eligibility(purposes, organisations, at, None, None if span is None else frozenset({span}))
            kept = columns.mask(eligible)
            anew, _ = columns._judged(eligible, at, 0, len(columns))
            assert kept.mask.tolist() == anew.tolist()
            assert kept.count == int(anew.sum())


def test_a_kept_mask_ends_when_a_row_begins_or_expires():
    columns = Columns()
    columns.append(rows([1], not_before=NOW + 5))
    columns.append(rows([2], expires=NOW + 8))
    seen = [shown(columns, replace(ANY, at=at)) for at in range(NOW, NOW + 10)]
    assert seen == [[at >= 5, at < 8] for at in range(10)]


def test_a_mask_for_some_subjects_does_not_narrow_the_next_search():
    columns = Columns()
    columns.append(rows([1, 2, 3]))
    assert shown(columns, replace(ANY, subjects=frozenset({2}))) == [False, True, False]
    assert shown(columns, replace(ANY, subjects=frozenset({1, 3}))) == [True, False, True]
    assert shown(columns) == [True, True, True]


def test_many_different_searches_keep_few_masks():
    columns = Columns()
    columns.append(rows([1, 2]))
    for organisation in range(100):
        columns.mask(replace(ANY, organisations=frozenset({organisation, 1})))
    assert len(columns._kept) == KEPT
    assert shown(columns) == [True, True]


def test_the_row_that_left_does_not_linger_in_the_spare_room():
    columns = Columns()
    columns.append(rows([41, 42], expires=[7_000, 8_888]))
    columns.remove(np.array([1]))
    assert all(42 not in values and 8_888 not in values for values in columns._data.values())


def test_what_rows_have_in_common_is_written_once():
    columns = Columns()
    columns.append(rows(range(1, 1001), purposes=3, territories=np.arange(1000) % 2))
    columns.append(rows([2000], purposes=3, territories=1))
    assert columns.terms == [Terms(3, 1, 0), Terms(3, 1, 1)]
    assert columns.column("terms").dtype == np.uint16


@pytest.mark.parametrize("far", [2**32 - 1, 2**32, 2**40, -5])
def test_numbers_that_do_not_fit_into_four_bytes_take_eight_and_stay_exact(far):
    columns = Columns()
    columns.append(rows([1], expires=NOW + 1))
    columns.append(rows([2], expires=far, subjects=[max(far, 1)]))
    columns.append(rows([3]))
    assert columns.column("expires").tolist() == [NOW + 1, far, NOW * 2]
    assert shown(columns) == [True, far > NOW, True]
    assert columns.of(np.array([max(far, 1)])).tolist() == ([0, 1] if far < 0 else [1])


def test_more_than_65_536_different_terms_are_told_apart():
    columns = Columns()
    columns.append(rows(range(1, 70_001), territories=np.arange(70_000)))
    columns.append(rows([70_001], territories=69_999))
    assert np.flatnonzero(shown(columns, replace(ANY, territories=frozenset({(69_999, 70_000)})))).tolist() == [
        69_999, 70_000,
    ]  # fmt: skip


def test_a_face_of_128_dimensions_takes_little():
    columns = Columns()
    columns.append(rows(range(1, 2**16 + 1)))
    for purposes in (1, 2, 4, 8, 16):
        columns.mask(replace(ANY, purposes=purposes))
    assert columns.nbytes / len(columns) < 28


def test_room_grows_by_a_quarter_and_keeps_what_was_there():
    array = room_for(np.arange(20), 21)
    assert len(array) == 25
    assert array[:20].tolist() == list(range(20))
    assert room_for(array, 25) is array
