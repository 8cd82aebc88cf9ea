"""Whether a pipeline's tokens leave the entities of a new text whole."""

from collections.abc import Iterable
from functools import cache
from typing import Protocol

import numpy as np
from spacy.attrs import ORTH, SPACY
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from spacy_causal.augment.moved import Moves
from spacy_causal.targets.gold import same_tokens


class CutText(Protocol):
    """Cuts a reference's text into the tokens of a predicted Doc."""

    def __call__(self, reference: Doc, text: str | None = None) -> Doc:
        """text (str | None): The reference's, where it is known already."""


def cut_like(nlp: Language, example: Example) -> CutText:
    """How an example's predicted Doc was made: by the tokenizer, or of the reference's
    own words (where it does not know its spaces, or under `gold_preproc`)."""
    source = example.reference
    if source.has_unknown_spaces:
        return copy_words

    @cache
    def has_gold_tokens() -> bool:
        tokenised = nlp.make_doc(source.text)
        return same_tokens(example) and not _same_words(source, tokenised)

    def cut(reference: Doc, text: str | None = None) -> Doc:
        predicted = nlp.make_doc(reference.text if text is None else text)
        if not _same_words(reference, predicted) and has_gold_tokens():
            return copy_words(reference)
        return predicted

    return cut


def copy_words(reference: Doc, text: str | None = None) -> Doc:
    """The same tokens without annotation."""
    words, spaces = reference.to_array([ORTH, SPACY]).T.tolist()
    unknown = reference.has_unknown_spaces
    return Doc(reference.vocab, words=words, spaces=None if unknown else spaces)


def still_aligned(
    example: Example, new: Example, moves: Moves, spans: Iterable[tuple[int, int]]
) -> bool:
    """Whether the donors are aligned, and all spans that were before the swap.

    spans (Iterable[tuple[int, int]]): Of the old reference.
    """
    if _same_words(new.reference, new.predicted):
        return True
    if not all(_aligned(new.reference, new.predicted, *span) for span in moves.new):
        return False
    return all(
        _aligned(new.reference, new.predicted, *moved)
        or not _aligned(example.reference, example.predicted, *span)
        for span in spans
        if (moved := moves.span(*span)) is not None
    )


def _aligned(reference: Doc, predicted: Doc, start: int, end: int) -> bool:
    span = reference[start:end]
    found = predicted.char_span(span.start_char, span.end_char)
    return found is not None and len(span) > 0


def _same_words(reference: Doc, predicted: Doc) -> bool:
    return len(reference) == len(predicted) and np.array_equal(
        reference.to_array(ORTH), predicted.to_array([ORTH])
    )
