"""Like donors: the nearest of their type by vectors, whatever they come from."""

import numpy as np
import pytest
import spacy
from numpy.random import default_rng
from spacy.tokens import Doc
from spacy.training import Example

from spacy_causal.augment.bank import Donor, bank_of
from spacy_causal.augment.counterfactuals import SwapSettings, counterfactuals
from spacy_causal.augment.likeness import unit_rows, with_vectors
from spacy_causal.augment.provenance import swaps_of

# Rivers point one way, cities another; "New" says little.
VECTORS = {
    **{name: [1, i / 10] for i, name in enumerate(["Rhine", "Elbe", "Oder"])},
    **{name: [i / 10, 1] for i, name in enumerate(["Oslo", "Rome", "York"])},
    "New": [0, 0.1],
}


def donor(text):
    words = text.split()
    return Donor(tuple(words), (*[True] * (len(words) - 1), False))


@pytest.fixture
def bank():
    texts = ["Rhine", "Elbe", "Oder", "Oslo", "Rome", "New York"]
    other = [("PER", donor("Rhine")), ("PER", donor("Ada"))]
    return bank_of([*(("LOC", donor(text)) for text in texts), *other])


@pytest.fixture
def with_static(nlp):
    for word, vector in VECTORS.items():
        nlp.vocab.set_vector(word, np.array(vector, dtype="f"))
    return nlp


def names(others):
    return {d.text for d in others.donors}


def test_the_nearest_of_the_type(bank, with_static):
    known = with_vectors(bank, with_static)
    assert names(known.others("LOC", "Rhine", like=2)) == {"Elbe", "Oder"}
    assert names(known.others("LOC", "New York", like=2)) == {"Oslo", "Rome"}
    assert names(known.others("PER", "Rhine", like=5)) == {"Ada"}
    assert known.others("LOC", "Nile", like=2).number == 0, "it has no vector"
    assert known.others("LOC", "Rhine").number == 5
    drawn = known.others("LOC", "Rhine", like=1)
    assert {drawn.draw(default_rng(i)).text for i in range(9)} == {"Elbe"}


def test_like_ones_of_the_shape(bank, with_static):
    known = with_vectors(bank, with_static)
    shape = donor("New York").shape
    assert known.others("LOC", "New York", shape, like=3).number == 0
    shape = donor("Oslo").shape
    assert names(known.others("LOC", "Oslo", shape, like=2)) == {"Rome", "Oder"}


def test_ties_go_to_the_more_frequent(with_static):
    donors = [("LOC", donor(t)) for t in ("Rhine", "b", "c", "c", "a")]
    known = with_vectors(bank_of(donors), with_static)
    assert names(known.others("LOC", "Rhine", like=2)) == {"c", "Rhine", "a"} - {
        "Rhine"
    }


@pytest.mark.parametrize("encoder", ["tok2vec", "ner", "causal_ner"])
def test_an_encoder_reads_each_donor_by_itself(encoder, nlp, bank, examples):
    nlp.add_pipe(encoder)
    nlp.initialize(lambda: examples)
    known = with_vectors(bank, nlp)
    pipe = nlp.get_pipe(encoder)
    model = pipe.model if encoder == "tok2vec" else pipe.model.get_ref("tok2vec")
    for label, donors in bank.donors.items():
        docs = [Doc(nlp.vocab, words=list(d.words)) for d in donors]
        read = [model.predict([doc]) for doc in docs]
        rows = [r[0] if isinstance(r, list) else r for r in read]
        expected = np.array([r.mean(axis=0) for r in rows])
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
        np.testing.assert_allclose(known.vectors[label], expected, rtol=1e-4, atol=1e-5)


def test_no_vectors_are_said(bank, nlp):
    with pytest.raises(ValueError, match="No encoder"):
        with_vectors(bank, nlp)
    with pytest.raises(ValueError, match="bank with vectors"):
        bank.others("LOC", "Oslo", like=1)
    with pytest.raises(ValueError, match="like is -1"):
        SwapSettings(like=-1)


def test_swaps_take_like_donors(bank, with_static):
    docs = [
        Doc(with_static.vocab, words=["in", name], ents=["O", "B-LOC"])
        for name in ("Rhine", "Oslo")
    ]
    examples = [Example(Doc(d.vocab, words=[t.text for t in d]), d) for d in docs]
    made = counterfactuals(
        with_static,
        examples,
        with_vectors(bank, with_static),
        SwapSettings(2, like=2),
        default_rng(0),
    )
    drawn = {
        (swap.text, swap.donor)
        for attempt in made
        for swap in swaps_of(attempt.example.reference)
    }
    rivers = {("Rhine", "Elbe"), ("Rhine", "Oder")}
    assert drawn == rivers | {("Oslo", "Rome"), ("Oslo", "New York")}


def test_unit_rows():
    np.testing.assert_allclose(
        unit_rows(np.array([[3.0, 4], [0, 0]])), [[0.6, 0.8], [0, 0]]
    )


def test_a_bank_without_donors(nlp):
    nlp.vocab.set_vector("a", np.ones(2, dtype="f"))
    assert with_vectors(bank_of([]), nlp).vectors == {}
    assert spacy.blank("en").vocab.vectors.shape[1] == 0
