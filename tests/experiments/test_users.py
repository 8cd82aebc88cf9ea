import pytest
from numpy.random import default_rng

from spacy_causal.experiments.users import (
    create_mistaken_user,
    create_partial_user,
    perfect_user,
    telling_user,
)

SHOWN = ("PER", "ORG", "LOC")


def test_perfect_user_finds_the_truth_or_says_none_of_these():
    rng = default_rng(0)
    assert perfect_user(SHOWN, "ORG", rng) == "ORG"
    assert perfect_user(SHOWN, "MISC", rng) is None
    assert telling_user(SHOWN, "MISC", rng) == "MISC"


@pytest.mark.parametrize("truth", ["ORG", "MISC"])
def test_mistaken_user_errs_at_the_rate_that_is_set(truth):
    user, rng = create_mistaken_user(0.3), default_rng(0)
    right = perfect_user(SHOWN, truth, rng)
    answers = [user(SHOWN, truth, rng) for _ in range(4000)]
    wrong = [answer for answer in answers if answer != right]
    assert len(wrong) / len(answers) == pytest.approx(0.3, abs=0.03)
    assert set(wrong) == {*SHOWN, None} - {right}


def test_mistaken_user_refuses_a_rate_beyond_one():
    with pytest.raises(ValueError, match="probability"):
        create_mistaken_user(1.5)


def test_partial_user_does_not_know_the_other_labels():
    user, rng = create_partial_user({"PER"}), default_rng(0)
    assert user(SHOWN, "PER", rng) == "PER"
    assert user(SHOWN, "ORG", rng) is None
