"""The array model against a recursion over dictionaries, and sums to 1."""

from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_causal.augment.perplexity.kneser_ney import (
    BEGIN,
    FIRST_WORD,
    UNKNOWN,
    KneserNey,
    discounts,
)

N_WORDS = 5
TEXT = st.lists(st.integers(FIRST_WORD, FIRST_WORD + N_WORDS - 1), max_size=7)
CORPUS = st.lists(TEXT, min_size=1, max_size=8).filter(any)


class Slow:
    """Kneser–Ney as it is written down, one n-gram at a time."""

    def __init__(self, texts, n_ids, order):
        self.n_ids, self.order = n_ids, order
        raw = {k: Counter() for k in range(1, order + 1)}
        for text in texts:
            whole = (BEGIN, *text)
            for k in raw:
                raw[k].update(
                    whole[i : i + k] for i in range(max(0, len(whole) - k + 1))
                )
        self.a = {}
        for k, seen in raw.items():
            if k == order:
                self.a[k] = dict(seen)
                continue
            before = {gram: set() for gram in seen}
            for longer in raw[k + 1]:
                before[longer[1:]].add(longer[0])
            self.a[k] = {
                gram: n if gram[0] == BEGIN else len(before[gram])
                for gram, n in seen.items()
            }
        self.a[1].pop((BEGIN,), None)
        self.d = {}
        for k, counts in self.a.items():
            values = np.array([*counts.values()], dtype=int)
            self.d[k] = [0, *discounts(values)]

    def p(self, word, context):
        context = tuple(context)[max(0, len(context) - self.order + 1) :]
        return self._p(word, context)

    def _p(self, word, context):
        k = len(context) + 1
        shorter = self._p(word, context[1:]) if context else 1 / (self.n_ids - 1)
        followers = [a for gram, a in self.a[k].items() if gram[:-1] == context]
        if not sum(followers):
            return shorter
        d = self.d[k]
        own = self.a[k].get((*context, word), 0)
        own -= d[min(own, 3)]
        left = sum(d[min(a, 3)] for a in followers)
        return (own + left * shorter) / sum(followers)


def fast(model, word, context):
    """A text begins with the context, unless that begins with BEGIN."""
    text = np.array([*context[1:], word])
    return 2.0 ** model.log2([text])[0][-1]


@settings(max_examples=60, deadline=None)
@given(CORPUS, TEXT, st.integers(1, 4))
def test_agrees_with_the_recursion(texts, read, order):
    n_ids = FIRST_WORD + N_WORDS
    arrays = [np.array(text, dtype=int) for text in texts]
    model, slow = KneserNey.fit(arrays, n_ids, order), Slow(texts, n_ids, order)
    read = [*read, UNKNOWN, FIRST_WORD]
    (log2,) = model.log2([np.array(read)])
    whole = [BEGIN, *read]
    expected = [slow.p(whole[i], whole[:i]) for i in range(1, len(whole))]
    np.testing.assert_allclose(2.0**log2, expected, rtol=1e-9)


@settings(max_examples=30, deadline=None)
@given(CORPUS, st.integers(1, 3))
def test_sums_to_one_in_every_context(texts, order):
    n_ids = FIRST_WORD + N_WORDS
    model = KneserNey.fit([np.array(t, dtype=int) for t in texts], n_ids, order)
    words = range(UNKNOWN, n_ids)
    for length in range(order):
        for context in product(words, repeat=length):
            total = sum(fast(model, word, [BEGIN, *context]) for word in words)
            assert total == pytest.approx(1, abs=1e-9)


def test_the_discounts_of_chen_and_goodman():
    adjusted = np.array([1] * 8 + [2] * 4 + [3] * 2 + [4] * 1 + [9])
    # y = 8 / 16; D1 = 1 - 2y·4/8, D2 = 2 - 3y·2/4, D3 = 3 - 4y·1/2
    assert discounts(adjusted) == pytest.approx((0.5, 1.25, 2.0))
    # y = 9 / 15; D1 = 1 - 2y·3/9, D2 = 2 - 3y·2/3, D3 = 3 - 4y·1/2
    adjusted = np.repeat([1, 2, 3, 4], (9, 3, 2, 1))
    assert discounts(adjusted) == pytest.approx((0.6, 0.8, 1.8))


@pytest.mark.parametrize(
    "counts",
    [
        (0, 4, 2, 1),
        (8, 0, 2, 1),
        (8, 4, 0, 1),
        (4, 2, 3, 0),  # D2 = 2 - 3/2 · 3/2 = -1/4
        (8, 4, 2, 3),  # D3 = 3 - 4/2 · 3/2 = 0
    ],
)
def test_where_too_few_tell_the_discounts_are_fixed(counts):
    assert discounts(np.repeat([1, 2, 3, 4], counts)) == (0.5, 1.0, 1.5)


def test_the_first_ids_are_taken():
    assert (BEGIN, UNKNOWN, FIRST_WORD) == (0, 1, 2)


def test_batches_change_nothing_and_no_word_is_uniform():
    texts = [np.array([2, 3, 4]), np.array([3, 3]), np.array([], dtype=int)]
    model = KneserNey.fit(texts, 7, 3)
    together = model.log2(texts)
    for text, log2 in zip(texts, together, strict=True):
        np.testing.assert_array_equal(model.log2([text])[0], log2)
        assert len(log2) == len(text)
    for nothing in ([], [np.array([], dtype=int)]):
        empty = KneserNey.fit(nothing, 5, 2)
        np.testing.assert_allclose(empty.log2([np.array([2, 3])])[0], np.log2(1 / 4))
    with pytest.raises(ValueError, match="order is 0"):
        KneserNey.fit(texts, 7, 0)


def test_an_order_that_no_text_is_as_long_as():
    """Was an index into nothing."""
    texts = [np.array([2]), np.array([3])]
    high, low = (KneserNey.fit(texts, 5, order) for order in (6, 2))
    for read in ([2, 3], [1], []):
        found, expected = (m.log2([np.array(read, dtype=int)])[0] for m in (high, low))
        np.testing.assert_array_equal(found, expected)
