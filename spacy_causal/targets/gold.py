"""Gold annotation of Docs as rows of targets."""

from collections.abc import Mapping, Sequence

import numpy as np
from spacy.attrs import ENT_IOB, ENT_TYPE, ORTH, POS, TAG
from spacy.tokens import Doc
from spacy.training import Example
from thinc.types import Floats2d, Ints1d

MISSING, INSIDE, OUTSIDE, BEGIN = 0, 1, 2, 3


def entity_marks(docs: Sequence[Doc]) -> tuple[Ints1d, Ints1d, np.ndarray]:
    """What each token's entity annotation is, over a batch of N tokens.

    RETURNS: spaCy's ENT_IOB (0 missing, 1 inside, 2 outside, 3 begin), whether each
        token ends its entity, and the hash of its type; each of shape (N,).
    """
    arrays = [doc.to_array([ENT_IOB, ENT_TYPE]) for doc in docs if len(doc)]
    if not arrays:
        return np.zeros(0, int), np.zeros(0, bool), np.zeros(0, np.uint64)
    marks = np.concatenate(arrays)
    iob = marks[:, 0].astype(int)
    after = np.append(iob[1:], OUTSIDE)
    after[np.cumsum([len(array) for array in arrays]) - 1] = OUTSIDE
    # A Doc that was never annotated says "missing"; a blocked token says "begin"
    # without a type.
    iob[(iob == BEGIN) & (marks[:, 1] == 0)] = OUTSIDE
    return iob, after != INSIDE, marks[:, 1]


def tag_hashes(docs: Sequence[Doc], layer: str) -> np.ndarray:
    """The hash of each token's tag ("tag") or part of speech ("pos"); 0 is missing."""
    attribute = {"tag": TAG, "pos": POS}[layer]
    arrays = [doc.to_array(attribute) for doc in docs if len(doc)]
    return np.concatenate(arrays) if arrays else np.zeros(0, np.uint64)


def one_hot(tags: Ints1d, n_tags: int) -> Floats2d:
    """One row a tag, shape (N, M); a negative tag gives zeros."""
    rows = np.zeros((len(tags), n_tags), dtype=np.float32)
    known = np.flatnonzero(tags >= 0)
    rows[known, tags[known]] = 1
    return rows


def lookup(hashes: np.ndarray, positions: Mapping[int, int]) -> Ints1d:
    """The position of each hash, −1 for 0 and −2 for one that has none."""
    unique, inverse = np.unique(hashes, return_inverse=True)
    found = [-1 if key == 0 else positions.get(int(key), -2) for key in unique]
    return np.array(found, dtype=int)[inverse]


def same_tokens(example: Example) -> bool:
    """Whether predicted and reference tokens are the same."""
    x, y = example.predicted, example.reference
    return len(x) == len(y) and bool((x.to_array(ORTH) == y.to_array(ORTH)).all())
