"""Pairs of windows, drawn without comparing all with all."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from thinc.types import Ints1d


class Window(NamedTuple):
    """Tokens of a sequence, half-open.

    sequence (int): Its position in the corpus.
    key (Hashable): Two windows can be paired if it is the same for both: their length,
        or their labels.
    """

    sequence: int
    start: int
    end: int
    key: Hashable


class Pair(NamedTuple):
    """Two windows of two sequences, to be mixed."""

    first: Window
    second: Window


@dataclass(frozen=True)
class Pairs:
    """All pairs of windows of different sequences, as numbers from 0 to `2 * count`.

    A number stands for an ordered pair. Windows are sorted by key and sequence, so the
    possible partners of a window are the run of its key without the part of its own
    sequence. Memory and time are linear in the number of windows.

    windows (list[Window]): W of them, sorted.
    runs (Ints1d): Where each window's key begins and ends, shape (W, 2).
    own (Ints1d): Where its sequence's part of that begins and ends, shape (W, 2).
    until (Ints1d): How many numbers there are up to each window, shape (W,).
    """

    windows: list[Window]
    runs: Ints1d
    own: Ints1d
    until: Ints1d

    @classmethod
    def of(cls, windows: Sequence[Window]) -> "Pairs":
        """windows (Sequence[Window]): In the order of their sequences."""
        rank: dict[Hashable, int] = {}
        keys = np.array([rank.setdefault(w.key, len(rank)) for w in windows], dtype=int)
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        ordered = [windows[i] for i in order.tolist()]
        sequences = np.array([w.sequence for w in ordered], dtype=int)
        runs, own = _runs(keys), _runs(keys, sequences)
        partners = (runs[:, 1] - runs[:, 0]) - (own[:, 1] - own[:, 0])
        return cls(ordered, runs, own, np.cumsum(partners))

    @property
    def count(self) -> int:
        """How many (unordered) pairs there are."""
        return int(self.until[-1]) // 2 if len(self.until) else 0

    def pair(self, number: int) -> tuple[int, int]:
        """The positions of an ordered pair's windows."""
        first = int(np.searchsorted(self.until, number, side="right"))
        second = self.runs[first, 0] + number - (self.until[first - 1] if first else 0)
        if second >= self.own[first, 0]:
            second += self.own[first, 1] - self.own[first, 0]
        return first, int(second)

    def draw(self, rng: Generator) -> Iterator[Pair]:
        """Yield every pair once, in random order; which is first is random too."""
        seen: set[tuple[int, int]] = set()
        for number in _without_repeats(2 * self.count, rng):
            first, second = self.pair(number)
            key = min(first, second), max(first, second)
            if key not in seen:
                seen.add(key)
                yield Pair(self.windows[first], self.windows[second])


def _without_repeats(n: int, rng: Generator) -> Iterator[int]:
    """The numbers below n in random order, n of them never in memory until a share of
    them was drawn."""
    seen: set[int] = set()
    while len(seen) < n // 2:
        for number in rng.integers(n, size=256).tolist():
            if number not in seen:
                seen.add(number)
                yield number
    left = [number for number in range(n) if number not in seen]
    yield from rng.permutation(left).tolist()


def _runs(*keys: Ints1d) -> Ints1d:
    """Where the run of equal keys around each position begins and ends, (W, 2)."""
    if not len(keys[0]):
        return np.zeros((0, 2), dtype=int)
    changes = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    edges = np.concatenate([[0], np.flatnonzero(changes) + 1, [len(keys[0])]])
    run = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    return np.stack([edges[run], edges[run + 1]], axis=1)
