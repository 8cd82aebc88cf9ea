"""The intervention of CFGen: a token becomes [EMPTY], its embedding zero."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from spacy_causal.effects.layers import intervened
from spacy_causal.effects.masks import EmptyTokens, Mask, tokens_marked
from spacy_causal.effects.sites import find_sites
from spacy_causal.interventions.words import replace_words

EMPTY = "[EMPTY]"


@dataclass(frozen=True)
class Emptied:
    """Documents to hand to the pipeline while it heeds their empty tokens.

    docs (list[Doc]): The ones given, or copies with substitutes in them.
    substituted (tuple[str, ...]): Pipes whose embeddings could not be emptied: for
        them, and therefore in the text of all, an empty token is a word that is in no
        vocabulary.
    """

    docs: list[Doc]
    substituted: tuple[str, ...]
    _marks: list[EmptyTokens]
    _by_layer: bool

    def require_read(self) -> None:
        """Raise RuntimeError where a document never came by an embedding layer: what
        was predicted from a copy of it, or in another process, was not intervened on.
        """
        missed = [m for m in self._marks if m.tokens.any() and not m.reached]
        if self._by_layer and missed:
            raise RuntimeError(
                f"{len(missed)} documents reached no embedding layer, so their tokens "
                f"were not empty: {missed[0].doc.text[:60]!r}"
            )


@contextmanager
def emptied(
    nlp: Language, docs: Sequence[Doc], tokens: Sequence[Mask], *, word: str = EMPTY
) -> Iterator[Emptied]:
    """Empty tokens of documents (do(c0), do(e0); CFGen, EMNLP 2020, section 3.3).

    Within the block, a token's vector is zero where the pipeline's embedding layers
    (those of tok2vec, static vectors, a transformer's wordpieces; shared or a
    component's own) give it out. Pipes that set entities and read words otherwise
    (rules, functions, embeddings of another make) read `word` instead; the result
    names them. When the block is left, by an exception too, every layer is as before.

    Only these Docs, predicted in this thread and within the block, are intervened on:
    other threads may use the pipeline meanwhile, with blocks of their own or without.
    (thinc itself switches torch models to and fro around a prediction, so dropout
    makes transformers unsafe to share between threads, with or without this.)

    tokens (Sequence[Mask]): One array a Doc, of its length, True where it is empty.
    word (str): The substitute.
    Raises ValueError where no pipe sets entities, or an array does not fit its Doc.
    """
    sites = find_sites(nlp)
    read = list(docs)
    if sites.substituted:
        pairs = zip(docs, tokens, strict=True)
        read = [_with_substitutes(doc, mask, word) for doc, mask in pairs]
    with ExitStack() as stack:
        for layer in sites.layers:
            stack.enter_context(intervened(layer))
        marks = stack.enter_context(tokens_marked(read, tokens))
        yield Emptied(read, sites.substituted, marks, bool(sites.layers))


def _with_substitutes(doc: Doc, mask: Mask, word: str) -> Doc:
    at = np.flatnonzero(mask).tolist()
    return replace_words(doc, at, [word] * len(at)) if at else doc
