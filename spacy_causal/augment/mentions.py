"""The mentions of a Doc that could be swapped."""

from typing import NamedTuple

from spacy.tokens import Doc

from spacy_causal.corpus.labels import entities_of


class Mention(NamedTuple):
    """A half-open span of tokens and its type."""

    start: int
    end: int
    label: str


def mentions_of(doc: Doc) -> list[Mention]:
    """The entities of a Doc in their order; where it carries targets of entities, those
    that are certain. None begins or ends with white space."""
    return [
        Mention(ent.start, ent.end, ent.label_)
        for ent in entities_of(doc)
        if not (ent[0].is_space or ent[-1].is_space)
    ]
