import numpy as np
import pytest
import spacy
from numpy.random import default_rng
from spacy.tokens import Doc

from spacy_causal.interventions.words import replace_words, replaced_tokens


def test_each_word_is_replaced_at_its_own_rate():
    words = np.array([3, 7, 9], dtype=np.uint64)
    hashes = np.array([7, 1, 3, 9] * 5000, dtype=np.uint64)
    rates = np.array([1.0, 0.25, 0.0])
    at = replaced_tokens(hashes, words, rates, default_rng(0))
    share = {word: (hashes[at] == word).sum() / 5000 for word in (1, 3, 7, 9)}
    assert share == pytest.approx({1: 0, 3: 1, 7: 0.25, 9: 0}, abs=0.02)


def test_nothing_to_replace():
    none = np.zeros(0, dtype=np.uint64)
    some = np.array([1], dtype=np.uint64)
    assert not len(replaced_tokens(some, none, np.zeros(0), default_rng(0)))
    assert not len(replaced_tokens(none, some, np.ones(1), default_rng(0)))


def test_tokens_keep_their_number_and_their_spaces():
    doc = Doc(
        spacy.blank("en").vocab, words=["a", "b", "."], spaces=[True, False, False]
    )
    replaced = replace_words(doc, [1], ["[MASK]"])
    assert [t.text_with_ws for t in replaced] == ["a ", "[MASK]", "."]
    assert doc.text == "a b."


def test_what_else_an_encoder_reads_stays(nlp):
    doc = nlp("I can't go. She can.")
    doc[5].is_sent_start = True
    doc[0].tag_, doc[0].pos_, doc[0].lemma_ = "PRP", "PRON", "i"
    doc.tensor = np.ones((len(doc), 2), dtype="f")
    replaced = replace_words(doc, [3], ["[MASK]"])
    assert [s.text for s in replaced.sents] == ["I can't [MASK].", "She can."]
    for before, after in zip(doc, replaced, strict=True):
        if before.i != 3:
            assert (before.norm_, before.tag_, before.pos_, before.lemma_) == (
                after.norm_,
                after.tag_,
                after.pos_,
                after.lemma_,
            )
    assert replaced[3].norm_ == nlp.vocab["[MASK]"].norm_
    assert replaced.tensor is doc.tensor


def test_entities_and_morphology_stay_too(nlp):
    doc = nlp("Anna sees Rome")
    doc.ents = [doc.char_span(0, 4, "PER")]
    doc[0].set_morph("Number=Sing")
    doc[0].dep_ = "nsubj"
    replaced = replace_words(doc, [1], ["[MASK]"])
    assert [(x.text, x.label_) for x in replaced.ents] == [("Anna", "PER")]
    assert (str(replaced[0].morph), replaced[0].dep_) == ("Number=Sing", "nsubj")
    nobody = replace_words(nlp("Anna sees"), [1], ["[MASK]"])
    assert not nobody.has_annotation("ENT_IOB") and not nobody.has_annotation("DEP")
