"""What F1 is made of, by document, type and cell: matched, predicted, gold."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from spacy_causal.scorers.relaxed import count_relaxed_matches
from spacy_causal.scorers.spans import AlignedSpans, Span, paint

# By type: (matched, predicted, gold).
TypeCounts = dict[str, tuple[int, int, int]]


def entity_counts(row: AlignedSpans) -> TypeCounts:
    """Relaxed matches: the same type and any overlap (CFGen, section 3.4.1)."""
    gold, predicted = _by_type(row.gold), _by_type(row.predicted)
    return {
        label: (
            count_relaxed_matches(gold.get(label, ()), predicted.get(label, ())),
            len(predicted.get(label, ())),
            len(gold.get(label, ())),
        )
        for label in sorted({*gold, *predicted})
    }


def token_counts(row: AlignedSpans) -> TypeCounts:
    """Types token by token; `O` is no type, missing annotation is left out."""
    length = len(row.known)
    gold = [*compress(paint(row.gold, length), row.known)]
    predicted = [*compress(paint(row.predicted, length), row.known)]
    matched = Counter(g for g, p in zip(gold, predicted, strict=True) if g == p)
    n_predicted, n_gold = Counter(predicted), Counter(gold)
    return {
        label: (matched[label], n_predicted[label], n_gold[label])
        for label in sorted({*n_gold, *n_predicted} - {""})
    }


def strict_counts(gold: Iterable[Span], predicted: Iterable[Span]) -> TypeCounts:
    """Strict matches: the same type and both ends."""
    gold, predicted = set(gold), set(predicted)
    matched = Counter(label for label, _, _ in gold & predicted)
    n_predicted = Counter(label for label, _, _ in predicted)
    n_gold = Counter(label for label, _, _ in gold)
    return {
        label: (matched[label], n_predicted[label], n_gold[label])
        for label in sorted({*n_gold, *n_predicted})
    }


def stack_counts(
    rows: Sequence[Mapping[str, TypeCounts]], cells: Sequence[str]
) -> tuple[NDArray[np.int64], list[str]]:
    """One array of what each document counts in each cell.

    RETURNS (tuple[NDArray, list[str]]): Counts, shape (N, C, M + 1, 3), the last of
        the types their sum; and the M types, sorted.
    """
    labels = sorted({label for row in rows for cell in row.values() for label in cell})
    at = {label: i for i, label in enumerate(labels)}
    counts = np.zeros((len(rows), len(cells), len(labels) + 1, 3), dtype=np.int64)
    for i, row in enumerate(rows):
        for j, cell in enumerate(cells):
            for label, values in row.get(cell, {}).items():
                counts[i, j, at[label]] = values
    counts[:, :, -1] = counts.sum(axis=2)
    return counts, labels


def _by_type(spans: Iterable[Span]) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = {}
    for span in spans:
        found.setdefault(span[0], []).append(span)
    return found
