"""Gold and predicted entities of an Example, both on the reference's tokens."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from spacy.training import Example

Span = tuple[str, int, int]


class AlignedSpans(NamedTuple):
    """Spans (label, start, end) over reference tokens; `known` marks annotated ones."""

    gold: list[Span]
    predicted: list[Span]
    known: NDArray[np.bool_]


def align_spans(examples: Iterable[Example]) -> Iterator[AlignedSpans]:
    """Yield the spans of each example, without those that touch missing annotation.

    Examples whose reference has no entity annotation at all are left out.
    """
    for eg in examples:
        if not eg.reference.has_annotation("ENT_IOB"):
            continue
        known = _known_tokens(eg.reference)
        predicted = [span for span in _project(eg) if known[span[1] : span[2]].all()]
        gold = [(e.label_, e.start, e.end) for e in eg.reference.ents]
        yield AlignedSpans(gold, predicted, known)


def paint(spans: Iterable[Span], length: int) -> list[str]:
    """Return the type of each of `length` tokens, "" outside; the first span wins."""
    types = [""] * length
    for label, start, end in spans:
        for i in range(start, end):
            types[i] = types[i] or label
    return types


def _known_tokens(doc: Doc) -> NDArray[np.bool_]:
    return np.asarray([token.ent_iob != 0 for token in doc], dtype=bool)


def _project(eg: Example) -> Iterator[Span]:
    x2y = eg.alignment.x2y
    for ent in eg.predicted.ents:
        indices = x2y[ent.start : ent.end]
        if len(indices):
            yield ent.label_, int(indices[0]), int(indices[-1]) + 1
