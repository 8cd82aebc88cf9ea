"""Strict F1 against spaCy's own count, and against cases counted by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring_examples import examples, make_doc, make_example
from spacy.scorer import get_ner_prf
from spacy.training import Example

from spacy_causal.scorers.ner import make_ner_scorer
from spacy_causal.scorers.strict import make_strict_ner_scorer

PERFECT = {"p": 1.0, "r": 1.0, "f": 1.0}
NOTHING = {"p": 0.0, "r": 0.0, "f": 0.0}


def per_type(batch):
    return make_strict_ner_scorer()(batch)["ents_per_type"]


@given(st.lists(examples(), max_size=4))
def test_agrees_with_spacy(batch):
    expected = get_ner_prf(batch)
    scores = make_strict_ner_scorer()(batch)
    assert scores.keys() == expected.keys()
    for key in ("ents_p", "ents_r", "ents_f"):
        assert scores[key] == pytest.approx(expected[key])
    for label, values in (expected["ents_per_type"] or {}).items():
        # spaCy lists types of which every prediction was left out.
        assert scores["ents_per_type"].get(label, NOTHING) == pytest.approx(values)


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ([("ORG", 0, 2)], [("ORG", 0, 2)], {"ORG": PERFECT}),
        ([("ORG", 0, 2)], [("ORG", 0, 1)], {"ORG": NOTHING}),
        ([("ORG", 0, 2)], [("LOC", 0, 2)], {"ORG": NOTHING, "LOC": NOTHING}),
        ([("A-", 0, 1)], [("A-", 0, 1)], {"A-": PERFECT}),
        ([], [("ORG", 3, 4)], {"ORG": NOTHING}),
        ([], [], None),
    ],
)
def test_counts_by_hand(gold, predicted, expected):
    assert per_type([make_example(gold, predicted)]) == expected


def test_missing_annotation_is_left_out():
    eg = make_example(
        [("ORG", 0, 1)], [("ORG", 0, 1), ("LOC", 4, 6)], missing=[5, 6, 7]
    )
    assert per_type([eg]) == {"ORG": PERFECT}


def test_a_reference_without_annotation_is_left_out():
    known = make_example([("ORG", 0, 1)], [("ORG", 0, 1)])
    unknown = make_example([], [("ORG", 0, 1)], missing=range(8))
    assert per_type([known, unknown]) == {"ORG": PERFECT}
    assert set(make_ner_scorer()([unknown]).values()) == {None}


def test_a_merged_token_is_compared_on_the_reference():
    predicted = make_doc(["U.K", ".", "left"], [False, True, False], [("LOC", 0, 2)])
    reference = make_doc(["U.K.", "left"], [True, False], [("LOC", 0, 1)])
    assert per_type([Example(predicted, reference)]) == {"LOC": PERFECT}


def test_one_scorer_has_the_keys_of_all_three():
    scores = make_ner_scorer()([make_example([("ORG", 0, 2)], [("ORG", 1, 2)])])
    assert scores == {
        "ents_p": 0.0,
        "ents_r": 0.0,
        "ents_f": 0.0,
        "ents_per_type": {"ORG": NOTHING},
        "ents_relaxed_p": 1.0,
        "ents_relaxed_r": 1.0,
        "ents_relaxed_f": 1.0,
        "ents_token_micro_f": pytest.approx(2 / 3),
        "ents_token_macro_f": pytest.approx(2 / 3),
    }
