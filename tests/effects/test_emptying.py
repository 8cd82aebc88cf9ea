"""Empty embeddings: where, for whom, and that everything is put back."""

import threading

import numpy as np
import pytest
import spacy
from known_pipelines import HASHED, TEXTS, bare, gold, train
from spacy.tokens import Doc
from thinc.api import Model, chain

from spacy_causal.effects import layers
from spacy_causal.effects.emptying import EMPTY, emptied
from spacy_causal.effects.masks import tokens_marked
from spacy_causal.effects.reading import entity_tokens
from spacy_causal.effects.sites import embedding_layers, find_sites


def read(nlp, docs):
    return [[(e.label_, e.start, e.end) for e in doc.ents] for doc in nlp.pipe(docs)]


def fresh(nlp, golds):
    return [bare(nlp, doc) for doc in golds]


def everything(golds):
    return [np.ones(len(doc), dtype=bool) for doc in golds]


def vectors(nlp, docs, masks):
    """What the embedding layer gives out within the block."""
    (layer,) = find_sites(nlp).layers
    with emptied(nlp, docs, masks) as given:
        return layer.predict(given.docs)


def weights(nlp):
    return {name: nlp.get_pipe(name).model.to_bytes() for name in nlp.pipe_names}


@pytest.fixture(params=["own", "shared"])
def trained(request):
    return request.getfixturevalue(request.param)


def test_rows_are_zero_at_empty_tokens_only(trained, golds):
    docs = fresh(trained, golds)
    masks = [entity_tokens(doc) for doc in golds]
    (layer,) = find_sites(trained).layers
    before = layer.predict(docs)
    for rows, plain, mask in zip(
        vectors(trained, docs, masks), before, masks, strict=True
    ):
        assert not rows[mask].any()
        np.testing.assert_array_equal(rows[~mask], plain[~mask])
        assert plain[mask].any(axis=1).all()


def test_predictions_change_and_come_back(trained, golds):
    before, bytes_before = read(trained, fresh(trained, golds)), weights(trained)
    docs = fresh(trained, golds)
    with emptied(trained, docs, everything(golds)) as given:
        assert given.docs == docs
        assert given.substituted == ()
        within = read(trained, given.docs)
        given.require_read()
    assert within != before
    assert read(trained, fresh(trained, golds)) == before
    assert weights(trained) == bytes_before
    assert not layers._CHANGED


def test_put_back_after_an_exception(trained, golds):
    before, bytes_before = read(trained, fresh(trained, golds)), weights(trained)
    functions = {id(n): n._func for n in trained.get_pipe("ner").model.walk()}
    docs = fresh(trained, golds)
    with (
        pytest.raises(KeyError),
        emptied(trained, docs, everything(golds)) as given,
    ):
        read(trained, given.docs)
        raise KeyError("amid it all")
    assert read(trained, fresh(trained, golds)) == before
    assert weights(trained) == bytes_before
    after = {id(n): n._func for n in trained.get_pipe("ner").model.walk()}
    assert after == functions


def test_nothing_is_left_of_what_was_empty(shared):
    """Two texts that differ in empty words alone are read alike."""
    one, other = (
        bare(shared, gold(shared.vocab, t)) for t in ("in Oslo x", "in Rome x")
    )
    mask = np.array([False, True, False])
    tensors = []
    for doc in (one, other):
        with emptied(shared, [doc], [mask]) as given:
            tensors += [d.tensor for d in shared.pipe(given.docs)]
    np.testing.assert_array_equal(*tensors)


def test_only_the_documents_named(trained, golds):
    before = read(trained, fresh(trained, golds))
    docs = fresh(trained, golds)
    with emptied(trained, docs[:1], everything(golds)[:1]) as given:
        within = read(trained, [*given.docs, *docs[1:]])
    assert within[1:] == before[1:]


def test_one_by_one_as_in_a_batch(trained, golds):
    masks = [entity_tokens(doc) for doc in golds]
    with emptied(trained, fresh(trained, golds), masks) as given:
        batch = read(trained, given.docs)
    one_by_one = []
    for doc, mask in zip(fresh(trained, golds), masks, strict=True):
        with emptied(trained, [doc], [mask]) as given:
            one_by_one += [
                [(e.label_, e.start, e.end) for e in trained(given.docs[0]).ents]
            ]
    assert one_by_one == batch


def test_blocks_within_blocks(trained, golds):
    before = read(trained, fresh(trained, golds))
    outer, inner = fresh(trained, golds), fresh(trained, golds)
    with emptied(trained, outer, everything(golds)) as given:
        with emptied(trained, inner, everything(golds)) as innermost:
            all_empty = read(trained, innermost.docs)
        assert read(trained, given.docs) == all_empty != before
    assert read(trained, fresh(trained, golds)) == before


def test_empty_documents(trained):
    docs = [Doc(trained.vocab), bare(trained, gold(trained.vocab, "Mrs Anna"))]
    masks = [np.zeros(0, dtype=bool), np.array([True, True])]
    with emptied(trained, docs, masks) as given:
        assert len(list(trained.pipe(given.docs))) == 2
        given.require_read()
    with emptied(trained, docs[:1], masks[:1]) as given:
        assert len(list(trained.pipe(given.docs))) == 1
        given.require_read()


def test_marks_have_to_fit(trained, golds):
    with (
        pytest.raises(ValueError, match="do not fit"),
        emptied(trained, fresh(trained, golds)[:1], [np.array([True])]),
    ):
        pass
    assert not layers._CHANGED


def test_tokens_merged_before_the_embedding(own):
    @spacy.Language.component("merge_two", retokenizes=True, assigns=["token.lemma"])
    def merge_two(doc):
        with doc.retokenize() as retokenizer:
            retokenizer.merge(doc[0:2])
        return doc

    own.add_pipe("merge_two", first=True)
    docs = [bare(own, gold(own.vocab, "Mrs Anna sang"))]
    with (
        pytest.raises(ValueError, match="merges or splits"),
        emptied(own, docs, everything(docs)) as given,
    ):
        read(own, given.docs)


def test_a_copy_that_was_read_is_noticed(trained, golds):
    docs = fresh(trained, golds)
    with emptied(trained, docs, everything(golds)) as given:
        read(trained, [doc.copy() for doc in docs])
        with pytest.raises(RuntimeError, match="reached no embedding"):
            given.require_read()


def test_training_passes_are_left_alone(own, golds):
    docs = fresh(own, golds)
    (layer,) = find_sites(own).layers
    plain, _ = layer(docs, is_train=True)
    with emptied(own, docs, everything(golds)):
        marked, _ = layer(docs, is_train=True)
    for one, other in zip(plain, marked, strict=True):
        np.testing.assert_array_equal(one, other)


def test_two_threads_do_not_see_each_others(shared):
    """Each empties other tokens of the same texts; a third empties none. All three are
    within their blocks at once and predict many times."""
    golds = [gold(shared.vocab, text) for text in TEXTS]
    inside = [entity_tokens(doc) for doc in golds]
    masks = {
        "entities": inside,
        "context": [~tokens for tokens in inside],
        "nothing": [np.zeros_like(tokens) for tokens in inside],
    }

    def tensors_of(mask):
        docs = fresh(shared, golds)
        with emptied(shared, docs, mask) as given:
            return [doc.tensor for doc in shared.pipe(given.docs)]

    expected = {name: tensors_of(mask) for name, mask in masks.items()}
    found = {name: [] for name in masks}
    barrier = threading.Barrier(len(masks), timeout=60)

    def work(name):
        for _ in range(15):
            docs = fresh(shared, golds)
            with emptied(shared, docs, masks[name]) as given:
                barrier.wait()
                found[name].append([doc.tensor for doc in shared.pipe(given.docs)])
                barrier.wait()

    threads = [threading.Thread(target=work, args=(name,)) for name in masks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, runs in found.items():
        assert len(runs) == 15
        for run in runs:
            for rows, known in zip(run, expected[name], strict=True):
                np.testing.assert_array_equal(rows, known)
    assert not layers._CHANGED


def test_the_last_to_leave_puts_it_back(shared, golds):
    before = read(shared, fresh(shared, golds))
    (layer,) = find_sites(shared).layers
    function = layer._func
    inside, leave = threading.Event(), threading.Event()

    def stay():
        with emptied(shared, fresh(shared, golds), everything(golds)):
            inside.set()
            leave.wait(60)

    thread = threading.Thread(target=stay)
    with emptied(shared, fresh(shared, golds), everything(golds)):
        thread.start()
        assert inside.wait(60)
    assert layer._func is not function
    assert read(shared, fresh(shared, golds)) == before
    leave.set()
    thread.join()
    assert layer._func is function


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
        read(nlp, given.docs)
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
        alone = read(own, given.docs)
    ruler = own.add_pipe("entity_ruler", config={"overwrite_ents": True})
    ruler.add_patterns([{"label": "LOC", "pattern": "Oslo"}])
    docs = fresh(own, golds)
    with emptied(own, docs, everything(golds)) as given:
        assert read(own, given.docs) == alone
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
