"""The tokens that follow, with all logits at once and in slices."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from spacy_causal.augment.perplexity import next_token  # noqa: E402
from spacy_causal.augment.perplexity.next_token import NextToken, head_of  # noqa: E402

VOCABULARY = 23


@pytest.fixture
def model():
    """A tiny GPT-2 of random weights, large enough to be sure of something."""
    transformers.set_seed(0)
    config = transformers.GPT2Config(
        vocab_size=VOCABULARY, n_positions=16, n_embd=8, n_layer=2, n_head=2
    )
    made = transformers.GPT2LMHeadModel(config).eval()
    for weights in made.parameters():
        weights.data *= 8
    return made


@pytest.fixture
def ids():
    return torch.tensor([[22, 3, 14, 1, 5], [22, 0, 22, 0, 0]])


@pytest.fixture
def kept():
    return torch.tensor([[True, True, True, True], [True, True, False, False]])


def by_softmax(model, ids, kept):
    """All probabilities of a row by itself, without what pads it, in float64."""
    expected = np.zeros(kept.shape)
    for i, row in enumerate(ids):
        n = int(kept[i].sum())
        with torch.no_grad():
            logits = model(row[None, : n + 1]).logits[0].double()
        log2 = np.log2(torch.softmax(logits, dim=1).numpy())
        for t in range(n):
            expected[i, t] = log2[t, row[t + 1]]
    return expected


@pytest.mark.parametrize("width", [1, 7, VOCABULARY - 1, VOCABULARY, 4096])
def test_slices_agree_with_a_softmax(model, ids, kept, width, monkeypatch):
    monkeypatch.setattr(next_token, "SLICE", width)
    with torch.inference_mode():
        found = NextToken(model).log2(ids, kept)
    expected = by_softmax(model, ids, kept)
    assert len(np.unique(expected.round(3))) == 7
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_head_with_a_bias(model, ids, kept, monkeypatch):
    monkeypatch.setattr(next_token, "SLICE", 10)
    biased = torch.nn.Linear(8, VOCABULARY)
    biased.bias.data *= 20
    model.lm_head = biased
    with torch.inference_mode():
        found = NextToken(model).log2(ids, kept)
    np.testing.assert_allclose(found, by_softmax(model, ids, kept), rtol=1e-4)


def test_logits_that_more_is_done_to_are_read_whole(model, ids, kept, monkeypatch):
    class Capped(transformers.GPT2LMHeadModel):
        def forward(self, *args, **kwargs):
            found = super().forward(*args, **kwargs)
            found.logits = torch.tanh(found.logits)
            return found

    capped = Capped(model.config).eval()
    capped.load_state_dict(model.state_dict())
    assert head_of(model) is model.lm_head
    assert head_of(capped) is None
    with torch.inference_mode():
        found = NextToken(capped).log2(ids, kept)
    np.testing.assert_allclose(found, by_softmax(capped, ids, kept), rtol=1e-4)


def test_a_head_that_is_no_linear_layer(model, ids, kept):
    model.lm_head = torch.nn.Sequential(model.lm_head)
    assert head_of(model) is None
    with torch.inference_mode():
        found = NextToken(model).log2(ids, kept)
    np.testing.assert_allclose(found, by_softmax(model, ids, kept), rtol=1e-4)


def test_no_logits_of_the_whole_vocabulary_are_made(model, ids, kept, monkeypatch):
    next_one = NextToken(model)
    monkeypatch.setattr(next_token, "SLICE", 5)
    widest = []
    plain = next_token.linear

    def watched(*args):
        widest.append(plain(*args).shape)
        return plain(*args)

    monkeypatch.setattr(next_token, "linear", watched)
    with torch.inference_mode():
        next_one.log2(ids, kept)
    assert [tuple(shape) for shape in widest] == [(6, 5)] * 4 + [(6, 3)]
