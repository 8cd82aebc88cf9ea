"""Training that is watched on held-out text, on batches of clean and swapped text."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from numpy.random import Generator, default_rng
from spacy.language import Language
from spacy.training import Example
from thinc.api import Optimizer

from spacy_causal.augment.provenance import get_provenance, source_id

Weights = dict[str, bytes]
Order = Literal["mixed", "share", "replace", "clean_last"]


class Checkpoint(NamedTuple):
    """Weights after a number of steps."""

    step: int
    weights: Weights


class Watched(NamedTuple):
    """What a training left.

    fixed (Checkpoint): After as many steps as were asked for.
    best (Checkpoint | None): Where the held-out score was highest; None unwatched.
    curve (list[tuple[int, float]]): Steps and held-out scores.
    """

    fixed: Checkpoint
    best: Checkpoint | None
    curve: list[tuple[int, float]]


def train_watched(
    nlp: Language,
    batches: Iterator[list[Example]],
    *,
    sgd: Optimizer,
    fixed: int,
    watch: Callable[[Language], float] | None = None,
    every: int = 50,
    patience: int = 200,
    limit: int = 800,
    dropout: float = 0.1,
) -> Watched:
    """Update an initialised pipeline, and keep its weights at two points of one run.

    fixed (int): After this many steps weights are kept; training never ends earlier.
    watch (Callable | None): Scores the pipeline on held-out text `every` steps; None
        ends the training after the fixed steps.
    patience (int): Stop this many steps after the best score, or at `limit`.
    """
    best, high, curve, step = None, -1.0, [], 0
    kept = None
    while True:
        step += 1
        nlp.update(next(batches), sgd=sgd, drop=dropout)
        sgd.step_schedules()
        if watch is not None and step % every == 0 and step <= limit:
            score = watch(nlp)
            curve.append((step, score))
            if score > high:
                best, high = Checkpoint(step, weights_of(nlp)), score
        if step == fixed:
            kept = Checkpoint(step, weights_of(nlp))
        waited = best is not None and step - best.step >= patience
        if kept and (watch is None or waited or step >= limit):
            return Watched(kept, best, curve)


def weights_of(nlp: Language) -> Weights:
    """The weights of all pipes that have some."""
    return {name: model.to_bytes() for name, model in _models(nlp)}


def set_weights(nlp: Language, weights: Weights) -> Language:
    """Put weights back into the pipeline that they are of."""
    for name, model in _models(nlp):
        model.from_bytes(weights[name])
    return nlp


def _models(nlp: Language) -> list[tuple[str, Any]]:
    return [(n, pipe.model) for n, pipe in nlp.pipeline if hasattr(pipe, "model")]


class Mix(NamedTuple):
    """How swapped text is mixed with clean text.

    order (str): "mixed", one set of examples; "share", so much of each batch is
        swapped; "replace", in each pass a sentence gives way to one of its swaps at
        that rate; "clean_last", swapped text alone for so many passes, then clean.
    amount (float): The share, rate or passes; not used in "mixed".
    """

    order: Order = "mixed"
    amount: float = 0.0


def batches_of(
    clean: Sequence[Example],
    swapped: Sequence[Example],
    mix: Mix,
    size: int,
    seed: int,
) -> Iterator[list[Example]]:
    """Batches without end, in an order that hangs on the seed alone."""
    rng = default_rng([seed, 2])
    if not swapped or mix.order == "mixed":
        yield from _passes([*clean, *swapped], size, rng)
    elif mix.order == "share":
        part = swapped_in_batch(mix, size)
        pairs = zip(
            _passes(clean, size - part, rng), _passes(swapped, part, rng), strict=True
        )
        yield from ([*first, *second] for first, second in pairs)
    elif mix.order == "replace":
        yield from _replaced(clean, swapped, mix.amount, size, rng)
    else:
        first = _passes(swapped, size, rng)
        for _ in range(round(mix.amount) * -(-len(swapped) // size)):
            yield next(first)
        yield from _passes(clean, size, rng)


def swapped_in_batch(mix: Mix, size: int) -> int:
    """How many examples of a batch are swapped in "share"; one is at least clean."""
    return min(max(1, round(mix.amount * size)), size - 1)


def steps_of(epochs: int, clean: int, swapped: int, mix: Mix, size: int) -> int:
    """Optimizer steps in a number of passes over the training text: over both kinds
    where they are mixed, over the clean sentences otherwise.

    clean, swapped (int): How many examples there are.
    """
    if not swapped or mix.order == "mixed":
        return epochs * -(-(clean + swapped) // size)
    if mix.order == "share":
        return epochs * -(-clean // (size - swapped_in_batch(mix, size)))
    steps = epochs * -(-clean // size)
    if mix.order == "clean_last":
        steps += round(mix.amount) * -(-swapped // size)
    return steps


def _passes(
    examples: Sequence[Example], size: int, rng: Generator
) -> Iterator[list[Example]]:
    while True:
        order = rng.permutation(len(examples)).tolist()
        for start in range(0, len(order), size):
            yield [examples[i] for i in order[start : start + size]]


def _replaced(
    clean: Sequence[Example],
    swapped: Sequence[Example],
    rate: float,
    size: int,
    rng: Generator,
) -> Iterator[list[Example]]:
    made: dict[str, list[Example]] = {}
    for example in swapped:
        source = (get_provenance(example.reference) or {})["source"]
        made.setdefault(source, []).append(example)
    choices = [made.get(source_id(e.reference), []) for e in clean]
    while True:
        order = rng.permutation(len(clean)).tolist()
        drawn = rng.random((len(clean), 2))
        for start in range(0, len(order), size):
            yield [
                choices[i][int(drawn[i, 1] * len(choices[i]))]
                if choices[i] and drawn[i, 0] < rate
                else clean[i]
                for i in order[start : start + size]
            ]
