"""`spacy-causal.ngram_perplexity.v1`: a screen that is fitted to the corpus itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from spacy.tokens import Doc
from thinc.types import Ints1d

from spacy_causal.augment.perplexity.kneser_ney import FIRST_WORD, UNKNOWN, KneserNey
from spacy_causal.augment.perplexity.screen import (
    FitScreen,
    Unit,
    check_range,
    highest,
    percentile_bounds,
    perplexity,
    screen_of,
)
from spacy_causal.augment.provenance import get_provenance, source_id
from spacy_causal.augment.seqmix.provenance import get_mix
from spacy_causal.types import Screen

# A mix is read by a model fitted without its two parents' fifths: 16 models at most.
FOLDS = 5


def create_ngram_perplexity(
    *,
    order: int = 3,
    low: float = 0.0,
    high: float | None = None,
    unit: Unit = "percentile",
) -> FitScreen:
    """Keep what an n-gram model of the labelled texts does not find too odd.

    SeqMix (EMNLP 2020), eqs. (9) and (10), with a language model that needs no
    download. It reads lower-case words; the first word's context is the beginning of
    the text, and the end of the text is not predicted. Unknown words share the
    probability left by discounting the rarest words. A text made of labelled ones
    shares n-grams with them, so it is scored by a model fitted without the fifths of
    the corpus that they are in, and a labelled text by a model fitted without its own
    fifth.

    order (int): Words of an n-gram.
    low, high (float): The range that is kept; high is 95 as a percentile, 500 as a
        perplexity where it is None.
    unit (str): "percentile" of the perplexities of the labelled texts, each as many
        times as it has words; or "perplexity".
    RETURNS (FitScreen): A function of labelled Docs that gives a Screen.
    Raises ValueError for a range that is none.
    """
    return FitNgram(order, low, highest(high, unit), unit)


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
        models, bounds = NgramModels.of(docs, self.order), (self.low, self.high)
        if self.unit == "percentile":
            lengths = [len(_words(doc)) for doc in docs]
            bounds = percentile_bounds(models.perplexities(docs), lengths, *bounds)
        return screen_of(models.perplexities, bounds)


@dataclass(frozen=True)
class NgramModels:
    """Models of a corpus without some fifths of it, fitted when they are asked for.

    ids (dict[str, int]): Lower-case forms of the whole corpus, so that all models share
        unknown mass among as many words.
    folds (dict[str, int]): The fifth that a text is in, by its id.
    texts (list[list[Ints1d]]): By fifth.
    """

    order: int
    ids: dict[str, int]
    folds: dict[str, int]
    texts: list[list[Ints1d]]
    fitted: dict[tuple[int, ...], KneserNey] = field(default_factory=dict)

    @classmethod
    def of(cls, docs: Sequence[Doc], order: int = 3) -> "NgramModels":
        """Read all words of some Docs. Texts that are the same are in one fifth."""
        words = [_words(doc) for doc in docs]
        seen = dict.fromkeys(word for text in words for word in text)
        ids = {word: i for i, word in enumerate(seen, start=FIRST_WORD)}
        folds: dict[str, int] = {}
        for doc in docs:
            folds.setdefault(source_id(doc), len(folds) % FOLDS)
        texts: list[list[Ints1d]] = [[] for _ in range(FOLDS)]
        for doc, text in zip(docs, words, strict=True):
            texts[folds[source_id(doc)]].append(_coded(text, ids))
        return cls(order, ids, folds, texts)

    def perplexities(self, docs: Sequence[Doc]) -> list[float]:
        """The perplexity of each Doc's words, infinite where there are none."""
        scores = np.zeros(len(docs))
        for without, at in self._grouped(docs):
            texts = [_coded(_words(docs[i]), self.ids) for i in at]
            scores[at] = [perplexity(log2) for log2 in self.model(without).log2(texts)]
        return scores.tolist()

    def model(self, without: tuple[int, ...]) -> KneserNey:
        """A model of all fifths but some."""
        if without not in self.fitted:
            kept = [t for i, t in enumerate(self.texts) if i not in without]
            texts = [text for fold in kept for text in fold]
            n_ids = len(self.ids) + FIRST_WORD
            self.fitted[without] = KneserNey.fit(texts, n_ids, self.order)
        return self.fitted[without]

    def _grouped(
        self, docs: Sequence[Doc]
    ) -> Iterator[tuple[tuple[int, ...], list[int]]]:
        """Positions of Docs by the fifths that a model of them has to do without."""
        groups: dict[tuple[int, ...], list[int]] = {}
        for i, doc in enumerate(docs):
            known = {self.folds[x] for x in _made_of(doc) if x in self.folds}
            groups.setdefault(tuple(sorted(known)), []).append(i)
        yield from groups.items()


def _made_of(doc: Doc) -> list[str]:
    """The ids of a text, and of those it was made of."""
    mix, swapped = get_mix(doc), get_provenance(doc)
    parents = [*mix["parents"]] if mix else []
    return [source_id(doc), *parents, *([swapped["source"]] if swapped else [])]


def _words(doc: Doc) -> list[str]:
    return [token.lower_ for token in doc if not token.is_space]


def _coded(words: Sequence[str], ids: dict[str, int]) -> Ints1d:
    return np.array([ids.get(word, UNKNOWN) for word in words], dtype=np.int64)
