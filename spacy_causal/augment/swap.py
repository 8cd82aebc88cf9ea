"""Swap a mention for another one, and keep every annotation that can survive."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from spacy.attrs import (
    ENT_ID,
    ENT_IOB,
    ENT_KB_ID,
    ENT_TYPE,
    LEMMA,
    LENGTH,
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
from spacy_causal.augment.provenance import Swapped, set_provenance, text_id

MOVED = [SENT_START, ENT_IOB, ENT_TYPE, ENT_ID, ENT_KB_ID]
MOVED += [NORM, TAG, POS, MORPH, LEMMA]
ATTRIBUTES = [ORTH, LENGTH, SPACY, *MOVED]
_LENGTH, _SPACY, _START, _IOB, _TYPE = 1, 2, 3, 4, 5
_NOT_A_START = np.uint64(2**64 - 1)


class Swap(NamedTuple):
    """A mention and what takes its place."""

    mention: Mention
    donor: Donor


class Counterfactual(NamedTuple):
    """A new Doc, its text, and where the source's tokens went."""

    doc: Doc
    text: str
    moves: Moves


def swap_entity(doc: Doc, mention: Mention, donor: Donor) -> Doc:
    """A new Doc in which a donor stands for one mention, see `Source.swap`."""
    return swap_entities(doc, [Swap(mention, donor)])


def swap_entities(doc: Doc, swaps: Sequence[Swap]) -> Doc:
    """A new Doc in which donors stand for mentions, see `Source.swap`."""
    return Source.of(doc).swap(swaps).doc


@dataclass(frozen=True)
class Source:
    """A Doc that is read once, for any number of swaps.

    id (str): What its counterfactuals know it by.
    values (np.ndarray): uint64, its tokens' attributes, shape (n, len(ATTRIBUTES)).
    starts, ends (list[int]): Of its tokens, in characters.
    """

    doc: Doc
    id: str
    text: str
    values: np.ndarray
    starts: list[int]
    ends: list[int]

    @classmethod
    def of(cls, doc: Doc) -> "Source":
        """Read a Doc."""
        values = doc.to_array(ATTRIBUTES)
        lengths = values[:, _LENGTH].astype(int)
        after = np.cumsum(lengths + values[:, _SPACY].astype(int))
        ends = after - values[:, _SPACY].astype(int)
        starts = ends - lengths
        text = doc.text
        return cls(doc, text_id(text), text, values, starts.tolist(), ends.tolist())

    def swap(self, swaps: Sequence[Swap]) -> Counterfactual:
        """Let donors stand for mentions, in a new Doc with `doc._.counterfactual`.

        CFGen (EMNLP 2020), section 2.3: an intervention on the entity alone. All other
        tokens keep what they are annotated with, missing annotation stays missing,
        spans and targets move along. What is no longer true becomes missing: tags,
        lemmas and ids of the swapped tokens, the vectors of `doc.tensor`, and all
        heads: spaCy's parser reads a token without a head among others as a root.

        swaps (Sequence[Swap]): Any order; the mentions may not overlap.
        Raises ValueError for mentions that overlap or lie outside, and where the Doc's
        token targets are not certain of a mention.
        """
        doc = self.doc
        swaps = sorted(swaps, key=lambda swap: swap.mention.start)
        if doc.has_unknown_spaces:
            swaps = [Swap(mention, _spaced(donor)) for mention, donor in swaps]
        _check(doc, swaps)
        moves = Moves.of(
            len(doc), [(*swap.mention[:2], len(swap.donor.words)) for swap in swaps]
        )
        values = self._moved_values(swaps, moves)
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
        texts = [swap.donor.text for swap in swaps]
        noted = self._noted(swaps, texts, moves)
        set_provenance(swapped, self.id, noted, dropped=dropped)
        return Counterfactual(swapped, self._swapped_text(swaps, texts), moves)

    def _moved_values(self, swaps: Sequence[Swap], moves: Moves) -> np.ndarray:
        """The new tokens' attributes, shape (n, len(ATTRIBUTES)); 0 is missing."""
        old = self.values
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

    def _noted(
        self, swaps: Sequence[Swap], texts: Sequence[str], moves: Moves
    ) -> list[Swapped]:
        return [
            Swapped(start, end, *new, label, self._text_of(start, end), text)
            for (start, end, label), text, new in zip(
                (swap.mention for swap in swaps), texts, moves.new, strict=True
            )
        ]

    def _text_of(self, start: int, end: int) -> str:
        return self.text[self.starts[start] : self.ends[end - 1]]

    def _swapped_text(self, swaps: Sequence[Swap], texts: Sequence[str]) -> str:
        parts, done = [], 0
        for swap, text in zip(swaps, texts, strict=True):
            parts += [self.text[done : self.starts[swap.mention.start]], text]
            done = self.ends[swap.mention.end - 1]
        return "".join([*parts, self.text[done:]])


def _check(doc: Doc, swaps: Sequence[Swap]) -> None:
    edges = [edge for swap in swaps for edge in swap.mention[:2]]
    ordered = all(a <= b for a, b in pairwise(edges))
    if not ordered or not edges or edges[0] < 0 or edges[-1] > len(doc):
        raise ValueError(
            f"Mentions at {edges} overlap or lie outside of the {len(doc)} tokens of "
            f"{doc.text[:60]!r}."
        )


def _spaced(donor: Donor) -> Donor:
    """A donor as it reads where nobody knows which spaces there are."""
    return donor._replace(spaces=(True,) * len(donor.words))


def _set_values(doc: Doc, values: np.ndarray) -> None:
    used = [i for i in np.flatnonzero(values.any(axis=0)).tolist() if i > _SPACY]
    if used:
        doc.from_array([ATTRIBUTES[i] for i in used], values[:, used])
