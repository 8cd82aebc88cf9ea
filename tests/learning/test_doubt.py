"""How far answers of somebody who errs are believed, against counting all there is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_causal.learning.answers import Answer
from spacy_causal.learning.doubt import (
    belief_in_chosen,
    doubted_rows,
    kept_by_doubt,
)
from spacy_causal.learning.feedback import tags_of_types, targets_of
from spacy_causal.learning.settings import LearnerSettings
from spacy_causal.tags.scheme import TagSet

TOKEN = TagSet("token", ("A", "B", "C", "D"))
NONE = "none of these"


def joint(p, shown, mistakes):
    """P(truth, answer) by writing out each pair; answers are the shown and NONE."""
    names = TOKEN.labels
    table = {}
    for truth, mass in zip(names, p, strict=True):
        right = truth if truth in shown else NONE
        for answer in (*shown, NONE):
            errs = mistakes / len(shown)
            table[truth, answer] = mass * (1 - mistakes if answer == right else errs)
    return table


distributions = st.lists(st.floats(0.01, 1), min_size=4, max_size=4).map(
    lambda x: np.array(x) / sum(x)
)


shown_types = st.sampled_from([("A",), ("A", "B"), ("A", "B", "C")])


@given(distributions, st.floats(0, 0.49), shown_types)
def test_belief_is_the_posterior_of_the_joint(p, mistakes, shown):
    table = joint(p, shown, mistakes)
    said = sum(table[truth, "A"] for truth in TOKEN.labels)
    got = belief_in_chosen(p[:1], mistakes, n_wrong=len(shown))
    np.testing.assert_allclose(got, table["A", "A"] / said)


def test_what_cannot_be_is_believed_of_somebody_who_never_errs():
    np.testing.assert_array_equal(belief_in_chosen(np.zeros(1), 0.0, 2), [1])
    np.testing.assert_array_equal(belief_in_chosen(np.zeros(1), 0.2, 2), [0])


def test_of_no_wrong_answer_as_of_one():
    p = np.array([0.25, 0.75])
    np.testing.assert_allclose(belief_in_chosen(p, 0.25, 0), [0.5, 0.9])
    assert kept_by_doubt(0.25, 0) == pytest.approx(1 / 3)


@given(distributions, st.floats(0, 0.49), shown_types)
def test_what_is_kept_of_refused_types_is_the_posterior_of_the_joint(
    p, mistakes, shown
):
    table = joint(p, shown, mistakes)
    expected = np.array([table[truth, NONE] for truth in TOKEN.labels])
    share = kept_by_doubt(mistakes, len(shown))
    got = p * np.where([label in shown for label in TOKEN.labels], share, 1)
    np.testing.assert_allclose(got / got.sum(), expected / expected.sum())


def test_rows_of_an_answer_that_the_model_finds_improbable():
    own = np.array([[0.02, 0.9, 0.05, 0.03]])
    observed = np.array([[1.0, 0, 0, 0]])
    chosen = tags_of_types(TOKEN, [["A"]])[0]
    rows = doubted_rows(observed, own, chosen, np.ones(4), mistakes=0.1, n_wrong=3)
    belief = 0.9 * 0.02 / (0.9 * 0.02 + 0.1 / 3 * 0.98)
    np.testing.assert_allclose(rows[0, 0], belief, rtol=1e-5)
    np.testing.assert_allclose(rows[0, 1:], (1 - belief) * own[0, 1:] / 0.98, rtol=1e-5)


def test_a_type_confirmed_oftener_than_expected_is_believed():
    own, chosen = np.array([[0.001, 0.979, 0.01, 0.01]]), np.eye(4)[:1]
    mask = tags_of_types(TOKEN, [["A"]])[0]
    ratios = np.array([1000.0, 1, 1, 1])
    plain = doubted_rows(chosen, own, mask, np.ones(4), mistakes=0.1, n_wrong=3)
    known = doubted_rows(chosen, own, mask, ratios, mistakes=0.1, n_wrong=3)
    assert plain[0, 0] < 0.05 < 0.9 < known[0, 0]


def test_the_prior_is_flattened_and_weighed_before_it_is_judged():
    own = np.array([[0.16, 0.64, 0.16, 0.04]])
    observed, mask = np.eye(4)[:1], tags_of_types(TOKEN, [["A"]])[0]
    ratios = np.array([0.5, 0.25, 0.5, 0.25])
    settings = {"mistakes": 0.1, "n_wrong": 3, "temperature": 2.0}
    rows = doubted_rows(observed, own, mask, ratios, **settings)
    # √p · r is 0.2, 0.2, 0.2, 0.05: A has 4 of 13 parts.
    belief = 0.9 * 4 / (0.9 * 4 + 0.1 / 3 * 9)
    expected = (1 - belief) * own[0] / 0.84
    expected[0] = belief
    np.testing.assert_allclose(rows, [expected], rtol=1e-6)


def test_a_prior_too_small_for_a_float_is_no_division_by_zero():
    own, mask = np.array([[0.2, 0.3, 0.4, 0.1]]), tags_of_types(TOKEN, [["A"]])[0]
    settings = {"mistakes": 0.1, "n_wrong": 3, "temperature": 1e-4}
    rows = doubted_rows(np.eye(4)[:1], own, mask, np.ones(4), **settings)
    np.testing.assert_allclose(rows, [[0, 3 / 8, 4 / 8, 1 / 8]])


def test_rows_stay_distributions_at_the_edges():
    own = np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0]])
    observed = np.array([[1.0, 0, 0, 0], [1.0, 0, 0, 0]])
    mask = tags_of_types(TOKEN, [["A"]])[0]
    rows = doubted_rows(observed, own, mask, np.ones(4), mistakes=0.2, n_wrong=1)
    np.testing.assert_allclose(rows, [[1, 0, 0, 0], [0, 1, 0, 0]])


def test_a_model_that_gives_nothing_to_any_tag_is_no_reason_to_doubt():
    observed, mask = np.eye(4)[:1], tags_of_types(TOKEN, [["A"]])[0]
    rows = doubted_rows(
        observed=observed,
        own=np.zeros((1, 4)),
        chosen=mask,
        ratios=np.ones(4),
        mistakes=0.2,
        n_wrong=3,
    )
    np.testing.assert_array_equal(rows, observed)


@pytest.mark.parametrize("chosen", ["A", None])
def test_without_mistakes_targets_are_what_they_were(chosen):
    own = np.array([[0.2, 0.3, 0.4, 0.1]], dtype=np.float32)
    answer = Answer("doc", 0, 1, ("A", "B"), chosen)
    plain = targets_of([answer], TOKEN, own)
    told = targets_of([answer], TOKEN, own, mistakes=0.0, ratios=np.arange(1.0, 5))
    np.testing.assert_array_equal(plain.rows, told.rows)


def test_mistakes_soften_confirmations_and_refusals():
    own = np.array([[0.2, 0.3, 0.4, 0.1]], dtype=np.float32)
    confirmed, refused = (
        targets_of([Answer("doc", 0, 1, ("A", "B"), said)], TOKEN, own, mistakes=0.2)
        for said in ("A", None)
    )
    expected = belief_in_chosen(own[0, :1], 0.2, 2)
    np.testing.assert_allclose(confirmed.rows[0, 0], expected[0], rtol=1e-5)
    assert refused.rows[0, :2].min() > 0
    np.testing.assert_allclose(refused.rows.sum(), 1, rtol=1e-5)


def test_a_doubted_answer_in_a_scheme_of_spans():
    tags = TagSet("bio", ("PER", "LOC"))
    own = np.array([[0.2, 0.3, 0.1, 0.4, 0]], dtype=np.float32)
    for chosen, bear_it in (("PER", [1, 2]), ("O", [0])):
        answer = Answer("doc", 0, 1, ("PER", "O"), chosen, unit="mention")
        (row,) = targets_of([answer], tags, own, mistakes=0.2).rows
        expected = belief_in_chosen(own[:, bear_it].sum(axis=1), 0.2, 2)
        np.testing.assert_allclose(row[bear_it].sum(), expected[0], rtol=1e-5)
    unknown = Answer("doc", 0, 1, ("ORG",), "ORG")
    with pytest.raises(ValueError, match="no label"):
        targets_of([unknown], tags, own, mistakes=0.2)


@pytest.mark.parametrize("mistakes", [-0.1, 0.5, 1.0])
def test_settings_that_make_no_sense(mistakes):
    with pytest.raises(ValueError, match="mistakes"):
        LearnerSettings(mistakes=mistakes)
