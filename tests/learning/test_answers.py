"""Answers: what they refuse, and their way through JSON."""

import json

import pytest

from spacy_causal.learning.answers import Answer

GOOD = {"doc": "d1", "start": 1, "end": 3, "shown": ("PER", "LOC"), "chosen": "PER",
        "unit": "mention"}  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"chosen": None, "seed": 3, "round": 7},
        {"chosen": "ORG", "propensities": (0.5, 0.25, 1.0)},
        {"chosen": "O", "shown": ()},
    ],
)
def test_comes_back_from_json(changes):
    answer = Answer(**{**GOOD, **changes})
    assert Answer.from_dict(json.loads(json.dumps(answer.to_dict()))) == answer


@pytest.mark.parametrize(
    "changes,reason",
    [
        ({"end": 1}, "is about no tokens"),
        ({"start": -1}, "is about no tokens"),
        ({"unit": "sentence"}, "has the unit 'sentence'"),
        ({"unit": "token"}, "names several"),
        ({"shown": ("PER", "PER")}, "a type twice"),
        ({"shown": (), "chosen": None}, "nothing was shown"),
        ({"chosen": ""}, "without a name"),
        ({"chosen": "none of these"}, "that is chosen=None"),
        ({"propensities": (0.5,)}, "has 1 propensities for 2 types"),
        ({"propensities": (0.5, 0.5, 0.5)}, "has 3 propensities for 2 types"),
        ({"propensities": (0.5, 0.0)}, "no probability above 0"),
        ({"propensities": (0.5, float("nan"))}, "no probability above 0"),
    ],
)
def test_refuses_nonsense_and_says_where(changes, reason):
    with pytest.raises(ValueError, match=reason) as error:
        Answer(**{**GOOD, **changes})
    assert "of 'd1'" in str(error.value)


def test_one_label_without_its_comma_is_no_tuple():
    with pytest.raises(ValueError, match="tuple of types, not 'PER'"):
        Answer(**{**GOOD, "shown": ("PER")})


def test_refuses_fields_it_does_not_know():
    with pytest.raises(ValueError, match="lacks chosen and has an unknown label"):
        Answer.from_dict({"doc": "a", "start": 0, "end": 1, "shown": [], "label": "X"})


def test_the_propensity_is_the_chosen_types():
    known = {**GOOD, "propensities": (0.5, 0.25)}
    assert Answer(**known).propensity == 0.5
    assert Answer(**{**known, "chosen": "LOC"}).propensity == 0.25
    assert Answer(**{**known, "chosen": "ORG"}).propensity is None
    assert Answer(**{**known, "chosen": None}).propensity is None
    beside = {**GOOD, "chosen": "ORG", "propensities": (0.5, 0.25, 0.1)}
    assert Answer(**beside).propensity == 0.1
    assert Answer(**GOOD).propensity is None
