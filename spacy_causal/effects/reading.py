"""What a pipeline finds in annotated documents as they are and intervened on."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from spacy_causal.corpus.bare import bare_copy
from spacy_causal.effects.emptying import emptied
from spacy_causal.effects.masks import Mask
from spacy_causal.scorers.spans import Span

# The text as it is, do(c0), do(e0).
INTERVENTIONS = ("none", "do_c0", "do_e0")


def read_intervened(nlp: Language, golds: Sequence[Doc]) -> dict[str, list[list[Span]]]:
    """Predict each document three times: as it is, with all but its entities empty,
    with its entities empty (CFGen, EMNLP 2020, section 3.3).

    golds (Sequence[Doc]): Annotated; their own tokens are what is predicted on. A token
        whose annotation is missing counts as context.
    RETURNS (dict[str, list[list[Span]]]): By intervention, one list a document.
    """
    inside = [entity_tokens(doc) for doc in golds]
    masks = {
        "none": [np.zeros_like(tokens) for tokens in inside],
        "do_c0": [~tokens for tokens in inside],
        "do_e0": inside,
    }
    copies = {name: [bare_copy(doc, nlp.vocab) for doc in golds] for name in masks}
    docs = [doc for name in INTERVENTIONS for doc in copies[name]]
    tokens = [mask for name in INTERVENTIONS for mask in masks[name]]
    with emptied(nlp, docs, tokens) as read:
        found = read_spans(nlp, read.docs)
        read.require_read()
    n = len(golds)
    return {name: found[i * n : (i + 1) * n] for i, name in enumerate(INTERVENTIONS)}


def read_spans(nlp: Language, docs: Sequence[Doc]) -> list[list[Span]]:
    """Run the pipeline and say what it found on the tokens there were before, whatever
    its pipes merged or split."""
    edges = [_token_edges(doc) for doc in docs]
    found = []
    for doc, (starts, ends) in zip(nlp.pipe(docs), edges, strict=True):
        found.append(
            [
                (
                    ent.label_,
                    int(np.searchsorted(ends, ent.start_char, side="right")),
                    int(np.searchsorted(starts, ent.end_char, side="left")),
                )
                for ent in doc.ents
            ]
        )
    return found


def entity_tokens(doc: Doc) -> Mask:
    """True at the tokens of annotated entities, shape (n,)."""
    tokens = np.zeros(len(doc), dtype=bool)
    for ent in doc.ents:
        tokens[ent.start : ent.end] = True
    return tokens


def _token_edges(doc: Doc) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    starts = np.array([token.idx for token in doc], dtype=int)
    return starts, starts + np.array([len(token) for token in doc], dtype=int)
