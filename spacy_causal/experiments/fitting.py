"""A component trained on Docs, by random numbers that depend on a key only."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from numpy.random import default_rng
from spacy.language import Language
from spacy.tokens import Doc

from spacy_causal.experiments.training import fresh_example, shuffled_batches
from spacy_causal.learning.seeding import seeded
from spacy_causal.learning.settings import LearnerSettings
from spacy_causal.learning.trainer import Trainer

Progress = Callable[[Iterable[Any], int, str], Iterable[Any]]
BATCH_SIZE = 32
LEAST_STEPS = 300


def quietly(items: Iterable[Any], total: int, name: str) -> Iterable[Any]:
    """Show no progress."""
    return items


def usual_steps(n_docs: int) -> int:
    """Fifteen passes, six over many Docs, and 300 steps at least."""
    passes = 15 if n_docs < 4000 else 6
    return max(LEAST_STEPS, passes * -(-n_docs // BATCH_SIZE))


def fit(
    nlp: Language,
    component: str,
    docs: Sequence[Doc],
    *,
    key: Sequence[int],
    steps: int | None = None,
    batch_size: int = BATCH_SIZE,
    initialize: bool = True,
    trained: Collection[str] = (),
    progress: Progress = quietly,
    check: Callable[[int], None] | None = None,
) -> Trainer:
    """Train a component and its encoder.

    key (Sequence[int]): All that the random numbers depend on.
    steps (int | None): Of the optimizer; None is `usual_steps`.
    initialize (bool): Whether the weights are made anew first, but for the pipes that
        are `trained`.
    progress (Progress): Wraps an iterable, given its length and a name.
    check (Callable[[int], None] | None): Called after each step with their number.
    RETURNS (Trainer): Keeps and restores the weights.
    """
    steps = usual_steps(len(docs)) if steps is None else steps
    with seeded(nlp, key):
        if initialize:
            with nlp.select_pipes(disable=[*trained]):
                nlp.initialize(lambda: [fresh_example(doc) for doc in docs])
        settings = LearnerSettings(dropout=nlp.config["training"]["dropout"])
        trainer = Trainer(nlp, component, settings)
        batches = shuffled_batches(docs, batch_size, default_rng(key))
        for step in progress(range(steps), steps, f"train on {len(docs):,} texts"):
            examples = [fresh_example(doc) for doc in next(batches)]
            trainer.steps([examples], {})
            if check is not None:
                check(step + 1)
    return trainer
