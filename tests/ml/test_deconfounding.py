"""The deconfounding layer's equations against slow references in float64."""

import numpy as np
import pytest
import torch

from spacy_causal.ml.deconfounding import (
    DeconfoundingHead,
    backdoor_context,
    exact_adjustment,
    importance,
    present_context,
)

N, Z, D, A, M = 5, 4, 3, 2, 3


@pytest.fixture
def values():
    rng = np.random.default_rng(0)
    return {
        "x": rng.normal(size=(N, D)),
        "z": rng.normal(size=(Z, D)),
        "W_x": rng.normal(size=(A, D)),
        "W_z": rng.normal(size=(A, D)),
        "W_c": rng.normal(size=(M, 2 * D)),
        "b": rng.normal(size=M),
        "P": rng.dirichlet(np.ones(Z)),
        "own": np.array([-1, 2, -1, 0, 3]),
    }


def softmax(values):
    exped = np.exp(np.array(values) - max(values))
    return exped / exped.sum()


def slow_importance(v):
    alpha = np.zeros((N, Z))
    for i in range(N):
        others = [j for j in range(Z) if j != v["own"][i]]
        scores = [(v["W_x"] @ v["x"][i]) @ (v["W_z"] @ v["z"][j]) for j in others]
        alpha[i, others] = softmax(scores)
    return alpha


def module(v, adjustment, scale=False):
    head = DeconfoundingHead(D, M, A, adjustment, scale, n_words=Z).double()
    state = {
        "output.weight": v["W_c"],
        "output.bias": v["b"],
        "query.weight": v["W_x"],
        "key.weight": v["W_z"],
        "prior": v["P"],
        "vectors": v["z"],
    }
    for name, value in state.items():
        head.state_dict()[name].copy_(torch.tensor(value))
    return head


def test_eq_2_importance(values):
    x, z = torch.tensor(values["x"]), torch.tensor(values["z"])
    queries = x @ torch.tensor(values["W_x"]).T
    keys = z @ torch.tensor(values["W_z"]).T
    alpha = importance(queries, keys, torch.tensor(values["own"]))
    np.testing.assert_allclose(alpha, slow_importance(values))


def test_of_two_confounders_a_token_that_is_one_attends_to_the_other():
    queries, keys = torch.ones(3, 1), torch.tensor([[0.0], [1.0]])
    alpha = importance(queries, keys, torch.tensor([0, 1, -1]))
    np.testing.assert_allclose(alpha, [[0, 1], [1, 0], softmax([0, 1])], rtol=1e-6)
    alone = importance(queries, keys[:1], torch.tensor([0, -1, 0]))
    np.testing.assert_array_equal(alone, np.ones((3, 1)))


@pytest.mark.parametrize("scale", [False, True])
def test_eq_1_as_the_paper_approximates_it(values, scale):
    alpha = slow_importance(values)
    expected = []
    for i in range(N):
        context = sum(values["P"][j] * alpha[i, j] * values["z"][j] for j in range(Z))
        context = context * Z if scale else context
        features = np.concatenate([values["x"][i], context])
        expected.append(values["W_c"] @ features + values["b"])
    head = module(values, "approximate", scale).eval()
    with torch.no_grad():
        got = head(torch.tensor(values["x"]), torch.tensor(values["own"]), [N])
    np.testing.assert_allclose(got.logits, expected)
    np.testing.assert_allclose(got.attention, alpha)
    np.testing.assert_allclose(
        got.hidden.numpy() @ values["W_c"].T + values["b"], got.logits, atol=1e-12
    )


def test_eq_1_exactly(values):
    head = module(values, "exact").eval()
    head.absent.fill_(0.25)
    nothing = np.array([0.5, -1.0, 2.0])
    head.nothing.data = torch.tensor(nothing)
    expected = np.zeros((N, M))
    for i in range(N):
        prior = np.append(values["P"] * 0.75, 0.25)
        if values["own"][i] >= 0:
            prior[values["own"][i]] = 0
        for z, p in zip([*values["z"], nothing], prior / prior.sum(), strict=True):
            features = np.concatenate([values["x"][i], z])
            expected[i] += p * softmax(values["W_c"] @ features + values["b"])
    with torch.no_grad():
        got = head(torch.tensor(values["x"]), torch.tensor(values["own"]), [N])
    np.testing.assert_allclose(torch.exp(got.logits), expected)


def test_exact_adjustment_by_one_certain_confounder_is_that_softmax(values):
    token = torch.tensor(values["x"])
    context = torch.tensor(values["z"])
    prior = torch.tensor([0.0, 1.0, 0.0, 0.0])
    # The second token is that one: there is no other to average over.
    own = torch.tensor([-1, 1, -1, 0, -1])
    got = exact_adjustment(token, context, prior, own)
    expected = torch.log_softmax(token + context[1], dim=1)
    np.testing.assert_allclose(got, expected)


def test_context_of_a_uniform_dictionary_is_its_mean(values):
    uniform = torch.full((N, Z), 1 / Z, dtype=torch.float64)
    context = backdoor_context(uniform, torch.ones(Z), torch.tensor(values["z"]))
    np.testing.assert_allclose(context[0], values["z"].mean(axis=0))


def test_present_context_leaves_the_token_out(values):
    z, fallback = torch.tensor(values["z"]), torch.tensor([9.0, 9.0, 9.0])
    own = torch.tensor([0, -1, 1, -1, 2, -1])
    got = present_context(z, own, [3, 1, 2], fallback.double())
    expected = [z[1], (z[0] + z[1]) / 2, z[0], fallback, fallback, z[2]]
    np.testing.assert_allclose(got, torch.stack([e.double() for e in expected]))


def test_present_context_without_a_dictionary_is_the_fallback(values):
    z, fallback = torch.tensor(values["z"]), torch.tensor([1.0, 2.0, 3.0])
    got = present_context(z[:0], torch.full((4,), -1), [3, 1], fallback)
    np.testing.assert_array_equal(got, fallback.tile(4, 1))


def test_the_gradient_of_the_present_context(values):
    own, lengths = torch.tensor([0, -1, 1, -1, 2, -1]), [3, 1, 2]
    inputs = [torch.tensor(values[name], requires_grad=True) for name in ("z", "b")]

    def context(vectors, fallback):
        return present_context(vectors, own, lengths, fallback)

    assert torch.autograd.gradcheck(context, inputs)


def test_the_exact_form_in_training_scores_the_token_and_what_is_present(values):
    head = module(values, "exact").train()
    nothing = np.array([0.5, -1.0, 2.0])
    head.nothing.data = torch.tensor(nothing)
    z, own = values["z"], torch.tensor(values["own"])
    present = [z[2], nothing, nothing, z[3], z[0]]
    got = head(torch.tensor(values["x"]), own, [2, 1, 2])
    features = np.concatenate([values["x"], present], axis=1)
    expected = features @ values["W_c"].T + values["b"]
    np.testing.assert_allclose(got.logits.detach(), expected)


def test_the_dictionary_vectors_are_a_running_mean():
    head = DeconfoundingHead(2, M, A, "approximate", True, n_words=2)
    X = torch.tensor([[1.0, 1.0], [3.0, 5.0], [7.0, 7.0]])
    head.observe(X, torch.tensor([0, 0, -1]), memory=1000)
    np.testing.assert_allclose(head.vectors, [[2, 3], [0, 0]])
    head.observe(X[2:], torch.tensor([0]), memory=1000)
    np.testing.assert_allclose(head.vectors[0], [11 / 3, 13 / 3], rtol=1e-6)
    head.observe(X[:1], torch.tensor([0]), memory=1)
    np.testing.assert_allclose(head.vectors[0], [1, 1])
    head.observe(X, torch.tensor([0, 0, 0]), memory=2)
    np.testing.assert_allclose(head.vectors[0], [11 / 3, 13 / 3], rtol=1e-6)
    np.testing.assert_array_equal(head.counts, [2, 0])
    head.observe(X[:2], torch.tensor([1, -1]), memory=2)
    np.testing.assert_allclose(head.vectors, [[11 / 3, 13 / 3], [1, 1]], rtol=1e-6)
    np.testing.assert_array_equal(head.counts, [2, 1])


def test_no_gradient_reaches_the_dictionary():
    head = DeconfoundingHead(2, M, A, "approximate", True, n_words=1)
    head.observe(torch.ones(1, 2, requires_grad=True), torch.tensor([0]), memory=9)
    assert not head.vectors.requires_grad


def test_the_weights_are_those_of_the_equations():
    names = dict(DeconfoundingHead(D, M, A, "exact", True).named_parameters())
    weights = ("output.weight", "output.bias", "query.weight", "key.weight", "nothing")
    assert sorted(names) == sorted(weights)


def test_a_head_has_no_confounders_unless_it_is_told():
    head = DeconfoundingHead(D, M, A, "approximate", True)
    assert len(head.words) == len(head.prior) == len(head.vectors) == 0


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("adjustment", ["approximate", "exact"])
@pytest.mark.parametrize("n_words", [0, 1, 3])
def test_any_size_of_dictionary_gives_finite_scores(adjustment, n_words, training):
    head = DeconfoundingHead(D, M, A, adjustment, True, n_words=n_words)
    head.train(training)
    head.prior.fill_(1 / max(n_words, 1))
    own = torch.tensor([-1, 0 if n_words else -1])
    got = head(torch.ones(2, D), own, [2])
    assert torch.isfinite(got.logits).all()


def test_the_exact_adjustment_stays_finite_and_frugal():
    """Against the sum as it is written, over an array of (N, Z, M)."""
    rng = np.random.default_rng(1)
    token, context = rng.normal(size=(7, 5)) * 30, rng.normal(size=(9, 5)) * 30
    prior = np.append(rng.dirichlet(np.ones(8)), 0.0)
    token, context, prior = map(torch.tensor, (token, context, prior))
    log_p = torch.log_softmax(token[:, None] + context[None], dim=2)
    own = torch.arange(-1, len(token) - 1)
    others = prior.repeat(len(token), 1)
    others[torch.arange(1, len(token)), own[1:]] = 0
    others /= others.sum(dim=1, keepdim=True)
    expected = torch.logsumexp(log_p + torch.log(others)[:, :, None], dim=1)
    got = exact_adjustment(token, context, prior, own)
    np.testing.assert_allclose(got, expected, atol=1e-9)
    extreme = exact_adjustment(token * 1e3, context * 1e3, prior, own)
    assert torch.isfinite(extreme).all()
