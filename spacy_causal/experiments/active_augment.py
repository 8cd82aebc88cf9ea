"""Augmentation inside the loop: from the labelled Docs and a trained model to more."""

from collections.abc import Sequence
from functools import partial

from numpy.random import Generator
from spacy.language import Language
from spacy.tokens import Doc

from spacy_causal.augment.bank import collect_entities
from spacy_causal.augment.counterfactuals import SwapSettings, counterfactuals
from spacy_causal.augment.discriminator import discriminate
from spacy_causal.experiments.active import Augment
from spacy_causal.experiments.training import fresh_example


def make_augment(name: str | None) -> Augment | None:
    """An augmentation by name, with its defaults; None of none.

    name (str | None): "counterfactual".
    Raises ValueError for another name.
    """
    if name is None:
        return None
    known: dict[str, Augment] = {"counterfactual": swap_entities}
    if name not in known:
        names = ", ".join(known)
        raise ValueError(f"Unknown augmentation {name!r}: one of {names}.")
    return known[name]


def swap_entities(
    labelled: Sequence[Doc], trained: Language, rng: Generator
) -> list[Doc]:
    """Entities swapped for others of their type, where the model vouches for it: one
    more Doc for each (CFGen, EMNLP 2020)."""
    attempts = counterfactuals(
        trained,
        [fresh_example(doc) for doc in labelled],
        collect_entities(labelled),
        SwapSettings(),
        rng,
        screen=partial(discriminate, nlp=trained),
    )
    return [
        attempt.example.reference
        for attempt in attempts
        if attempt.example is not None and attempt.verdict.kept
    ]
