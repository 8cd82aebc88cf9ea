"""Pipelines from a disk or an installed package."""

from pathlib import Path

import spacy
from spacy.language import Language
from spacy.vocab import Vocab


def load_trained(model: str | Path, vocab: Vocab | bool = True) -> Language:
    """Load a pipeline, and let it read a word: one that was never trained cannot, and
    would say so in the middle of other work.

    Raises ValueError for a component that was not initialised, OSError where there is
    no such pipeline.
    """
    nlp = spacy.load(model, vocab=vocab)
    with nlp.memory_zone():
        nlp("a")
    return nlp
