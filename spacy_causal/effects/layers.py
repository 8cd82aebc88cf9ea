"""An embedding layer whose output is zero at empty tokens, until it is put back."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any

import numpy as np
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Ragged

from spacy_causal.effects.masks import Mask, empty_tokens
from spacy_causal.effects.sites import is_transformer

Forward = Callable[..., tuple[Any, Callable]]


@dataclass
class _Changed:
    """A layer as it was. `users` counts the blocks that need it changed."""

    layer: Model
    forward: Forward
    undo: Callable[[], None]
    users: int = 0


_LOCK = Lock()
_CHANGED: dict[int, _Changed] = {}


@contextmanager
def intervened(layer: Model) -> Iterator[None]:
    """Let a layer heed empty tokens. The first block to need it changes it, the last
    to be left puts it back, whatever threads they run in."""
    with _LOCK:
        if id(layer) not in _CHANGED:
            _CHANGED[id(layer)] = _change(layer)
        _CHANGED[id(layer)].users += 1
    try:
        yield
    finally:
        with _LOCK:
            changed = _CHANGED[id(layer)]
            changed.users -= 1
            if not changed.users:
                del _CHANGED[id(layer)]
                changed.undo()
                layer._func = changed.forward


def _change(layer: Model) -> _Changed:
    forward, undo = layer._func, _nothing
    if is_transformer(layer):
        # spacy-transformers, and torch with it, are there if such a layer is.
        from spacy_causal.effects.wordpieces import forward_wordpieces, hook_embedding

        undo = hook_embedding(layer)
        layer._func = partial(forward_wordpieces, encode=forward)
    else:
        layer._func = partial(forward_rows, embed=forward)
    return _Changed(layer, forward, undo)


def forward_rows(
    model: Model, docs: Sequence[Doc], is_train: bool, *, embed: Forward
) -> tuple[Any, Callable]:
    """Embed a batch, then empty what is marked. Training passes are left alone."""
    vectors, backprop = embed(model, docs, is_train)
    if is_train or not all(isinstance(doc, Doc) for doc in docs):
        return vectors, backprop
    masks = empty_tokens(docs)
    return vectors if masks is None else zero_rows(vectors, masks), backprop


def zero_rows(vectors: Any, masks: Sequence[Mask]) -> Any:
    """A copy of a batch's vectors in which the rows of empty tokens are zero.

    vectors (list[Floats2d] | Ragged): One array of shape (n, D) a document, or all of
        them in one.
    """
    if isinstance(vectors, Ragged):
        flat = _zeroed(vectors.dataXd, np.concatenate(masks))
        return Ragged(flat, vectors.lengths)
    return [_zeroed(rows, mask) for rows, mask in zip(vectors, masks, strict=True)]


def _zeroed(rows: Any, mask: Mask) -> Any:
    if not mask.any():
        return rows
    rows = rows.copy()
    rows[np.flatnonzero(mask).tolist()] = 0
    return rows


def _nothing() -> None:
    pass
