"""The policy columns keep step with the engine's slots, and a kept mask never outlives what it was made from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from countenance.index import Eligibility, Rows
from countenance.index.columns import Columns, room_for

NOW = 1_000
ANY = Eligibility(purposes=1, organisations=frozenset({1}), at=NOW)


def rows(ids, *, purposes=1, not_before=0, expires=NOW * 2) -> Rows:
    ids = np.asarray(ids, np.int64)
    n = len(ids)
    return Rows(
        ids=ids,
        vectors=np.eye(1, 8, dtype=np.float32).repeat(n, 0),
        subjects=ids,
        organisations=np.ones(n, np.int64),
        purposes=np.full(n, purposes, np.uint32),
        not_before=np.full(n, not_before, np.int64),
        expires=np.full(n, expires, np.int64),
        territories=np.zeros(n, np.int64),
    )


@given(st.integers(1, 60), st.lists(st.integers(0, 59), max_size=40))
def test_slots_follow_the_order_of_swap_removal(n, removals):
    columns, model = Columns(), list(range(1, n + 1))
    columns.append(rows(model))
    for removal in removals:
        if removal < len(model):
            columns.swap_remove(removal)
            model[removal] = model[-1]
            model.pop()
    assert len(columns) == len(model)
    assert columns.ids(np.arange(len(model))).tolist() == model
    assert [columns.slot(reference) for reference in model] == list(range(len(model)))
    assert columns.slot(n + 1) is None


def test_a_mask_is_made_anew_after_an_addition_and_a_removal():
    columns = Columns()
    columns.append(rows([1, 2]))
    assert columns.mask(ANY).tolist() == [True, True]
    columns.append(rows([3], purposes=2))
    assert columns.mask(ANY).tolist() == [True, True, False]
    columns.swap_remove(0)
    assert columns.mask(ANY).tolist() == [False, True]


def test_a_kept_mask_ends_when_a_row_begins_or_expires():
    columns = Columns()
    columns.append(rows([1], not_before=NOW + 5))
    columns.append(rows([2], expires=NOW + 8))
    seen = [columns.mask(replace(ANY, at=at)).tolist() for at in range(NOW, NOW + 10)]
    assert seen == [[at >= 5, at < 8] for at in range(10)]


def test_a_mask_for_some_subjects_does_not_narrow_the_next_search():
    columns = Columns()
    columns.append(rows([1, 2]))
    assert columns.mask(replace(ANY, subjects=frozenset({2}))).tolist() == [False, True]
    assert columns.mask(ANY).tolist() == [True, True]


def test_many_different_searches_keep_few_masks():
    columns = Columns()
    columns.append(rows([1, 2]))
    for organisation in range(100):
        columns.mask(replace(ANY, organisations=frozenset({organisation, 1})))
    assert len(columns._kept) <= 8
    assert columns.mask(ANY).tolist() == [True, True]


def test_the_row_that_left_does_not_linger_in_the_spare_room():
    columns = Columns()
    columns.append(rows([41, 42]))
    columns.swap_remove(1)
    assert all(42 not in values for values in columns._data.values())


def test_room_grows_by_doubling_and_keeps_what_was_there():
    array = room_for(np.arange(20), 21)
    assert len(array) == 40
    assert array[:20].tolist() == list(range(20))
    assert room_for(array, 40) is array
