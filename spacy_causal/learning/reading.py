"""What a component says of Docs that no pipe has read yet."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.types import Floats2d

from spacy_causal.numeric import softmax
from spacy_causal.pipeline.upstream import require_features
from spacy_causal.types import TokenScores


def require_docs(docs: Iterable[Doc]) -> list[Doc]:
    """The same, once each has been seen to be a Doc.

    Raises TypeError for what is none, such as an Example.
    """
    found = list(docs)
    for doc in found:
        if not isinstance(doc, Doc):
            hint = ": pass its reference" if isinstance(doc, Example) else ""
            raise TypeError(
                f"Annotated Docs are expected, not {type(doc).__name__}{hint}."
            )
    return found


def read_upstream(nlp: Language, component: str, docs: Sequence[Doc]) -> list[Doc]:
    """The Docs as the pipes before the component leave them.

    Raises ValueError when the component listens to an encoder that has not run: it
    would predict from zeros, and say nothing of it.
    """
    docs = list(docs)
    for name, pipe in nlp.pipeline:
        if name == component:
            break
        docs = list(pipe.pipe(docs) if hasattr(pipe, "pipe") else map(pipe, docs))
    require_features(nlp.get_pipe(component), docs)
    return docs


def probabilities_of(
    nlp: Language, component: str, docs: Sequence[Doc], *, batch_size: int = 128
) -> list[Floats2d]:
    """What a `causal_ner` or `causal_tagger` says of unread Docs.

    RETURNS (list[Floats2d]): A Doc each, shape (n, M).
    Raises ValueError when its encoder gives nothing but zeros.
    """
    ops = nlp.get_pipe(component).model.ops  # type: ignore[attr-defined]
    said: list[Floats2d] = []
    for _, scores in scores_of(nlp, component, docs, batch_size=batch_size):
        rows = ops.to_numpy(softmax(scores.logits))
        said += scores.split(rows.astype(np.float32))
    return said


def scores_of(
    nlp: Language, component: str, docs: Sequence[Doc], *, batch_size: int = 128
) -> Iterator[tuple[list[Doc], TokenScores]]:
    """What a component says of unread Docs, in batches, as the pipes before it leave
    them; raises as `probabilities_of` does."""
    pipe: Any = nlp.get_pipe(component)
    for batch in _batches(docs, batch_size):
        read = read_upstream(nlp, component, batch)
        scores = pipe.predict(read)
        if scores.hidden.size and not scores.hidden.any():
            raise ValueError(
                f"All that {component!r} reads is zeros: is the pipe that it listens "
                "to in the pipeline, before it, and initialised?"
            )
        yield read, scores


def memory_zone(nlp: Language) -> AbstractContextManager[Any]:
    """A zone that leaves no word in the vocabulary; the one we are in, if any."""
    vocab: Any = nlp.vocab
    return nullcontext() if vocab.in_memory_zone else nlp.memory_zone()


def _batches(docs: Sequence[Doc], size: int) -> Iterator[Sequence[Doc]]:
    for start in range(0, len(docs), size):
        yield docs[start : start + size]
