"""The generated crowd has the structure that it claims, and is the same wherever it is made."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.errors import InputError
from countenance.evaluate.crowd import TEMPLATES_EACH, generated_templates


def crowd(n: int, **how) -> np.ndarray:
    return np.concatenate([np.zeros((0, how.get("dimension", 128)), np.float32), *generated_templates(n, **how)])


def test_every_template_has_length_one():
    templates = crowd(5_000)
    assert templates.dtype == np.float32
    assert np.abs(np.linalg.norm(templates, axis=1) - 1).max() < 1e-5


def test_templates_of_one_identity_have_a_cosine_of_about_0_65():
    people = crowd(20_000).reshape(-1, TEMPLATES_EACH, 128)
    cosines = np.einsum("pad,pbd->pab", people, people)[:, *np.triu_indices(TEMPLATES_EACH, 1)]
    assert cosines.mean() == pytest.approx(0.65, abs=0.01)
    assert 0.06 < cosines.std() < 0.10


def test_templates_of_two_identities_have_a_cosine_of_about_0():
    firsts = crowd(8_000)[::TEMPLATES_EACH]
    cosines = (firsts @ firsts.T)[np.triu_indices(len(firsts), 1)]
    assert cosines.mean() == pytest.approx(0, abs=0.001)
    assert cosines.std() == pytest.approx(128**-0.5, rel=0.02)
    assert cosines.max() < 0.6


@settings(max_examples=30, deadline=None)
@given(n=st.integers(0, 300), more=st.integers(0, 50), batch=st.integers(TEMPLATES_EACH, 400))
def test_the_same_crowd_whatever_the_batch_and_however_long(n, more, batch):
    batches = list(generated_templates(n, dimension=16, batch=batch))
    assert all(0 < len(rows) <= batch for rows in batches)
    pieced = np.concatenate([np.zeros((0, 16), np.float32), *batches])
    assert pieced.shape == (n, 16)
    assert np.array_equal(pieced, crowd(n + more, dimension=16)[:n])


def test_another_seed_makes_another_crowd():
    assert np.array_equal(crowd(8, seed=2), crowd(8, seed=2))
    assert np.abs(np.einsum("ij,ij->i", crowd(400, seed=1), crowd(400, seed=2))).max() < 0.5


@pytest.mark.parametrize("how", [{"n": -1}, {"n": 1, "dimension": 1}, {"n": 1, "batch": 3}])
def test_a_crowd_that_cannot_be_made_is_refused_at_the_call(how):
    with pytest.raises(InputError):
        generated_templates(**how)
