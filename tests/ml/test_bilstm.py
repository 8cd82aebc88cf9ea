"""The BiLSTM tagger and the BiLSTM encoder-decoder."""

import numpy as np
import pytest
import spacy
import torch
from spacy.training import Example
from thinc.api import fix_random_seed, set_dropout_rate

from spacy_causal.ml.bilstm import BiLSTMHead, DecodingHead, run_over, shifted
from spacy_causal.ml.head import module_of
from spacy_causal.targets.token_targets import TokenTargets, set_targets

NAMES = ("BiLSTMTagger", "BiLSTMEncoderDecoder")
EMBED = {
    "@architectures": "spacy.MultiHashEmbed.v2",
    "width": 24,
    "attrs": ["NORM", "SHAPE"],
    "rows": [500, 100],
    "include_static_vectors": False,
}
LENGTHS = [3, 0, 5, 1]


def build(nlp, pipe, name):
    model = {
        "@architectures": f"spacy-causal.{name}.v1",
        "hidden_width": 16,
        "tok2vec": EMBED,
    }
    nlp.add_pipe(pipe, name="labeller", config={"model": model})
    return nlp


def decoding_head(n_tags=4):
    torch.manual_seed(0)
    head = DecodingHead(6, n_tags, hidden_width=5, decoder_width=7, label_width=3)
    for parameter in head.parameters():
        parameter.data = torch.randn(parameter.shape)
    return head


def features():
    return torch.randn(9, 6, generator=torch.Generator().manual_seed(1))


NOBODY = torch.full((9,), -1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("pipe", ["causal_ner", "causal_tagger"])
def test_trains_and_comes_back(nlp, examples, pipe, name, tmp_path):
    fix_random_seed(0)
    sgd = build(nlp, pipe, name).initialize(lambda: examples)
    sgd.learn_rate = 0.02
    for _ in range(60):
        losses = nlp.update(examples, sgd=sgd, drop=0.1)
    assert losses["labeller"] < 1
    nlp.to_disk(tmp_path)
    docs = [nlp.make_doc(eg.text) for eg in examples] + [nlp.make_doc("")]
    expected = nlp.get_pipe("labeller").predict(docs)
    assert expected.hidden.shape == (len(expected.logits), expected.hidden.shape[1])
    for other in (
        spacy.load(tmp_path),
        spacy.blank("en").from_config(nlp.config).from_bytes(nlp.to_bytes()),
    ):
        got = other.get_pipe("labeller").predict(docs)
        np.testing.assert_array_equal(got.logits, expected.logits)
        said = other("Anna Smith met Mr. Brown .")
        assert said[0].ent_type_ == "PER" or said[0].tag_ == "A"


@pytest.mark.parametrize("name", NAMES)
def test_one_by_one_as_in_a_batch(nlp, examples, name):
    build(nlp, "causal_ner", name).initialize(lambda: examples)
    pipe = nlp.get_pipe("labeller")
    docs = [eg.predicted for eg in examples]
    together = pipe.predict(docs)
    alone = np.concatenate([pipe.predict([doc]).logits for doc in docs])
    np.testing.assert_allclose(together.logits, alone, atol=1e-5)
    weights = module_of(pipe.model.get_ref("output_layer")).output.weight.detach()
    said = together.hidden @ weights.numpy().T
    np.testing.assert_allclose(together.logits, said, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_new_labels_leave_what_was_said_of_old_ones(nlp, examples, name):
    sgd = build(nlp, "causal_tagger", name).initialize(lambda: examples)
    for _ in range(20):
        nlp.update(examples, sgd=sgd)
    pipe, docs = nlp.get_pipe("labeller"), [eg.predicted for eg in examples]
    before = pipe.predict(docs).logits
    pipe.add_label("NEW")
    after = pipe.predict(docs).logits
    np.testing.assert_allclose(after[:, :-1], before, atol=1e-6)
    again = build(spacy.blank("en"), "causal_tagger", name)
    again.from_bytes(nlp.to_bytes())
    np.testing.assert_array_equal(
        again.get_pipe("labeller").predict(docs).logits, after
    )
    nlp.update(examples, sgd=sgd)


@pytest.mark.parametrize("name", NAMES)
def test_thincs_rate_of_dropout_reaches_the_head(nlp, examples, name):
    build(nlp, "causal_ner", name).initialize(lambda: examples)
    pipe, docs = nlp.get_pipe("labeller"), [eg.predicted for eg in examples]
    head = pipe.model.get_ref("output_layer")
    X = np.ones((4, head.get_dim("nI")), dtype="float32")
    batch = X, np.full(4, -1), [4]
    set_dropout_rate(pipe.model, 0.5)
    zeros = (head(batch, is_train=True)[0].hidden == 0).mean()
    assert 0.3 < zeros < 0.7
    assert head.predict(batch).hidden.all()
    set_dropout_rate(pipe.model, 0.0)
    assert head(batch, is_train=True)[0].hidden.all()
    assert pipe.predict(docs).hidden.all()


def test_weights_come_from_thincs_seed(nlp, examples):
    logits = []
    for _ in range(2):
        fix_random_seed(3)
        other = build(spacy.blank("en"), "causal_ner", NAMES[0])
        torch.manual_seed(len(logits))
        other.initialize(lambda: examples)
        docs = [eg.predicted for eg in examples]
        logits.append(other.get_pipe("labeller").predict(docs).logits)
    np.testing.assert_array_equal(*logits)


def test_teaching_the_labels_it_would_give_changes_nothing():
    """Greedy decoding, step by step, against the LSTM in one run."""
    head, X = decoding_head(), features()
    with torch.no_grad():
        greedy = head.eval()(X, NOBODY, LENGTHS)
        head.train().taught = torch.eye(4)[greedy.logits.argmax(dim=1)]
        taught = head(X, NOBODY, LENGTHS)
        assert head.taught is None
        head.taught = torch.eye(4)[(greedy.logits.argmax(dim=1) + 1) % 4]
        others = head(X, NOBODY, LENGTHS)
    np.testing.assert_allclose(taught.logits, greedy.logits, atol=1e-5)
    np.testing.assert_allclose(taught.hidden, greedy.hidden, atol=1e-5)
    # The first token of a document has no label before it.
    assert np.allclose(others.logits[[0, 3, 8]], taught.logits[[0, 3, 8]], atol=1e-5)
    assert not np.allclose(others.logits[1], taught.logits[1], atol=1e-3)


def test_the_decoder_learns_through_its_labels():
    head = decoding_head()
    head.train().taught = torch.eye(4)[torch.arange(9) % 4]
    head(features(), NOBODY, LENGTHS).logits.sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in head.parameters())


def test_documents_do_not_see_each_other():
    head = BiLSTMHead(6, 4, hidden_width=5)
    X, moved = features(), features()
    moved[3:8] += 1
    with torch.no_grad():
        before, after = (run_over(head.lstm, x, LENGTHS) for x in (X, moved))
    same = (before == after).all(dim=1)
    assert same.tolist() == [True] * 3 + [False] * 5 + [True]


def test_shifted_rows():
    rows = torch.arange(1.0, 10.0)[:, None]
    got = shifted(rows, LENGTHS)[:, 0].tolist()
    assert got == [0, 1, 2, 0, 4, 5, 6, 7, 0]


def test_soft_and_missing_targets_teach_the_decoder(nlp, examples):
    build(nlp, "causal_ner", NAMES[1])
    sgd = nlp.initialize(lambda: examples)
    tags = nlp.get_pipe("labeller").tag_set
    reference = examples[0].reference.copy()
    rows = np.full((len(reference), len(tags)), 1 / len(tags), dtype="float32")
    rows[2:4] = 0
    set_targets(reference, "ner", TokenTargets(tags.scheme, tags.names, rows))
    losses = nlp.update([Example(nlp.make_doc(reference.text), reference)], sgd=sgd)
    assert np.isfinite(losses["labeller"]) and losses["labeller"] > 0
