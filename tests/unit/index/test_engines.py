"""What is special to one engine, and how engines are chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import BadConfiguration, Tampered, Unavailable
from countenance.evaluate.crowd import generated_templates
from countenance.index import ENGINES, Eligibility, Rows, Segmented, open_index
from countenance.index import exact as exact_module
from countenance.index.embedded import EmbeddedIndex, depth_for
from countenance.index.flat import SEGMENT_BITS

ANY = Eligibility(purposes=1, organisations=frozenset({1}), at=5)
CROWD = np.concatenate(list(generated_templates(300, seed=3)))


def rows(ids) -> Rows:
    ids = np.asarray(ids, np.int64)
    ones = np.ones(len(ids), np.int64)
    return Rows(ids, CROWD[ids % len(CROWD)], ids, ones, ones.astype(np.uint32), ones, ones * 9, ones)


def cut_short(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_an_engine_is_opened_by_its_name(engine):
    index = open_index(engine, 128)
    assert (index.name, index.dimension, len(index)) == (engine, 128, 0)
    assert index.approximate is (engine == "embedded")


def test_an_unknown_engine_is_refused_and_the_choices_are_named():
    with pytest.raises(BadConfiguration, match="faiss") as caught:
        open_index("faiss", 128)
    assert "embedded, exact" in caught.value.hint


@pytest.mark.parametrize(("engine", "dimension"), [("embedded", 100), ("exact", 0), ("embedded", -8)])
def test_a_dimension_that_cannot_be_held_is_refused(engine, dimension):
    with pytest.raises(BadConfiguration, match=str(dimension)):
        open_index(engine, dimension)


def test_a_gallery_larger_than_one_block_is_ranked_as_one(monkeypatch):
    index = open_index("exact", 128)
    index.add(rows(range(1, 300)))
    whole = index.search(CROWD[:9], 20, ANY)
    monkeypatch.setattr(exact_module, "_BLOCK", 7)
    blocks = index.search(CROWD[:9], 20, ANY)
    assert blocks.ids.tolist() == whole.ids.tolist()


def test_the_exact_engine_leaves_no_trace_of_a_removed_vector():
    index = open_index("exact", 128)
    index.add(rows([1, 2, 3]))
    index.remove(np.array([3], np.int64))
    assert not (index._segments[0].codes.vectors == CROWD[3]).all(axis=1).any()


def test_p23_two_galleries_have_the_identical_codebook():
    """P23: the code of a template is the same bytes, whoever else is in the gallery."""
    alone, crowded = EmbeddedIndex(128), EmbeddedIndex(128)
    alone.add(rows([1]))
    crowded.add(rows(range(2, 200)))
    crowded.add(rows([1]))
    crowded.remove(np.arange(2, 200))
    here, there = (each._segments[0].codes.codes for each in (crowded, alone))
    assert here.to_bytes() == there.to_bytes()
    assert here.calibration_state == "uncalibrated"


def test_the_embedded_engine_estimates_closely():
    exact, embedded = open_index("exact", 128), open_index("embedded", 128)
    for index in (exact, embedded):
        index.add(rows(range(1, 300)))
    estimates = embedded.search(CROWD[:20], 299, ANY)
    true = np.einsum("qd,qkd->qk", CROWD[:20], CROWD[estimates.ids])
    assert np.abs(estimates.scores - true).max() < 0.15
    assert np.sqrt(np.mean((estimates.scores - true) ** 2)) < 0.04


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_a_change_that_was_cut_short_silences_the_index_until_it_is_rebuilt(engine, monkeypatch):
    index = open_index(engine, 128)
    index.add(rows([1, 2, 3]))
    with monkeypatch.context() as patch:
        patch.setattr(type(index._segments[0].codes), "remove", cut_short)
        with pytest.raises(KeyboardInterrupt):
            index.remove(np.array([1], np.int64))
    for act in (
        lambda: index.search(CROWD[:1], 1, ANY),
        lambda: index.add(rows([4])),
        lambda: index.remove(rows([2]).ids),
    ):
        with pytest.raises(Unavailable, match="cut short"):
            act()
    index.clear()
    index.add(rows([2]))
    assert index.search(CROWD[2:3], 1, ANY).ids.tolist() == [[2]]


FAR = 1 << SEGMENT_BITS
EVERYWHERE = [1, 2, 3, FAR, FAR + 1, 5 * FAR + 7, 2**40]


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_segments_are_searched_as_one(engine):
    index, together = open_index(engine, 128), open_index("exact", 128)
    index.add(rows(EVERYWHERE))
    together.add(rows(EVERYWHERE))
    assert len(index) == len(EVERYWHERE)
    assert all(each in index for each in EVERYWHERE)
    assert index.search(CROWD[:9], 3, ANY).ids.shape == (9, 3)
    found, wanted = (each.search(CROWD[:1], 50, ANY) for each in (index, together))
    assert set(found.ids[0].tolist()) == set(wanted.ids[0].tolist())
    assert (np.diff(found.scores[0, : len(EVERYWHERE)]) <= 0).all()
    assert index.remove(np.array([2, FAR, 2**40], np.int64)) == 3
    assert sorted(index.search(CROWD[:1], 4, ANY).ids[0].tolist()) == [1, 3, FAR + 1, 5 * FAR + 7]


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_an_engine_is_written_out_and_read_in_segment_by_segment(engine):
    index, again = open_index(engine, 128), open_index(engine, 128)
    index.add(rows(EVERYWHERE))
    assert isinstance(index, Segmented)
    assert index.segments() == sorted(index.changed()) == [0, 1, 5, 2**20]
    for number in index.segments():
        content, subjects = index.dump(number)
        assert {each >> SEGMENT_BITS for each in subjects.tolist()} == {number}
        again.load(number, content)
    assert not index.changed()
    assert not again.changed()
    here, there = (each.search(CROWD[:5], 9, ANY) for each in (index, again))
    assert here.ids.tolist() == there.ids.tolist()
    assert here.scores.tolist() == there.scores.tolist()
    again.remove(np.array([FAR], np.int64))
    again.add(rows([2]))
    assert again.changed() == {0, 1}
    assert sorted(again.search(CROWD[:1], 6, ANY).ids[0].tolist()) == sorted(set(EVERYWHERE) - {FAR})
    again.clear()
    assert again.dump(1) is None


@pytest.mark.parametrize(
    ("number", "cut"), [(0, lambda dumped: dumped[:-30]), (0, lambda _: b""), (1, bytes)], ids=["cut", "empty", "other"]
)
@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_what_is_no_segment_is_not_read_in(engine, number, cut):
    index, again = open_index(engine, 128), open_index(engine, 128)
    index.add(rows([1, 2, 3]))
    with pytest.raises(Tampered):
        again.load(number, cut(index.dump(0)[0]))
    assert len(again) == 0


def test_a_segment_of_another_engine_is_not_read_in():
    exact, embedded = open_index("exact", 128), open_index("embedded", 128)
    for one, other in ((exact, embedded), (embedded, exact)):
        one.add(rows([1, 2, 3]))
        other.clear()
        with pytest.raises(Tampered):
            other.load(0, one.dump(0)[0])
    assert exact.coding != embedded.coding != open_index("embedded", 256).coding


@given(
    k=st.integers(1, 2000), permitted=st.integers(1, 10**6), segments=st.integers(1, 100), probes=st.integers(1, 100)
)
def test_the_engine_is_never_asked_in_its_slow_range_nor_for_fewer_than_are_wanted(k, permitted, segments, probes):
    depth = depth_for(k, permitted, 10**6, segments, probes)
    assert depth >= k
    assert permitted <= 16 * depth or permitted > 32 * depth
    if permitted > 32 * max(k, 512):
        most = 512 if segments < 8 and probes < 16 else 256
        assert depth == max(k, min(most, (4 if probes < 16 else 2) * k))


@pytest.fixture(scope="module")
def many() -> tuple[EmbeddedIndex, np.ndarray, np.ndarray]:
    """So many rows that the engine keeps a shortlist; probes near nobody, and the five rows nearest to each."""
    chance, index = np.random.default_rng(6), EmbeddedIndex(128)
    drawn = chance.standard_normal((60_000 + 128, 128), dtype=np.float32)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    vectors, probes = drawn[128:], drawn[:128]
    ids = np.arange(1, len(vectors) + 1, dtype=np.int64)
    ones = np.ones(len(ids), np.int64)
    index.add(Rows(ids, vectors, ids, ones, ones.astype(np.uint32), ones, ones * 9, ones))
    return index, probes, ids[np.argpartition(-(probes @ vectors.T), 5, axis=1)[:, :5]]


@pytest.mark.parametrize("together", [1, 128])
def test_p22_the_engine_looks_deep_enough_for_what_is_published_of_it(many, together):
    """Asked for no more than the 30 that are wanted, it finds 79 of 100; as deep as it goes, 85."""
    index, probes, nearest = many
    parts = [probes[start : start + together] for start in range(0, len(probes), together)]
    found = np.concatenate([index.search(part, 30, ANY).ids for part in parts])
    assert np.mean([np.isin(near, shown).mean() for near, shown in zip(nearest, found, strict=True)]) > 0.82


def test_a_few_rows_are_all_scored_so_that_asking_deeper_finds_nothing_else():
    """If this fails, the engine keeps a shortlist of fewer rows than before, and `depth_for` has to look deeper."""
    from turbovec import TurboQuantIndex

    codes = TurboQuantIndex(128, 2)
    for part in generated_templates(32_767, 128, seed=3):
        codes.add(part, chunk_size=0)
    probes = next(generated_templates(32, 128, seed=4))
    assert depth_for(10, 32_767, 32_767) == 10
    assert depth_for(10, 32_768, 32_768) == 40
    few, many = (codes.search(probes, asked)[1][:, :10] for asked in (10, 1024))
    assert few.tolist() == many.tolist()


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_what_is_packed_finds_the_same(engine):
    index = open_index(engine, 128)
    for reference in EVERYWHERE:
        index.add(rows([reference]))
    before = index.search(CROWD[:9], 5, ANY)
    index.pack()
    after = index.search(CROWD[:9], 5, ANY)
    assert after.ids.tolist() == before.ids.tolist()
    assert len(index._segments[0].columns._data["ids"]) == 3
    index.add(rows([4]))
    index.remove(np.array([1], np.int64))
    assert sorted(index.search(CROWD[:1], 7, ANY).ids[0].tolist()) == sorted({*EVERYWHERE, 4} - {1})


def test_a_face_takes_at_most_64_bytes():
    index = EmbeddedIndex(128)
    index.add(rows(range(1, 20_001)))
    for purposes in range(1, 10):
        index.search(CROWD[:1], 5, replace(ANY, purposes=purposes))
    assert index.nbytes / len(index) <= 64
