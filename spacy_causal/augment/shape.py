"""What a mention looks like: donors of the same shape fit its context."""

from collections.abc import Sequence
from typing import NamedTuple

from spacy.tokens import Span

# Endings of English words that end in "s" and are no plural.
_SINGULAR = ("ss", "us", "is", "'s")


class Shape(NamedTuple):
    """Features that two mentions share if one can stand for the other.

    casing (str): "upper", "lower", "title", "mixed", or "none" without cased letters.
    digits (bool): Whether there is a digit.
    plural (bool): Grammatical number of the last word.
    length (int): Its tokens to the nearest power of two: 1, 2–3, 4–7, ...
    """

    casing: str
    digits: bool
    plural: bool
    length: int


def shape_of(words: Sequence[str], plural: bool) -> Shape:
    """The shape of a mention of these words."""
    digits = any(c.isdigit() for word in words for c in word)
    return Shape(casing_of(words), digits, plural, len(words).bit_length())


def casing_of(words: Sequence[str]) -> str:
    """How words are cased; those without cased letters do not count."""
    cased = [word for word in words if word.upper() != word.lower()]
    if not cased:
        return "none"
    if all(word == word.upper() for word in cased):
        return "upper"
    if all(word == word.lower() for word in cased):
        return "lower"
    title = all(word[0].isupper() or not word[0].isalpha() for word in cased)
    return "title" if title else "mixed"


def is_plural(span: Span) -> bool:
    """The annotated number of a span's last token; by its ending where there is none,
    which tells English plurals and never Chinese ones."""
    last = span[-1]
    annotated = last.morph.get("Number", [])
    if annotated:
        return "Plur" in annotated
    word = last.text.lower()
    return len(word) > 3 and word.endswith("s") and not word.endswith(_SINGULAR)
