"""Labels of Docs, whether annotated or carried as token targets."""

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_causal.corpus.labels import entities_of, tags_of
from spacy_causal.tags.scheme import TagSet, tags_of_spans
from spacy_causal.targets.token_targets import TokenTargets, set_targets

VOCAB = spacy.blank("xx").vocab
WORDS = ["Anna", "Smith", "joined", "Acme", "Services", "of", "Oslo", "."]
SPANS = [(0, 2, "PER"), (3, 5, "ORG"), (6, 7, "LOC")]


def carrying(scheme, change=None):
    tag_set = TagSet(scheme, ("LOC", "ORG", "PER"))
    names = tags_of_spans(tag_set, SPANS, len(WORDS))
    rows = np.eye(len(tag_set), dtype="float32")[[tag_set.index[x] for x in names]]
    if change is not None:
        token, row = change
        rows[token] = 0
        rows[token, : len(row)] = row
    doc = Doc(VOCAB, words=WORDS)
    set_targets(doc, "ner", TokenTargets(scheme, tag_set.names, rows))
    return doc


def read(doc):
    return [(ent.start, ent.end, ent.label_) for ent in entities_of(doc)]


def test_annotated_entities():
    doc = Doc(VOCAB, words=WORDS)
    assert read(doc) == []
    doc.set_ents([Span(doc, *span) for span in SPANS], default="outside")
    assert read(doc) == SPANS


@pytest.mark.parametrize("scheme", ["io", "bio", "biluo"])
@pytest.mark.parametrize("row", [[], [0.5, 0.5]], ids=["unknown", "soft"])
def test_entities_of_targets(scheme, row):
    whole = carrying(scheme)
    assert not whole.ents and read(whole) == SPANS
    assert entities_of(whole)[0].text == "Anna Smith"
    for token in (3, 4):
        assert read(carrying(scheme, (token, row))) == [SPANS[0], SPANS[2]]


def test_a_targeted_document_may_have_none():
    doc = Doc(VOCAB, words=["a", "b"])
    set_targets(doc, "ner", TokenTargets("biluo", (), np.zeros((2, 0))))
    assert read(doc) == []


def test_targets_that_do_not_fit_their_scheme():
    doc = Doc(VOCAB, words=["a"])
    set_targets(doc, "ner", TokenTargets("bio", ("PER",), np.ones((1, 1))))
    with pytest.raises(ValueError, match="'PER'"):
        entities_of(doc)


def test_tags():
    doc = Doc(VOCAB, words=["a", "b", "c"], tags=["X", "Y", ""])
    assert tags_of(doc, "tag") == ["X", "Y", ""]
    rows = np.array([[0, 1], [0.4, 0.6], [0, 0]], dtype="float32")
    set_targets(doc, "tag", TokenTargets("token", ("X", "Y"), rows))
    assert tags_of(doc, "tag") == ["Y", "", ""]
    assert tags_of(doc, "pos") == ["", "", ""]
