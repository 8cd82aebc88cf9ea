"""Strict entity F1, counted by seqeval."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from spacy.training import Example

from spacy_causal.scorers.spans import AlignedSpans, Span, align_spans

Scores = dict[str, Any]


def strict_scores(rows: Iterable[AlignedSpans]) -> Scores:
    """Return `ents_p`, `ents_r`, `ents_f` and `ents_per_type` of aligned spans.

    A span counts if type and both ends agree. All are None without any span.
    """
    rows = [row for row in rows if row.gold or row.predicted]
    labels = sorted({s[0] for row in rows for s in (*row.gold, *row.predicted)})
    if not labels:
        return dict.fromkeys(("ents_p", "ents_r", "ents_f", "ents_per_type"))
    true, pred = _tag_rows(rows, {label: i for i, label in enumerate(labels)})
    report = _seqeval_report(true, pred)
    micro = _prf(report["micro avg"])
    return {
        **{f"ents_{key}": value for key, value in micro.items()},
        "ents_per_type": {
            label: _prf(report[str(i)]) for i, label in enumerate(labels)
        },
    }


def make_strict_ner_scorer() -> Callable[..., Scores]:
    """Return a scorer of strict entity F1 under spaCy's own names."""
    return score_strict_ner


def score_strict_ner(examples: Iterable[Example], **kwargs: Any) -> Scores:
    """Score strict entity F1; entities over missing annotation are left out."""
    return strict_scores(align_spans(examples))


def _seqeval_report(true: list[list[str]], pred: list[list[str]]) -> Scores:
    # seqeval loads scikit-learn, which a pipeline that only predicts does without.
    from seqeval.metrics import classification_report
    from seqeval.scheme import IOB2

    options = {"mode": "strict", "scheme": IOB2, "zero_division": 0}
    return classification_report(true, pred, output_dict=True, **options)


def _prf(row: dict[str, Any]) -> dict[str, float]:
    names = {"p": "precision", "r": "recall", "f": "f1-score"}
    return {key: float(row[name]) for key, name in names.items()}


def _tag_rows(
    rows: Iterable[AlignedSpans], ids: dict[str, int]
) -> tuple[list[list[str]], list[list[str]]]:
    true, pred = [], []
    for row in rows:
        # Where tokenisations differ, two predictions can fall on one token; the one
        # that does not fit goes to a row of its own, where it counts as wrong.
        right_first = sorted(row.predicted, key=lambda s: s not in row.gold)
        fit, spilled = _split_overlaps(right_first, len(row.known))
        true.append(_tags(row.gold, len(row.known), ids))
        pred.append(_tags(fit, len(row.known), ids))
        for span in spilled:
            true.append(_tags([], len(row.known), ids))
            pred.append(_tags([span], len(row.known), ids))
    return true, pred


def _split_overlaps(
    spans: Iterable[Span], length: int
) -> tuple[list[Span], list[Span]]:
    fit: list[Span] = []
    spilled: list[Span] = []
    taken = [False] * length
    for span in spans:
        _, start, end = span
        (spilled if any(taken[start:end]) else fit).append(span)
        taken[start:end] = [True] * (end - start)
    return fit, spilled


def _tags(spans: Sequence[Span], length: int, ids: dict[str, int]) -> list[str]:
    # Numbers stand for the types: seqeval strips hyphens from a type's name.
    tags = ["O"] * length
    for label, start, end in spans:
        tags[start:end] = [f"I-{ids[label]}"] * (end - start)
        tags[start] = f"B-{ids[label]}"
    return tags
