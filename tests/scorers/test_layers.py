"""F1 of entities and of tags, counted by hand."""

import spacy
from spacy.tokens import Doc

from spacy_causal.scorers.layers import f1_of

VOCAB = spacy.blank("en").vocab


def test_entities_on_missing_annotation_are_left_out():
    """One right of two said and two that there are; the fourth token is not known."""
    gold = Doc(VOCAB, words=list("abcd"), ents=["B-X", "O", "B-Y", "O"])
    gold.set_ents(gold.ents, missing=[gold[3:4]], default="outside")
    said = Doc(VOCAB, words=list("abcd"), ents=["B-X", "B-X", "O", "B-Y"])
    assert f1_of([said], [gold], "ner") == 0.5
    assert f1_of([said], [gold], "ner", ["Y"]) == 0
    assert f1_of([gold], [gold], "ner") == 1


def test_tags_on_missing_annotation_are_left_out():
    """Two right of three said, the third missing in gold; 2 · 2 / (3 + 3)."""
    gold = Doc(VOCAB, words=list("abcd"), tags=["N", "V", "", "N"])
    said = Doc(VOCAB, words=list("abcd"), tags=["N", "N", "V", "N"])
    # The missing token's prediction counts nowhere.
    assert f1_of([said], [gold], "tag") == round(2 * 2 / (3 + 3), 4)
    assert f1_of([said], [gold], "tag", ["V"]) == 0


def test_docs_without_any_annotation_count_as_nothing():
    said = Doc(VOCAB, words=list("ab"), ents=["B-X", "O"])
    assert f1_of([said], [Doc(VOCAB, words=list("ab"))], "ner") == 0
