"""Swap a mention for another one, and keep every annotation that can survive."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from spacy.attrs import (
    ENT_ID,
    ENT_IOB,
    ENT_KB_ID,
    ENT_TYPE,
    LEMMA,
    MORPH,
    NORM,
    ORTH,
    POS,
    SENT_START,
    SPACY,
    TAG,
)
from spacy.tokens import Doc

from spacy_causal.augment.bank import Donor
from spacy_causal.augment.mentions import Mention
from spacy_causal.augment.moved import Moves, move_spans, move_targets, move_user_data
from spacy_causal.augment.provenance import Swapped, set_provenance, source_id

MOVED = [SENT_START, ENT_IOB, ENT_TYPE, ENT_ID, ENT_KB_ID]
MOVED += [NORM, TAG, POS, MORPH, LEMMA]
ATTRIBUTES = [ORTH, SPACY, *MOVED]
_SPACY, _START, _IOB, _TYPE = 1, 2, 3, 4
_NOT_A_START = np.uint64(2**64 - 1)


class Swap(NamedTuple):
    """A mention and what takes its place."""

    mention: Mention
    donor: Donor


def swap_entity(doc: Doc, mention: Mention, donor: Donor) -> Doc:
    """A new Doc in which a donor stands for one mention, see `swap_entities`."""
    return swap_entities(doc, [Swap(mention, donor)])


def swap_entities(doc: Doc, swaps: Sequence[Swap]) -> Doc:
    """A new Doc in which donors stand for mentions, with `doc._.counterfactual`.

    CFGen (EMNLP 2020), section 2.3: an intervention on the entity alone. All other
    tokens keep what they are annotated with, missing annotation stays missing, spans
    and targets move along. Missing becomes what is no longer true: tags, lemmas and ids
    of the swapped tokens, the vectors of `doc.tensor`, and all heads: spaCy's parser
    reads a token without a head among tokens with heads as a root.

    swaps (Sequence[Swap]): Any order; the mentions may not overlap.
    Raises ValueError for mentions that overlap or lie outside, and where the Doc's
    token targets are not certain of a mention.
    """
    swaps = sorted(swaps, key=lambda swap: swap.mention.start)
    _check(doc, swaps)
    moves = Moves.of(len(doc), [(*s.mention[:2], len(s.donor.words)) for s in swaps])
    values = _moved_values(doc, swaps, moves)
    words = values[:, 0].tolist()
    for swap, (start, end) in zip(swaps, moves.new, strict=True):
        words[start:end] = swap.donor.words
    spaces = None if doc.has_unknown_spaces else values[:, _SPACY].tolist()
    swapped = Doc(doc.vocab, words=words, spaces=spaces)
    _set_values(swapped, values)
    if doc.cats:
        swapped.cats = dict(doc.cats)
    dropped = move_spans(doc, swapped, moves) if doc.spans else 0
    if doc.user_data:
        dropped += move_user_data(doc, swapped, moves)
        move_targets(swapped, moves, [swap.mention.label for swap in swaps])
    set_provenance(swapped, source_id(doc), _noted(doc, swaps, moves), dropped=dropped)
    return swapped


def _check(doc: Doc, swaps: Sequence[Swap]) -> None:
    edges = [edge for swap in swaps for edge in swap.mention[:2]]
    ordered = all(a <= b for a, b in pairwise(edges))
    if not ordered or not edges or edges[0] < 0 or edges[-1] > len(doc):
        raise ValueError(
            f"Mentions at {edges} overlap or lie outside of the {len(doc)} tokens of "
            f"{doc.text[:60]!r}."
        )


def _moved_values(doc: Doc, swaps: Sequence[Swap], moves: Moves) -> np.ndarray:
    """The new tokens' attributes, shape (n, len(ATTRIBUTES)); 0 is missing."""
    old = doc.to_array(ATTRIBUTES)
    values = np.zeros((moves.length, len(ATTRIBUTES)), dtype=np.uint64)
    for start, end, to in moves.kept:
        values[to : to + end - start] = old[start:end]
    for swap, (start, end) in zip(swaps, moves.new, strict=True):
        first, last = old[swap.mention.start], old[swap.mention.end - 1]
        values[start:end, _SPACY] = swap.donor.spaces
        values[end - 1, _SPACY] = last[_SPACY]
        if first[_START]:
            values[start, _START] = first[_START]
            values[start + 1 : end, _START] = _NOT_A_START
        if first[_IOB]:
            values[start:end, _IOB] = 1
            values[start, _IOB] = 3
            values[start:end, _TYPE] = first[_TYPE]
    return values


def _set_values(doc: Doc, values: np.ndarray) -> None:
    used = [i for i in np.flatnonzero(values.any(axis=0)).tolist() if i > _SPACY]
    if used:
        doc.from_array([ATTRIBUTES[i] for i in used], values[:, used])


def _noted(doc: Doc, swaps: Sequence[Swap], moves: Moves) -> list[Swapped]:
    return [
        Swapped(start, end, *new, label, doc[start:end].text, donor.text)
        for ((start, end, label), donor), new in zip(swaps, moves.new, strict=True)
    ]
