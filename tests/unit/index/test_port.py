"""The data of the index port refuse what would be misread."""

from __future__ import annotations

import numpy as np
import pytest

from countenance.errors import InputError
from countenance.index import Eligibility, Rows


def columns(n: int = 2) -> dict[str, np.ndarray]:
    return {
        "ids": np.arange(1, n + 1),
        "vectors": np.eye(8, dtype=np.float32)[:n],
        "subjects": np.ones(n, np.int64),
        "organisations": np.ones(n, np.int64),
        "purposes": np.ones(n, np.uint32),
        "not_before": np.zeros(n, np.int64),
        "expires": np.ones(n, np.int64),
        "territories": np.zeros(n, np.int64),
    }


def test_rows_have_a_length():
    assert len(Rows(**columns(2))) == 2
    assert len(Rows(**columns(0))) == 0


@pytest.mark.parametrize("name", sorted(columns()))
def test_every_column_must_be_as_long_as_the_ids(name):
    with pytest.raises(InputError, match="differ in length"):
        Rows(**columns(2) | {name: columns(3)[name]})


@pytest.mark.parametrize("name", sorted(columns()))
def test_every_column_must_have_its_type(name):
    with pytest.raises(InputError):
        Rows(**columns() | {name: columns()[name].astype(np.float64)})
    with pytest.raises(InputError):
        Rows(**columns() | {name: columns()[name].tolist()})


@pytest.mark.parametrize("ids", [[0, 1], [-1, 1], [1, 1]])
def test_ids_are_above_zero_and_each_occurs_once(ids):
    with pytest.raises(InputError, match="above 0"):
        Rows(**columns() | {"ids": np.array(ids)})


@pytest.mark.parametrize("factor", [0, 2, np.nan, np.inf])
def test_a_vector_that_is_not_of_length_one_is_refused(factor):
    with np.errstate(invalid="ignore"):
        vectors = columns()["vectors"] * np.float32(factor)
    with pytest.raises(InputError, match="length 1"):
        Rows(**columns() | {"vectors": vectors})


def test_rows_never_print_their_vectors():
    assert "vectors" not in repr(Rows(**columns()))


@pytest.mark.parametrize("purpose", [0, -1, -2, 1 << 32])
def test_a_search_has_at_least_one_purpose(purpose):
    with pytest.raises(InputError, match="at least one purpose"):
        Eligibility(purpose, frozenset({1}), at=0)
