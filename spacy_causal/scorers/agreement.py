"""Agreement between people who annotated the same: F1 of spans, kappas of tokens."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from spacy_causal.scorers.spans import Span
from spacy_causal.scorers.tokens import prf

Match = Callable[[Sequence[Span], Sequence[Span]], int]


def count_exact_matches(first: Sequence[Span], second: Sequence[Span]) -> int:
    """Return how many spans (label, start, end) are in both, whatever their order."""
    return len(set(first) & set(second))


def span_agreement(
    pairs: Iterable[tuple[Sequence[Span], Sequence[Span]]],
    match: Match = count_exact_matches,
) -> float | None:
    """Return the F1 of two people's spans, a pair of lists a text; None without any.

    Which of the two is taken for gold makes no difference. Chance agreement is not
    corrected for, since non-mentions cannot be counted; as their number tends to
    infinity, kappa tends to this F1 (Hripcsak and Rothschild 2005).

    match (Match): `count_exact_matches`; to tolerate other boundaries,
        `count_relaxed_matches` (the same label and any overlap).
    """
    n_match = n_first = n_second = 0
    for first, second in pairs:
        n_match += match(first, second)
        n_first += len(set(first))
        n_second += len(set(second))
    return prf(n_match, n_second, n_first)["f"]


def cohen_kappa(first: Sequence[str], second: Sequence[str]) -> float | None:
    """Return the agreement of two people on the same items beyond chance (Cohen 1960):
    (p_o - p_e) / (1 - p_e), where chance draws from each one's own distribution.

    None where chance alone would have them agree on everything, or without items.
    """
    n = len(first)
    same = sum(a == b for a, b in zip(first, second, strict=True))
    counts = Counter(first), Counter(second)
    by_chance = sum(counts[0][name] * counts[1][name] for name in counts[0])
    if by_chance == n * n:
        return None
    return (n * same - by_chance) / (n * n - by_chance)


def fleiss_kappa(counts: ArrayLike) -> float | None:
    """Return the agreement of several people beyond chance (Fleiss 1971), where chance
    draws from all their labels together.

    An item may have been labelled by any number of people: an item's agreement is the
    share of its pairs of labels that are the same, and those of a single label are left
    out. None where all is one class, or nobody shares an item.

    counts (array, items × classes): How many people gave each item each label.
    """
    table = np.asarray(counts, dtype="float64")
    if not table.size:
        return None
    table = table[table.sum(1) > 1]
    if table.any(0).sum() < 2:
        return None
    n = table.sum(1)
    observed = ((table * (table - 1)).sum(1) / (n * (n - 1))).mean()
    by_chance = ((table.sum(0) / n.sum()) ** 2).sum()
    return float((observed - by_chance) / (1 - by_chance))
