"""Counterfactual examples: swaps drawn, built, aligned and screened."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from numbers import Integral
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from spacy.language import Language
from spacy.training import Example

from spacy_causal.augment.alignment import cut_like, still_aligned
from spacy_causal.augment.bank import EntityBank, Others, donor_of
from spacy_causal.augment.mentions import Mention, mentions_of
from spacy_causal.augment.provenance import set_score
from spacy_causal.augment.swap import Source, Swap
from spacy_causal.augment.verdicts import KEPT, NO_OTHER, NOT_ALIGNED
from spacy_causal.types import Screen, Verdict

TRIES = 4


@dataclass(frozen=True)
class SwapSettings:
    """Which swaps are made.

    per_example (int): New examples of an example, each another swap; fewer where there
        are not so many.
    all_entities (bool): Swap every mention of the text rather than one.
    balance (bool): Prefer rare types. A mention's chance goes with 1 / √(mentions of
        its type), and texts with rare types are swapped more often than others.
    compatible (bool): Only donors of the mention's shape: casing, digits, number,
        length.
    like (int): Of these only so many, the most like the mention by vectors
        (co-hyponyms), which a bank has from `with_vectors`; 0 for all.
    """

    per_example: int = 1
    all_entities: bool = False
    balance: bool = False
    compatible: bool = False
    like: int = 0

    def __post_init__(self) -> None:
        for name, least in (("like", 0), ("per_example", 1)):
            value = getattr(self, name)
            if not isinstance(value, Integral) or value < least:
                raise ValueError(f"{name} is {value}: a whole number ≥ {least}.")


class Attempt(NamedTuple):
    """A swap of one source, and what became of it.

    example (Example | None): None where nothing could be built.
    """

    source: Example
    example: Example | None
    verdict: Verdict


class _Swappable(NamedTuple):
    """A mention, what could stand for it, and its weight."""

    mention: Mention
    others: Others
    weight: float


def counterfactuals(
    nlp: Language,
    examples: Iterable[Example],
    bank: EntityBank,
    settings: SwapSettings,
    rng: Generator,
    *,
    screen: Screen | None = None,
    batch_size: int = 2000,
) -> Iterator[Attempt]:
    """Swap mentions of examples for other entities of their type.

    CFGen (EMNLP 2020), section 2.3. The new text is cut as the example's was; a swap
    that leaves an entity without token edges of its own is refused, and another drawn.

    nlp (Language): Whose tokenizer cuts new texts.
    screen (Screen | None): Judges a batch of new references at a time.
    batch_size (int): How many.
    YIELDS (Attempt): In the order of the examples, the refused ones too.
    """
    examples = list(examples) if settings.balance else examples
    counts = swaps_per_example(examples, bank, settings, rng)
    drawn = (
        attempt
        for example, count in counts
        for attempt in attempts_at(nlp, example, bank, settings, rng, count=count)
    )
    if screen is None:
        yield from drawn
        return
    while batch := list(islice(drawn, batch_size)):
        yield from _screened(batch, screen)


def swaps_per_example(
    examples: Iterable[Example],
    bank: EntityBank,
    settings: SwapSettings,
    rng: Generator,
) -> Iterator[tuple[Example, int]]:
    """How many swaps to make of each example: the same number for each, or, to prefer
    rare types, shares of the same total by the weight of an example's mentions."""
    if not settings.balance:
        for example in examples:
            yield example, settings.per_example
        return
    examples = list(examples)
    weights = np.array([sum(_weights(example, bank)) for example in examples])
    total = settings.per_example * np.count_nonzero(weights)
    expected = total * weights / (weights.sum() or 1)
    drawn = np.floor(expected + rng.random(len(expected))).astype(int)
    yield from zip(examples, drawn.tolist(), strict=True)


def attempts_at(
    nlp: Language,
    example: Example,
    bank: EntityBank,
    settings: SwapSettings,
    rng: Generator,
    *,
    count: int,
) -> Iterator[Attempt]:
    """Make `count` different swaps of an example, each drawn anew a few times where it
    would not align. A mention without another form of its type is refused once."""
    source = Source.of(example.reference)
    swappable = []
    mentions = mentions_of(example.reference)
    for mention in mentions:
        others = _others(source, mention, bank, settings)
        if others.number:
            weight = _weight(mention.label, bank) if settings.balance else 1.0
            swappable.append(_Swappable(mention, others, weight))
        else:
            yield Attempt(example, None, NO_OTHER)
    if not swappable or not count:
        return
    cut = cut_like(nlp, example)
    seen: set[tuple[tuple[int, str], ...]] = set()
    for _ in range(count * TRIES):
        swaps = draw_swaps(swappable, settings, rng)
        key = tuple([(mention.start, donor.text) for mention, donor in swaps])
        if key in seen:
            continue
        seen.add(key)
        reference, text, moves = source.swap(swaps)
        predicted, same = cut(reference, text)
        new = Example(predicted, reference)
        aligned = same or still_aligned(example, new, moves, mentions)
        yield Attempt(example, new, KEPT if aligned else NOT_ALIGNED)
        count -= aligned
        if not count:
            return


def draw_swaps(
    swappable: Sequence[_Swappable], settings: SwapSettings, rng: Generator
) -> list[Swap]:
    """Draw one mention, or take all, and another form for each."""
    if not settings.all_entities:
        swappable = [swappable[_draw([weight for _, _, weight in swappable], rng)]]
    return [Swap(mention, others.draw(rng)) for mention, others, _ in swappable]


def _others(
    source: Source, mention: Mention, bank: EntityBank, settings: SwapSettings
) -> Others:
    shape = donor_of(source.doc, mention).shape if settings.compatible else None
    text = source.text_of(mention)
    return bank.others(mention.label, text, shape, like=settings.like)


def _draw(weights: Sequence[float], rng: Generator) -> int:
    if len(weights) == 1:
        return 0
    cumulative = np.cumsum(weights)
    at = np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right")
    return min(int(at), len(weights) - 1)


def _weights(example: Example, bank: EntityBank) -> Iterator[float]:
    for mention in mentions_of(example.reference):
        yield _weight(mention.label, bank)


def _weight(label: str, bank: EntityBank) -> float:
    return max(1, bank.count(label)) ** -0.5


def _screened(batch: Sequence[Attempt], screen: Screen) -> Iterator[Attempt]:
    """Judge what was built and aligned, all at once."""
    built = [
        attempt.example.reference
        for attempt in batch
        if attempt.example is not None and attempt.verdict.kept
    ]
    verdicts = iter(screen(built) if built else [])
    for attempt in batch:
        if attempt.example is None or not attempt.verdict.kept:
            yield attempt
            continue
        verdict = next(verdicts)
        set_score(attempt.example.reference, verdict.score)
        yield attempt._replace(verdict=verdict)
