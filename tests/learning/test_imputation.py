"""Imputation models from every kind of pipeline."""

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_causal.learning.imputation import imputer_from, rows_by_name, smoothed_tags
from spacy_causal.learning.reading import probabilities_of
from spacy_causal.tags.scheme import TagSet

CNN = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "pretrained_vectors": None,
    "width": 32,
    "depth": 2,
    "embed_size": 500,
    "window_size": 1,
    "maxout_pieces": 2,
    "subword_features": True,
}
LISTENER = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32}


def gold(nlp):
    doc = Doc(nlp.vocab, words=["Anna", "lives", "in", "Paris"])
    doc.set_ents([Span(doc, 0, 1, "PER"), Span(doc, 3, 4, "LOC")], default="outside")
    for token, tag in zip(doc, ["NNP", "VB", "IN", "NNP"], strict=True):
        token.tag_ = tag
    return doc


def trained(*pipes, shared=False, steps=40):
    nlp = spacy.blank("en")
    if shared:
        nlp.add_pipe("tok2vec", config={"model": CNN})
    for pipe in pipes:
        tok2vec = {"model": {"tok2vec": LISTENER if shared else CNN}}
        nlp.add_pipe(pipe, config=tok2vec)
    doc = gold(nlp)
    bare = Doc(nlp.vocab, words=[t.text for t in doc])
    optimizer = nlp.initialize(lambda: [Example(bare, doc)])
    for _ in range(steps):
        nlp.update([Example(bare.copy(), doc)], sgd=optimizer)
    return nlp


def asked(nlp=None):
    """Docs in another vocabulary, one of them empty."""
    nlp = nlp or spacy.blank("en")
    words = ["Anna", "lives", "in", "Paris"]
    return [Doc(nlp.vocab, words=words), Doc(nlp.vocab)]


def test_rows_are_matched_by_name():
    rows = np.array([[0.2, 0.5, 0.3], [0, 1, 0]], dtype="f")
    got = rows_by_name(rows, ["O", "GPE", "PER"], ["PER", "O", "LOC"])
    np.testing.assert_allclose(got, [[0.6, 0.4, 0], [1 / 3] * 3], atol=1e-6)


def test_hard_tags_are_smoothed():
    rows = smoothed_tags(["B", "C"], ["A", "B"], smoothing=0.2)
    np.testing.assert_allclose(rows, [[0.1, 0.9], [0.5, 0.5]], atol=1e-6)


@pytest.mark.parametrize("shared", [False, True])
def test_a_causal_ner_as_imputation_model(shared):
    sigma = trained("causal_ner", shared=shared)
    own = sigma.get_pipe("causal_ner").tag_set
    tag_set = TagSet("biluo", ("ORG", "LOC", "PER"))
    rows, empty = imputer_from(sigma, None, tag_set)(asked())
    assert empty.shape == (0, len(tag_set))
    said = probabilities_of(sigma, "causal_ner", asked(sigma))[0]
    for name in own.names:
        np.testing.assert_allclose(
            rows[:, tag_set.index[name]], said[:, own.index[name]], atol=1e-5
        )
    assert not rows[:, [tag_set.index[f"{p}-ORG"] for p in "BILU"]].any()
    assert [tag_set.names[i] for i in rows.argmax(1)] == ["U-PER", "O", "O", "U-LOC"]


@pytest.mark.parametrize("pipe", ["causal_tagger", "tagger"])
@pytest.mark.parametrize("shared", [False, True])
def test_taggers_as_imputation_models(pipe, shared):
    tag_set = TagSet("token", ("VB", "NNP", "IN", "XX"))
    rows, empty = imputer_from(trained(pipe, shared=shared), None, tag_set)(asked())
    assert empty.shape == (0, 4)
    np.testing.assert_allclose(rows.sum(1), 1, atol=1e-5)
    assert rows.argmax(1).tolist() == [1, 0, 2, 1] and not rows[:, 3].any()


def test_spacys_ner_as_imputation_model():
    tag_set = TagSet("bio", ("LOC", "PER"))
    imputer = imputer_from(trained("ner"), None, tag_set, smoothing=0.5)
    rows, empty = imputer(asked())
    assert empty.shape == (0, 5)
    assert [tag_set.names[i] for i in rows.argmax(1)] == ["B-PER", "O", "O", "B-LOC"]
    np.testing.assert_allclose(rows.max(1), 0.6, atol=1e-6)


def test_what_cannot_impute_says_why():
    sigma = spacy.blank("en")
    tag_set = TagSet("bio", ("LOC",))
    with pytest.raises(ValueError, match="no causal_ner or ner: it has no pipes"):
        imputer_from(sigma, None, tag_set)
    sigma.add_pipe("sentencizer")
    sigma.add_pipe("causal_ner")
    sigma.add_pipe("tagger")
    with pytest.raises(ValueError, match="'sentencizer' is a 'sentencizer'"):
        imputer_from(sigma, "sentencizer", tag_set)
    with pytest.raises(ValueError, match="the scheme 'biluo', the component in 'bio'"):
        imputer_from(sigma, "causal_ner", tag_set)
    with pytest.raises(ValueError, match="gives no tags in the scheme 'bio'"):
        imputer_from(sigma, "tagger", tag_set)


def test_a_listener_that_reads_zeros_is_found_out():
    nlp = trained("causal_ner", shared=True, steps=1)
    nlp.disable_pipe("tok2vec")
    with pytest.raises(ValueError, match="would read zeros"):
        probabilities_of(nlp, "causal_ner", asked(nlp))


@pytest.mark.parametrize(
    ("pipe", "tag_set"),
    [
        ("tagger", TagSet("token", ("VB", "NNP", "IN"))),
        ("ner", TagSet("bio", ("LOC", "PER"))),
        ("causal_tagger", TagSet("token", ("VB", "NNP", "IN"))),
    ],
)
def test_an_imputation_model_whose_encoder_does_not_run(pipe, tag_set):
    sigma = trained(pipe, shared=True, steps=1)
    imputer = imputer_from(sigma, None, tag_set)
    imputer(asked())
    sigma.disable_pipe("tok2vec")
    with pytest.raises(ValueError, match=f"'{pipe}' would read zeros"):
        imputer(asked())


def test_imputing_leaves_no_word_behind():
    sigma = trained("causal_ner", steps=1)
    imputer = imputer_from(sigma, None, TagSet("biluo", ("LOC",)))
    other = Doc(spacy.blank("en").vocab, words=["Xanthippe"])
    imputer([other])
    assert "Xanthippe" not in sigma.vocab.strings
