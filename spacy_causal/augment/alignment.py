"""Whether a pipeline's tokens leave the entities of a new text whole."""

from collections.abc import Callable, Iterable

import numpy as np
from spacy.attrs import ORTH
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from spacy_causal.augment.moved import Moves
from spacy_causal.targets.gold import same_tokens

CutText = Callable[[Doc], Doc]


def cut_like(nlp: Language, example: Example) -> CutText:
    """How an example's predicted Doc was made: by the tokenizer, or of the reference's
    own words (where it does not know its spaces, or under `gold_preproc`)."""
    reference = example.reference
    if reference.has_unknown_spaces:
        return copy_words
    if same_tokens(example) and not _same_words(
        reference, nlp.make_doc(reference.text)
    ):
        return copy_words
    return lambda doc: nlp.make_doc(doc.text)


def copy_words(doc: Doc) -> Doc:
    """The same tokens without annotation."""
    values = doc.to_array(ORTH)
    spaces = None
    if not doc.has_unknown_spaces:
        spaces = [bool(token.whitespace_) for token in doc]
    return Doc(doc.vocab, words=values.tolist(), spaces=spaces)


def is_aligned(
    reference: Doc, predicted: Doc, spans: Iterable[tuple[int, int]]
) -> bool:
    """Whether each span of the reference begins and ends where predicted tokens do."""
    return _same_words(reference, predicted) or all(
        _aligned(reference, predicted, *span) for span in spans
    )


def still_aligned(
    example: Example, new: Example, moves: Moves, spans: Iterable[tuple[int, int]]
) -> bool:
    """Whether the donors are aligned, and all spans that were before the swap.

    spans (Iterable[tuple[int, int]]): Of the old reference.
    """
    if _same_words(new.reference, new.predicted):
        return True
    if not is_aligned(new.reference, new.predicted, moves.new):
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
