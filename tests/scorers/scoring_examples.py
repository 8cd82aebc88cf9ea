"""Examples for the scorers' tests: two annotated tokenisations of one text."""

from collections.abc import Sequence
from itertools import pairwise

import spacy
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.training import Example

NLP = spacy.blank("en")
TYPES = ("ORG", "LOC", "TOOL-")
Entity = tuple[str, int, int]


def make_doc(
    words: Sequence[str],
    spaces: Sequence[bool],
    ents: Sequence[Entity],
    missing: Sequence[int] = (),
) -> Doc:
    doc = Doc(NLP.vocab, words=list(words), spaces=list(spaces))
    spans = [Span(doc, start, end, label) for label, start, end in ents]
    doc.set_ents(spans, missing=[doc[i : i + 1] for i in missing], default="outside")
    return doc


def make_example(
    gold: Sequence[Entity],
    predicted: Sequence[Entity],
    *,
    length: int = 8,
    missing: Sequence[int] = (),
) -> Example:
    words, spaces = [f"w{i}" for i in range(length)], [True] * length
    return Example(
        make_doc(words, spaces, predicted),
        make_doc(words, spaces, gold, missing),
    )


@st.composite
def entities(draw: st.DrawFn, length: int, taken: frozenset[int] = frozenset()):
    """Draw spans that do not overlap each other or `taken`."""
    spans, free = [], 0
    while free < length:
        start = draw(st.integers(free, length - 1))
        end = draw(st.integers(start + 1, min(start + 3, length)))
        if taken.isdisjoint(range(start, end)) and draw(st.booleans()):
            spans.append((draw(st.sampled_from(TYPES)), start, end))
        free = end
    return spans


@st.composite
def examples(draw: st.DrawFn) -> Example:
    """Draw an example whose docs cut the same letters into different tokens."""
    letters = "abcdefghij"[: draw(st.integers(1, 10))]
    reference, predicted = (draw(_cuts(len(letters))) for _ in range(2))
    gold_words = _pieces(letters, reference)
    missing = draw(st.sets(st.integers(0, len(gold_words) - 1), max_size=3))
    docs = []
    for words, gaps in (
        (_pieces(letters, predicted), ()),
        (gold_words, sorted(missing)),
    ):
        ents = draw(entities(len(words), frozenset(gaps)))
        docs.append(make_doc(words, [False] * len(words), ents, gaps))
    return Example(docs[0], docs[1])


@st.composite
def _cuts(draw: st.DrawFn, length: int) -> list[int]:
    inner = draw(st.sets(st.integers(1, max(1, length - 1)), max_size=length))
    return sorted({0, length, *(i for i in inner if i < length)})


def _pieces(letters: str, cuts: Sequence[int]) -> list[str]:
    return [letters[a:b] for a, b in pairwise(cuts)]
