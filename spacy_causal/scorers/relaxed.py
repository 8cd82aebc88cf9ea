"""Relaxed entity F1: the same type and any overlap."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from spacy.training import Example

from spacy_causal.scorers.spans import AlignedSpans, Span, align_spans
from spacy_causal.scorers.tokens import prf

Scores = dict[str, Any]


def count_relaxed_matches(gold: Sequence[Span], predicted: Sequence[Span]) -> int:
    """Return how many pairs of one gold and one predicted span overlap in one type.

    Each span is in at most one pair, so one long prediction finds one entity
    (CFGen, section 3.4.1, after Chinchor and Sundheim 1993).
    """
    return sum(
        _match_intervals(_of_type(gold, label), _of_type(predicted, label))
        for label in sorted({label for label, _, _ in gold})
    )


def relaxed_scores(rows: Iterable[AlignedSpans]) -> Scores:
    """Return `ents_relaxed_p`, `_r` and `_f`; None without any span."""
    n_match = n_gold = n_predicted = 0
    for row in rows:
        n_match += count_relaxed_matches(row.gold, row.predicted)
        n_gold += len(row.gold)
        n_predicted += len(row.predicted)
    values = prf(n_match, n_predicted, n_gold)
    return {f"ents_relaxed_{key}": value for key, value in values.items()}


def make_relaxed_ner_scorer() -> Callable[..., Scores]:
    """Return a scorer of relaxed entity F1."""
    return score_relaxed_ner


def score_relaxed_ner(examples: Iterable[Example], **kwargs: Any) -> Scores:
    """Score relaxed entity F1; entities over missing annotation are left out."""
    return relaxed_scores(align_spans(examples))


def _of_type(spans: Iterable[Span], label: str) -> list[tuple[int, int]]:
    return sorted((start, end) for name, start, end in spans if name == label)


def _match_intervals(
    gold: Sequence[tuple[int, int]], predicted: Sequence[tuple[int, int]]
) -> int:
    matches = g = p = 0
    while g < len(gold) and p < len(predicted):
        if gold[g][1] <= predicted[p][0]:
            g += 1
        elif predicted[p][1] <= gold[g][0]:
            p += 1
        else:
            matches, g, p = matches + 1, g + 1, p + 1
    return matches
