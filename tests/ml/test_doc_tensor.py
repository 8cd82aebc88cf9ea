"""Heads on features that were computed beforehand."""

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc
from spacy.training import Example

from spacy_causal.ml.doc_tensor import build_doc_tensor

WIDTH = 64
CASES = [
    (pipe, head)
    for pipe in ("causal_ner", "causal_tagger")
    for head in ("LinearTagger", "DeconfoundedTagger")
]


def with_features(doc: Doc) -> Doc:
    """A vector a word: the same wherever it stands."""
    rows = [np.random.default_rng(t.orth % 2**32).normal(size=WIDTH) for t in doc]
    doc.tensor = np.array(rows, dtype=np.float32).reshape(len(doc), WIDTH)
    return doc


@pytest.fixture
def featured(examples):
    return [Example(with_features(e.predicted), e.reference) for e in examples]


def build(nlp, pipe, head, width=WIDTH):
    encoder = {"@architectures": "spacy-causal.DocTensor.v1", "width": width}
    model = {"@architectures": f"spacy-causal.{head}.v1", "tok2vec": encoder}
    nlp.add_pipe(pipe, name="labeller", config={"model": model})
    return nlp


@pytest.mark.parametrize("width", [WIDTH, None])
@pytest.mark.parametrize(("pipe", "head"), CASES)
def test_trains_and_comes_back(nlp, featured, pipe, head, width, tmp_path):
    sgd = build(nlp, pipe, head, width).initialize(lambda: featured)
    sgd.learn_rate = 0.05
    for _ in range(60):
        losses = nlp.update(featured, sgd=sgd, drop=0.1)
    assert losses["labeller"] < 1
    nlp.to_disk(tmp_path)
    docs = [example.predicted for example in featured]
    expected = nlp.get_pipe("labeller").predict(docs).logits
    for other in (
        spacy.load(tmp_path),
        spacy.blank("en").from_config(nlp.config).from_bytes(nlp.to_bytes()),
    ):
        got = other.get_pipe("labeller").predict(docs).logits
        np.testing.assert_array_equal(got, expected)
        said = other(with_features(other.make_doc("Anna Smith spoke .")))
        assert said[0].ent_type_ == "PER" or said[0].tag_ == "A"


def test_the_default_model_takes_it_in_place_of_its_encoder(nlp, featured):
    encoder = {"@architectures": "spacy-causal.DocTensor.v1", "width": WIDTH}
    nlp.add_pipe("causal_ner", config={"model": {"tok2vec": encoder}})
    nlp.add_pipe("candidate_scorer")
    nlp.initialize(lambda: featured)
    docs = [featured[0].predicted, nlp.make_doc(""), featured[1].predicted]
    assert [len(doc) for doc in nlp.pipe(docs)] == [9, 0, 8]


def test_the_features_are_doc_tensor(nlp):
    model, doc = build_doc_tensor(), with_features(nlp.make_doc("a b c"))
    model.initialize(X=[nlp.make_doc(""), doc])
    assert model.get_dim("nO") == WIDTH
    vectors, backprop = model([nlp.make_doc(""), doc], is_train=True)
    assert vectors[0].shape == (0, WIDTH)
    np.testing.assert_array_equal(vectors[1], doc.tensor)
    assert backprop(vectors) == []


@pytest.mark.parametrize("tensor", [np.zeros((0,)), np.zeros((2, WIDTH))])
def test_features_that_are_missing_or_zero(nlp, tensor):
    doc = nlp.make_doc("not read")
    doc.tensor = tensor
    for model in (build_doc_tensor(WIDTH), build_doc_tensor()):
        with pytest.raises(ValueError, match=r"has none: 'not read'"):
            model.initialize(X=[doc]).predict([doc])


@pytest.mark.parametrize("shape", [(3, WIDTH), (2, WIDTH + 1)])
def test_features_of_another_shape(nlp, shape):
    doc = nlp.make_doc("two words")
    doc.tensor = np.ones(shape, dtype=np.float32)
    with pytest.raises(
        ValueError, match=f"not one row of {WIDTH} features for each of"
    ):
        build_doc_tensor(WIDTH).predict([doc])
