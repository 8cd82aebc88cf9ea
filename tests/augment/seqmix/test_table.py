"""Where a token table takes its vectors from."""

import numpy as np
import pytest
import spacy
from mixable import docs_of, pipeline_with_vectors, table_of, words_of
from spacy.training import Example

from spacy_causal.augment.seqmix.token_table import token_table

TOK2VEC = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "width": 16,
    "depth": 1,
    "embed_size": 100,
    "window_size": 1,
    "maxout_pieces": 2,
    "subword_features": True,
    "pretrained_vectors": None,
}
TAGGER = {"@architectures": "spacy-causal.LinearTagger.v1"}
LISTENER = {"@architectures": "spacy.Tok2VecListener.v1", "width": 16, "upstream": "*"}


@pytest.fixture
def docs(nlp):
    return docs_of(nlp.vocab)


def trained(docs, shared):
    nlp = spacy.blank("en")
    tok2vec = LISTENER if shared else TOK2VEC
    if shared:
        nlp.add_pipe("tok2vec", config={"model": TOK2VEC})
    nlp.add_pipe("causal_ner", config={"model": {**TAGGER, "tok2vec": tok2vec}})
    examples = [Example(nlp.make_doc(doc.text), doc) for doc in docs]
    nlp.initialize(lambda: examples)
    return nlp


def test_static_vectors(docs):
    nlp = pipeline_with_vectors(docs)
    table, expected = token_table(docs, nlp), table_of(docs)
    assert table.words == expected.words
    np.testing.assert_array_equal(table.vectors, expected.vectors)


def test_words_without_a_vector_are_left_out(docs):
    nlp = pipeline_with_vectors(docs[:1])
    assert set(token_table(docs, nlp).words) == set(words_of(docs[:1])) & set(
        words_of(docs)
    )
    more = token_table(docs[1:2], nlp, vocabulary=["Oslo", "Oslo", "never", " "])
    assert "Oslo" in more.words and "never" not in more.words


@pytest.mark.parametrize("shared", [False, True])
def test_contextual_vectors_are_means_over_occurrences(docs, shared):
    nlp = trained(docs, shared)
    table = token_table(docs, nlp)
    assert set(table.words) == set(words_of(docs)) and table.vectors.shape[1] == 16
    found = []
    for doc in docs:
        read = spacy.tokens.Doc(nlp.vocab, words=[t.text for t in doc])
        source = nlp.get_pipe("tok2vec" if shared else "causal_ner")
        encode = source.model if shared else source.model.get_ref("tok2vec")
        (vectors,) = encode.predict([read])
        found += [v for token, v in zip(doc, vectors, strict=True) if token.text == "."]
    expected = np.mean(found, axis=0)
    np.testing.assert_allclose(table.vectors[table.row(".")], expected, atol=1e-5)


def test_the_shared_encoder_by_its_name(docs):
    nlp = trained(docs, shared=True)
    by_name = token_table(docs, nlp, component="tok2vec")
    np.testing.assert_allclose(by_name.vectors, token_table(docs, nlp).vectors)


def test_input_embeddings_of_a_transformer(docs, bert_encoder):
    pytest.importorskip("spacy_transformers")
    nlp = spacy.blank("en")
    transformer = nlp.add_pipe("transformer", config={"model": bert_encoder})
    nlp.initialize()
    table = token_table(docs, nlp, vocabulary=["[CLS]", "[PAD]", "new"])
    assert set(table.words) == {*words_of(docs), "new"}
    weights = transformer.model.transformer.get_input_embeddings().weight.detach()
    pieces = transformer.model.tokenizer.convert_tokens_to_ids(["B", "##o"])
    expected = weights[pieces].mean(dim=0).numpy()
    np.testing.assert_allclose(table.vectors[table.row("Bo")], expected, rtol=1e-5)


def test_no_words_no_table(docs):
    with pytest.raises(ValueError, match="no words"):
        token_table([], pipeline_with_vectors(docs))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source": "none"}, "Unknown source"),
        ({"source": "static"}, "no vectors"),
        ({"source": "input"}, "No transformer"),
        ({"component": "tagger"}, "No 'tagger'"),
        ({}, "No encoder"),
    ],
)
def test_what_a_pipeline_does_not_have(docs, options, message):
    with pytest.raises(ValueError, match=message):
        token_table(docs, spacy.blank("en"), **options)
