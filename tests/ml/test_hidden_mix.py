"""Mixed rows: the arrays against loops and finite differences, and in training."""

from collections import Counter

import numpy as np
import pytest
import spacy
import torch
from small_encoders import cnn
from spacy.tokens import Doc, Span
from spacy.training import Example
from thinc.api import Adam, fix_random_seed, get_current_ops

from spacy_causal.learning.seeding import seeded
from spacy_causal.learning.weights import digest_of_weights
from spacy_causal.ml.hidden_mix import (
    TAUGHT,
    Mixture,
    build_hidden_mix,
    draw,
    mix_rows,
    unmix_rows,
)
from spacy_causal.ml.tagger import build_linear_tagger
from spacy_causal.numeric import log_softmax
from spacy_causal.tags.scheme import TagSet
from spacy_causal.targets.token_targets import TokenTargets, set_targets

BIO = TagSet("bio", ("LOC", "PER"))
HEADS = {
    "linear": {"@architectures": "spacy-causal.LinearTagger.v1"},
    "approximate": {"@architectures": "spacy-causal.DeconfoundedTagger.v1"},
    "exact": {
        "@architectures": "spacy-causal.DeconfoundedTagger.v1",
        "adjustment": "exact",
    },
}
CNN = cnn(width=32, depth=2, embed_size=500)
ENCODERS = {
    "cnn": CNN,
    "listener": {"@architectures": "spacy.Tok2VecListener.v1", "width": 32},
    "frozen": {"@architectures": "spacy-causal.DocTensor.v1"},
}
OTHERS = (("approximate", "listener"), ("linear", "frozen"))
MIXTURE = Mixture(np.array([0, 2, 2]), np.array([2, 3, 0]), np.array([0.25, 0.6, 0.5]))


def with_tensor(example: Example) -> Example:
    rng = np.random.default_rng(len(example.predicted))
    example.predicted.tensor = rng.normal(size=(len(example.predicted), 16))
    return example


def build(nlp, pipe="causal_ner", head="linear", encoder="cnn", **settings):
    if encoder == "listener":
        nlp.add_pipe("tok2vec", config={"model": CNN})
    model = {
        "@architectures": "spacy-causal.HiddenMix.v1",
        **settings,
        "labeller": HEADS[head] | {"tok2vec": ENCODERS[encoder]},
    }
    nlp.add_pipe(pipe, name="labeller", config={"model": model})
    return nlp


def weights_after(nlp, examples, *, key=(3, 1), drop=0.1, steps=3):
    """A digest of all weights after some steps whose randomness hangs on a key."""
    fix_random_seed(0)
    sgd = nlp.initialize(lambda: examples)
    with seeded(nlp, key):
        for _ in range(steps):
            nlp.update(examples, sgd=sgd, drop=drop)
    return digest_of_weights(nlp, nlp.pipe_names)


def test_rows_are_mixed_two_by_two():
    X = np.random.default_rng(0).normal(size=(4, 3)).astype("f4")
    mixed = mix_rows(X, MIXTURE)
    np.testing.assert_allclose(mixed[0], 0.25 * X[0] + 0.75 * X[2], rtol=1e-5)
    np.testing.assert_allclose(mixed[1], 0.6 * X[2] + 0.4 * X[3], rtol=1e-5)
    np.testing.assert_allclose(mixed[2], 0.5 * X[2] + 0.5 * X[0], rtol=1e-5)


def test_the_gradient_of_mixing_by_finite_differences():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(4, 3)).astype("f4")
    d_mixed = rng.normal(size=(3, 3)).astype("f4")
    expected = np.zeros_like(X)
    for at in np.ndindex(X.shape):
        up, down = X.copy(), X.copy()
        up[at] += 0.5
        down[at] -= 0.5
        difference = mix_rows(up, MIXTURE) - mix_rows(down, MIXTURE)
        expected[at] = (difference * d_mixed).sum()
    np.testing.assert_allclose(unmix_rows(d_mixed, MIXTURE, 4), expected, atol=1e-5)
    assert not unmix_rows(d_mixed, MIXTURE, 4)[1].any()


def rows_of(*tags):
    found = np.zeros((len(tags), len(BIO)), dtype="f4")
    for i, tag in enumerate(tags):
        if tag is not None:
            found[i, BIO.index[tag]] = 1
    return found


@pytest.mark.parametrize(
    ("which", "tag_set", "expected"),
    [
        ("entities", BIO, {1, 3, 5, 6}),
        ("all", BIO, {0, 1, 3, 4, 5, 6}),
        # A tag that is none of entities is a label like any other.
        ("entities", TagSet("token", ("NN", "VB", "X", "Y", "Z")), {0, 1, 3, 4, 5, 6}),
    ],
)
def test_which_tokens_are_mixed(which, tag_set, expected):
    rows = rows_of("O", "B-LOC", None, "B-PER", "O", "I-PER", "B-PER")
    rows[5] *= 0.6
    rows[5, 0] = 0.4
    pairs = Counter()
    for seed in range(50):
        mixture = draw(rows, tag_set, 8.0, which, np.random.default_rng(seed))
        first, second = mixture.first.tolist(), mixture.second.tolist()
        assert set(first) == set(second) == expected
        assert len(first) == len(expected)
        assert all(i != j for i, j in zip(first, second, strict=True))
        assert ((mixture.weights > 0) & (mixture.weights < 1)).all()
        pairs.update(zip(first, second, strict=True))
    assert len(pairs) == len(expected) * (len(expected) - 1)


def test_one_token_alone_is_not_mixed():
    rows = rows_of("O", "B-LOC", "O", None)
    assert draw(rows, BIO, 8.0, "entities", np.random.default_rng(0)) is None
    assert draw(rows[:0], BIO, 8.0, "all", np.random.default_rng(0)) is None


def test_shares_are_beta():
    rows = rows_of(*["B-LOC"] * 20_000)
    found = draw(rows, BIO, 8.0, "entities", np.random.default_rng(0)).weights
    assert found.mean() == pytest.approx(0.5, abs=0.005)
    assert found.var() == pytest.approx(1 / (4 * 17), rel=0.05)


def frozen_labeller(width=5, **settings):
    """A linear head on vectors that are at hand, and the vectors' gradient."""
    from thinc.api import Model

    X = np.random.default_rng(2).normal(size=(6, width)).astype("f4")
    seen = []

    def forward(model, docs, is_train):
        parts, start = [], 0
        for doc in docs:
            parts.append(X[start : start + len(doc)])
            start += len(doc)
        return parts, lambda dX: seen.append(np.concatenate(dX)) or []

    encoder = Model("given", forward, dims={"nO": width}, ops=get_current_ops())
    labeller = build_linear_tagger(encoder)
    model = build_hidden_mix(labeller, **settings) if settings else labeller
    model.set_dim("nO", len(BIO), force=True)
    fix_random_seed(0)
    docs = [Doc(spacy.blank("en").vocab, words=["a"] * n) for n in (4, 0, 2)]
    model.initialize(X=docs)
    return model, docs, X, seen


@pytest.mark.parametrize("which", ["entities", "all"])
def test_the_whole_gradient_is_that_of_the_loss_as_it_is_written(which):
    """λ x + (1 − λ) x' through torch's own cross-entropy."""
    targets = rows_of("B-LOC", "O", "B-PER", "I-PER", None, "B-LOC")
    weight, alpha, seed = 0.3, 2.0, 5
    settings = {"weight": weight, "alpha": alpha, "which": which, "seed": seed}
    model, docs, X, seen = frozen_labeller(**settings)
    model.attrs["teach"](model, targets, BIO)
    scores, backprop = model.begin_update(docs)
    assert scores.logits.shape == (6, 5)
    assert scores.hidden.shape == (6, 5)
    assert scores.lengths == [4, 0, 2]
    known = targets.any(axis=1, keepdims=True)
    backprop((np.exp(log_softmax(scores.logits)) * known - targets).astype("f4"))

    head = model.get_ref("output_layer").shims[0]._model.output
    W, b = head.weight.detach().double(), head.bias.detach().double()
    x = torch.tensor(X, dtype=torch.double, requires_grad=True)
    y = torch.tensor(targets, dtype=torch.double)
    mixture = draw(targets, BIO, alpha, which, np.random.default_rng(seed))
    share = torch.tensor(mixture.weights)[:, None]
    i, j = torch.tensor(mixture.first), torch.tensor(mixture.second)
    mixed_x, mixed_y = (share * a[i] + (1 - share) * a[j] for a in (x, y))
    own = -(y * torch.log_softmax(x @ W.T + b, 1)).sum()
    mixed = -(mixed_y * torch.log_softmax(mixed_x @ W.T + b, 1)).sum()
    (own + weight * mixed).backward()
    np.testing.assert_allclose(seen[0], x.grad.numpy(), atol=1e-5)


def test_predicting_and_reading_untaught_mix_nothing():
    model, docs, _, _ = frozen_labeller(weight=0.5)
    plain, *_ = frozen_labeller()
    targets = rows_of(*["B-LOC"] * 6)
    model.attrs["teach"](model, targets, BIO)
    expected = plain.predict(docs).logits
    np.testing.assert_array_equal(model.predict(docs).logits, expected)
    scores, _ = model.begin_update(docs)
    assert scores.logits.shape == (6, 5)
    assert TAUGHT not in model.attrs
    untaught, _ = model.begin_update(docs)
    np.testing.assert_array_equal(untaught.logits, expected)


@pytest.mark.parametrize(
    ("head", "encoder"), [*((head, "cnn") for head in HEADS), *OTHERS]
)
@pytest.mark.parametrize("pipe", ["causal_ner", "causal_tagger"])
def test_trains_and_comes_back(nlp, examples, pipe, head, encoder, tmp_path):
    examples = [with_tensor(e) if encoder == "frozen" else e for e in examples]
    fix_random_seed(0)
    sgd = build(nlp, pipe, head, encoder, weight=0.5).initialize(lambda: examples)
    sgd.learn_rate = 0.02 if encoder == "frozen" else 0.005
    first = nlp.update(examples, sgd=sgd, drop=0.1)["labeller"]
    for _ in range(40):
        losses = nlp.update(examples, sgd=sgd, drop=0.1)
    assert losses["labeller"] < first / 3
    nlp.to_disk(tmp_path)
    docs = [example.predicted for example in examples]
    if encoder == "listener":
        docs = [*nlp.get_pipe("tok2vec").pipe(docs)]
    expected = nlp.get_pipe("labeller").predict(docs).logits
    for other in (
        spacy.load(tmp_path),
        spacy.blank("en").from_config(nlp.config).from_bytes(nlp.to_bytes()),
    ):
        model = other.config["components"]["labeller"]["model"]
        assert model["@architectures"] == "spacy-causal.HiddenMix.v1"
        assert (model["weight"], model["alpha"]) == (0.5, 8.0)
        if encoder == "listener":
            docs = [*other.get_pipe("tok2vec").pipe(docs)]
        got = other.get_pipe("labeller").predict(docs).logits
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_same_seed_same_bytes(examples, encoder):
    examples = [with_tensor(e) if encoder == "frozen" else e for e in examples]

    def learnt(key, **settings):
        nlp = build(spacy.blank("en"), encoder=encoder, **settings)
        return weights_after(nlp, examples, key=key)

    assert learnt((3, 1)) == learnt((3, 1))
    assert learnt((3, 1)) != learnt((3, 2))
    assert learnt((3, 1)) != learnt((3, 1), weight=0.0)


def test_mixing_reaches_the_encoder_and_weight_0_leaves_training_as_it_was(examples):
    """Without dropout nothing but the mixing is random."""

    def learnt(model):
        nlp = spacy.blank("en")
        nlp.add_pipe("causal_ner", name="labeller", config={"model": model})
        weights_after(nlp, examples, drop=0.0, steps=1)
        encoder = nlp.get_pipe("labeller").model.get_ref("tok2vec")
        return digest_of_weights(nlp, ["labeller"]), encoder.to_bytes()

    labeller = HEADS["linear"] | {"tok2vec": CNN}
    mixing = {"@architectures": "spacy-causal.HiddenMix.v1", "labeller": labeller}
    plain = learnt(labeller)
    assert learnt(mixing | {"weight": 0.0}) == plain
    mixed = learnt(mixing | {"weight": 0.5})
    assert mixed[0] != plain[0]
    assert mixed[1] != plain[1]


def test_soft_targets_without_entities_and_empty_docs(nlp, examples):
    build(nlp).initialize(lambda: examples)
    words = ["Anna", "met", "Bo"]
    reference = Doc(nlp.vocab, words=words)
    tag_set = nlp.get_pipe("labeller").tag_set
    rows = np.full((3, len(tag_set)), 1 / len(tag_set), dtype="f4")
    set_targets(reference, "ner", TokenTargets(tag_set.scheme, tag_set.names, rows))
    outside = Doc(nlp.vocab, words=["Nobody", "spoke"])
    outside.set_ents([], default="outside")
    missing = Doc(nlp.vocab, words=["Who", "knows"])
    one = Doc(nlp.vocab, words=["Anna"])
    one.ents = [Span(one, 0, 1, label="PER")]
    batch = [
        Example(Doc(nlp.vocab, words=[t.text for t in doc]), doc)
        for doc in (reference, Doc(nlp.vocab), outside, missing, one)
    ]
    sgd = Adam(0.01)
    for part in (batch, batch[1:], batch[1:2], batch[3:4], batch[2:3]):
        assert np.isfinite(nlp.update(part, sgd=sgd)["labeller"])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"weight": -1.0}, "weight is -1.0 and has to be ≥ 0"),
        ({"weight": float("nan")}, "weight is nan"),
        ({"alpha": 0.0}, r"alpha 0.0 and > 0"),
        ({"which": "verbs"}, "Unknown tokens 'verbs': one of entities, all"),
    ],
)
def test_settings_that_are_none(settings, said):
    with pytest.raises(ValueError, match=said):
        frozen_labeller(**settings)


@pytest.mark.parametrize("name", ["BiLSTMTagger", "BiLSTMEncoderDecoder"])
def test_a_head_that_reads_sentences(nlp, name):
    labeller = {"@architectures": f"spacy-causal.{name}.v1", "tok2vec": CNN}
    model = {"@architectures": "spacy-causal.HiddenMix.v1", "labeller": labeller}
    with pytest.raises(ValueError, match="head reads sentences"):
        nlp.add_pipe("causal_ner", config={"model": model})
