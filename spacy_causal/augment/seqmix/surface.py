"""How a mixed word is written: casing and white space of the words it stands for."""

from collections.abc import Sequence
from typing import NamedTuple

from spacy_causal.augment.shape import casing_of


class Written(NamedTuple):
    """A word as it stands in a text.

    initial (bool): Whether it begins a sentence, where a capital says nothing.
    """

    word: str
    initial: bool

    @property
    def casing(self) -> str | None:
        """How it is cased, None where that says nothing."""
        casing = casing_of([self.word])
        if casing == "upper" and sum(map(_is_cased, self.word)) == 1:
            casing = "title"
        if casing == "title" and self.initial:
            return None
        return casing if casing in ("upper", "title", "lower") else None


def cased_like(word: str, heavier: Written, lighter: Written) -> str:
    """A table's word in the casing of the parent with the larger share, of the other
    where that says nothing, in its own where neither does."""
    casing = heavier.casing or lighter.casing
    if casing == "upper":
        return word.upper()
    if casing == "lower":
        return word.lower()
    return capital(word) if casing == "title" else word


def capital(word: str) -> str:
    """A word with a capital; "iPhone" and words without letters stay."""
    if casing_of([word]) != "lower" or not word[0].isalpha():
        return word
    return word[0].upper() + word[1:]


def spaces_between(
    words: Sequence[str], was: Sequence[str], spaces: list[bool]
) -> list[bool]:
    """A parent's white space, and a space more where two new neighbours would read as
    one word; not where a text has no spaces at all (Chinese).

    words, was (Sequence[str]): The tokens now and in the parent.
    spaces (list[bool]): Whether a space followed each there.
    """
    if not any(spaces[:-1]):
        return spaces
    return [
        space
        or (
            i + 1 < len(words)
            and (words[i], words[i + 1]) != (was[i], was[i + 1])
            and words[i][-1].isalnum()
            and words[i + 1][0].isalnum()
        )
        for i, space in enumerate(spaces)
    ]


def _is_cased(letter: str) -> bool:
    return letter.upper() != letter.lower()
