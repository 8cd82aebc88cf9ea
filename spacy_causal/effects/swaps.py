"""How often a prediction survives a swap of its entity for another of its type."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from numpy.random import Generator
from spacy.language import Language
from spacy.tokens import Doc

from spacy_causal.corpus.bare import bare_copy
from spacy_causal.effects.counts import TypeCounts
from spacy_causal.effects.reading import read_spans
from spacy_causal.scorers.spans import Span


class SwappedDoc(NamedTuple):
    """A document and where in it the new entity stands."""

    doc: Doc
    span: Span


# Another form of an annotated entity's type in its place; None where there is none.
Swap = Callable[[Doc, Span, Generator], SwappedDoc | None]


def count_survivals(
    nlp: Language,
    docs: Sequence[Doc],
    found: Sequence[Sequence[Span]],
    swap: Swap,
    rng: Generator,
    *,
    per_doc: int = 8,
) -> list[TypeCounts]:
    """Swap entities that the pipeline found, each in a copy of its document, and see
    whether it finds the new one, with its type and from its first token to its last.
    The copies are predicted on their own tokens, with their annotation removed.

    found (Sequence[Sequence[Span]]): By document, what the pipeline found rightly.
    per_doc (int): Swap no more of a document than this many, drawn at random.
    RETURNS (list[TypeCounts]): By document, how many survived and how many were tried,
        twice (as predicted and as gold), so that their F1 is the share that survived.
    """
    rows: list[int] = []
    swapped: list[SwappedDoc] = []
    for row, (doc, spans) in enumerate(zip(docs, found, strict=True)):
        for i in sorted(rng.permutation(len(spans))[:per_doc].tolist()):
            other = swap(doc, spans[i], rng)
            if other is not None:
                rows.append(row)
                swapped.append(other)
    tried = [Counter[str]() for _ in docs]
    survived = [Counter[str]() for _ in docs]
    read = read_spans(nlp, [bare_copy(other.doc, nlp.vocab) for other in swapped])
    for row, other, spans in zip(rows, swapped, read, strict=True):
        label = other.span[0]
        tried[row][label] += 1
        survived[row][label] += other.span in spans
    return [
        {label: (kept[label], n, n) for label, n in sorted(of.items())}
        for kept, of in zip(survived, tried, strict=True)
    ]
