"""Transformers that a component reads through: what their input costs, and in which
precision they compute."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any

import numpy as np
import torch
from spacy.language import Language
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Ints1d

from spacy_causal.types import Precision, require_precision

TEXTS_AT_ONCE = 128


def find_transformers(nlp: Language, component: str) -> list[Model]:
    """The models of transformers in the pipes up to a component, itself included."""
    found: list[Model] = []
    for name, pipe in nlp.pipeline:
        model = getattr(pipe, "model", None)
        if isinstance(model, Model):
            found += [node for node in model.walk() if hasattr(node, "tokenizer")]
        if name == component:
            break
    return found


def word_pieces(transformers: Sequence[Model], docs: Sequence[Doc]) -> Ints1d | None:
    """How many pieces each Doc is for the first of them, shape (n,); None without one.

    A batch is as wide as the one of its texts with most pieces, and words of few
    letters are not words of few pieces.
    """
    if not transformers or not docs:
        return None
    tokenizer: Any = transformers[0].tokenizer  # type: ignore[attr-defined]
    counts: list[int] = []
    for start in range(0, len(docs), TEXTS_AT_ONCE):
        texts = [doc.text for doc in docs[start : start + TEXTS_AT_ONCE]]
        counts += map(len, tokenizer(texts, verbose=False)["input_ids"])
    return np.array(counts, dtype=np.int64)


def check_precision(precision: Precision, transformers: Sequence[Model]) -> None:
    """Raise ValueError for an unknown precision, and where nothing could multiply in
    it."""
    require_precision(precision)
    if precision != "float32" and not transformers:
        raise ValueError(
            f"{precision} is for transformers (spacy-transformers), and no pipe up to "
            "the component has one."
        )


@contextmanager
def computing_in(precision: Precision, transformers: Sequence[Model]) -> Iterator[None]:
    """Let transformers multiply in a precision; what comes in and out is float32.

    They are changed while it lasts: in another precision than float32 a pipeline is
    read by one thread at a time.
    """
    if precision == "float32":
        yield
        return
    nodes = (node for each in transformers for node in each.walk())
    modules = {id(shim._model): shim._model for node in nodes for shim in node.shims}
    with ExitStack() as stack:
        for module in modules.values():
            stack.callback(_restore, module, vars(module).get("forward"))
            device = next(module.parameters()).device.type
            module.forward = _in_bfloat16(module.forward, device)
        yield


def _restore(module: Any, forward: Any) -> None:
    """Give a module the `forward` of its own back, or that of its class."""
    if forward is None:
        del module.forward
    else:
        module.forward = forward


def _in_bfloat16(forward: Any, device: str) -> Any:
    @wraps(forward)
    def wrapped(*args: Any, **settings: Any) -> Any:
        with torch.autocast(device, dtype=torch.bfloat16):
            outputs = forward(*args, **settings)
        for name, value in outputs.items():
            outputs[name] = _float32(value)
        return outputs

    return wrapped


def _float32(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_float32(each) for each in value)
    return value.float() if torch.is_tensor(value) else value
