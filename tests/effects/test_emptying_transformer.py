"""Empty wordpieces in a transformer, shared or a component's own: a tiny one that the
test builds."""

import numpy as np
import pytest
import spacy
from known_pipelines import bare, gold, train
from spacy.tokens import Doc

from spacy_causal.effects import layers
from spacy_causal.effects.emptying import emptied
from spacy_causal.effects.measure import measure_effects
from spacy_causal.effects.reading import entity_tokens
from spacy_causal.effects.sites import find_sites

pytest.importorskip("transformers")
pytest.importorskip("spacy_transformers")

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*torch.cuda.amp.*:FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

POOLING = {"@layers": "reduce_mean.v1"}


def transformer(name, bert, *, fast=True, window=8, stride=5):
    spans = {"@span_getters": "spacy-transformers.strided_spans.v1"}
    return {
        "@architectures": f"spacy-transformers.{name}.v3",
        "name": str(bert),
        "get_spans": {**spans, "window": window, "stride": stride},
        "tokenizer_config": {"use_fast": fast},
    }


def listening(nlp, bert, **options):
    """spaCy's `ner` behind a shared transformer that intervenes while it trains."""
    encoder = transformer("TransformerModel", bert, **options)
    intervening = {"@architectures": "spacy-causal.InterveningEncoder.v1"}
    listener = {"@architectures": "spacy-transformers.TransformerListener.v1"}
    listener |= {"grad_factor": 1.0, "pooling": POOLING}
    nlp.add_pipe("transformer", config={"model": {**intervening, "encoder": encoder}})
    nlp.add_pipe("ner", config={"model": {"tok2vec": listener}})
    return nlp


@pytest.fixture
def shared(nlp, bert, golds):
    return train(listening(nlp, bert), golds, steps=3)


def states(nlp, docs):
    """The transformer's output at each document's wordpieces."""
    pipe = nlp.get_pipe("transformer")
    return [data.model_output.last_hidden_state for data in pipe.predict(docs).doc_data]


def looked_up(nlp, docs, masks):
    """The wordpieces, and what the embedding table gave out for them."""
    (layer,) = find_sites(nlp).layers
    seen = []
    with emptied(nlp, docs, masks) as given:
        hook = layer.transformer.get_input_embeddings().register_forward_hook(
            lambda module, inputs, output: seen.append((inputs[0], output))
        )
        list(nlp.pipe(given.docs))
        given.require_read()
    hook.remove()
    ((ids, rows),) = seen
    pieces = layer.tokenizer.convert_ids_to_tokens(ids.reshape(-1))
    return pieces, rows.flatten(0, 1).numpy()


@pytest.mark.parametrize("fast", [True, False])
def test_pieces_of_empty_tokens_are_zero_and_no_others(nlp, bert, golds, fast):
    train(listening(nlp, bert, fast=fast), golds, steps=1)
    doc = bare(nlp, gold(nlp.vocab, "Mr Bert"))
    pieces, rows = looked_up(nlp, [doc], [np.array([False, True])])
    assert pieces == ["[CLS]", "M", "##r", "B", "##e", "##r", "##t", "[SEP]"]
    assert [not row.any() for row in rows] == [False] * 3 + [True] * 4 + [False]


def test_windows_that_overlap(shared):
    """A token is empty in each window that it stands in."""
    words = [*"abcdefghijklmn"]
    doc = Doc(shared.vocab, words=words)
    pieces, rows = looked_up(shared, [doc], [np.array([w == "g" for w in words])])
    zero = [piece for piece, row in zip(pieces, rows, strict=True) if not row.any()]
    assert pieces.count("g") == 2
    assert [piece for piece in zero if piece != "[PAD]"] == ["g", "g"]


def test_nothing_is_left_of_what_was_empty(shared):
    one, other = (bare(shared, gold(shared.vocab, t)) for t in ("in Oslo", "in Rome"))
    mask = np.array([False, True])
    assert (states(shared, [one])[0] != states(shared, [other])[0]).any()
    with emptied(shared, [one, other], [mask] * 2) as given:
        first, second = (states(shared, [doc])[0] for doc in given.docs)
    np.testing.assert_array_equal(first, second)


def test_everything_is_put_back(shared, golds):
    docs = [bare(shared, doc) for doc in golds]
    before, weights = states(shared, docs), shared.get_pipe("transformer").to_bytes()
    (layer,) = find_sites(shared).layers
    table = layer.transformer.get_input_embeddings()
    masks = [~entity_tokens(doc) for doc in golds]
    with pytest.raises(KeyError), emptied(shared, docs, masks) as given:
        within = states(shared, given.docs)
        raise KeyError("amid it all")
    assert any((a != b).any() for a, b in zip(before, within, strict=True))
    for plain, again in zip(before, states(shared, docs), strict=True):
        np.testing.assert_array_equal(plain, again)
    assert shared.get_pipe("transformer").to_bytes() == weights
    assert not table._forward_hooks
    assert not layers._CHANGED


def test_empty_documents_among_others(shared, golds):
    alone = measure_effects(shared, golds, samples=0)
    empty = [Doc(shared.vocab)]
    among = measure_effects(shared, [*empty, *golds, *empty], samples=0)
    assert among.substituted == ()
    assert among.tables["entity"] == alone.tables["entity"]
    with emptied(shared, empty, [np.zeros(0, dtype=bool)]) as given:
        assert len(list(shared.pipe(given.docs))) == 1


def test_longer_than_the_model_reads(shared):
    """Windows are counted in tokens: those of long words are cut short.

    They begin at tokens 0 and 5; each has a word of 80 pieces, and 47 of the next one.
    """
    doc = Doc(shared.vocab, words=["word" * 20] * 12)
    shared.get_pipe("transformer").model.tokenizer.model_max_length = 128
    pieces, rows = looked_up(shared, [doc], [np.arange(12) % 2 == 0])
    assert len(pieces) == 2 * 128 and pieces[::128] == ["[CLS]"] * 2
    zero = (~rows.any(axis=1)).reshape(2, 128)
    for window, first_is_empty in zip(zero, (True, False), strict=True):
        assert not window[0]
        assert (window[1:81] == first_is_empty).all()
        assert (window[81:] != first_is_empty).all()


@pytest.mark.parametrize("way", ["own", "replaced", "reloaded"])
def test_other_ways_to_build_it(way, nlp, bert, golds, tmp_path):
    if way == "own":
        tok2vec = transformer("Tok2VecTransformer", bert)
        tok2vec |= {"grad_factor": 1.0, "pooling": POOLING}
        nlp.add_pipe("ner", config={"model": {"tok2vec": tok2vec}})
        train(nlp, golds, steps=1)
    else:
        train(listening(nlp, bert), golds, steps=1)
    if way == "replaced":
        nlp.replace_listeners("transformer", "ner", ["model.tok2vec"])
        nlp.remove_pipe("transformer")
    elif way == "reloaded":
        nlp.to_disk(tmp_path)
        nlp = spacy.load(tmp_path)
    assert find_sites(nlp).substituted == ()
    doc = bare(nlp, gold(nlp.vocab, "Mr Bert"))
    _, rows = looked_up(nlp, [doc], [np.array([False, True])])
    assert [not row.any() for row in rows] == [False] * 3 + [True] * 4 + [False]


def test_a_tokenizer_that_is_not_the_same_twice_is_noticed(shared):
    doc = bare(shared, gold(shared.vocab, "Mr Bert"))
    model = shared.get_pipe("transformer").model
    spans, calls = model.attrs["get_spans"], []

    def unstable(docs):
        calls.append(docs)
        return spans(docs) if len(calls) % 2 else [[doc[:1]] for doc in docs]

    model.attrs["get_spans"] = unstable
    with (
        pytest.raises(RuntimeError, match="not deterministic"),
        emptied(shared, [doc], [np.array([False, True])]) as given,
    ):
        model.predict(given.docs)
