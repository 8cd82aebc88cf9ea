"""Gold annotation of Docs as rows of targets."""

from collections.abc import Mapping, Sequence

import numpy as np
from spacy.attrs import ENT_IOB, ENT_TYPE, ORTH, POS, TAG
from spacy.strings import get_string_id
from spacy.tokens import Doc
from thinc.types import Floats2d, Ints1d

MISSING, INSIDE, OUTSIDE, BEGIN = 0, 1, 2, 3


def gold_tags(
    docs: Sequence[Doc], layer: str, labels: Sequence[str], scheme: str, *, refusal: str
) -> Ints1d:
    """The tag each token is annotated with, −1 where it is missing, shape (N,).

    labels (Sequence[str]), scheme (str): Of the `TagSet` in which tags are counted.
    refusal (str): What is said of a label that is not among these, with its {label},
        all {labels} and its Doc's {text}.
    Raises ValueError for such a label.
    """
    positions = {get_string_id(label): i for i, label in enumerate(labels)}
    if layer != "ner":
        hashes = tag_hashes(docs, layer)
        tags = lookup(hashes, positions)
        _require_known(tags, hashes, docs, labels, refusal)
        return tags
    iob, ends, hashes = entity_marks(docs)
    types = lookup(hashes, positions)
    _require_known(types, hashes, docs, labels, refusal)
    begins = iob == BEGIN
    n_marks, marks = {
        "io": (1, np.zeros(len(iob), dtype=int)),
        "bio": (2, np.where(begins, 0, 1)),
        "biluo": (4, np.where(begins, np.where(ends, 3, 0), np.where(ends, 2, 1))),
    }[scheme]
    of_entity = (begins | (iob == INSIDE)) & (types >= 0)
    outside = np.where(iob == OUTSIDE, 0, -1)
    return np.where(of_entity, 1 + types * n_marks + marks, outside)


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


def same_tokens(x: Doc, y: Doc) -> bool:
    """Whether two Docs have the same tokens."""
    return len(x) == len(y) and bool((x.to_array(ORTH) == y.to_array(ORTH)).all())


def _require_known(
    found: Ints1d,
    hashes: np.ndarray,
    docs: Sequence[Doc],
    labels: Sequence[str],
    refusal: str,
) -> None:
    if not (found == -2).any():
        return
    token = int((found == -2).argmax())
    ends = np.cumsum([len(doc) for doc in docs])
    doc = docs[int(np.searchsorted(ends, token, side="right"))]
    label = doc.vocab.strings[hashes[token]]
    names = ", ".join(labels)
    raise ValueError(refusal.format(label=label, labels=names, text=doc.text[:60]))
