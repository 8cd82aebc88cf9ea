"""Gradient embeddings against autograd, and each way of holding them against loops."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import torch
from array_views import random_view, slow_gradients

from spacy_causal.acquisition.gradients import (
    CountSketch,
    DenseGradients,
    FactorisedGradients,
    embed_batch,
    gradient_embedding,
    label_errors,
)
from spacy_causal.numeric import softmax

LENGTHS = [3, 1, 0, 5, 2, 4]


def test_autograd_gives_the_same():
    rng = np.random.default_rng(0)
    hidden, weight = rng.normal(size=(6, 5)), rng.normal(size=(4, 5))
    W = torch.tensor(weight, requires_grad=True)
    logits = torch.tensor(hidden) @ W.T
    loss = torch.nn.functional.cross_entropy(
        logits, logits.argmax(dim=1), reduction="sum"
    )
    loss.backward()
    errors = label_errors(softmax(hidden @ weight.T))
    assert gradient_embedding(errors, hidden) == pytest.approx(W.grad.numpy())


def test_a_sure_model_has_a_small_gradient():
    hidden = np.ones((1, 3))
    unsure, sure = np.array([[0.4, 0.35, 0.25]]), np.array([[0.98, 0.01, 0.01]])
    norms = [
        np.linalg.norm(gradient_embedding(label_errors(p), hidden))
        for p in (unsure, sure)
    ]
    assert norms[0] > 10 * norms[1]


def test_a_batch_is_as_document_by_document():
    view = random_view(LENGTHS)
    errors = label_errors(view.arrays["probabilities"])
    rows = embed_batch(errors, view.arrays["hidden"], LENGTHS)
    assert rows == pytest.approx(slow_gradients(view), abs=1e-5)


@pytest.mark.parametrize("ids", [slice(None), slice(None, None, 2), [4, 0, 3]])
@pytest.mark.parametrize("held", ["rows", "factors"])
def test_norms_and_products_of_some_documents(held, ids):
    view = random_view(LENGTHS)
    slow = slow_gradients(view)
    if held == "rows":
        view.arrays = {"gradients": slow.astype(np.float32)}
    chosen = np.arange(len(LENGTHS))[ids]
    gradients = view.gradients([view.ids[i] for i in chosen])
    wanted = slow[chosen]
    assert gradients.squared_norms() == pytest.approx((wanted**2).sum(1), abs=1e-4)
    for row in range(len(chosen)):
        products = gradients.products(row)
        assert products == pytest.approx(wanted @ wanted[row], abs=1e-4)


def test_factors_in_several_parts():
    view = random_view(LENGTHS)
    whole = view.gradients(view.ids)
    parts = type(whole)(**(vars(whole) | {"tokens_at_once": 2}))
    assert parts.products(3) == pytest.approx(whole.products(3))


def test_a_sketch_is_linear_and_its_products_are_unbiased():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2, 150)).astype(np.float32)
    products = []
    for seed in range(400):
        sketch = CountSketch.draw(150, 64, np.random.default_rng(seed))
        x, y = sketch(rows)
        assert sketch(rows.sum(0, keepdims=True))[0] == pytest.approx(x + y, abs=1e-4)
        products.append([x @ y, x @ x])
    exact = np.array([rows[0] @ rows[1], rows[0] @ rows[0]])
    error = np.array(products) - exact
    standard = error.std(axis=0) / np.sqrt(len(error))
    assert (abs(error.mean(axis=0)) < 4 * standard).all()
    # The variance of a CountSketch: (‖x‖²‖y‖² + ⟨x,y⟩² − 2 Σ x²y²) / width.
    x, y = rows.astype(float)
    limit = ((x @ x) * (y @ y) + (x @ y) ** 2 - 2 * (x**2 @ y**2)) / 64
    assert error[:, 0].var() < 1.3 * limit


def test_each_column_goes_to_one_bucket_and_a_run_to_all():
    sketch = CountSketch.draw(130, 64, np.random.default_rng(0))
    hit = abs(sketch(np.eye(130, dtype=np.float32)))
    assert (hit.sum(axis=1) == 1).all()
    assert (hit[:64].sum(axis=0) == 1).all()


def test_half_of_the_signs_are_negative():
    signs = CountSketch.draw(10_000, 64, np.random.default_rng(0)).signs
    assert (abs(signs) == 1).all()
    assert abs(signs.mean()) < 0.05


def test_a_sketch_takes_rows_of_the_width_it_was_drawn_for():
    sketch = CountSketch.draw(128, 64, np.random.default_rng(0))
    assert sketch(np.ones((1, 128), dtype=np.float32)).shape == (1, 64)
    with pytest.raises(ValueError, match="longer"):
        sketch(np.ones((1, 64), dtype=np.float32))


@pytest.mark.parametrize(
    "held",
    [
        CountSketch.draw(4, 2, np.random.default_rng(0)),
        DenseGradients.of_rows(np.ones((4, 3))),
        FactorisedGradients(*np.ones((2, 3, 2)), np.array([0, 3]), np.array([0])),
    ],
)
def test_what_holds_gradients_is_not_changed(held):
    for name, value in vars(held).items():
        with pytest.raises(FrozenInstanceError):
            setattr(held, name, value)


def test_rows_are_not_copied_for_all_of_them():
    rows = np.ones((4, 3), dtype=np.float32)
    assert DenseGradients.of_rows(rows).rows is rows
