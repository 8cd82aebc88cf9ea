"""Whether a pipeline's tokens leave the entities of a new text whole."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from spacy_causal.augment.mentions import Mention
from spacy_causal.augment.moved import Moves
from spacy_causal.corpus.bare import bare_copy
from spacy_causal.targets.gold import same_tokens


class Cut(NamedTuple):
    """A predicted Doc, and whether its tokens are the reference's."""

    predicted: Doc
    same: bool


class CutText(Protocol):
    """Cuts a reference's text into the tokens of a predicted Doc."""

    def __call__(self, reference: Doc, text: str | None = None) -> Cut:
        """text (str | None): The reference's, where it is known already."""


def cut_like(nlp: Language, example: Example) -> CutText:
    """A function that makes predicted Docs as this example's was made: by the
    tokenizer, or from the reference's own words (if its spaces are unknown, or with
    `gold_preproc`)."""
    source = example.reference
    if source.has_unknown_spaces:
        return copy_words

    def cut(reference: Doc, text: str | None = None) -> Cut:
        predicted = nlp.make_doc(reference.text if text is None else text)
        same = same_tokens(reference, predicted)
        if not same and _has_gold_tokens(nlp, example):
            return copy_words(reference)
        return Cut(predicted, same)

    return cut


def _has_gold_tokens(nlp: Language, example: Example) -> bool:
    """Whether the predicted tokens are the reference's, but not the tokenizer's."""
    source = example.reference
    if not same_tokens(example.predicted, source):
        return False
    return not same_tokens(source, nlp.make_doc(source.text))


def copy_words(reference: Doc, text: str | None = None) -> Cut:
    """The same tokens without annotation."""
    return Cut(bare_copy(reference), True)


def still_aligned(
    example: Example, new: Example, moves: Moves, mentions: Iterable[Mention]
) -> bool:
    """Whether the donors are aligned, and all mentions that were before the swap.

    mentions (Iterable[Mention]): Of the old reference.
    """
    if not all(_aligned(new.reference, new.predicted, *span) for span in moves.new):
        return False
    return all(
        _aligned(new.reference, new.predicted, *moved)
        or not _aligned(example.reference, example.predicted, start, end)
        for start, end, _ in mentions
        if (start, end) not in moves.old
        and (moved := moves.span(start, end)) is not None
    )


def _aligned(reference: Doc, predicted: Doc, start: int, end: int) -> bool:
    span = reference[start:end]
    found = predicted.char_span(span.start_char, span.end_char)
    return found is not None and len(span) > 0
