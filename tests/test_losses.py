import numpy as np
import pytest
import torch

from spacy_causal.losses import soft_cross_entropy
from spacy_causal.numeric import entropy, log_softmax, softmax


@pytest.mark.parametrize("seed", range(5))
def test_loss_and_gradient_against_autograd(seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(6, 4)) * 3
    targets = rng.dirichlet(np.ones(4), size=6)
    targets[seed] = 0
    x = torch.tensor(logits, requires_grad=True)
    expected = -(torch.tensor(targets) * torch.log_softmax(x, 1)).sum()
    expected.backward()
    loss, d_logits = soft_cross_entropy(logits, targets)
    assert loss == pytest.approx(float(expected.detach()))
    np.testing.assert_allclose(d_logits, x.grad.numpy(), atol=1e-12)
    assert not d_logits[seed].any()


def test_extreme_logits_stay_finite():
    logits = np.array([[1e4, -1e4, 0.0]], dtype="float32")
    targets = np.array([[0.0, 1.0, 0.0]], dtype="float32")
    loss, d_logits = soft_cross_entropy(logits, targets)
    assert loss == pytest.approx(2e4)
    np.testing.assert_allclose(d_logits, [[1, -1, 0]])


def test_distributions():
    logits = np.random.default_rng(0).normal(size=(3, 5))
    np.testing.assert_allclose(softmax(logits).sum(axis=1), 1)
    np.testing.assert_allclose(np.exp(log_softmax(logits)), softmax(logits))
    np.testing.assert_allclose(entropy(np.eye(3)), 0)
    np.testing.assert_allclose(entropy(np.full((1, 8), 1 / 8)), np.log(8))


@pytest.mark.parametrize("function", [softmax, log_softmax, entropy])
@pytest.mark.parametrize("shape", [(4,), (3, 2, 4)])
def test_the_last_axis_of_any_number_of_them(function, shape):
    values = np.random.default_rng(0).dirichlet(np.ones(4), size=shape[:-1])
    rows = [function(row[None])[0] for row in values.reshape(-1, 4)]
    np.testing.assert_allclose(
        function(values), np.reshape(rows, function(values).shape)
    )
    assert function(values).shape == (shape[:-1] if function is entropy else shape)


def test_large_logits_do_not_overflow():
    logits = np.array([[1e4, 1e4, -1e4], [-1e4, -1e4, -1e4]])
    np.testing.assert_allclose(softmax(logits), [[0.5, 0.5, 0], [1 / 3] * 3])
    expected = [[-np.log(2), -np.log(2), -2e4 - np.log(2)], [-np.log(3)] * 3]
    np.testing.assert_allclose(log_softmax(logits), expected)


def test_no_rows_of_no_labels():
    assert log_softmax(np.zeros((2, 0))).shape == (2, 0)
    assert soft_cross_entropy(np.zeros((0, 3)), np.zeros((0, 3)))[0] == 0
