"""How often a prediction survives a swap of its entity for another of its type."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from numpy.random import Generator
from spacy.language import Language
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_causal.effects.counts import TypeCounts
from spacy_causal.effects.reading import read_spans
from spacy_causal.scorers.spans import Span

# Words of a surface form and whether a space follows each.
Form = tuple[tuple[str, ...], tuple[bool, ...]]


class Swapped(NamedTuple):
    """A document without annotation and where in it the new entity stands."""

    doc: Doc
    span: Span


Swap = Callable[[Doc, Span, Generator], Swapped | None]


def create_form_swap(docs: Iterable[Doc], vocab: Vocab) -> Swap:
    """Return a swap that draws another surface form of the type, evenly, from those
    annotated in some documents; it gives None where there is no other.

    vocab (Vocab): Of the pipeline that is to read the swapped documents.
    """
    found: dict[str, dict[tuple[str, ...], Form]] = {}
    for doc in docs:
        for ent in doc.ents:
            words = tuple(token.text for token in ent)
            spaces = tuple(bool(token.whitespace_) for token in ent)
            found.setdefault(ent.label_, {}).setdefault(words, (words, spaces))
    forms = {label: list(by_words.values()) for label, by_words in found.items()}

    def swap(doc: Doc, span: Span, rng: Generator) -> Swapped | None:
        return swap_form(doc, span, rng, forms=forms, vocab=vocab)

    return swap


def swap_form(
    doc: Doc,
    span: Span,
    rng: Generator,
    *,
    forms: Mapping[str, Sequence[Form]],
    vocab: Vocab,
) -> Swapped | None:
    """Replace the words of a span by those of another form of its type; white space
    after it stays as it was."""
    label, start, end = span
    words = [token.text for token in doc]
    spaces = [bool(token.whitespace_) for token in doc]
    others = [form for form in forms.get(label, ()) if [*form[0]] != words[start:end]]
    if not others:
        return None
    new, new_spaces = others[rng.integers(len(others))]
    words[start:end] = new
    spaces[start:end] = [*new_spaces[:-1], spaces[end - 1]]
    swapped = Doc(vocab, words=words, spaces=spaces)
    return Swapped(swapped, (label, start, start + len(new)))


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
    whether it finds the new one: of its type, from its first token to its last.

    found (Sequence[Sequence[Span]]): By document, what the pipeline found rightly.
    per_doc (int): Swap no more of a document than this many, drawn at random.
    RETURNS (list[TypeCounts]): By document, survived and (twice) tried: F1 of such
        counts is the share that survived.
    """
    rows: list[int] = []
    swapped: list[Swapped] = []
    for row, (doc, spans) in enumerate(zip(docs, found, strict=True)):
        for i in sorted(rng.permutation(len(spans))[:per_doc].tolist()):
            other = swap(doc, spans[i], rng)
            if other is not None:
                rows.append(row)
                swapped.append(other)
    tried = [Counter[str]() for _ in docs]
    survived = [Counter[str]() for _ in docs]
    read = read_spans(nlp, [other.doc for other in swapped])
    for row, other, spans in zip(rows, swapped, read, strict=True):
        label = other.span[0]
        tried[row][label] += 1
        survived[row][label] += other.span in spans
    return [
        {label: (kept[label], n, n) for label, n in sorted(of.items())}
        for kept, of in zip(survived, tried, strict=True)
    ]
