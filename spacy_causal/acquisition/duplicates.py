"""Near-duplicates of what was already chosen."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import ceil

import numpy as np
from numpy.random import default_rng
from spacy.strings import get_string_id
from thinc.types import Ints1d

from spacy_causal.acquisition.basket import Similar

N_HASHES = 128
DIGITS = re.compile(r"\d")


def near_duplicates(texts: Iterable[Sequence[str]], similarity: float) -> Similar:
    """Tell which texts share at least this part of their word pairs with a given one
    (the Jaccard index, estimated by MinHash); at 1, those that share all pairs.

    texts (Iterable[Sequence[str]]): Lower-case forms; all digits count as equal.
        Only half a kilobyte of each is kept.
    """
    check_similarity(similarity)
    row = np.dtype((np.uint32, N_HASHES))
    signatures = np.fromiter(map(minhash, texts), dtype=row)
    return _Index(signatures, similarity)


def check_similarity(similarity: float) -> None:
    """Raise ValueError for what is no similarity to guard against."""
    if isinstance(similarity, str) or not 0 < similarity <= 1:
        raise ValueError(f"A similarity is above 0 and at most 1, not {similarity}.")


def minhash(words: Sequence[str]) -> Ints1d:
    """The least hash of a text's word pairs under each hash function, 32 bits of it.
    *Shape:* (N_HASHES,)."""
    plain = ["", *(DIGITS.sub("0", word) for word in words), ""]
    pairs = {f"{a}\0{b}" for a, b in pairwise(plain)}
    hashes = np.array([get_string_id(pair) for pair in sorted(pairs)], dtype=np.uint64)
    return (hashes[:, None] * _MULTIPLIERS + _OFFSETS >> np.uint64(32)).min(axis=0)


class _Index:
    """What agrees in enough hashes: all that does agrees in one of the first few, by
    which texts are sorted, so that only those are compared.

    signatures (np.ndarray): Shape (N, N_HASHES).
    """

    def __init__(self, signatures: np.ndarray, similarity: float) -> None:
        self.signatures, self.similarity = signatures, similarity
        n_columns = N_HASHES - ceil(similarity * N_HASHES) + 1
        self.orders = [signatures[:, i].argsort() for i in range(n_columns)]
        self.hashes = [signatures[order, i] for i, order in enumerate(self.orders)]

    def __call__(self, row: int) -> Ints1d:
        """The places of what is similar to the text at a place, ascending."""
        own = self.signatures[row]
        found = []
        for order, hashes, wanted in zip(self.orders, self.hashes, own, strict=False):
            start = np.searchsorted(hashes, wanted, side="left")
            found.append(order[start : np.searchsorted(hashes, wanted, side="right")])
        rows = np.unique(np.concatenate(found))
        agreeing = (self.signatures[rows] == own).mean(axis=1)
        return rows[agreeing >= self.similarity]


_DRAWN = default_rng(0).integers(2**64, size=(2, N_HASHES), dtype=np.uint64)
_MULTIPLIERS, _OFFSETS = _DRAWN[0] | np.uint64(1), _DRAWN[1]
