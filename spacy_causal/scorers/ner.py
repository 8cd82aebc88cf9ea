"""Strict, relaxed and token-level entity scores in one scorer."""

from collections.abc import Callable, Iterable
from typing import Any

from spacy.training import Example

from spacy_causal.scorers.relaxed import relaxed_scores
from spacy_causal.scorers.spans import align_spans
from spacy_causal.scorers.strict import strict_scores
from spacy_causal.scorers.tokens import token_ner_scores


def make_ner_scorer() -> Callable[..., dict[str, Any]]:
    """Return a scorer with the keys of the strict, relaxed and token scorers."""
    return score_ner


def score_ner(examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
    """Score entities strictly, relaxed and token by token."""
    rows = list(align_spans(examples))
    return {**strict_scores(rows), **relaxed_scores(rows), **token_ner_scores(rows)}
