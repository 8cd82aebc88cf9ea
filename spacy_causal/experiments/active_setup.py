"""What is simulated: data, pipeline, strategies, budget; and the cells of its rows."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from spacy_causal.acquisition.named import describe_strategy, make_strategy
from spacy_causal.experiments.active_curves import ALL
from spacy_causal.experiments.feedback_setup import fingerprint
from spacy_causal.learning.augmenting import describe_augment
from spacy_causal.types import Budget


@dataclass(frozen=True, kw_only=True)
class ActiveSetup:
    """Active learning to simulate.

    train (Path): An annotated `.spacy` file, the pool.
    dev (Path | None): Another to score on; None holds a fifth of `train` back.
    config (Path | None): A pipeline to train; without one, a blank pipeline of `lang`
        with the component that fits the annotation.
    component (str | None): The one that learns; None is the only one that fits.
    strategies (tuple[str, ...]): Registered ones by name, with settings of theirs if
        need be: "wbadge", "wbadge:weight=1", "bald:samples=20,dropout=0.2".
    initial (float): The share of the words that is labelled beforehand.
    rounds (int): In which a budget is bought.
    fresh (bool): Train from scratch each round, or go on from the round before.
    augment (str | None): What generates Docs beside the labelled ones, by name, with
        settings of its own if need be, see `make_augment`.
    steps (int | None): Of the optimizer, each round; None is what
        `usual_steps` says of the documents.
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
        describe_augment(self.augment)
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
            "augment": describe_augment(self.augment),
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
