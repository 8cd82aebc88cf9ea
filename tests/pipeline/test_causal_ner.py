import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_causal.types import TokenScores


def scores_of(nlp, tags, lengths):
    names = nlp.get_pipe("causal_ner").tag_set.names
    logits = np.zeros((len(tags), len(names)), dtype="f")
    for i, tag in enumerate(tags):
        logits[i, names.index(tag)] = 5
    return TokenScores(logits, logits, None, lengths)


@pytest.fixture
def ner():
    nlp = spacy.blank("en")
    pipe = nlp.add_pipe("causal_ner")
    pipe.add_label("A")
    pipe.add_label("B")
    return nlp


def test_entities_neither_begin_nor_end_on_white_space(ner):
    doc = Doc(ner.vocab, words=["\n", "x", "\n", "y", " ", "\n"])
    tags = ["B-A", "I-A", "I-A", "I-A", "L-A", "U-B"]
    ner.get_pipe("causal_ner").set_annotations([doc], scores_of(ner, tags, [6]))
    assert [(e.start, e.end, e.label_) for e in doc.ents] == [(1, 4, "A")]


def test_entities_that_stand_already_can_be_kept(ner):
    pipe = ner.get_pipe("causal_ner")
    for overwrite, expected in [(True, [(0, 2), (3, 4)]), (False, [(1, 3), (3, 4)])]:
        pipe.overwrite = overwrite
        doc = Doc(ner.vocab, words=["a", "b", "c", "d"])
        doc.ents = [Span(doc, 1, 3, label="OWN")]
        tags = ["B-A", "L-A", "O", "U-A"]
        pipe.set_annotations([doc], scores_of(ner, tags, [4]))
        assert [(e.start, e.end) for e in doc.ents] == expected


@pytest.mark.parametrize("own", [{}, {"overwrite": True}])
def test_entities_of_rules_stand_as_they_do_before_spacys_ner(own, examples):
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    nlp.add_pipe("causal_ner", config=own)
    nlp.initialize(lambda: examples)
    ruler.add_patterns([{"label": "RULE", "pattern": "Acme"}])
    found = [(ent.text, ent.label_) for ent in nlp("He met Acme there .").ents]
    assert (("Acme", "RULE") in found) is not bool(own)


def test_blocked_tokens_stay_blocked_where_entities_are_kept(ner):
    pipe = ner.get_pipe("causal_ner")
    pipe.overwrite = False
    doc = Doc(ner.vocab, words=["a", "b", "c"])
    doc.set_ents([], blocked=[doc[0:1]], default="outside")
    tags = ["B-A", "L-A", "U-B"]
    pipe.set_annotations([doc], scores_of(ner, tags, [3]))
    assert [(e.start, e.end) for e in doc.ents] == [(2, 3)]
    assert doc[0].ent_iob == 3


def test_a_label_outlives_the_memory_zone_that_it_came_in(ner):
    with ner.memory_zone():
        ner.get_pipe("causal_ner").add_label("ZEPPELIN")
    doc = Doc(ner.vocab, words=["a"])
    scores = scores_of(ner, ["U-ZEPPELIN"], [1])
    ner.get_pipe("causal_ner").set_annotations([doc], scores)
    assert [ent.label_ for ent in doc.ents] == ["ZEPPELIN"]


def test_what_was_not_found_is_outside_not_missing(ner):
    doc = Doc(ner.vocab, words=["a", "b"])
    ner.get_pipe("causal_ner").set_annotations([doc], scores_of(ner, ["O", "O"], [2]))
    assert {token.ent_iob_ for token in doc} == {"O"}


@pytest.mark.parametrize(
    ("predicted", "reference", "tags"),
    [
        (["x", "-", "ray"], ["x-ray"], ["B-A", "I-A", "L-A"]),
        (["x-ray"], ["x", "-", "ray"], ["U-A"]),
        (["U.K", ".", "."], ["U.K.", "."], ["B-A", "L-A", "O"]),
    ],
)
def test_tokens_that_differ(ner, predicted, reference, tags):
    gold = Doc(ner.vocab, words=reference, spaces=[False] * len(reference))
    end = 1 if reference[-1] == "." else len(reference)
    gold.set_ents([Span(gold, 0, end, label="A")])
    doc = Doc(ner.vocab, words=predicted, spaces=[False] * len(predicted))
    ner.initialize()
    pipe = ner.get_pipe("causal_ner")
    names = pipe.tag_set.names
    zeros = np.zeros((len(doc), len(names)), dtype="f")
    _, d_logits = pipe.get_loss(
        [Example(doc, gold)], TokenScores(zeros, zeros, None, [len(doc)])
    )
    assert [names[row.argmin()] for row in d_logits if row.any()] == tags


def test_scheme_token_is_for_taggers():
    with pytest.raises(ValueError, match="needs a scheme of spans"):
        spacy.blank("en").add_pipe("causal_ner", config={"scheme": "token"})
