"""Scores on their way from the component that gave them to those that read them."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Protocol
from weakref import WeakKeyDictionary, ref

from spacy.tokens import Doc
from thinc.util import get_array_module

from spacy_causal.types import TokenScores

_LAST_SCORED_BY: WeakKeyDictionary[Doc, ref] = WeakKeyDictionary()


class ScoreReader(Protocol):
    """A component that reads what another one says about tokens."""

    def reads(self, source: Any) -> bool:
        """Whether it will, if `source` annotates a Doc now."""


class KeptScores:
    """For each reader, the scores of Docs that it has not read yet. They are dropped
    once it has read them or the Doc is gone; a reader that left the pipeline gets
    none."""

    def __init__(self) -> None:
        self._readers: WeakKeyDictionary[ScoreReader, WeakKeyDictionary] = (
            WeakKeyDictionary()
        )

    def __reduce__(self) -> tuple:
        return KeptScores, ()

    def add_reader(self, reader: ScoreReader) -> None:
        """Keep scores for a reader from now on."""
        self._readers.setdefault(reader, WeakKeyDictionary())

    def keep(self, source: Any, docs: Sequence[Doc], scores: TokenScores) -> None:
        """Keep what `source` said about a batch for those that read it."""
        by = ref(source)
        for doc in docs:
            _LAST_SCORED_BY[doc] = by
        for reader, kept in self._readers.items():
            if reader.reads(source):
                starts = accumulate(scores.lengths, initial=0)
                for doc, start in zip(docs, starts, strict=False):
                    kept[doc] = scores, start, len(doc)

    def take(self, reader: ScoreReader, docs: Sequence[Doc]) -> TokenScores | None:
        """The scores of a batch, once; None unless they are there for all its Docs and
        the Docs have as many tokens as then."""
        kept = self._readers.get(reader)
        found = [kept.pop(doc, None) for doc in docs] if kept else []
        lengths = [len(doc) for doc in docs]
        if not found or [entry and entry[2] for entry in found] != lengths:
            return None
        whole, starts = found[0][0], [start for _, start, _ in found]
        if (
            all(scores is whole for scores, _, _ in found)
            and whole.lengths == lengths
            and starts == list(accumulate(lengths, initial=0))[:-1]
        ):
            return whole
        return _joined(found, lengths)


def last_scored_by(doc: Doc) -> Any:
    """The component that scored a Doc last, in whatever pipeline; None if none did."""
    by = _LAST_SCORED_BY.get(doc)
    return by() if by is not None else None


def _joined(
    found: list[tuple[TokenScores, int, int]], lengths: list[int]
) -> TokenScores:
    # The scores of an empty batch may have any width, so they are left out.
    parts = [entry for entry in found if entry[2]] or found[:1]

    def rows(name: str) -> Any:
        cut = [getattr(scores, name)[at : at + n] for scores, at, n in parts]
        return get_array_module(cut[0]).concatenate(cut)

    attends = all(scores.attention is not None for scores, _, _ in parts)
    attention = rows("attention") if attends else None
    return TokenScores(rows("logits"), rows("hidden"), attention, lengths)
