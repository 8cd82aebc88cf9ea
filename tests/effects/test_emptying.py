"""Empty embeddings: where, for whom, and that everything is put back."""

import numpy as np
import pytest
import spacy
from known_pipelines import (
    bare,
    entities_read,
    everything,
    fresh,
    gold,
    vectors,
)
from spacy.tokens import Doc

from spacy_causal.effects import layers
from spacy_causal.effects.emptying import emptied
from spacy_causal.effects.reading import entity_tokens
from spacy_causal.effects.sites import find_sites


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
    before, bytes_before = (
        entities_read(trained, fresh(trained, golds)),
        weights(trained),
    )
    docs = fresh(trained, golds)
    with emptied(trained, docs, everything(golds)) as given:
        assert given.docs == docs
        assert given.substituted == ()
        within = entities_read(trained, given.docs)
        given.require_read()
    assert within != before
    assert entities_read(trained, fresh(trained, golds)) == before
    assert weights(trained) == bytes_before
    assert not layers._CHANGED


def test_put_back_after_an_exception(trained, golds):
    before, bytes_before = (
        entities_read(trained, fresh(trained, golds)),
        weights(trained),
    )
    functions = {id(n): n._func for n in trained.get_pipe("ner").model.walk()}
    docs = fresh(trained, golds)
    with (
        pytest.raises(KeyError),
        emptied(trained, docs, everything(golds)) as given,
    ):
        entities_read(trained, given.docs)
        raise KeyError("amid it all")
    assert entities_read(trained, fresh(trained, golds)) == before
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
    before = entities_read(trained, fresh(trained, golds))
    docs = fresh(trained, golds)
    with emptied(trained, docs[:1], everything(golds)[:1]) as given:
        within = entities_read(trained, [*given.docs, *docs[1:]])
    assert within[1:] == before[1:]


def test_one_by_one_as_in_a_batch(trained, golds):
    masks = [entity_tokens(doc) for doc in golds]
    with emptied(trained, fresh(trained, golds), masks) as given:
        batch = entities_read(trained, given.docs)
    one_by_one = []
    for doc, mask in zip(fresh(trained, golds), masks, strict=True):
        with emptied(trained, [doc], [mask]) as given:
            one_by_one += [
                [(e.label_, e.start, e.end) for e in trained(given.docs[0]).ents]
            ]
    assert one_by_one == batch


def test_blocks_within_blocks(trained, golds):
    before = entities_read(trained, fresh(trained, golds))
    outer, inner = fresh(trained, golds), fresh(trained, golds)
    with emptied(trained, outer, everything(golds)) as given:
        with emptied(trained, inner, everything(golds)) as innermost:
            all_empty = entities_read(trained, innermost.docs)
        assert entities_read(trained, given.docs) == all_empty != before
    assert entities_read(trained, fresh(trained, golds)) == before


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
        entities_read(own, given.docs)


def test_a_copy_that_was_read_is_noticed(trained, golds):
    docs = fresh(trained, golds)
    with emptied(trained, docs, everything(golds)) as given:
        entities_read(trained, [doc.copy() for doc in docs])
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
