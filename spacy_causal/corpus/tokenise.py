"""A text cut into words and spaces, with token edges wherever a span has its own."""

from collections.abc import Sequence
from itertools import pairwise

Offsets = list[tuple[int, int]]


def characters(text: str) -> Offsets:
    """One token a character that is no white space."""
    return [(i, i + 1) for i, char in enumerate(text) if not char.isspace()]


def split_at(offsets: Sequence[tuple[int, int]], edges: set[int]) -> Offsets:
    """Cut the tokens that have one of the edges inside them."""
    split: Offsets = []
    for start, end in offsets:
        cuts = [start, *(i for i in range(start + 1, end) if i in edges), end]
        split += pairwise(cuts)
    return split


def fill_gaps(text: str, offsets: Sequence[tuple[int, int]]) -> Offsets:
    """Tokens for the white space that is not a single space after a token."""
    filled: Offsets = []
    free = 0
    for start, end in [*offsets, (len(text), len(text))]:
        gap = free + (bool(filled) and text[free:start].startswith(" "))
        if gap < start:
            filled.append((gap, start))
        if start < end:
            filled.append((start, end))
        free = end
    return filled


def words_and_spaces(
    text: str, offsets: Sequence[tuple[int, int]]
) -> tuple[list[str], list[bool]]:
    """Words, and whether a space follows each, that spell exactly the text.

    offsets (Sequence[tuple[int, int]]): As `fill_gaps` returns them.
    """
    words = [text[start:end] for start, end in offsets]
    starts = [start for start, _ in offsets[1:]] + [len(text)]
    spaces = [end < start for (_, end), start in zip(offsets, starts, strict=True)]
    return words, spaces
