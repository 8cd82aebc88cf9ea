"""A Doc's tokens without what they are annotated with, as a Doc or as records."""

from collections.abc import Sequence
from typing import Any

from spacy.attrs import ORTH, SPACY
from spacy.tokens import Doc
from spacy.vocab import Vocab

Words = tuple[Sequence[str], Sequence[bool]]


def words_of(doc: Doc) -> Words:
    """A Doc's words and whether a space follows each."""
    return tuple(t.text for t in doc), tuple(bool(t.whitespace_) for t in doc)


def bare_copy(doc: Doc, vocab: Vocab | None = None) -> Doc:
    """The same tokens without annotation, in this or another vocabulary; where nobody
    knows which spaces there are, nobody does in the copy."""
    words: Any  # hashes, or text
    if vocab is None or vocab is doc.vocab:
        # By their hashes: no word has to be looked up.
        vocab = doc.vocab
        words, spaces = doc.to_array([ORTH, SPACY]).T.tolist()
    else:
        words, spaces = words_of(doc)
    return Doc(vocab, words=words, spaces=None if doc.has_unknown_spaces else spaces)


def tokens_of(doc: Doc) -> list[dict[str, Any]]:
    """A Doc's tokens as Prodigy writes them."""
    return [
        {
            "text": token.text,
            "start": token.idx,
            "end": token.idx + len(token),
            "id": token.i,
            "ws": bool(token.whitespace_),
        }
        for token in doc
    ]
