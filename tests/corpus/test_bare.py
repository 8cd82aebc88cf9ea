"""A Doc's tokens without annotation."""

import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_causal.corpus.bare import bare_copy, words_of


@pytest.mark.parametrize("spaces", [[True, False, False], None])
def test_the_tokens_are_the_same_and_nothing_else(spaces):
    doc = Doc(spacy.blank("en").vocab, words=["Ada", "sang", "."], spaces=spaces)
    doc.set_ents([Span(doc, 0, 1, "PER")])
    copy = bare_copy(doc)
    assert words_of(copy) == words_of(doc) and copy.vocab is doc.vocab
    assert copy.has_unknown_spaces == doc.has_unknown_spaces
    assert not copy.has_annotation("ENT_IOB") and not copy.ents


def test_a_vocabulary_without_a_word_is_one_too():
    other = Vocab()
    assert not len(other)
    doc = Doc(spacy.blank("en").vocab, words=["Ada"])
    assert bare_copy(doc, other).vocab is other
