"""The most frequent words as confounders: the paper's choice."""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import partial

from spacy_causal.types import ChooseConfounders, Confounder, TypedSentence


def create_frequent_confounders(
    size: int = 100,
    stop_words: list[str] | None = None,
    punctuation: bool = True,
) -> ChooseConfounders:
    """Choose the `size` most frequent words of the initial data as confounders.

    CITISL (Findings of EMNLP 2022), section 4.1: Z = 100, P(z) the normalised
    frequency.

    stop_words (list[str] | None): Words to leave out.
    punctuation (bool): Whether punctuation and symbols may be confounders.
    Raises ValueError for a negative size.
    """
    require_sizes(size=size)
    return partial(
        frequent_confounders,
        size=size,
        stop_words=frozenset(word.lower() for word in stop_words or ()),
        punctuation=punctuation,
    )


def require_sizes(**sizes: float) -> None:
    """Raise ValueError for a setting below 0, by its name."""
    for name, value in sizes.items():
        if value < 0:
            raise ValueError(f"The {name} of confounders is 0 or more, not {value!r}.")


def frequent_confounders(
    sentences: Iterable[TypedSentence],
    *,
    size: int,
    stop_words: frozenset[str] = frozenset(),
    punctuation: bool = True,
) -> list[Confounder]:
    """The most frequent words, the more frequent first, equal ones by spelling."""
    counts = Counter(
        word
        for sentence in sentences
        for word in sentence.words
        if word.strip() and word not in stop_words
    )
    if not punctuation:
        counts = Counter({w: n for w, n in counts.items() if has_letters(w)})
    chosen = sorted(counts, key=lambda word: (-counts[word], word))[:size]
    total = sum(counts[word] for word in chosen)
    return [Confounder(word, counts[word] / total, 1.0) for word in chosen]


def has_letters(word: str) -> bool:
    """Whether a word holds a letter or a digit of any script."""
    return any(unicodedata.category(character)[0] in "LN" for character in word)
