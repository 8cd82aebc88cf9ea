"""What has been chosen so far, and what may still be."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from thinc.types import Ints1d

from spacy_causal.types import Budget

Similar = Callable[[int], Ints1d]


@dataclass
class Basket:
    """Documents picked within a budget, by position in the pool. A document longer than
    the rest of the budget is skipped; only if no document fits at all may a single one
    exceed the budget.

    lengths (Ints1d): Tokens of each document, shape (N,); one without any is never
        open.
    similar (Similar | None): From the place of a document, a pick or one beyond the N,
        to the places of its near-duplicates.
    """

    lengths: Ints1d
    budget: Budget
    similar: Similar | None = None
    chosen: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.costs = np.asarray(self.lengths)
        self.open = self.costs > 0
        if self.budget.unit == "sentences":
            self.costs = np.ones_like(self.costs)
        self.room = self.budget.size
        fits = self.open & (self.costs <= self.room)
        self.open = fits if fits.any() else self.open

    def leave_out_like(self, rows: Iterable[int]) -> None:
        """Close what is a near-duplicate of these, where there is a guard."""
        if self.similar is not None:
            for row in rows:
                like = self.similar(row)
                self.open[like[like < len(self.open)]] = False

    def take(self, row: int) -> None:
        """Choose a document that is open."""
        self.chosen.append(int(row))
        self.room -= int(self.costs[row])
        self.open[row] = False
        self.leave_out_like([row])
        if self.budget.unit == "words" or self.room <= 0:
            self.open &= self.costs <= self.room
