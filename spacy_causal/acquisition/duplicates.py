"""Near-duplicates of what was already chosen."""

import re
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.random import default_rng
from spacy.strings import get_string_id
from thinc.types import Ints1d

from spacy_causal.acquisition.basket import Similar

N_HASHES = 128
DIGITS = re.compile(r"\d")


def near_duplicates(texts: Iterable[Sequence[str]], similarity: float) -> Similar:
    """Tell which texts share at least this much of their word pairs with a given one:
    the Jaccard index, estimated by MinHash. At 1 all of them.

    texts (Iterable[Sequence[str]]): Lower-case forms; a digit is as good as another.
        Only half a kilobyte of each is kept.
    """
    check_similarity(similarity)
    row = np.dtype((np.uint32, N_HASHES))
    signatures = np.fromiter(map(minhash, texts), dtype=row)
    return partial(_similar, signatures, similarity)


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


def _similar(signatures: np.ndarray, similarity: float, row: int) -> np.ndarray:
    return (signatures == signatures[row]).mean(axis=1) >= similarity


_DRAWN = default_rng(0).integers(2**64, size=(2, N_HASHES), dtype=np.uint64)
_MULTIPLIERS, _OFFSETS = _DRAWN[0] | np.uint64(1), _DRAWN[1]
