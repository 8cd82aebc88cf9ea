"""Token F1 against scikit-learn, tag accuracy against spaCy."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scoring_examples import NLP, make_doc, make_example
from sklearn.metrics import accuracy_score, f1_score
from spacy.tokens import Doc
from spacy.training import Example

from spacy_causal.scorers.tokens import (
    make_token_ner_scorer,
    make_token_tag_scorer,
    token_f1,
)


@given(st.lists(st.tuples(*[st.sampled_from(["", "A", "B", "C"])] * 2), max_size=20))
def test_agrees_with_scikit_learn(pairs):
    gold, predicted = [g for g, _ in pairs], [p for _, p in pairs]
    labels = sorted({*gold, *predicted} - {""})
    if not labels:
        assert token_f1(gold, predicted) == (None, None)
        return
    options = {"labels": labels, "zero_division": 0}
    micro = f1_score(gold, predicted, average="micro", **options)
    macro = f1_score(gold, predicted, average="macro", **options)
    assert token_f1(gold, predicted) == pytest.approx((micro, macro))


def test_entities_token_by_token():
    eg = make_example([("ORG", 0, 2), ("LOC", 2, 3)], [("ORG", 0, 2), ("ORG", 4, 6)])
    assert make_token_ner_scorer()([eg]) == {
        "ents_token_micro_f": pytest.approx(2 * 2 / (3 + 4)),
        "ents_token_macro_f": pytest.approx((2 * 2 / (2 + 4) + 0) / 2),
    }


def test_tokens_with_missing_annotation_are_left_out():
    eg = make_example([("ORG", 0, 2)], [("ORG", 0, 2), ("ORG", 4, 6)], missing=[4])
    scores = make_token_ner_scorer()([eg])
    assert scores == {"ents_token_micro_f": 1.0, "ents_token_macro_f": 1.0}


def tagged(tags, attr):
    doc = Doc(NLP.vocab, words=[f"w{i}" for i in range(len(tags))])
    for token, tag in zip(doc, tags, strict=True):
        setattr(token, f"{attr}_", tag)
    return doc


@pytest.mark.parametrize("attr", ["tag", "pos"])
@given(st.lists(st.tuples(*[st.sampled_from(["NOUN", "VERB", "X"])] * 2), min_size=1))
def test_tags_agree_with_scikit_learn(attr, pairs):
    gold, predicted = [g for g, _ in pairs], [p for _, p in pairs]
    eg = Example(tagged(predicted, attr), tagged(gold, attr))
    macro = f1_score(gold, predicted, average="macro", zero_division=0)
    accuracy = accuracy_score(gold, predicted)
    assert make_token_tag_scorer(attr)([eg]) == {
        f"{attr}_acc": pytest.approx(accuracy),
        f"{attr}_micro_f": pytest.approx(accuracy),
        f"{attr}_macro_f": pytest.approx(macro),
    }


@given(st.lists(st.sampled_from(["", "NOUN", "VERB"]), min_size=1, max_size=9))
def test_tokens_without_a_gold_tag_are_left_out(gold):
    assume(any(gold))
    eg = Example(tagged(["NOUN"] * len(gold), "tag"), tagged(gold, "tag"))
    expected = gold.count("NOUN") / sum(map(bool, gold))
    assert make_token_tag_scorer()([eg])["tag_micro_f"] == pytest.approx(expected)


@pytest.mark.parametrize(("tags", "expected"), [(("NN", "NN"), 1), (("JJ", "NN"), 0)])
def test_a_split_token_has_the_tag_its_parts_agree_on(tags, expected):
    predicted = make_doc(["x", "-ray"], [False, False], [])
    predicted[0].tag_, predicted[1].tag_ = tags
    reference = make_doc(["x-ray"], [False], [])
    reference[0].tag_ = "NN"
    scores = make_token_tag_scorer()([Example(predicted, reference)])
    assert scores["tag_micro_f"] == expected


def test_no_tags_give_none():
    eg = Example(tagged([""], "tag"), tagged([""], "tag"))
    assert set(make_token_tag_scorer()([eg]).values()) == {None}


def test_an_unknown_attribute_is_refused():
    with pytest.raises(ValueError, match="'tag' or 'pos'"):
        make_token_tag_scorer("dep")
