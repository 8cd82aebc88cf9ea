"""The thinc layer around a torch head: how it is built, resized, saved and run."""

import os
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

import torch
from thinc.api import Model, PyTorchShim, glorot_uniform_init, torch2xp, xp2torch
from thinc.types import Floats2d, Ints1d
from torch import Tensor, nn

from spacy_causal.types import TokenScores

# A forked process (`nlp.pipe(n_process=2)`) inherits OpenMP's record of its threads but
# not the threads, and waits for them without end at the first parallel operation.
os.register_at_fork(after_in_child=partial(torch.set_num_threads, 1))

HeadInput = tuple[Floats2d, Ints1d, list[int]]
MakeHead = Callable[[int, int], nn.Module]


def torch_head(name: str, make_head: MakeHead) -> Model[HeadInput, TokenScores]:
    """A thinc layer that runs a torch head once its widths are known.

    make_head (Callable[[int, int], nn.Module]): From the width D of a token's vector
        and the number M of tags. What it makes may have a layer `dropout`, which
        takes on thinc's rate, and a method `grow`, for what else depends on M.
    """
    return Model(
        name,
        forward,
        init=init,
        shims=[_shim(make_head(1, 1))],
        dims={"nI": None, "nO": None},
        attrs={"make_head": make_head, "dropout_rate": 0.0},
    )


def init(
    model: Model[HeadInput, TokenScores], X: HeadInput | None = None, Y: Any = None
) -> None:
    """Build the head for the widths that are set, with thinc's random numbers."""
    if model.has_dim("nO") is None:
        model.set_dim("nO", 0)
    head = model.attrs["make_head"](model.get_dim("nI"), model.get_dim("nO"))
    for name, parameter in head.named_parameters():
        if name.rpartition(".")[2].startswith("weight"):
            drawn = glorot_uniform_init(model.ops, tuple(parameter.shape))
            parameter.data = xp2torch(drawn, device=torch.device("cpu"))
    model.shims[0] = _shim(head)


def forward(
    model: Model[HeadInput, TokenScores], inputs: HeadInput, is_train: bool
) -> tuple[TokenScores, Callable[[Floats2d], Floats2d]]:
    """Score tokens; the callback takes dL/dlogits (N, M) and gives dL/dX (N, D)."""
    X, own, lengths = inputs
    head, device = module_of(model).train(is_train), device_of(model)
    if hasattr(head, "dropout"):
        head.dropout.p = model.attrs["dropout_rate"]
    features = xp2torch(X, requires_grad=is_train, device=device)
    with torch.set_grad_enabled(is_train):
        output = head(features, xp2torch(own, device=device).long(), lengths)
    logits, hidden, attention = (_as_array(part) for part in output)
    scores = TokenScores(logits, hidden, attention, lengths)

    def backprop(d_logits: Floats2d) -> Floats2d:
        gradient = xp2torch(d_logits, device=device)
        torch.autograd.backward([output.logits], grad_tensors=[gradient])
        return _as_array(features.grad)

    return scores, backprop


def module_of(model: Model) -> Any:
    """The torch module inside a `torch_head`."""
    return model.shims[0]._model


def device_of(model: Model) -> torch.device:
    """The device its parameters are on."""
    return next(module_of(model).parameters()).device


def resize_head(model: Model[HeadInput, TokenScores], n_tags: int) -> None:
    """Give the output layer more tags; the old ones keep their weights.

    A new tag starts as the mean of the old ones, so it never wins before it is
    trained. The shim is made anew so that the optimizer begins its moments afresh.
    """
    head = module_of(model)
    old = head.output
    n_new = n_tags - len(old.weight)
    if n_new < 0:
        raise ValueError(f"Cannot take tags away: {len(old.weight)} to {n_tags}.")
    if model.has_dim("nI") and n_new:
        grown = nn.Linear(old.weight.shape[1], n_tags, device=old.weight.device)
        grown.weight.data = _with_mean_rows(old.weight.data, n_new)
        grown.bias.data = _with_mean_rows(old.bias.data, n_new)
        head.output = grown
        if hasattr(head, "grow"):
            head.grow(n_tags)
        model.shims[0] = _shim(head)
    model.set_dim("nO", n_tags, force=True)


def _with_mean_rows(rows: Tensor, n_new: int) -> Tensor:
    mean = rows.mean(dim=0, keepdim=True) if len(rows) else rows.new_zeros(1)
    return torch.cat([rows, mean.expand(n_new, *rows.shape[1:])])


def _as_array(tensor: Tensor | None) -> Any:
    return None if tensor is None else torch2xp(tensor.detach())


def _shim(head: nn.Module) -> PyTorchShim:
    return PyTorchShim(head, deserialize_model=load_weights)


def load_weights(
    head: nn.Module, state_bytes: bytes, device: torch.device
) -> nn.Module:
    """Read weights, and nothing else, into a head that takes on their shapes."""
    state = torch.load(BytesIO(state_bytes), map_location=device, weights_only=True)
    for name, value in state.items():
        path, _, leaf = name.rpartition(".")
        owner = head.get_submodule(path)
        if leaf in owner._parameters:
            setattr(owner, leaf, nn.Parameter(torch.empty_like(value)))
        else:
            setattr(owner, leaf, torch.empty_like(value))
        if isinstance(owner, nn.Linear) and leaf == "weight":
            owner.out_features, owner.in_features = value.shape
        if isinstance(owner, nn.LSTM) and leaf == "weight_ih_l0":
            owner.input_size = value.shape[1]
    head.load_state_dict(state)
    return head.to(device)
