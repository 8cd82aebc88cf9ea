"""Weights and optimizer moments as values: to roll back, to undo, to save."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
from spacy.language import Language
from thinc.api import Optimizer

MOMENTS = ("mom1", "mom2", "averages")
Moments = list[list[Any]]


def pipes_to_bytes(nlp: Language, names: Sequence[str]) -> dict[str, bytes]:
    """Labels and weights of some pipes."""
    return {name: _pipe(nlp, name).to_bytes(exclude=["vocab"]) for name in names}


def pipes_from_bytes(nlp: Language, saved: Mapping[str, bytes]) -> None:
    """Put labels and weights back, in place; gradients that wait are dropped."""
    for name, data in saved.items():
        _pipe(nlp, name).from_bytes(data, exclude=["vocab"])
        for node in _pipe(nlp, name).model.walk():
            for parameter in node.grad_names:
                if node.has_grad(parameter):
                    node.get_grad(parameter)[...] = 0
            for shim in node.shims:
                if hasattr(shim._model, "zero_grad"):
                    shim._model.zero_grad()


def digest_of_weights(nlp: Language, names: Sequence[str]) -> str:
    """What tells the weights of some pipes from others, wherever they lie."""
    total = sha256()
    for pipe in names:
        for i, node in enumerate(_pipe(nlp, pipe).model.walk()):
            arrays = [(x, node.get_param(x)) for x in node.param_names
                      if node.has_param(x)]  # fmt: skip
            for shim in node.shims:
                state: Any = getattr(shim._model, "state_dict", dict[str, Any])()
                arrays += [(x, y.detach().cpu().numpy()) for x, y in state.items()
                           if hasattr(y, "detach")]  # fmt: skip
            for name, array in arrays:
                values = _to_numpy(array)
                total.update(f"{pipe} {i} {name} {values.shape}".encode())
                total.update(values.tobytes())
    return total.hexdigest()


def make_optimizer(
    nlp: Language, learn_rate: float | None, n_steps: int = 0
) -> Optimizer:
    """The optimizer of the pipeline's config, its schedules moved on by `n_steps`.

    learn_rate (float | None): Constant, in place of the config's.
    """
    optimizer = nlp.create_optimizer()
    if learn_rate is not None:
        optimizer.schedules.pop("learn_rate", None)
        optimizer.learn_rate = learn_rate
    for _ in range(n_steps):
        optimizer.step_schedules()
    return optimizer


def moments_of(optimizer: Optimizer, nlp: Language, names: Sequence[str]) -> Moments:
    """An optimizer's memory of some pipes, by the place of each parameter: thinc keys
    it by numbers that are others in every process.

    RETURNS (list[list]): Place, parameter, number of updates, then the moments.
    """
    return [
        [place, name, optimizer.nr_update[key], *_copies(optimizer, key)]
        for place, number, parameters in _places(nlp, names)
        for name in parameters
        if (key := (number, name)) in optimizer.nr_update
    ]


def set_moments(
    optimizer: Optimizer, moments: Moments, nlp: Language, names: Sequence[str]
) -> None:
    """Give a new optimizer the memory of another."""
    places = {place: number for place, number, _ in _places(nlp, names)}
    asarray = _asarray(nlp, names)
    for place, name, n_updates, *arrays in moments:
        key = (places[place], name)
        optimizer.nr_update[key] = n_updates
        for which, array in zip(MOMENTS, arrays, strict=True):
            if array is not None:
                getattr(optimizer, which)[key] = asarray(array)


def _pipe(nlp: Language, name: str) -> Any:
    return nlp.get_pipe(name)


def _places(
    nlp: Language, names: Sequence[str]
) -> Iterator[tuple[str, int, list[str]]]:
    """Each layer and each shim by where it stands, with its number in thinc and its
    parameters; layers and shims are numbered apart, so that a number can be both's."""
    for pipe in names:
        for i, node in enumerate(_pipe(nlp, pipe).model.walk()):
            yield f"{pipe} {i}", node.id, list(node.param_names)
            for j, shim in enumerate(node.shims):
                module: Any = shim._model
                named = getattr(module, "named_parameters", dict[str, Any]().items)()
                yield f"{pipe} {i} {j}", shim.id, [name for name, _ in named]


def _copies(optimizer: Optimizer, key: tuple[int, str]) -> list[Any]:
    found = [(getattr(optimizer, which) or {}).get(key) for which in MOMENTS]
    return [None if array is None else _to_numpy(array) for array in found]


def _to_numpy(array: Any) -> np.ndarray:
    return np.array(array.get() if hasattr(array, "get") else array)


def _asarray(nlp: Language, names: Sequence[str]) -> Callable[[Any], Any]:
    ops = _pipe(nlp, names[-1]).model.ops
    return lambda array: ops.asarray(np.array(array))
