from collections import Counter

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng
from spacy.tokens import Doc

from spacy_causal.experiments.streaming import (
    classes_of,
    draw_unseen,
    split_initial,
    without_classes,
)

VOCAB = spacy.blank("en").vocab


def doc_of(ents, tags=None):
    return Doc(VOCAB, words=["a"] * len(ents), ents=ents, tags=tags)


def test_split_is_a_partition_and_the_same_for_the_same_seed():
    docs = [doc_of(["O"]) for _ in range(20)]
    first, stream = split_initial(docs, 0.2, default_rng(1))
    again, _ = split_initial(docs, 0.2, default_rng(1))
    assert len(first) == 4 and first == again
    assert {id(doc) for doc in first + stream} == {id(doc) for doc in docs}
    with pytest.raises(ValueError, match="share"):
        split_initial(docs, 1.0, default_rng(1))


@given(st.lists(st.integers(1, 100), min_size=3, max_size=30), st.integers(0, 5))
def test_unseen_classes_leave_seen_ones(numbers, seed):
    counts = Counter({f"c{i}": n for i, n in enumerate(numbers)})
    unseen = draw_unseen(counts, 0.3, default_rng(seed), tries=50)
    assert 0 < len(unseen) < len(counts)
    assert unseen == sorted(set(unseen)) and set(unseen) <= set(counts)


def test_unseen_classes_have_the_share_that_is_wanted():
    counts = Counter({f"c{i}": 10 for i in range(20)})
    unseen = draw_unseen(counts, 0.4, default_rng(0))
    assert sum(counts[c] for c in unseen) / counts.total() == pytest.approx(0.4)


def test_unseen_entities_are_missing_and_not_outside():
    doc = doc_of(["B-PER", "I-PER", "O", "B-ORG"])
    seen = without_classes(doc, "ner", {"PER"})
    assert classes_of(seen, "ner") == ["", "", "O", "ORG"]
    assert classes_of(doc, "ner") == ["PER", "PER", "O", "ORG"]


def test_unseen_tags_are_missing():
    doc = doc_of(["O", "O"], tags=["NN", "VB"])
    assert classes_of(without_classes(doc, "tag", {"VB"}), "tag") == ["NN", ""]


def test_what_was_missing_stays_missing():
    doc = doc_of(["B-PER", "O", "B-ORG"])
    doc.set_ents([doc.ents[1]], missing=[doc[0:1]], default="outside")
    assert classes_of(without_classes(doc, "ner", {"ORG"}), "ner") == ["", "O", ""]
