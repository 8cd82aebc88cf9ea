"""Behind a shared transformer: a tiny one that the test builds."""

import warnings

import numpy as np
import pytest
import spacy
from spacy.training import Example

pytest.importorskip("transformers")
pytest.importorskip("spacy_transformers")

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*torch.cuda.amp.*:FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


@pytest.fixture
def shared(nlp, bert):
    model = {
        "@architectures": "spacy-causal.InterveningEncoder.v1",
        "rate": 0.5,
        "encoder": {
            "@architectures": "spacy-transformers.TransformerModel.v3",
            "name": str(bert),
            "get_spans": {
                "@span_getters": "spacy-transformers.strided_spans.v1",
                "window": 64,
                "stride": 48,
            },
            "tokenizer_config": {"use_fast": True},
        },
    }
    listener = {
        "@architectures": "spacy-transformers.TransformerListener.v1",
        "grad_factor": 1.0,
        "pooling": {"@layers": "reduce_mean.v1"},
    }
    frequent = {"@misc": "spacy-causal.frequent_confounders.v1", "size": 3}
    nlp.add_pipe("transformer", config={"model": model})
    nlp.add_pipe(
        "causal_ner", config={"model": {"tok2vec": listener}, "confounders": frequent}
    )
    return nlp


def test_learns_through_a_listener_and_comes_back_from_disk(shared, examples, tmp_path):
    optimizer = shared.initialize(lambda: examples)
    optimizer.learn_rate = 3e-3
    words = shared.get_pipe("transformer").model.attrs["intervene_on"]["words"]
    assert len(words) == 3
    losses = []
    for _ in range(60):
        batch = [Example(shared.make_doc(e.text), e.y) for e in examples]
        losses.append(shared.update(batch, sgd=optimizer)["causal_ner"])
    assert losses[-1] < losses[0] / 4
    shared.to_disk(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = spacy.load(tmp_path)
    texts = ["", *(eg.text for eg in examples), "word " * 300]
    for mine, other in zip(shared.pipe(texts), loaded.pipe(texts), strict=True):
        assert [t.ent_type_ for t in mine] == [t.ent_type_ for t in other]


def test_empty_documents_in_a_batch(shared, examples):
    optimizer = shared.initialize(lambda: examples)
    empty = Example(shared.make_doc(""), shared.make_doc(""))
    losses = shared.update([empty, examples[0], empty], sgd=optimizer)
    assert losses["causal_ner"] > 0


def test_a_listener_that_is_replaced_comes_back_from_disk(shared, examples, tmp_path):
    shared.initialize(lambda: examples)
    shared.replace_listeners("transformer", "causal_ner", ["model.tok2vec"])
    shared.remove_pipe("transformer")
    before = shared.get_pipe("causal_ner").predict([examples[0].predicted])
    shared.to_disk(tmp_path / "model")
    again = spacy.load(tmp_path / "model")
    after = again.get_pipe("causal_ner").predict([examples[0].predicted])
    np.testing.assert_allclose(after.logits, before.logits, atol=1e-5)


def test_what_listens_cannot_intervene(nlp):
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32}
    model = {"tok2vec": {"encoder": listener}}
    with pytest.raises(ValueError, match="listens to another component"):
        nlp.add_pipe("causal_ner", config={"model": model})
