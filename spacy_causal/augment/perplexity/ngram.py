"""`spacy-causal.ngram_perplexity.v1`: a screen that is fitted to the corpus itself."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from spacy.tokens import Doc
from thinc.types import Ints1d

from spacy_causal.augment.perplexity.kneser_ney import FIRST_WORD, UNKNOWN, KneserNey
from spacy_causal.augment.perplexity.screen import (
    FitScreen,
    Unit,
    check_range,
    percentile_bounds,
    perplexity,
    screen_of,
)
from spacy_causal.types import Screen

FOLDS = 5


def create_ngram_perplexity(
    *,
    order: int = 3,
    low: float = 0.0,
    high: float = 95.0,
    unit: Unit = "percentile",
) -> FitScreen:
    """Keep what an n-gram model of the labelled texts does not find too odd.

    SeqMix (EMNLP 2020), eqs. (9) and (10), with another language model: it downloads
    nothing. It reads lower-case words; the first word's context is the beginning of a
    text, the end of it does not count. Words it never saw share what discounting the
    rarest leaves.

    order (int): Words of an n-gram.
    low, high (float): The range that is kept.
    unit (str): "percentile" of the perplexities of the labelled texts, each read by a
        model of four fifths of the corpus without it; or "perplexity". What is made of
        the labelled texts shares n-grams with them, and so looks less odd than those.
    RETURNS (FitScreen): A function of labelled Docs that gives a Screen.
    Raises ValueError for a range that is none.
    """
    return FitNgram(order, low, high, unit)


@dataclass(frozen=True)
class FitNgram:
    """See `create_ngram_perplexity`."""

    order: int
    low: float
    high: float
    unit: Unit

    def __post_init__(self) -> None:
        check_range(self.low, self.high, self.unit)

    def __call__(self, docs: Sequence[Doc]) -> Screen:
        """Read the labelled texts, and judge others by them."""
        bounds = self.low, self.high
        if self.unit == "percentile":
            bounds = percentile_bounds(unseen_perplexities(docs, self.order), *bounds)
        return screen_of(NgramModel.fit(docs, self.order).perplexities, bounds)


@dataclass(frozen=True)
class NgramModel:
    """A model of words.

    ids (dict[str, int]): Lower-case forms.
    """

    ids: dict[str, int]
    model: KneserNey

    @classmethod
    def fit(
        cls, docs: Sequence[Doc], order: int = 3, ids: dict[str, int] | None = None
    ) -> "NgramModel":
        """Read all words of some Docs.

        ids (dict[str, int] | None): The vocabulary of more texts than these, so that
            models of parts of a corpus share unknown mass among as many words.
        """
        texts = [_words(doc) for doc in docs]
        ids = number_words(docs) if ids is None else ids
        coded = [_coded(text, ids) for text in texts]
        return cls(ids, KneserNey.fit(coded, len(ids) + FIRST_WORD, order))

    def perplexities(self, docs: Sequence[Doc]) -> list[float]:
        """The perplexity of each Doc's words, infinite where there are none."""
        texts = [_coded(_words(doc), self.ids) for doc in docs]
        return [perplexity(log2) for log2 in self.model.log2(texts)]


def unseen_perplexities(docs: Sequence[Doc], order: int) -> list[float]:
    """The perplexity of each Doc under a model of the others, by fifths.

    Raises ValueError for fewer than two Docs.
    """
    if len(docs) < 2:
        raise ValueError("Percentiles take a corpus of two texts or more.")
    scores, ids = np.zeros(len(docs)), number_words(docs)
    n_folds = min(FOLDS, len(docs))
    for fold in range(n_folds):
        others = [doc for i, doc in enumerate(docs) if i % n_folds != fold]
        model = NgramModel.fit(others, order, ids)
        scores[fold::n_folds] = model.perplexities(docs[fold::n_folds])
    return scores.tolist()


def number_words(docs: Sequence[Doc]) -> dict[str, int]:
    """Ids of lower-case forms in the order in which they come."""
    seen = dict.fromkeys(word for doc in docs for word in _words(doc))
    return {word: i for i, word in enumerate(seen, start=FIRST_WORD)}


def _words(doc: Doc) -> list[str]:
    return [token.lower_ for token in doc if not token.is_space]


def _coded(words: Sequence[str], ids: dict[str, int]) -> Ints1d:
    return np.array([ids.get(word, UNKNOWN) for word in words], dtype=np.int64)
