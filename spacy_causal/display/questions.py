"""From what a component says about a batch to what is asked about it."""

from collections.abc import Sequence
from functools import partial
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
from thinc.types import Floats1d, Floats2d, Ints2d

from spacy_causal.display.candidates import (
    display_log_probabilities,
    mention_probability,
    top_k,
    type_log_probabilities,
    type_names,
)
from spacy_causal.display.exploring import explored, explored_propensities
from spacy_causal.display.information import information_gain
from spacy_causal.display.noise import (
    keyed_noise,
    keyed_rng,
    noise_key,
    noise_scale,
    spread_scale,
)
from spacy_causal.display.propensity import propensities
from spacy_causal.display.settings import Display
from spacy_causal.display.units import (
    Units,
    mention_units,
    only,
    token_units,
    unit_means,
    unit_tokens,
)
from spacy_causal.numeric import log_softmax
from spacy_causal.tags.decode import decode, spans_of_tags
from spacy_causal.tags.scheme import TagSet
from spacy_causal.types import TokenScores


class Text(NamedTuple):
    """A batch as far as questions depend on it beside its scores.

    words (Sequence[bytes]): Each document's in a fixed form: the noise's key.
    is_space, is_punct (bool): Shape (N,).
    """

    words: Sequence[bytes]
    is_space: np.ndarray
    is_punct: np.ndarray


class Questions(NamedTuple):
    """Which K labels are shown about each of U tokens or mentions of a batch, and which
    `beyond` them.

    units (Units): The tokens or mentions.
    labels (tuple[str, ...]): The T labels there were to choose from.
    shown (Ints2d): Columns of them, shape (U, K).
    scores (Floats2d): The model's P(label) among the T, shape (U, K).
    display (Floats2d): P(D|do(E)), shape (U, K).
    scale (Floats1d): What the noise was multiplied by, shape (U,).
    propensities (Floats2d | None): Shape (U, K).
    """

    units: Units
    labels: tuple[str, ...]
    shown: Ints2d
    scores: Floats2d
    display: Floats2d
    scale: Floats1d
    propensities: Floats2d | None


def ask(
    scores: TokenScores,
    text: Text,
    tag_set: TagSet,
    display: Display,
    *,
    seed: int,
    round: int,
) -> Questions:
    """Choose the labels to show about each token or mention of a batch.

    scores (TokenScores): Logits and attention on the CPU. A mention's logits are the
        mean of its tokens' log P(type), "O" left out.
    """
    units, labels, type_logits = _units(scores, text, tag_set, display)
    if display.modulation == "spread":
        scale = spread_scale(type_logits, display.size)
    else:
        scale = unit_means(_token_scale(scores, display)[unit_tokens(units)], units)
    key = partial(noise_key, seed=seed, round=round)
    log_p = log_softmax(type_logits)
    if scale.any():
        keys = [key(words, purpose="display") for words in text.words]
        noise = keyed_noise(keys, units.counts, len(labels))
        log_p = display_log_probabilities(type_logits, scale, noise)
    shown = top_k(log_p, display.k)
    if display.explore:
        keys = [key(words, purpose="explore") for words in text.words]
        draws = keyed_noise(keys, units.counts, 1 + len(labels), uniform=True)
        shown = explored(shown, draws, display.explore)
    if display.beyond:
        others = np.array(log_p)
        np.put_along_axis(others, shown, -np.inf, axis=1)
        n_more = min(display.beyond, len(labels) - shown.shape[1])
        shown = np.column_stack([shown, top_k(others, n_more)]) if n_more else shown
    probable = None
    if display.propensities:
        keys = [key(words, purpose="propensity") for words in text.words]
        probable = _propensities(type_logits, scale, units, keys, display)
        probable = np.take_along_axis(probable, shown, axis=1)
    return Questions(
        units,
        labels,
        shown,
        np.exp(np.take_along_axis(log_softmax(type_logits), shown, axis=1)),
        np.exp(np.take_along_axis(log_p, shown, axis=1)),
        scale,
        probable,
    )


def _units(
    scores: TokenScores, text: Text, tag_set: TagSet, display: Display
) -> tuple[Units, tuple[str, ...], Floats2d]:
    """What is asked about, the labels to choose from, their logits (U, T)."""
    logits, lengths = scores.logits, scores.lengths
    if not tag_set.labels:
        nothing = Units(np.zeros((0, 2), dtype=int), np.zeros(len(lengths), dtype=int))
        return nothing, (), np.zeros((0, 0), dtype=np.float32)
    if display.unit_of(tag_set) == "token":
        units = token_units(text.is_space, lengths)
        log_p = type_log_probabilities(logits[unit_tokens(units)], tag_set)
        if display.sure < 1:
            unsure = log_p.max(axis=1) <= np.log(display.sure)
            units, log_p = only(units, unsure), log_p[unsure]
        return units, type_names(tag_set), log_p
    units = mention_units(
        _predicted(scores, tag_set),
        mention_probability(logits),
        text.is_space,
        text.is_punct,
        lengths,
        near_miss=display.near_miss,
    )
    log_p = type_log_probabilities(logits[unit_tokens(units)], tag_set)
    return units, tag_set.labels, unit_means(log_p[:, 1:], units)


def _predicted(scores: TokenScores, tag_set: TagSet) -> Ints2d:
    """The spans of the best valid tags, on the tokens of the batch, shape (P, 2)."""
    tags = decode(scores.logits, scores.lengths, tag_set)
    offsets = accumulate(scores.lengths, initial=0)
    by_document = spans_of_tags(tags, scores.lengths, tag_set)
    spans = [
        (offset + start, offset + end)
        for offset, spans in zip(offsets, by_document, strict=False)
        for start, end, _ in spans
    ]
    return np.array(spans, dtype=int).reshape(-1, 2)


def _token_scale(scores: TokenScores, display: Display) -> Floats1d:
    """What the noise would be multiplied by at each token, shape (N,)."""
    gain = None
    if scores.attention is not None and display.modulation not in ("none", "fixed"):
        gain = information_gain(scores.attention, scores.lengths)
    return noise_scale(
        gain, scores.lengths, modulation=display.modulation, size=display.size
    )


def _propensities(
    type_logits: Floats2d,
    scale: Floats1d,
    units: Units,
    keys: Sequence[bytes],
    display: Display,
) -> Floats2d:
    """Document by document, each from its own key, shape (U, T); where there is no
    noise, all at once."""
    counts = list(units.counts)
    if not scale.any():
        keys, counts = [b"\0" * 16], [len(scale)]
    edges = list(pairwise(accumulate(counts, initial=0)))

    def in_top(k: int) -> Floats2d:
        each = [
            propensities(
                type_logits[start:end],
                scale[start:end],
                k=k,
                samples=display.samples,
                rng=keyed_rng(key),
            )
            for key, (start, end) in zip(keys, edges, strict=True)
        ]
        return np.concatenate([*each, np.empty((0, type_logits.shape[1]), dtype="f")])

    if not display.explore:
        return in_top(display.k)
    fewer = in_top(display.k - 1) if display.k > 1 else np.zeros_like(type_logits)
    return explored_propensities(in_top(display.k), fewer, display.k, display.explore)
