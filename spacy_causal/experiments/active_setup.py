"""What is simulated: data, pipeline, strategies, budget; and the cells of its rows."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any

import spacy

from spacy_causal.experiments.active_curves import ALL
from spacy_causal.experiments.feedback_setup import fingerprint
from spacy_causal.learning.augmenting import make_augment
from spacy_causal.learning.specs import parse_spec
from spacy_causal.types import Acquire, Budget


@dataclass(frozen=True, kw_only=True)
class ActiveSetup:
    """Active learning to simulate.

    train (Path): An annotated `.spacy` file, the pool.
    dev (Path | None): Another to score on; None holds a fifth of `train` back.
    config (Path | None): A pipeline to train; without one, a blank pipeline of `lang`
        with the component that fits the annotation.
    component (str | None): The one that learns; None is the only one that fits.
    strategies (tuple[str, ...]): Registered ones by name, with settings of theirs if
        need be: "wbadge", "wbadge:weight=1", "bald:samples=20".
    initial (float): The share of the words that is labelled beforehand.
    rounds (int): In which a budget is bought.
    fresh (bool): Train from scratch each round, or go on from the round before.
    augment (str | None): What generates Docs beside the labelled ones, by name, with
        settings of its own if need be, see `make_augment`.
    steps (int | None): Of the optimizer, each round; None is fifteen passes, 300 steps
        at least.
    """

    train: Path
    dev: Path | None = None
    config: Path | None = None
    lang: str = "en"
    component: str | None = None
    strategies: tuple[str, ...] = ("random", "mnlp", "wbadge")
    initial: float = 0.02
    rounds: int = 5
    budget: Budget = field(default_factory=partial(Budget, 500, "words"))
    fresh: bool = True
    augment: str | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.initial < 1:
            raise ValueError(
                f"The initial share lies between 0 and 1, not {self.initial}."
            )
        if self.rounds < 1:
            raise ValueError("There is at least one round.")
        if self.steps is not None and self.steps < 0:
            raise ValueError("There cannot be fewer steps than none.")
        make_augment(self.augment, "")
        if len(set(self.strategies)) < len(self.strategies) or not self.strategies:
            raise ValueError("Name at least one strategy, and each only once.")
        for name in self.strategies:
            make_strategy(name)

    def cell(self, strategy: str, seed: int, number: int) -> dict[str, Any]:
        """All that the outcome of a round depends on. Files are told apart by what is
        in them; how many rounds there are does not matter to one."""
        data = {
            "train": fingerprint(self.train),
            "dev": self.dev and fingerprint(self.dev),
            "config": self.config and fingerprint(self.config),
            "lang": self.lang,
            "component": self.component,
            "augment": self.augment,
            "steps": self.steps,
        }
        if strategy == ALL:
            return {"strategy": ALL, "seed": seed, "round": 0, **data}
        course = {
            "initial": self.initial,
            "budget": str(self.budget),
            "fresh": self.fresh,
        }
        resolved = {"acquire": describe_strategy(strategy)}
        return {"strategy": strategy, "seed": seed, "round": number,
                **resolved, **data, **course}  # fmt: skip

    def cells(self, strategy: str, seed: int) -> list[dict[str, Any]]:
        """One a round, the initial one first."""
        rounds = 0 if strategy == ALL else self.rounds
        return [self.cell(strategy, seed, number) for number in range(rounds + 1)]

    def all_cells(
        self, seeds: Iterable[int], *, bound: bool = True
    ) -> list[dict[str, Any]]:
        """Those of each strategy and, for comparison, of a model trained on it all."""
        names = (*self.strategies, ALL) if bound else self.strategies
        return [c for seed in seeds for name in names for c in self.cells(name, seed)]


def make_strategy(text: str) -> Acquire:
    """A registered strategy by its name, "NAME" or "NAME:setting=value:...".

    Raises ValueError for a name that is not registered or settings it does not take.
    """
    name, settings = parse_spec(text)
    registered = f"spacy-causal.acquire_{name}.v1"
    if not spacy.registry.has("misc", registered):
        known = ", ".join(strategy_names())
        raise ValueError(f"Unknown strategy {name!r}: one of {known}.")
    try:
        return spacy.registry.misc.get(registered)(**settings)
    except TypeError as error:
        raise ValueError(f"The strategy {name!r}: {error}.") from error


def describe_strategy(text: str) -> dict[str, Any]:
    """A strategy's settings with its defaults, so that rows tell them apart should the
    defaults change."""
    name, given = parse_spec(text)
    factory = spacy.registry.misc.get(f"spacy-causal.acquire_{name}.v1")
    defaults = signature(factory).parameters.values()
    return {each.name: given.get(each.name, each.default) for each in defaults}


def strategy_names() -> list[str]:
    """The registered strategies, sorted."""
    begin, end = "spacy-causal.acquire_", ".v1"
    return sorted(
        name.removeprefix(begin).removesuffix(end)
        for name in spacy.registry.misc.get_entry_points()
        if name.startswith(begin)
    )
