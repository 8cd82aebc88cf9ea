"""A context word that goes with a type, put into text on purpose."""

from numpy.random import Generator
from spacy.tokens import Doc, Span


def inject_cue(
    doc: Doc,
    cue: str,
    label: str,
    *,
    rate: float,
    other_rate: float,
    rng: Generator,
) -> Doc:
    """A copy of an annotated Doc with a word put before some of its mentions.

    label (str): The type whose mentions get the word with probability `rate`;
        those of the other types get it with probability `other_rate`.
    RETURNS (Doc): Its entities moved, the new words outside all of them.
    Raises ValueError for a Doc whose annotation is partly missing.
    """
    if not all(token.ent_iob for token in doc):
        raise ValueError(
            f"Annotation is missing, and has to stay so: {doc.text[:60]!r}"
        )
    before = {
        ent.start
        for ent in doc.ents
        if rng.random() < (rate if ent.label_ == label else other_rate)
    }
    words: list[str] = []
    spaces: list[bool] = []
    position: list[int] = []
    for token in doc:
        if token.i in before:
            words.append(cue)
            spaces.append(True)
        position.append(len(words))
        words.append(token.text)
        spaces.append(bool(token.whitespace_))
    injected = Doc(doc.vocab, words=words, spaces=spaces)
    injected.set_ents(
        [
            Span(injected, position[e.start], position[e.end - 1] + 1, label=e.label)
            for e in doc.ents
        ],
        default="outside",
    )
    return injected
