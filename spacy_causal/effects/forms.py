"""Surface forms that training has seen, and F1 on them against the others."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from spacy.tokens import Doc

from spacy_causal.corpus.labels import entities_of
from spacy_causal.corpus.lines import read_entries
from spacy_causal.effects.counts import TypeCounts, strict_counts
from spacy_causal.scorers.spans import Span


def seen_forms(docs: Iterable[Doc]) -> frozenset[str]:
    """The surface forms of entities that are annotated, or certain in token targets,
    whatever their types."""
    return frozenset(ent.text for doc in docs for ent in entities_of(doc))


def read_forms(path: Path) -> frozenset[str]:
    """The forms in a text file, one a line.

    Raises ValueError for a line that is no clean UTF-8.
    """
    return frozenset(form for _, form in read_entries(path))


def seen_and_unseen(
    doc: Doc, gold: Sequence[Span], predicted: Sequence[Span], forms: Collection[str]
) -> tuple[TypeCounts, TypeCounts]:
    """Strict matches among entities of seen forms, and among the others.

    A prediction that is wrong counts where its own form belongs, so that every entity
    and every prediction is in one of the two.
    """

    def of(spans: Sequence[Span], *, seen: bool) -> list[Span]:
        return [span for span in spans if (_text(doc, span) in forms) is seen]

    return (
        strict_counts(of(gold, seen=True), of(predicted, seen=True)),
        strict_counts(of(gold, seen=False), of(predicted, seen=False)),
    )


def _text(doc: Doc, span: Span) -> str:
    _, start, end = span
    return doc[start:end].text
