"""Swap a mention for another one, and keep every annotation that can survive."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from operator import attrgetter
from typing import Any, NamedTuple

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
from spacy_causal.augment.provenance import Swapped, set_provenance, text_id
from spacy_causal.augment.seqmix.provenance import forget_mix

MOVED = [SENT_START, ENT_IOB, ENT_TYPE, ENT_ID, ENT_KB_ID]
MOVED += [NORM, TAG, POS, MORPH, LEMMA]
READ = [ORTH, SPACY, *MOVED]
# What a donor gets from its mention, and what then holds of its tokens but the first:
# no sentence begins there (−1), they are inside an entity, of the same type.
_OF_OTHERS: dict[Any, int] = {SENT_START: 2**64 - 1, ENT_IOB: 1, ENT_TYPE: 0}

_start_of = attrgetter("mention.start")


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


@dataclass(slots=True)
class Source:
    """A Doc that is read once, for any number of swaps.

    id (str): What its counterfactuals know it by.
    words (list[int]), spaces (list[int]): Its tokens, and whether a space follows.
    used (list[int]): The attributes that any token is annotated with.
    columns (list[list[int]]): Theirs, one list a used attribute; 0 is missing.
    """

    doc: Doc
    id: str
    text: str
    words: list[int]
    spaces: list[int]
    used: list[Any]
    columns: list[list[int]]

    @classmethod
    def of(cls, doc: Doc) -> "Source":
        """Read a Doc."""
        text = doc.text
        words, spaces, *columns = doc.to_array(READ).T.tolist()
        annotated = [any(column) for column in columns]
        used = list(compress(MOVED, annotated))
        columns = list(compress(columns, annotated))
        return cls(doc, text_id(text), text, words, spaces, used, columns)

    def characters(self, mention: Mention) -> tuple[int, int]:
        """Where a mention begins and ends in the text."""
        last = self.doc[mention.end - 1]
        return self.doc[mention.start].idx, last.idx + len(last)

    def text_of(self, mention: Mention) -> str:
        """What a mention reads."""
        return self.text[slice(*self.characters(mention))]

    def swap(self, swaps: Sequence[Swap]) -> Counterfactual:
        """Let donors stand for mentions, in a new Doc with `doc._.counterfactual`.

        CFGen (EMNLP 2020), section 2.3: an intervention on the entity alone. All other
        tokens keep what they are annotated with, missing annotation stays missing,
        spans and targets move along. What is no longer true becomes missing: tags,
        lemmas and ids of the swapped tokens, the vectors of `doc.tensor`, how a mixed
        Doc was mixed (the source still says), and all heads: spaCy's parser reads a
        token without a head among others as a root.

        swaps (Sequence[Swap]): Any order; the mentions may not overlap.
        Raises ValueError for mentions that overlap or lie outside, and where the Doc's
        token targets are not certain of a mention.
        """
        doc = self.doc
        swaps = sorted(swaps, key=_start_of) if len(swaps) > 1 else swaps
        if doc.has_unknown_spaces:
            swaps = [Swap(mention, donor.spaced) for mention, donor in swaps]
        _check(doc, swaps)
        sizes = [(m.start, m.end, len(donor.words)) for m, donor in swaps]
        moves = Moves.of(len(doc), sizes)
        swapped = self._build(swaps)
        if doc.cats:
            swapped.cats = dict(doc.cats)
        dropped = move_spans(doc, swapped, moves) if doc.spans else 0
        if doc.user_data:
            dropped += move_user_data(doc, swapped, moves)
            move_targets(swapped, moves, [mention.label for mention, _ in swaps])
            forget_mix(swapped)
        text, noted = self.text, []
        pairs = zip(swaps, moves.new, strict=True)
        for (mention, donor), new in reversed([*pairs]):
            start, end = self.characters(mention)
            was = text[start:end]
            noted.append(Swapped(*mention[:2], *new, mention.label, was, donor.text))
            text = text[:start] + donor.text + text[end:]
        set_provenance(swapped, self.id, noted[::-1], dropped=dropped)
        return Counterfactual(swapped, text, moves)

    def _build(self, swaps: Sequence[Swap]) -> Doc:
        """The new tokens with their attributes."""
        words: list[Any] = self.words.copy()
        spaces: list[Any] = self.spaces.copy()
        for (start, end, _), donor in reversed(swaps):
            words[start:end] = donor.words
            spaces[start:end] = (*donor.spaces[:-1], spaces[end - 1])
        unknown = self.doc.has_unknown_spaces
        swapped = Doc(self.doc.vocab, words=words, spaces=None if unknown else spaces)
        if self.used:
            pairs = zip(self.used, self.columns, strict=True)
            columns = [_moved_column(*pair, swaps) for pair in pairs]
            swapped.from_array(self.used, np.array(columns, dtype=np.uint64).T)
        return swapped


def _moved_column(
    attribute: Any, column: list[int], swaps: Sequence[Swap]
) -> list[int]:
    """An attribute of the new tokens; a donor's have the mention's label and begin a
    sentence where it did."""
    moved = column.copy()
    of_others = _OF_OTHERS.get(attribute)
    for (start, end, _), donor in reversed(swaps):
        first = 0 if of_others is None else column[start]
        others = (of_others or first) if first else 0
        moved[start:end] = [first] + [others] * (len(donor.words) - 1)
    return moved


def _check(doc: Doc, swaps: Sequence[Swap]) -> None:
    done = 0
    for (start, end, _), _ in swaps:
        if not done <= start < end <= len(doc):
            raise ValueError(
                f"The mention of tokens {start} to {end - 1} overlaps another, or lies "
                f"outside of the {len(doc)} tokens of {doc.text[:60]!r}."
            )
        done = end
