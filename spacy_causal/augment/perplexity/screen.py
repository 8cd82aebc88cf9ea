"""What perplexity screens share: the equations, and a range that may be relative."""

from collections.abc import Callable, Sequence
from typing import Literal, get_args

import numpy as np
from spacy.tokens import Doc
from thinc.types import Floats1d

from spacy_causal.augment.verdicts import KEPT
from spacy_causal.types import Screen, Verdict

TOO_HIGH = Verdict(False, "perplexity too high")
TOO_LOW = Verdict(False, "perplexity too low")

Unit = Literal["perplexity", "percentile"]
# The default upper bounds; the one on perplexity is the paper's, for GPT-2.
HIGHEST: dict[Unit, float] = {"perplexity": 500.0, "percentile": 95.0}
# Labelled Docs → what judges others by them.
FitScreen = Callable[[Sequence[Doc]], Screen]
Perplexities = Callable[[Sequence[Doc]], list[float]]


def perplexity(log2_probabilities: Floats1d) -> float:
    """2 to the power of −1/T Σ log₂ p(w_i | w_<i); infinite for no tokens.

    SeqMix (EMNLP 2020), eq. (9).

    log2_probabilities (Floats1d): Shape (T,).
    """
    if not len(log2_probabilities):
        return float("inf")
    with np.errstate(over="ignore"):
        return float(np.exp2(-np.mean(log2_probabilities, dtype=np.float64)))


def within(score: float, low: float, high: float) -> Verdict:
    """1{s1 ≤ perplexity ≤ s2}.

    SeqMix (EMNLP 2020), eq. (10).
    """
    verdict = TOO_LOW if score < low else KEPT if score <= high else TOO_HIGH
    return verdict._replace(score=score)


def screen_of(perplexities: Perplexities, bounds: tuple[float, float]) -> Screen:
    """A screen that keeps what lies within bounds.

    perplexities (Perplexities): One for each of some Docs.
    """

    def screen(docs: Sequence[Doc]) -> list[Verdict]:
        return [within(score, *bounds) for score in perplexities(docs)]

    return screen


def highest(high: float | None, unit: Unit) -> float:
    """The upper end of a range, for its unit where none is given."""
    return HIGHEST.get(unit, float("inf")) if high is None else high


def check_range(low: float, high: float, unit: Unit) -> None:
    """Raise ValueError for a range that is none."""
    if unit not in get_args(Unit):
        raise ValueError(f"Unknown unit {unit!r}: one of {', '.join(get_args(Unit))}.")
    if not 0 <= low <= high or (unit == "percentile" and high > 100):
        raise ValueError(f"No {unit} lies between {low} and {high}.")


def percentile_bounds(
    scores: Sequence[float], lengths: Sequence[int], low: float, high: float
) -> tuple[float, float]:
    """The perplexities at two percentiles of a corpus's own; 0 and 100 bound nothing.

    Percentiles are of words: a text weighs as much as it is long. The highest
    perplexities are those of by-lines and lines of tables, too short to be mixed, and
    text by text a high percentile would be theirs alone.

    scores, lengths (Sequence): Of each text, its perplexity and number of words.
    Raises ValueError for a corpus without a text.
    """
    finite = np.isfinite(scores)
    if not finite.any():
        raise ValueError("An empty corpus has no percentiles of perplexity.")
    ordered = np.argsort(np.asarray(scores)[finite], kind="stable")
    ranked = np.asarray(scores, dtype=np.float64)[finite][ordered]
    words = np.cumsum(np.asarray(lengths)[finite][ordered])
    places = np.searchsorted(words, np.array([low, high]) / 100 * words[-1])
    ends = ranked[places]
    return (
        float(ends[0]) if low > 0 else 0.0,
        float(ends[1]) if high < 100 else float("inf"),
    )
