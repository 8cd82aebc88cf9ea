"""Views of a pool that a transformer reads: a tiny one that the tests build."""

from functools import partial

import numpy as np
import pytest
import spacy
import torch
from toy_pipelines import build, toy_examples

from spacy_causal.learning.pool import blocks
from spacy_causal.learning.pool.compute import view_pool
from spacy_causal.learning.pool.labeller import Labeller
from spacy_causal.learning.pool.transformers import computing_in, word_pieces
from spacy_causal.numeric import softmax
from spacy_causal.types import Needs

pytest.importorskip("spacy_transformers")

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*torch.cuda.amp.*:FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

SAID = Needs(probabilities=True)
TEXTS = {
    "odd": "internationally unconstitutional reinsurance",
    "long": "Anna works for Acme in Paris and Anna works for Acme in Paris .",
    "empty": "",
    "short": "Paris",
    "words": "Anna Smith works in Paris .",
}


@pytest.fixture(params=["plain", "intervening"])
def nlp(bert_encoder, bert_listener, request):
    intervening = {
        "@architectures": "spacy-causal.InterveningEncoder.v1",
        "encoder": bert_encoder,
    }
    spacy.util.fix_random_seed(0)
    nlp = spacy.blank("en")
    model = {"plain": bert_encoder, "intervening": intervening}[request.param]
    nlp.add_pipe("transformer", config={"model": model})
    nlp.add_pipe("causal_ner", name="it", config={"model": {"tok2vec": bert_listener}})
    nlp.initialize(toy_examples)
    return nlp


def test_a_text_is_read_as_it_is_read_alone(nlp):
    view = view_pool(nlp, "it", TEXTS, SAID)
    labeller = Labeller(nlp, "it")
    for id in TEXTS.keys() - {"empty"}:
        scores, *_ = labeller.score(labeller.read(labeller.prepare([TEXTS[id]])))
        assert view.probabilities(id) == pytest.approx(softmax(scores.logits), abs=1e-4)


def test_batches_are_of_like_numbers_of_pieces(nlp, monkeypatch):
    read, pieces = [], {}
    own = blocks.read_batch

    def reading(labeller, docs, plan, seed):
        counts = word_pieces(labeller.transformers, docs).tolist()
        read.append(counts)
        pieces.update(zip([doc.text for doc in docs], counts, strict=True))
        return own(labeller, docs, plan, seed)

    monkeypatch.setattr(blocks, "read_batch", reading)
    monkeypatch.setattr(blocks, "BATCH_PIECES", 24)
    view_pool(nlp, "it", TEXTS, SAID)
    assert pieces[TEXTS["odd"]] > pieces[TEXTS["words"]], "of fewer words"
    assert [n for batch in read for n in batch] == sorted(pieces.values())
    assert len(read) > 1
    assert all(len(batch) * max(batch) <= 24 or len(batch) == 1 for batch in read)


def test_half_precision_is_coarser_and_leaves_the_model_as_it_was(nlp):
    before = view_pool(nlp, "it", TEXTS, SAID)
    half = view_pool(nlp, "it", TEXTS, SAID, precision="bfloat16")
    after = view_pool(nlp, "it", TEXTS, SAID)
    one, two, three = (np.vstack([v.probabilities(i) for i in ("long", "odd")])
                       for v in (before, half, after))  # fmt: skip
    assert two == pytest.approx(one, abs=0.02)
    assert not np.array_equal(one, two)
    assert np.array_equal(one, three)


def test_half_precision_goes_when_reading_fails(nlp):
    models = Labeller(nlp, "it").transformers
    module = models[0].layers[0].shims[0]._model
    with pytest.raises(KeyError), computing_in("bfloat16", [*models, *models]):
        assert "forward" in vars(module)
        raise KeyError
    assert "forward" not in vars(module)


def test_a_forward_of_its_own_comes_back(nlp):
    models = Labeller(nlp, "it").transformers
    module = models[0].layers[0].shims[0]._model
    own = module.forward = partial(module.forward)
    with computing_in("bfloat16", models):
        assert module.forward is not own
    assert module.forward is own


def test_a_committee_in_half_precision(nlp):
    needs = Needs(probabilities=True, votes=2)
    view = view_pool(nlp, "it", TEXTS, needs, committee=[nlp], precision="bfloat16")
    assert (view.votes("long")[0] == view.votes("long")[1]).all()


def test_a_view_in_half_precision_is_not_taken_for_another(nlp, tmp_path):
    for precision in ("float32", "bfloat16", "bfloat16"):
        view_pool(nlp, "it", TEXTS, SAID, folder=tmp_path, precision=precision)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("texts", [TEXTS, {}])
def test_half_precision_without_a_transformer_says_so(texts, tmp_path):
    with pytest.raises(ValueError, match="no pipe up to the component"):
        view_pool(build("ner"), "it", texts, SAID, folder=tmp_path / "view",
                  precision="bfloat16")  # fmt: skip
    assert not (tmp_path / "view").exists()


def test_texts_without_pieces_are_read(nlp, monkeypatch):
    def none(transformers, docs):
        return np.zeros(len(docs), dtype=int)

    monkeypatch.setattr(blocks, "word_pieces", none)
    view = view_pool(nlp, "it", TEXTS, SAID)
    assert view.probabilities("short").sum() == pytest.approx(1, abs=1e-5)


def test_an_unknown_precision_is_refused():
    with pytest.raises(ValueError, match="one of float32, bfloat16"):
        view_pool(build("ner"), "it", TEXTS, SAID, precision="half")


def test_outputs_of_any_form_come_out_in_float32():
    from spacy_causal.learning.pool.transformers import _float32

    half = torch.ones(2, dtype=torch.bfloat16)
    found = _float32((half, None, (half,)))
    assert [found[0].dtype, found[2][0].dtype] == [torch.float32] * 2
    assert found[1] is None
