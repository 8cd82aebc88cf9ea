"""An n-gram language model on arrays: interpolated modified Kneser–Ney."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from thinc.types import Floats1d, Ints1d

BEGIN, UNKNOWN, FIRST_WORD = 0, 1, 2
FALLBACK = 0.5, 1.0, 1.5


@dataclass(frozen=True)
class Level:
    """The n-grams of one order k that were seen, and what they say of their last word.

    An n-gram is known by its place here, its key is (place of its first k − 1 words in
    the level below) · V + (last word).

    keys (Ints1d): int64, ascending, shape (G,).
    discounted (Floats1d): a(g) − D(a(g)), shape (G,).
    totals (Floats1d): Σ_w a(c w) of each context c of the level below, shape (C,).
    left (Floats1d): What discounting takes from it: totals · γ(c), shape (C,).
    """

    keys: Ints1d
    discounted: Floats1d
    totals: Floats1d
    left: Floats1d

    def find(self, keys: Ints1d) -> Ints1d:
        """The places of n-grams, −1 for one that was not seen."""
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[at] == keys, at, -1)


@dataclass(frozen=True)
class KneserNey:
    """Interpolated modified Kneser–Ney (Chen and Goodman, 1999).

    p_k(w|c) = (a(cw) − D(a(cw))) / Σ_v a(cv) + γ(c) p_{k−1}(w|c'), c' without the first
    word; p_0 is uniform over the words and "unknown". a counts occurrences at the
    highest order and for n-grams that begin a text, else different words before. D has
    three values an order (for a = 1, 2, more). A context that was never seen leaves it
    to the next shorter one. The end of a text is not predicted.

    n_ids (int): V, the words with BEGIN (never predicted) and UNKNOWN.
    levels (tuple[Level, ...]): Orders 1, 2, ...
    """

    n_ids: int
    levels: tuple[Level, ...]

    @classmethod
    def fit(cls, texts: Sequence[Ints1d], n_ids: int, order: int) -> "KneserNey":
        """Count the n-grams of texts; without a word all are equally probable.

        texts (Sequence[Ints1d]): Ids from FIRST_WORD to n_ids − 1.
        Raises ValueError for an order below 1.
        """
        if order < 1:
            raise ValueError(f"The order is {order}, and has to be ≥ 1.")
        tokens, since = _joined(texts)
        grams = _count(tokens, since, n_ids, order)
        levels: list[Level] = []
        n_contexts = 1
        for gram, longer in zip(grams, [*grams[1:], None], strict=True):
            if not len(gram.keys):
                # No text is this long: there is no context to look up either.
                break
            adjusted = gram.counts
            if longer is not None:
                before = np.bincount(longer.suffixes, minlength=len(gram.keys))
                adjusted = np.where(gram.begins, gram.counts, before)
            if not levels:
                adjusted = np.where(gram.keys == BEGIN, 0, adjusted)
            levels.append(_level(gram.keys, adjusted, gram.keys // n_ids, n_contexts))
            n_contexts = len(gram.keys)
        return cls(n_ids, tuple(levels))

    def log2(self, texts: Sequence[Ints1d]) -> list[Floats1d]:
        """log₂ p(w_i | w_<i) of each word of each text."""
        tokens, since = _joined(texts)
        p = np.full(len(tokens), 1 / (self.n_ids - 1))
        before = np.zeros(len(tokens), dtype=int)
        for k, level in enumerate(self.levels):
            reached = (since >= k) & (before >= 0)
            context = np.where(reached, before, 0)
            here = np.where(reached, level.find(context * self.n_ids + tokens), -1)
            total = np.where(reached, level.totals[context], 0)
            own = np.append(level.discounted, 0)[here]
            mixed = (own + level.left[context] * p) / np.where(total > 0, total, 1)
            p = np.where(total > 0, mixed, p)
            # What was found here is the next word's context in the level above.
            before = np.roll(here, 1)
        log2 = np.log2(p[since > 0])
        ends = np.cumsum([len(text) for text in texts])
        return np.split(log2, ends[:-1]) if len(texts) else []


def discounts(adjusted: Ints1d) -> tuple[float, float, float]:
    """D₁, D₂, D₃₊ from how many n-grams have the counts 1 to 4; ½, 1, 1½ where too few
    were seen to tell, or one would take nothing (as KenLM falls back)."""
    n1, n2, n3, n4 = (int((adjusted == count).sum()) for count in (1, 2, 3, 4))
    if not (n1 and n2 and n3):
        return FALLBACK
    y = n1 / (n1 + 2 * n2)
    found = 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
    return found if min(found) > 0 else FALLBACK


class _Grams(NamedTuple):
    """The n-grams of one order, each once.

    counts (Ints1d): How often each was seen.
    begins (np.ndarray): bool, whether it begins a text.
    suffixes (Ints1d): The place of its last k − 1 words in the level below.
    """

    keys: Ints1d
    counts: Ints1d
    begins: np.ndarray
    suffixes: Ints1d


def _count(tokens: Ints1d, since: Ints1d, n_ids: int, order: int) -> list[_Grams]:
    found: list[_Grams] = []
    at = np.arange(len(tokens))
    # The place of the n-gram that ends at each token, in the level below.
    ending = np.zeros(len(tokens), dtype=np.int64)
    for k in range(order):
        at = at[since[at] >= k]
        of_gram = (ending[at - 1] if k else 0) * n_ids + tokens[at]
        keys, first, place, counts = np.unique(
            of_gram, return_index=True, return_inverse=True, return_counts=True
        )
        begins = since[at[first]] == k
        found.append(_Grams(keys, counts, begins, ending[at[first]]))
        ending = np.full(len(tokens), -1)
        ending[at] = place
    return found


def _level(keys: Ints1d, adjusted: Ints1d, contexts: Ints1d, n_contexts: int) -> Level:
    taken = np.array([0.0, *discounts(adjusted)])[np.minimum(adjusted, 3)]
    totals = np.bincount(contexts, weights=adjusted, minlength=n_contexts)
    left = np.bincount(contexts, weights=taken, minlength=n_contexts)
    return Level(keys, adjusted - taken, totals, left)


def _joined(texts: Sequence[Ints1d]) -> tuple[Ints1d, Ints1d]:
    """Texts one after another, each behind a BEGIN; how far each token is from it."""
    pieces = [np.append(BEGIN, np.asarray(text, dtype=np.int64)) for text in texts]
    none = np.zeros(0, dtype=np.int64)
    tokens = np.concatenate([none, *pieces])
    since = np.concatenate([none, *(np.arange(len(piece)) for piece in pieces)])
    return tokens, since
