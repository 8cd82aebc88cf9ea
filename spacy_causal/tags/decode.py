"""The best tag sequence that its scheme allows, for a batch at once."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from thinc.types import Floats2d, Ints1d

from spacy_causal.tags.scheme import TagSet


def decode(logits: Floats2d, lengths: Sequence[int], tag_set: TagSet) -> Ints1d:
    """The valid tag sequence of the highest total score, for each document.

    logits (Floats2d): Scores on the CPU, shape (N, M); softmax does not change
        which sequence is best.
    lengths (Sequence[int]): Tokens per document; they sum to N.
    RETURNS (Ints1d): One tag a token, shape (N,).
    """
    best = logits.argmax(axis=1)
    if tag_set.scheme in ("token", "io") or not best.size:
        return best
    ends = np.cumsum(lengths)
    invalid = _invalid_tokens(best, ends, tag_set)
    for doc in np.unique(np.searchsorted(ends, np.flatnonzero(invalid), side="right")):
        rows = slice(ends[doc] - lengths[doc], ends[doc])
        best[rows] = viterbi(logits[rows], tag_set)
    return best


def viterbi(logits: Floats2d, tag_set: TagSet) -> Ints1d:
    """The best valid sequence of one document, in O(T·M): each tag follows either any
    tag that leaves no mention open, or the two open tags of its own type.

    logits (Floats2d): Shape (T, M).
    RETURNS (Ints1d): Shape (T,).
    """
    inner, open_, pairs = _transitions(tag_set)
    may_precede_outer = ~open_ if tag_set.scheme == "biluo" else np.ones_like(open_)
    n_tokens, n_tags = logits.shape
    back = np.zeros((n_tokens, n_tags), dtype=np.int64)
    score = np.where(inner, -np.inf, logits[0].astype(np.float64))
    for t in range(1, n_tokens):
        outer = int(np.where(may_precede_outer, score, -np.inf).argmax())
        first, second = score[pairs[:, 0]], score[pairs[:, 1]]
        own = np.where(first >= second, pairs[:, 0], pairs[:, 1])
        back[t] = np.where(inner, own, outer)
        score = score[back[t]] + logits[t]
    tags = np.zeros(n_tokens, dtype=np.int64)
    tags[-1] = np.where(may_precede_outer, score, -np.inf).argmax()
    for t in range(n_tokens - 1, 0, -1):
        tags[t - 1] = back[t, tags[t]]
    return tags


def spans_of_tags(
    tags: Ints1d, lengths: Sequence[int], tag_set: TagSet
) -> list[list[tuple[int, int, int]]]:
    """Half-open spans (start, end, label's position) of valid tags, by document."""
    types, prefixes = tag_set.types[tags], tag_set.prefixes[tags]
    offsets = np.cumsum([0, *lengths])
    before = np.concatenate([[-1], types[:-1]]) if tags.size else types
    before[offsets[:-1][np.diff(offsets) > 0]] = -1
    starts = (types >= 0) & ((types != before) | np.isin(prefixes, ["B", "U"]))
    edges = np.flatnonzero(starts | (types < 0) | _first_of_doc(offsets, tags.size))
    ends = np.append(edges[1:], tags.size)
    spans: list[list[tuple[int, int, int]]] = [[] for _ in lengths]
    is_start = starts[edges]
    docs = np.searchsorted(offsets, edges[is_start], side="right") - 1
    for doc, start, end in zip(docs, edges[is_start], ends[is_start], strict=True):
        offset = offsets[doc]
        spans[doc].append((int(start - offset), int(end - offset), int(types[start])))
    return spans


def _first_of_doc(offsets: Ints1d, n_tokens: int) -> np.ndarray:
    first = np.zeros(n_tokens + 1, dtype=bool)
    first[offsets] = True
    return first[:-1]


@lru_cache
def _transitions(tag_set: TagSet) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which tags go on with a mention, which leave one open, and (M, 2) the two tags
    that an inner tag may follow."""
    prefixes = tag_set.prefixes
    inner, open_ = np.isin(prefixes, ["I", "L"]), np.isin(prefixes, ["B", "I"])
    pairs = np.zeros((len(tag_set), 2), dtype=np.int64)
    for tag in np.flatnonzero(inner):
        label = tag_set.names[tag][2:]
        pairs[tag] = tag_set.index[f"B-{label}"], tag_set.index[f"I-{label}"]
    return inner, open_, pairs


def _invalid_tokens(tags: Ints1d, ends: Ints1d, tag_set: TagSet) -> np.ndarray:
    """Tokens whose tag may not follow the one before, or may not end a document."""
    inner, open_, _ = _transitions(tag_set)
    last = np.zeros(tags.size, dtype=bool)
    last[ends[(ends > 0)] - 1] = True
    begins = np.concatenate([[True], last[:-1]])
    before = np.concatenate([[0], tags[:-1]])
    follows = open_[before] & ~begins & (tag_set.types[before] == tag_set.types[tags])
    invalid = inner[tags] & ~follows
    if tag_set.scheme == "biluo":
        invalid |= last & open_[tags]
        invalid |= ~begins & open_[before] & ~inner[tags]
    return invalid
