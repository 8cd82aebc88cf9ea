"""The table {W, E} of SeqMix: words, and the vectors among which one is found again."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc
from thinc.types import Floats2d, Ints1d

from spacy_causal.augment.seqmix.embeddings import (
    contextual_vectors,
    find_transformer,
    input_vectors,
    special_tokens,
    static_vectors,
)
from spacy_causal.augment.seqmix.nearest import half_norms, nearest_rows
from spacy_causal.corpus.lines import read_entries
from spacy_causal.corpus.records import Problem

if TYPE_CHECKING:
    from spacy_causal.augment.seqmix.half_table import HalfTable

Source = Literal["auto", "static", "input", "contextual"]
# From so many queries and words on, candidates are looked for in half precision.
MANY, LARGE = 64, 4096


@dataclass(frozen=True)
class TokenTable:
    """Words and their vectors.

    A search is one matrix product a batch of queries: exact, also where the processor
    finds candidates in bfloat16, and at 10⁵ words a matter of milliseconds a query.
    Beyond 10⁶ an approximate index (FAISS) would pay.

    words (tuple[str, ...]): V of them, none twice.
    vectors (Floats2d): float32, shape (V, D).
    """

    words: tuple[str, ...]
    vectors: Floats2d

    def __post_init__(self) -> None:
        if np.asarray(self.vectors).shape[:1] != (len(self.words),):
            raise ValueError(
                f"{len(self.words)} words do not fit vectors of shape "
                f"{np.asarray(self.vectors).shape}: one row a word."
            )

    def row(self, word: str) -> int:
        """Where a word is, in another casing where not in its own; −1: nowhere."""
        exact = self._exact.get(word)
        if exact is not None:
            return exact
        return next(iter(self.spellings(word)), -1)

    def spellings(self, word: str) -> Sequence[int]:
        """The rows of a word in any casing."""
        return self._folded.get(word.casefold(), ())

    def nearest(self, queries: Floats2d, excluded: Sequence[Collection[int]]) -> Ints1d:
        """The word whose vector is closest to each query.

        SeqMix (EMNLP 2020), eq. (7): arg min ‖e − q‖₂ = arg max e·q − ½ ‖e‖².

        queries (Floats2d): Shape (Q, D).
        excluded (Sequence[Collection[int]]): Rows that are no answer, for each query.
        RETURNS (Ints1d): Rows, shape (Q,).
        Raises ValueError where no row is left.
        """
        queries = np.asarray(queries, dtype=np.float32)
        if not len(queries):
            return np.zeros(0, dtype=int)
        if not len(self.words):
            raise ValueError("The token table has no word.")
        halves = self._half_norms
        many = len(queries) >= MANY and len(self.words) >= LARGE
        table = self._half_table if many else None
        if table is None:
            return nearest_rows(queries, self.vectors, halves, excluded)
        found, certain = table.nearest(queries, excluded)
        rest = np.flatnonzero(~certain).tolist()
        excluded = [excluded[i] for i in rest]
        found[rest] = nearest_rows(queries[rest], self.vectors, halves, excluded)
        return found

    @cached_property
    def _half_norms(self) -> np.ndarray:
        return half_norms(self.vectors)

    @cached_property
    def _half_table(self) -> "HalfTable | None":
        """None where the processor would be slower."""
        from spacy_causal.augment.seqmix import half_table

        if not half_table.multiplies_tiles():
            return None
        return half_table.HalfTable.of(self.vectors, self._half_norms)

    @cached_property
    def _exact(self) -> dict[str, int]:
        return {word: i for i, word in enumerate(self.words)}

    @cached_property
    def _folded(self) -> dict[str, list[int]]:
        folded: dict[str, list[int]] = {}
        for i, word in enumerate(self.words):
            folded.setdefault(word.casefold(), []).append(i)
        return folded


def token_table(
    docs: Sequence[Doc],
    nlp: Language,
    *,
    source: Source = "auto",
    component: str | None = None,
    vocabulary: Iterable[str] = (),
) -> TokenTable:
    """The words of labelled Docs with vectors of a trained pipeline.

    White space, a tokenizer's special tokens and words without a vector are left out.

    source (str): "static" for the vocabulary's vectors, "input" for a transformer's
        input embeddings (the mean over a word's pieces), "contextual" for the mean of
        what a component's encoder says of a word's occurrences; "auto": "input" where
        there is a transformer, else "static" where there are vectors, else
        "contextual".
    component (str | None): Whose encoder or transformer; None: the last one that has.
    vocabulary (Iterable[str]): More words; they have no context.
    Raises ValueError for an unknown source, one that the pipeline does not have, and
    texts without words.
    """
    if source not in get_args(Source):
        raise ValueError(f"Unknown source {source!r}: {', '.join(get_args(Source))}.")
    transformer = find_transformer(nlp, component)
    if source == "auto":
        static = nlp.vocab.vectors.shape[1] > 0 and len(nlp.vocab.vectors) > 0
        source = (
            "input" if transformer is not None else "static" if static else "contextual"
        )
    special = special_tokens(transformer)
    found = dict.fromkeys(t.text for doc in docs for t in doc if not t.is_space)
    more = dict.fromkeys(w for w in vocabulary if w.strip() and w not in found)
    words = [word for word in (*found, *more) if word not in special]
    if not words:
        raise ValueError("There are no words for a table of them.")
    if source == "contextual":
        vectors = contextual_vectors(words, docs, nlp, component)
    elif source == "static":
        vectors = static_vectors(words, nlp)
    else:
        vectors = input_vectors(words, transformer, component)
    has = vectors.any(axis=1)
    if not has.any():
        raise ValueError(
            f"The pipeline gives no word a vector (source {source!r}): is it trained?"
        )
    kept = tuple(word for word, there in zip(words, has.tolist(), strict=True) if there)
    return TokenTable(kept, np.ascontiguousarray(vectors[has], dtype=np.float32))


def read_vocabulary(path: str | Path | None) -> list[str]:
    """The words of a text file, one a line; none where there is no file.

    Raises ValueError for a line that is no clean UTF-8, or that is more than a word.
    """
    if path is None:
        return []
    words = []
    for number, word in read_entries(Path(path)):
        if len(word.split()) > 1:
            raise ValueError(str(Problem(Path(path), number, "not one word")))
        words.append(word)
    return words
