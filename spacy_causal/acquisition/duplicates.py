"""Near-duplicates of what was already chosen."""

import re
from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.random import default_rng
from spacy.strings import get_string_id

from spacy_causal.acquisition.basket import Similar

N_HASHES = 128
DIGITS = re.compile(r"\d")


def near_duplicates(texts: Sequence[Sequence[str]], similarity: float) -> Similar:
    """Tell which texts share at least this much of their word pairs with a given one:
    the Jaccard index, estimated by MinHash. At 1 all of them.

    texts (Sequence[Sequence[str]]): Lower-case forms; a digit is as good as another.
    """
    if not 0 < similarity <= 1:
        raise ValueError(f"A similarity is above 0 and at most 1, not {similarity}.")
    signatures = np.array([minhash(text) for text in texts]).reshape(-1, N_HASHES)
    return partial(_similar, signatures, similarity)


def minhash(words: Sequence[str]) -> np.ndarray:
    """The least hash of a text's word pairs under each hash function, (N_HASHES,)."""
    plain = ["", *(DIGITS.sub("0", word) for word in words), ""]
    pairs = {f"{a}\0{b}" for a, b in pairwise(plain)}
    hashes = np.array([get_string_id(pair) for pair in sorted(pairs)], dtype=np.uint64)
    return (hashes[:, None] * _MULTIPLIERS + _OFFSETS >> np.uint64(32)).min(axis=0)


def _similar(signatures: np.ndarray, similarity: float, row: int) -> np.ndarray:
    return (signatures == signatures[row]).mean(axis=1) >= similarity


_DRAWN = default_rng(0).integers(2**64, size=(2, N_HASHES), dtype=np.uint64)
_MULTIPLIERS, _OFFSETS = _DRAWN[0] | np.uint64(1), _DRAWN[1]
