"""Relaxed matches against the largest matching of a bipartite graph."""

import numpy as np
import pytest
from hypothesis import given
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching
from scoring_examples import entities, make_example

from spacy_causal.scorers.relaxed import count_relaxed_matches, make_relaxed_ner_scorer


def overlap(a, b):
    return a[0] == b[0] and a[1] < b[2] and b[1] < a[2]


@given(entities(15), entities(15))
def test_count_is_the_largest_matching(gold, predicted):
    if not gold or not predicted:
        assert count_relaxed_matches(gold, predicted) == 0
        return
    graph = csr_matrix(np.array([[overlap(g, p) for p in predicted] for g in gold]))
    largest = (maximum_bipartite_matching(graph) >= 0).sum()
    assert count_relaxed_matches(gold, predicted) == largest


@pytest.mark.parametrize(
    ("gold", "predicted", "precision", "recall"),
    [
        ([("ORG", 0, 3)], [("ORG", 2, 5)], 1.0, 1.0),
        ([("ORG", 0, 3)], [("LOC", 0, 3)], 0.0, 0.0),
        ([("ORG", 0, 3)], [("ORG", 3, 4)], 0.0, 0.0),
        ([("ORG", 0, 2), ("ORG", 3, 5)], [("ORG", 0, 5)], 1.0, 0.5),
        ([("ORG", 0, 5)], [("ORG", 0, 1), ("ORG", 2, 3)], 0.5, 1.0),
        ([], [("ORG", 0, 1)], 0.0, 0.0),
        ([], [], None, None),
    ],
)
def test_counts_by_hand(gold, predicted, precision, recall):
    scores = make_relaxed_ner_scorer()([make_example(gold, predicted)])
    assert scores["ents_relaxed_p"] == precision
    assert scores["ents_relaxed_r"] == recall
