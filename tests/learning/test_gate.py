"""What the gate looks at: F1 by label, of entities or of tags."""

import pytest
import spacy
from spacy.tokens import Doc

from spacy_causal.learning.gate import LabelScore, label_scores, tag_scores


def test_tags_without_gold_are_left_out():
    gold = ["N", "V", "", "N", "", "X"]
    said = ["N", "N", "V", "N", "N", "V"]
    assert tag_scores(gold, said) == {
        "N": LabelScore(pytest.approx(0.8), 2),
        "V": LabelScore(0.0, 1),
        "X": LabelScore(0.0, 1),
    }
    assert tag_scores(["", ""], ["N", "V"]) == {}


def test_a_tagger_is_scored_by_its_tags():
    nlp = spacy.blank("en")
    nlp.add_pipe("causal_tagger")
    words, tags = ["Anna", "left", "."], ["N", "V", "."]
    dev = [Doc(nlp.vocab, words=words, tags=tags)]
    nlp.initialize(
        lambda: [spacy.training.Example(Doc(nlp.vocab, words=words), dev[0])]
    )
    said = [token.tag_ for token in nlp(Doc(nlp.vocab, words=words))]
    scores = label_scores(nlp, "causal_tagger", dev)
    assert scores == tag_scores(tags, said)
    assert {name: score.support for name, score in scores.items()} == {
        "N": 1,
        "V": 1,
        ".": 1,
    }
    assert [token.tag_ for token in dev[0]] == tags
