"""A pipeline trained for a number of steps, in the plainest way."""

from collections.abc import Iterator, Sequence
from typing import Any

from numpy.random import Generator, default_rng
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import fix_random_seed
from thinc.api import Optimizer

from spacy_causal.corpus.bare import bare_copy


def train(
    nlp: Language,
    docs: Sequence[Doc],
    *,
    steps: int,
    batch_size: int,
    seed: int,
    dropout: float = 0.1,
    optimizer: Optimizer | None = None,
) -> Language:
    """Initialise a pipeline on annotated Docs and update it `steps` times.

    seed (int): Of the weights, the dropout and the order of the batches.
    """
    fix_random_seed(seed)
    initialised = nlp.initialize(lambda: [fresh_example(doc) for doc in docs])
    sgd = optimizer or initialised
    batches = shuffled_batches(docs, batch_size, default_rng(seed))
    for _ in range(steps):
        examples = [fresh_example(doc) for doc in next(batches)]
        nlp.update(examples, sgd=sgd, drop=dropout)
        sgd.step_schedules()
    return nlp


def evaluate(nlp: Language, docs: Sequence[Doc]) -> dict[str, Any]:
    """The pipeline's scores on annotated Docs."""
    return nlp.evaluate([fresh_example(doc) for doc in docs])


def fresh_example(doc: Doc) -> Example:
    """An annotated Doc beside a bare one with the same tokens."""
    return Example(bare_copy(doc), doc)


def shuffled_batches(
    docs: Sequence[Doc], size: int, rng: Generator
) -> Iterator[list[Doc]]:
    """Batches without end, each pass over the Docs in another order."""
    while True:
        order = rng.permutation(len(docs))
        for start in range(0, len(docs), size):
            yield [docs[i] for i in order[start : start + size]]
