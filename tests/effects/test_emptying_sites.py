"""Where there is an embedding to empty, and for which pipes a word stands in."""

import numpy as np
import pytest
import spacy
from known_pipelines import (
    HASHED,
    bare,
    entities_read,
    everything,
    fresh,
    train,
    vectors,
)
from thinc.api import Model, chain

from spacy_causal.effects import layers
from spacy_causal.effects.emptying import EMPTY, emptied
from spacy_causal.effects.masks import tokens_marked
from spacy_causal.effects.reading import entity_tokens
from spacy_causal.effects.sites import embedding_layers, find_sites


def test_static_vectors(nlp, golds):
    for word in {token.text for doc in golds for token in doc}:
        nlp.vocab.set_vector(word, np.arange(1, 9, dtype="f"))
    config = {**HASHED, "pretrained_vectors": True}
    nlp.add_pipe("ner", config={"model": {"tok2vec": config}})
    train(nlp, golds, steps=2)
    assert find_sites(nlp).substituted == ()
    docs = fresh(nlp, golds)
    assert not any(rows.any() for rows in vectors(nlp, docs, everything(golds)))


def test_static_vectors_by_themselves(nlp, golds):
    from spacy.ml.staticvectors import StaticVectors
    from thinc.api import ragged2list

    for word in {token.text for doc in golds for token in doc}:
        nlp.vocab.set_vector(word, np.arange(1, 9, dtype="f"))
    model = chain(StaticVectors(4), ragged2list())
    docs = fresh(nlp, golds)
    model.initialize(X=docs)
    (layer,) = embedding_layers(StaticVectors(4))
    assert layer.name == "static_vectors"
    (layer,) = embedding_layers(model)
    mask = entity_tokens(golds[0])
    plain = model.predict(docs[:1])[0]
    with layers.intervened(layer), tokens_marked(docs[:1], [mask]):
        rows = model.predict(docs[:1])[0]
    assert not rows[mask].any()
    np.testing.assert_array_equal(rows[~mask], plain[~mask])


@pytest.mark.parametrize("which", ["replaced", "reloaded", "characters"])
def test_other_ways_to_build_it(which, shared, golds, tmp_path):
    nlp = shared
    if which == "replaced":
        nlp.replace_listeners("tok2vec", "ner", ["model.tok2vec"])
        nlp.remove_pipe("tok2vec")
    elif which == "reloaded":
        nlp.to_disk(tmp_path)
        nlp = spacy.load(tmp_path)
    else:
        embed = {"@architectures": "spacy.CharacterEmbed.v2", "width": 16, "rows": 50}
        embed |= {"nM": 4, "nC": 4, "include_static_vectors": False, "feature": "LOWER"}
        encode = {"@architectures": "spacy.MishWindowEncoder.v2", "width": 16}
        encode |= {"window_size": 1, "depth": 1}
        model = {"@architectures": "spacy.Tok2Vec.v2", "embed": embed, "encode": encode}
        nlp = spacy.blank("en")
        nlp.add_pipe("ner", config={"model": {"tok2vec": model}})
        train(nlp, golds, steps=2)
    assert find_sites(nlp).substituted == ()
    docs = fresh(nlp, golds)
    assert not any(rows.any() for rows in vectors(nlp, docs, everything(golds)))


def test_causal_ner(nlp, examples):
    nlp.add_pipe("causal_ner")
    optimizer = nlp.initialize(lambda: examples)
    nlp.update(examples, sgd=optimizer)
    docs = [bare(nlp, eg.reference) for eg in examples]
    with emptied(nlp, docs, everything(docs)) as given:
        entities_read(nlp, given.docs)
        given.require_read()
    assert given.substituted == ()


def test_an_embedding_of_another_make_is_substituted(nlp, golds):
    def forward(model, docs, is_train):
        return [np.ones((len(doc), 8), "f") for doc in docs], lambda dY: []

    @spacy.registry.architectures("tests.unknown_embedding.v1")
    def unknown_embedding() -> Model:
        return Model("unknown", forward, dims={"nO": 8})

    model = {"@architectures": "tests.unknown_embedding.v1"}
    nlp.add_pipe("ner", config={"model": {"tok2vec": model}})
    train(nlp, golds, steps=1)
    docs = fresh(nlp, golds)
    with emptied(nlp, docs, [entity_tokens(doc) for doc in golds]) as given:
        texts = [doc.text.strip() for doc in given.docs]
    assert given.substituted == ("ner",)
    assert texts[0] == f"Mrs {EMPTY} sang in {EMPTY} ."
    assert given.docs[2] is docs[2]
    assert docs[0].text.strip() == "Mrs Anna sang in Oslo ."


def test_rules_beside_a_network_read_substitutes_and_it_reads_zeros(own, golds):
    docs = fresh(own, golds)
    with emptied(own, docs, everything(golds)) as given:
        alone = entities_read(own, given.docs)
    ruler = own.add_pipe("entity_ruler", config={"overwrite_ents": True})
    ruler.add_patterns([{"label": "LOC", "pattern": "Oslo"}])
    docs = fresh(own, golds)
    with emptied(own, docs, everything(golds)) as given:
        assert entities_read(own, given.docs) == alone
    assert given.substituted == ("entity_ruler",)


def test_which_pipes_set_entities(nlp):
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("attribute_ruler")
    nlp.add_pipe("span_ruler")
    with pytest.raises(ValueError, match="sentencizer, attribute_ruler, span_ruler"):
        find_sites(nlp)
    nlp.remove_pipe("span_ruler")
    nlp.add_pipe("span_ruler", config={"annotate_ents": True})
    assert find_sites(nlp).substituted == ("span_ruler",)


def test_features_of_a_shared_encoder(nlp, golds):
    """`DocTensor` reads what a tok2vec before it wrote."""
    nlp.add_pipe("tok2vec", config={"model": HASHED})
    tensor = {"@architectures": "spacy-causal.DocTensor.v1", "width": 16}
    nlp.add_pipe("ner", config={"model": {"tok2vec": tensor}})
    assert find_sites(nlp).substituted == ()
    nlp.remove_pipe("tok2vec")
    assert find_sites(nlp).substituted == ("ner",)
