"""What each document counts, against the scorers."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_causal.effects.counts import (
    entity_counts,
    stack_counts,
    strict_counts,
    token_counts,
)
from spacy_causal.scorers.relaxed import relaxed_scores
from spacy_causal.scorers.spans import AlignedSpans
from spacy_causal.scorers.strict import strict_scores
from spacy_causal.scorers.tokens import prf, token_ner_scores


@st.composite
def spans(draw, length=8):
    edges = sorted(draw(st.sets(st.integers(0, length), max_size=6)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return [(draw(st.sampled_from("AB")), start, end) for start, end in pairs]


rows = st.builds(AlignedSpans, spans(), spans(), st.just(np.ones(8, dtype=bool)))


def total(by_type):
    return prf(*(sum(column) for column in zip((0, 0, 0), *by_type.values())))["f"]  # noqa: B905


@settings(deadline=None)  # seqeval is imported by the first call
@given(rows)
def test_all_types_together_are_what_the_scorers_say(row):
    assert total(entity_counts(row)) == relaxed_scores([row])["ents_relaxed_f"]
    assert total(token_counts(row)) == token_ner_scores([row])["ents_token_micro_f"]
    assert (
        total(strict_counts(row.gold, row.predicted)) == strict_scores([row])["ents_f"]
    )


def test_tokens_without_annotation_are_left_out():
    known = np.array([True, False, True])
    row = AlignedSpans([("A", 0, 1)], [("A", 0, 2)], known)
    assert token_counts(row) == {"A": (1, 1, 1)}


def test_stacked_with_their_sum_last():
    rows = [{"x": {"B": (1, 2, 3)}}, {"x": {"A": (0, 1, 0), "B": (1, 1, 1)}, "y": {}}]
    counts, labels = stack_counts(rows, ["x", "y"])
    assert labels == ["A", "B"]
    assert counts.shape == (2, 2, 3, 3)
    assert counts[1, 0].tolist() == [[0, 1, 0], [1, 1, 1], [1, 2, 1]]
    assert not counts[:, 1].any()
    assert stack_counts([{}], ["x"])[0].shape == (1, 1, 1, 3)
