"""Which mentions and near-misses are asked about."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spacy_causal.display.units import (
    Units,
    mention_units,
    only,
    token_units,
    unit_means,
    unit_tokens,
)


def units(words, probability, predicted=(), lengths=None, near_miss=0.5):
    got = mention_units(
        np.array(predicted, dtype=int).reshape(-1, 2),
        np.array(probability, dtype=float),
        np.array([not word.strip() for word in words], dtype=bool),
        np.array([word in ".,-" for word in words], dtype=bool),
        lengths or [len(words)],
        near_miss=near_miss,
    )
    return got.spans.tolist(), got.counts.tolist()


def test_near_misses_are_the_longest_runs_outside_predicted_mentions():
    words = ["a", "b", "c", "d", "e", "f"]
    spans, counts = units(words, [0.5, 0.9, 0.9, 0.4, 0.6, 0.9], predicted=[(2, 4)])
    assert spans == [[0, 2], [2, 4], [4, 6]]
    assert counts == [3]


def test_punctuation_and_white_space_alone_are_no_near_miss():
    words = [".", " ", "a", "-", "b", "\n", "c", ",", " "]
    spans, _ = units(words, [1, 1, 0, 1, 1, 1, 0, 1, 1])
    assert spans == [[3, 5]]


def test_no_mention_begins_or_ends_on_white_space():
    words = [" ", "a", "\n", "b", " ", " ", " "]
    assert units(words, [0] * 7, predicted=[(0, 5), (5, 7)])[0] == [[1, 4]]
    assert units(words, [1] * 7)[0] == [[1, 4]]


def test_no_run_crosses_documents():
    spans, counts = units(list("abcd"), [1, 1, 1, 1], lengths=[2, 0, 1, 1, 0])
    assert spans == [[0, 2], [2, 3], [3, 4]]
    assert counts == [1, 0, 1, 1, 0]


def test_nothing_is_near_above_one():
    assert units(list("ab"), [1, 1], near_miss=1.1)[0] == []


def test_empty_batches():
    assert units([], [], lengths=[0, 0]) == ([], [0, 0])
    assert units([], [], lengths=[0]) == ([], [0])
    assert token_units(np.zeros(2, dtype=bool), [0, 2]).counts.tolist() == [0, 2]
    assert token_units(np.zeros(0, dtype=bool), []).counts.tolist() == []


def test_white_space_is_not_asked_about():
    got = token_units(np.array([0, 1, 0, 1], dtype=bool), [2, 0, 2])
    assert got.spans.tolist() == [[0, 1], [2, 3]]
    assert got.counts.tolist() == [1, 0, 1]


TOKEN = st.tuples(st.sampled_from(["a", " ", "."]), st.floats(0, 1))


@given(st.lists(st.lists(TOKEN, max_size=5), min_size=1, max_size=4))
def test_units_are_apart_and_within_their_documents(documents):
    words = [word for doc in documents for word, _ in doc]
    probability = [p for doc in documents for _, p in doc]
    lengths = [len(doc) for doc in documents]
    spans, counts = units(words, probability, lengths=lengths)
    assert len(counts) == len(lengths)
    assert len(spans) == sum(counts)
    at, offset = 0, 0
    for n, count in zip(lengths, counts, strict=True):
        before = offset
        for start, end in spans[at : at + count]:
            assert before <= start < end <= offset + n
            assert "a" in words[start:end]
            assert words[start].strip()
            assert words[end - 1].strip()
            before = end
        at, offset = at + count, offset + n


def test_unit_means():
    values = np.random.default_rng(0).normal(size=(6, 3))
    probability = [1, 1, 0, 1, 0, 1]
    for lengths in ([6], [1, 5]):
        got = mention_units(
            np.zeros((0, 2), dtype=int),
            np.array(probability, dtype=float),
            np.zeros(6, dtype=bool),
            np.zeros(6, dtype=bool),
            lengths,
            near_miss=0.5,
        )
        tokens = unit_tokens(got)
        expected = [values[start:end].mean(axis=0) for start, end in got.spans]
        np.testing.assert_allclose(unit_means(values[tokens], got), expected)
        first = unit_means(values[tokens, 0], got)
        np.testing.assert_allclose(first, np.array(expected)[:, 0])
    each = token_units(np.zeros(6, dtype=bool), [4, 2])
    assert unit_tokens(each).tolist() == list(range(6))
    np.testing.assert_array_equal(unit_means(values, each), values)
    none = token_units(np.zeros(0, dtype=bool), [0])
    assert unit_means(values[unit_tokens(none)], none).shape == (0, 3)


@given(st.lists(st.lists(st.booleans(), max_size=4), min_size=1, max_size=5))
def test_those_that_are_kept_stay_with_their_documents(kept):
    flat = [keep for document in kept for keep in document]
    spans = np.stack([np.arange(len(flat)), np.arange(len(flat)) + 1], axis=1)
    counts = np.array([len(document) for document in kept])
    got = only(Units(spans.astype(int), counts), np.array(flat, dtype=bool))
    assert got.spans[:, 0].tolist() == [i for i, keep in enumerate(flat) if keep]
    assert got.counts.tolist() == [sum(document) for document in kept]
