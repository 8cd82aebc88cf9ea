"""Agreement against worked examples, and against counting pairs of people."""

from fractions import Fraction
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring_examples import entities

from spacy_causal.scorers.agreement import (
    cohen_kappa,
    count_exact_matches,
    fleiss_kappa,
    span_agreement,
)
from spacy_causal.scorers.relaxed import count_relaxed_matches

RATINGS = st.lists(st.tuples(*[st.sampled_from("abc")] * 2), max_size=12)
# Each item's labels, by one to four people.
ITEMS = st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4), max_size=8)


def counts_of(items):
    return [[labels.count(name) for name in "abc"] for labels in items]


def test_cohen_by_hand():
    """Of 50: 20 yes of both, 15 no of both, p_o = 0.7, p_e = 0.5 · 0.6 + 0.5 · 0.4."""
    yes_no = (
        [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    )
    assert cohen_kappa(*zip(*yes_no, strict=True)) == pytest.approx(0.4)


def test_cohen_below_chance():
    assert cohen_kappa("ab", "ba") == -1
    assert cohen_kappa("aa", "bb") == 0


@given(RATINGS)
def test_cohen_is_what_all_pairings_of_their_labels_give(ratings):
    """Chance, counted: each label of one beside each of the other."""
    first, second = ([pair[i] for pair in ratings] for i in (0, 1))
    kappa = cohen_kappa(first, second)
    everything = list(product(first, second))
    chance = sum(a == b for a, b in everything)
    if chance == len(everything):
        assert kappa is None
        return
    expected = Fraction(chance, len(everything))
    observed = Fraction(sum(a == b for a, b in ratings), len(ratings))
    assert kappa == pytest.approx(float((observed - expected) / (1 - expected)))
    assert kappa == cohen_kappa(second, first)
    if first == second:
        assert kappa == 1


def test_fleiss_by_hand():
    """Three people: the mean of 1, 1/3, 1, 1/3 is 2/3, and p_e = 1/4 + 1/4."""
    counts = [[3, 0], [2, 1], [0, 3], [1, 2]]
    assert fleiss_kappa(counts) == pytest.approx((2 / 3 - 1 / 2) / (1 - 1 / 2))
    # What one person alone labelled says nothing of agreement, nor of chance.
    assert fleiss_kappa([*counts, [1, 0]]) == fleiss_kappa(counts)


@given(ITEMS, st.permutations(range(3)))
def test_fleiss_is_what_pairs_of_people_give(items, order):
    """Pairs of people an item, and pairs of labels drawn with replacement from all."""
    kappa = fleiss_kappa(counts_of(items))
    shared = [labels for labels in items if len(labels) > 1]
    pooled = [label for labels in shared for label in labels]
    if len(set(pooled)) < 2:
        assert kappa is None
        return
    agreements = [[a == b for a, b in combinations(labels, 2)] for labels in shared]
    observed = sum(Fraction(sum(x), len(x)) for x in agreements) / len(shared)
    drawn = [a == b for a, b in product(pooled, pooled)]
    expected = Fraction(sum(drawn), len(drawn))
    assert kappa == pytest.approx(float((observed - expected) / (1 - expected)))
    renamed = [[row[i] for i in order] for row in counts_of(items)]
    assert fleiss_kappa(renamed) == pytest.approx(kappa)


def test_nobody_shares_an_item():
    assert fleiss_kappa([]) is None
    assert fleiss_kappa([[1, 0], [0, 1]]) is None


@pytest.mark.parametrize(
    ("first", "second", "exact", "tolerant"),
    [
        ([("A", 0, 2)], [("A", 0, 2)], 1, 1),
        ([("A", 0, 2)], [("A", 1, 3)], 0, 1),
        ([("A", 0, 2)], [("B", 0, 2)], 0, 0),
        ([("A", 0, 2)], [("A", 2, 3)], 0, 0),
        ([("A", 0, 1), ("B", 4, 5)], [("B", 4, 5), ("A", 0, 1)], 1, 1),
        # Three spans of one, two of the other, one alike and one that overlaps.
        ([("A", 0, 1), ("A", 2, 4), ("B", 5, 6)], [("A", 0, 1), ("A", 3, 5)], 0.4, 0.8),
        ([], [("A", 0, 1)], 0, 0),
        ([], [], None, None),
    ],
)
def test_spans_by_hand(first, second, exact, tolerant):
    assert span_agreement([(first, second)]) == exact
    assert span_agreement([(first, second)], count_relaxed_matches) == tolerant


def test_spans_are_pooled_over_texts():
    """2 · (1 + 0) matches of 1 + 1 and 1 + 2 spans."""
    pairs = [
        ([("A", 0, 1)], [("A", 0, 1)]),
        ([("A", 0, 1)], [("B", 0, 1), ("A", 4, 5)]),
    ]
    assert span_agreement(pairs) == pytest.approx(2 / 5)


@given(entities(15), entities(15), st.randoms())
def test_neither_who_is_first_nor_the_order_counts(first, second, random):
    shuffled = random.sample(first, len(first))
    for match in (count_exact_matches, count_relaxed_matches):
        value = span_agreement([(first, second)], match)
        assert span_agreement([(second, first)], match) == value
        assert span_agreement([(shuffled, second)], match) == value
    exact, tolerant = (
        span_agreement([(first, second)], match)
        for match in (count_exact_matches, count_relaxed_matches)
    )
    assert exact is None or 0 <= exact <= tolerant <= 1
