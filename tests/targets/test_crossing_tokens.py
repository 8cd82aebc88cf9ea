"""Gold between any two tokenisations of a text, held against what spaCy makes of it."""

from itertools import pairwise

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_causal.pipeline.examples import target_rows
from spacy_causal.tags.scheme import TagSet

VOCAB = spacy.blank("en").vocab
TEXT = "abcdefg"
EDGES = st.sets(st.integers(1, len(TEXT) - 1)).map(
    lambda cuts: [0, *sorted(cuts), len(TEXT)]
)
# Lengths in tokens, with the label that they bear.
RUNS = st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["", "A", "B"])))
AS_BIO = {"L": "I", "U": "B"}


def doc_of(edges):
    words = [TEXT[start:end] for start, end in pairwise(edges)]
    return Doc(VOCAB, words=words, spaces=[False] * len(words))


def annotate(doc, runs):
    spans, end = [], 0
    for length, label in runs:
        start, end = end, end + length
        if label and end <= len(doc):
            spans.append(Span(doc, start, end, label))
    doc.set_ents(spans, default="outside")


def projected(example, tag_set):
    rows = target_rows([example], "ner", tag_set)
    return [tag_set.names[row.argmax()] if row.any() else "-" for row in rows]


@pytest.mark.parametrize("scheme", ["bio", "biluo"])
@given(predicted=EDGES, reference=EDGES, runs=RUNS)
def test_what_spacy_knows_is_known(scheme, predicted, reference, runs):
    example = Example(doc_of(predicted), doc_of(reference))
    annotate(example.reference, runs)
    ours = projected(example, TagSet(scheme, ("A", "B")))
    for tag, said in zip(ours, example.get_aligned_ner(), strict=True):
        if said not in (None, "-"):
            mark = AS_BIO.get(said[0], said[0]) if scheme == "bio" else said[0]
            assert tag == mark + said[1:]
