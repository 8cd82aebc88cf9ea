"""Training whose random numbers depend on a key and on nothing that went before."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from numpy.random import Generator, SeedSequence, default_rng
from spacy.language import Language
from spacy.util import fix_random_seed


@contextmanager
def seeded(nlp: Language, key: Sequence[int]) -> Iterator[Generator]:
    """Seed all that draws in training: thinc's and torch's dropout, and the generators
    that layers of the pipeline hold. The global states are put back afterwards.

    YIELDS (Generator): One more, for the caller.
    """
    seed = int(SeedSequence(key).generate_state(1)[0])
    python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002
    with torch.random.fork_rng():
        try:
            fix_random_seed(seed)
            for generator in _generators_of(nlp):
                generator.bit_generator.state = default_rng(seed).bit_generator.state
            yield default_rng(seed)
        finally:
            random.setstate(python)
            np.random.set_state(legacy)  # noqa: NPY002


def _generators_of(nlp: Language) -> Iterator[Generator]:
    models = [pipe.model for _, pipe in nlp.pipeline if hasattr(pipe, "model")]
    for node in (node for model in models for node in model.walk()):
        if isinstance(node._func, partial):
            for value in node._func.keywords.values():
                if isinstance(value, Generator):
                    yield value
