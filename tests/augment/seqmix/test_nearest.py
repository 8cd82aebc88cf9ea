"""The closest row of a table, by any way of looking for it."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import linear

from spacy_causal.augment.seqmix import half_table, token_table
from spacy_causal.augment.seqmix.half_table import HalfTable, rounding_error
from spacy_causal.augment.seqmix.nearest import half_norms, nearest_rows
from spacy_causal.augment.seqmix.token_table import TokenTable

V, D, Q = 1100, 12, 150


def one_by_one(queries, vectors, excluded):
    """Each query's distance to all rows."""
    found = []
    for query, rows in zip(queries, excluded, strict=True):
        distances = ((vectors - query).astype("f8") ** 2).sum(axis=1)
        distances[list(rows)] = np.inf
        found.append(int(distances.argmin()))
    return found


def drawn(seed, scale=1.0):
    rng = np.random.default_rng(seed)
    vectors = (scale * rng.standard_normal((V, D))).astype("f4")
    one, two = rng.integers(V, size=(2, Q))
    share = rng.beta(8, 8, size=(Q, 1)).astype("f4")
    queries = share * vectors[one] + (1 - share) * vectors[two]
    return queries, vectors, np.stack([one, two], axis=1).tolist()


@given(
    st.integers(0, 1000),
    st.sampled_from([1e-3, 1.0, 30.0]),
    st.sampled_from([0.0, 1.0, 20.0]),
)
def test_an_answer_that_is_certain_is_the_closest(seed, scale, longer):
    queries, vectors, excluded = drawn(seed, scale)
    queries = queries * np.float32(longer)
    table = HalfTable.of(vectors, half_norms(vectors))
    found, certain = table.nearest(queries, excluded)
    expected = np.array(one_by_one(queries, vectors, excluded))
    assert (found[certain] == expected[certain]).all()


def test_far_apart_rows_are_all_certain():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((V, 400)).astype("f4")
    queries = vectors[:Q] + np.float32(0.1)
    found, certain = HalfTable.of(vectors, half_norms(vectors)).nearest(
        queries, [[]] * Q
    )
    assert certain.all()
    assert found.tolist() == list(range(Q))


def test_what_half_precision_cannot_tell_is_not_certain():
    rng = np.random.default_rng(0)
    centre = rng.standard_normal(D)
    vectors = (centre + 1e-3 * rng.standard_normal((V, D))).astype("f4")
    table = HalfTable.of(vectors, half_norms(vectors))
    assert not table.nearest(vectors[:Q], [[]] * Q)[1].any()


@pytest.mark.parametrize("times", [2, 64, 1024])
def test_what_rounding_turns_round_is_not_certain(times):
    # bfloat16 rounds the first down and the second up, and the first is closer.
    down, up = np.float32(1 + 2**-8 - 2**-20), np.float32(1 + 2**-8 + 2**-20)
    vectors = np.ones((V, 257), dtype="f4")
    vectors[-1] = down
    vectors[5], vectors[5, -1] = up, 0.5
    query = np.full((1, 257), times * down, dtype="f4")
    found, certain = HalfTable.of(vectors, half_norms(vectors)).nearest(query, [[]])
    assert one_by_one(query, vectors, [[]]) == [V - 1]
    assert not certain[0] or found[0] == V - 1


def test_what_rounding_takes_by_hand():
    lengths, least = torch.tensor([1.0, 3.0]), torch.tensor([-0.5, 8.0])
    found = rounding_error(lengths, 12.5, least)
    # ‖e‖ is 5: 3 · 5 · 1 + 12½ + ½ and 3 · 5 · 3 + 12½ + 8, each a 256th and a bit.
    expected = np.array([28.0, 65.5]) * 1.01 / 256
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@given(st.integers(0, 1000))
def test_rounding_takes_no_more(seed):
    queries, vectors, _ = drawn(seed)
    halves = half_norms(vectors)
    table = HalfTable.of(vectors, halves)
    rows, largest = torch.tensor(vectors).bfloat16(), float(halves.max())
    rounded = linear(torch.tensor(queries).bfloat16(), rows, table.bias[:V]).float()
    exact = queries.astype("f8") @ vectors.T.astype("f8") - halves
    lengths = torch.tensor(np.linalg.norm(queries, axis=1))
    for column in range(0, V, 100):
        lost = abs(exact[:, column] - rounded[:, column].numpy())
        most = rounding_error(lengths, largest, rounded[:, column])
        assert (lost <= most.numpy()).all()


def test_any_array_is_a_table():
    rng = np.random.default_rng(4)
    vectors = rng.standard_normal((V, 400))[:, ::-1]
    frozen = vectors.astype("f4")
    frozen.setflags(write=False)
    expected = list(range(Q))
    for each in (vectors, frozen):
        table = HalfTable.of(each, half_norms(each))
        found, certain = table.nearest(each[:Q], [[]] * Q)
        assert certain.all()
        assert found.tolist() == expected


def test_the_first_of_equal_rows():
    rng = np.random.default_rng(1)
    vectors = np.tile(rng.standard_normal((V // 2, 400)).astype("f4"), (2, 1))
    table = HalfTable.of(vectors, half_norms(vectors))
    found, certain = table.nearest(vectors[V // 2 :][:Q], [[]] * Q)
    assert certain.all()
    assert found.tolist() == list(range(Q))
    rows = nearest_rows(vectors[V // 2 :][:Q], vectors, half_norms(vectors), [[]] * Q)
    assert (rows % (V // 2)).tolist() == list(range(Q)), "of equal ones either"


@pytest.mark.parametrize("able", [True, False])
def test_a_table_answers_alike_on_any_processor(able, monkeypatch):
    queries, vectors, excluded = drawn(2)
    monkeypatch.setattr(half_table, "multiplies_tiles", lambda: able)
    monkeypatch.setattr(token_table, "LARGE", 512)
    used = []
    own = HalfTable.nearest
    monkeypatch.setattr(
        HalfTable, "nearest", lambda *args: used.append(1) or own(*args)
    )
    table = TokenTable(tuple(map(str, range(V))), vectors)
    found = table.nearest(queries, excluded)
    assert found.tolist() == one_by_one(queries, vectors, excluded)
    assert bool(used) == able


def test_all_rows_excluded_in_half_precision(monkeypatch):
    monkeypatch.setattr(half_table, "multiplies_tiles", lambda: True)
    monkeypatch.setattr(token_table, "LARGE", 512)
    table = TokenTable(tuple(map(str, range(V))), np.ones((V, D), dtype="f4"))
    with pytest.raises(ValueError, match="excluded"):
        table.nearest(np.ones((Q, D), dtype="f4"), [range(V)] * Q)


def test_without_a_word_from_torch_the_processor_is_not_able(monkeypatch):
    monkeypatch.delattr(half_table.torch.cpu, "get_capabilities", raising=False)
    assert half_table.multiplies_tiles() is False


@pytest.mark.parametrize("tiles", [True, False])
def test_vectors_of_bfloat16_are_not_enough(tiles, monkeypatch):
    said = {"avx512_bf16": True, "amx_bf16": tiles}
    monkeypatch.setattr(
        half_table.torch.cpu, "get_capabilities", lambda: said, raising=False
    )
    assert half_table.multiplies_tiles() is tiles
