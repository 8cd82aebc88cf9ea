"""Near-duplicates: sorted hashes find what comparing all texts finds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_causal.acquisition.duplicates import minhash, near_duplicates

WORDS = st.sampled_from(["the", "cat", "sat", "on", "1", "2", "mat"])
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=6), min_size=1, max_size=12)


@given(texts=TEXTS, similarity=st.floats(0.01, 1.0))
def test_as_comparing_with_each(texts, similarity):
    signatures = np.array([minhash(words) for words in texts])
    similar = near_duplicates(texts, similarity)
    for row, own in enumerate(signatures):
        agreeing = (signatures == own).mean(axis=1)
        np.testing.assert_array_equal(
            similar(row), np.flatnonzero(agreeing >= similarity)
        )


@pytest.mark.parametrize("similarity", [0.5, 0.95, 1.0])
def test_digits_are_alike_and_order_counts(similarity):
    texts = ["won 3 of 10 games", "won 5 of 20 games", "games 10 of 3 won"]
    similar = near_duplicates([text.split() for text in texts], similarity)
    assert similar(0).tolist() == [0, 1]
    assert similar(2).tolist() == [2]
