import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_causal.confounders.association import (
    contexts,
    create_associated_confounders,
    divergence,
    mutual_information,
)
from spacy_causal.confounders.frequency import create_frequent_confounders
from spacy_causal.types import TypedSentence


def sentence(text):
    """ "word/TYPE word" → TypedSentence; "/-" is unknown."""
    pairs = [word.partition("/")[::2] for word in text.split()]
    return TypedSentence(
        [word for word, _ in pairs], [None if t == "-" else t for _, t in pairs]
    )


def test_frequency_is_the_papers_choice():
    sentences = [sentence("the cat , the dog ."), sentence("the dog .")]
    chosen = create_frequent_confounders(size=3)(sentences)
    assert [c.word for c in chosen] == ["the", ".", "dog"]
    assert [c.probability for c in chosen] == [3 / 7, 2 / 7, 2 / 7]
    words = create_frequent_confounders(stop_words=["The"], punctuation=False)
    assert [c.word for c in words(sentences)] == ["dog", "cat"]


@given(st.lists(st.text("abc ,", min_size=1), max_size=5), st.integers(1, 5))
def test_p_z_is_a_distribution(texts, size):
    sentences = [TypedSentence(t.split(), [""] * len(t.split())) for t in texts]
    chosen = create_frequent_confounders(size=size)(sentences)
    assert len(chosen) <= size
    assert not chosen or math.isclose(sum(c.probability for c in chosen), 1)


def test_mutual_information_against_the_definition():
    rng = np.random.default_rng(0)
    present = rng.integers(0, 9, size=(6, 3)).astype(float)
    totals = present.max(axis=0) + rng.integers(1, 9, size=3)
    n = totals.sum()
    for row, got in zip(present, mutual_information(present, totals), strict=True):
        expected = 0.0
        for cells in (row, totals - row):
            for t in range(3):
                joint = cells[t] / n
                if joint:
                    marginal = cells.sum() / n * totals[t] / n
                    expected += joint * math.log(joint / marginal)
        assert got == pytest.approx(expected - 2 / (2 * n))


def test_a_word_that_is_independent_of_types_tells_nothing():
    got = mutual_information(np.array([[10.0, 20.0]]), np.array([20.0, 40.0]))
    assert got == pytest.approx(-1 / 120)


def test_a_word_that_stands_by_one_of_two_types_tells_a_bit():
    got = mutual_information(np.array([[50.0, 0.0]]), np.array([50.0, 50.0]))
    assert got == pytest.approx(math.log(2) - 1 / 200)


def test_divergence_against_the_definition():
    present, totals = np.array([[6.0, 2.0], [10.0, 0.0]]), np.array([20.0, 60.0])
    expected = [
        0.75 * math.log(0.75 / 0.25) + 0.25 * math.log(0.25 / 0.75) - 1 / 16,
        math.log(4) - 1 / 20,
    ]
    np.testing.assert_allclose(divergence(present, totals), expected)


def test_a_function_word_moves_types_too_little_to_be_chosen():
    sentences = [sentence(f"the x{i}/A ,") for i in range(60)]
    sentences += [sentence(f"the x{i}/B ,") for i in range(40)]
    sentences += [sentence(f"so x{i}/B ,") for i in range(20)]
    words = [c.word for c in create_associated_confounders()(sentences)]
    assert words == ["so"]
    everything = create_associated_confounders(min_divergence=-math.inf)(sentences)
    assert {c.word for c in everything} == {"so", "the"}


def test_context_is_a_window_without_the_token_itself():
    text = sentence("far a b Bank/ORG of/ORG c d , e")
    (bank, around), (of, _) = contexts(text, window=2, inside=False)
    assert (bank, of, around) == ("ORG", "ORG", {"a", "b", "c"})
    (_, around), _ = contexts(text, window=2, inside=True)
    assert around == {"a", "b", "of", "c"}


def test_association_finds_the_planted_cue_and_weighs_it():
    rng = np.random.default_rng(0)
    sentences = []
    for i in range(400):
        type_ = "AB"[i % 2]
        cue = "cue" if rng.random() < (0.9 if type_ == "A" else 0.1) else "other"
        filler = f"f{rng.integers(8)}"
        sentences.append(sentence(f"the {cue} name{i}/{type_} {filler} ."))
    chosen = create_associated_confounders()(sentences)
    assert {c.word for c in chosen[:2]} == {"cue", "other"}
    assert chosen[0].strength == chosen[1].strength == 1
    assert all(c.strength < 0.2 for c in chosen[2:])
    assert "the" not in Counter(c.word for c in chosen)


@pytest.mark.parametrize(
    ("create", "setting"),
    [
        (create_frequent_confounders, "size"),
        (create_associated_confounders, "size"),
        (create_associated_confounders, "window"),
        (create_associated_confounders, "saturation"),
    ],
)
def test_sizes_below_none(create, setting):
    with pytest.raises(ValueError, match=f"{setting} .*not -1"):
        create(**{setting: -1})


def test_no_data_no_confounders():
    assert create_associated_confounders()([]) == []
    assert create_associated_confounders()([sentence("a b")]) == []
    assert create_frequent_confounders()([]) == []
