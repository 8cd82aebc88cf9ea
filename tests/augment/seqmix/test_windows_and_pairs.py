"""Every window, every pair once, against loops over all of them."""

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spacy_causal.augment.seqmix.pairing import Pairs, Window
from spacy_causal.augment.seqmix.windows import eligible_windows

FLAGS = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=12)
WINDOWS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab")), max_size=14)


@given(FLAGS, st.integers(1, 6), st.sampled_from([0, 0.2, 0.5, 0.6, 1]))
def test_every_eligible_window_is_found(flags, size, density):
    valid = np.array([v for v, _ in flags], dtype=bool)
    usable = np.array([u for _, u in flags], dtype=bool)
    expected = [
        start
        for start in range(len(flags) - size + 1)
        if sum(v for v, _ in flags[start : start + size]) / size >= density
        and all(u for _, u in flags[start : start + size])
    ]
    assert eligible_windows(valid, usable, size, density).tolist() == expected


def test_the_last_window_counts():
    valid = np.array([False, False, True, True, True])
    assert eligible_windows(valid, np.ones(5, bool), 3, 1.0).tolist() == [2]


@given(WINDOWS, st.integers(0, 3))
def test_every_pair_of_two_sequences_is_drawn_once(drawn, seed):
    ordered = sorted(drawn, key=lambda pair: pair[0])
    windows = [Window(n, i, i + 2, key) for i, (n, key) in enumerate(ordered)]
    pairs = Pairs.of(windows)
    expected = {
        frozenset((a.start, b.start))
        for a, b in combinations(windows, 2)
        if a.sequence != b.sequence and a.key == b.key
    }
    got = [
        frozenset((a.start, b.start))
        for a, b in pairs.draw(np.random.default_rng(seed))
    ]
    assert pairs.count == len(expected) == len(got)
    assert set(got) == expected


def test_pairs_are_drawn_evenly():
    windows = [Window(0, i, i + 1, 1) for i in range(5)]
    windows += [Window(1, 5, 6, 1), Window(2, 6, 7, 1)]
    pairs = Pairs.of(windows)
    rng = np.random.default_rng(0)
    counts: dict = {}
    for _ in range(6600):
        pair = next(pairs.draw(rng))
        key = frozenset((pair.first.start, pair.second.start))
        counts[key] = counts.get(key, 0) + 1
    assert len(counts) == pairs.count == 11
    assert all(500 < count < 700 for count in counts.values())
