"""Token-level micro and macro F1."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import compress
from typing import Any, Literal

from spacy.scorer import Scorer
from spacy.tokens import Doc
from spacy.training import Example

from spacy_causal.scorers.spans import AlignedSpans, align_spans, paint

Scores = dict[str, Any]


def prf(
    n_match: int, n_predicted: int, n_gold: int
) -> dict[str, float] | dict[str, None]:
    """Return precision, recall and F1 from counts; None where nothing was counted."""
    if not n_predicted and not n_gold:
        return dict.fromkeys("prf")
    return {
        "p": n_match / n_predicted if n_predicted else 0.0,
        "r": n_match / n_gold if n_gold else 0.0,
        "f": 2 * n_match / (n_predicted + n_gold),
    }


def token_f1(
    gold: Sequence[str], predicted: Sequence[str]
) -> tuple[float | None, float | None]:
    """Return micro and macro F1 over the classes that occur; "" is not a class."""
    counts = {name: [0, 0, 0] for name in {*gold, *predicted} if name}
    for g, p in zip(gold, predicted, strict=True):
        if g and g == p:
            counts[g][0] += 1
        if p:
            counts[p][1] += 1
        if g:
            counts[g][2] += 1
    if not counts:
        return None, None
    micro = prf(*(sum(column) for column in zip(*counts.values(), strict=True)))["f"]
    per_class = [2 * n / (n_pred + n_gold) for n, n_pred, n_gold in counts.values()]
    # Sorted, because a sum of floats depends on its order.
    return micro, sum(sorted(per_class)) / len(per_class)


def token_ner_scores(rows: Iterable[AlignedSpans]) -> Scores:
    """Return `ents_token_micro_f` and `ents_token_macro_f` over entity types."""
    gold: list[str] = []
    predicted: list[str] = []
    for row in rows:
        length = len(row.known)
        gold.extend(compress(paint(row.gold, length), row.known))
        predicted.extend(compress(paint(row.predicted, length), row.known))
    micro, macro = token_f1(gold, predicted)
    return {"ents_token_micro_f": micro, "ents_token_macro_f": macro}


def make_token_ner_scorer() -> Callable[..., Scores]:
    """Return a scorer of token-level entity F1, in which `O` is not a class."""
    return score_token_ner


def score_token_ner(examples: Iterable[Example], **kwargs: Any) -> Scores:
    """Score entity types token by token; missing annotation is left out."""
    return token_ner_scores(align_spans(examples))


def make_token_tag_scorer(
    attr: Literal["tag", "pos"] | None = None,
) -> Callable[..., Scores]:
    """Return a scorer of accuracy, micro and macro F1 of `token.tag_` or `.pos_`;
    which of them, its caller says where `attr` is None, as `causal_tagger` does."""
    if attr is None:
        return score_token_tags
    if attr not in ("tag", "pos"):
        raise ValueError(f"attr is 'tag' or 'pos', not {attr!r}")
    return partial(score_token_tags, attr=attr)


def score_token_tags(
    examples: Iterable[Example], *, attr: str = "tag", **kwargs: Any
) -> Scores:
    """Score a token attribute; reference tokens without it are left out."""
    examples = list(examples)
    pairs = [pair for eg in examples for pair in _tag_pairs(eg, attr)]
    micro, macro = token_f1([g for g, _ in pairs], [p for _, p in pairs])
    return {
        **Scorer.score_token_attr(examples, attr),
        f"{attr}_micro_f": micro,
        f"{attr}_macro_f": macro,
    }


def _tag_pairs(eg: Example, attr: str) -> Iterable[tuple[str, str]]:
    y2x = eg.alignment.y2x
    predicted = _values(eg.predicted, attr)
    for token, value in zip(eg.reference, _values(eg.reference, attr), strict=True):
        if value and not token.is_space:
            # What all predicted tokens on this one agree on, else nothing.
            found = {predicted[int(i)] for i in y2x[token.i]}
            yield value, found.pop() if len(found) == 1 else ""


def _values(doc: Doc, attr: str) -> list[str]:
    return [getattr(token, f"{attr}_") for token in doc]
