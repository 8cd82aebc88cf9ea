"""Which tokens of which Docs are empty, in the thread that says so."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc

Mask = NDArray[np.bool_]


@dataclass
class EmptyTokens:
    """The empty tokens of one Doc.

    doc (Doc): Held, so that no other Doc gets its id meanwhile.
    tokens (Mask): True where a token is empty, shape (n,).
    reached (bool): Whether an embedding layer has asked for them.
    """

    doc: Doc
    tokens: Mask
    reached: bool = False


# A context variable starts out empty in every thread.
_EMPTY: ContextVar[Mapping[int, EmptyTokens]] = ContextVar(
    "empty_tokens", default=MappingProxyType({})
)


@contextmanager
def tokens_marked(
    docs: Sequence[Doc], tokens: Sequence[Mask]
) -> Iterator[list[EmptyTokens]]:
    """Mark tokens as empty for this thread, until the block is left.

    Within another block, this one's marks stand in place of the other's for the Docs
    that both name.

    tokens (Sequence[Mask]): One array a Doc, of its length, True where it is empty.
    Raises ValueError where an array does not fit its Doc.
    """
    pairs = zip(docs, tokens, strict=True)
    marked = [EmptyTokens(doc, _fitting(doc, mask)) for doc, mask in pairs]
    outer = _EMPTY.get()
    token = _EMPTY.set({**outer, **{id(mark.doc): mark for mark in marked}})
    try:
        yield marked
    finally:
        _EMPTY.reset(token)


def empty_tokens(docs: Sequence[Doc]) -> list[Mask] | None:
    """The marks on a batch as an embedding layer reads it; None where it has none.

    Raises ValueError where tokens of a marked Doc were merged or split since.
    """
    marks = _EMPTY.get()
    if not marks or not any(id(doc) in marks for doc in docs):
        return None
    found = []
    for doc in docs:
        mark = marks.get(id(doc))
        if mark is None:
            found.append(np.zeros(len(doc), dtype=bool))
            continue
        mark.reached = True
        found.append(_fitting(doc, mark.tokens))
    return found


def _fitting(doc: Doc, tokens: Mask) -> Mask:
    tokens = np.asarray(tokens, dtype=bool)
    if tokens.shape != (len(doc),):
        raise ValueError(
            f"{len(tokens)} marks do not fit {len(doc)} tokens: a pipe that merges or "
            f"splits tokens cannot stand before an embedding: {doc.text[:60]!r}"
        )
    return tokens
