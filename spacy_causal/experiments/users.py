"""Simulated users: what somebody would answer who is shown K labels."""

from collections.abc import Callable, Collection, Sequence
from functools import partial

from numpy.random import Generator

SimulatedUser = Callable[[Sequence[str], str, Generator], str | None]


def perfect_user(shown: Sequence[str], truth: str, rng: Generator) -> str | None:
    """The truth where it is shown, else "none of these" (None)."""
    return truth if truth in shown else None


def telling_user(shown: Sequence[str], truth: str, rng: Generator) -> str | None:
    """The truth, also where it is not shown: ground-truth feedback."""
    return truth


def create_mistaken_user(rate: float) -> SimulatedUser:
    """Somebody who gives a wrong answer with probability `rate`: another of the shown
    labels or "none of these", each equally often."""
    if not 0 <= rate <= 1:
        raise ValueError(f"A rate is a probability, not {rate}.")
    return partial(mistaken_user, rate=rate)


def mistaken_user(
    shown: Sequence[str], truth: str, rng: Generator, *, rate: float
) -> str | None:
    """Wrong with probability `rate`."""
    right = perfect_user(shown, truth, rng)
    if rng.random() >= rate:
        return right
    wrong = [label for label in (*shown, None) if label != right]
    return wrong[rng.integers(len(wrong))]


def create_partial_user(known: Collection[str]) -> SimulatedUser:
    """Somebody who knows only some of the labels, CITISL's unobserved confounder C,
    and answers "none of these" where the truth is another."""
    return partial(partial_user, known=frozenset(known))


def partial_user(
    shown: Sequence[str], truth: str, rng: Generator, *, known: Collection[str]
) -> str | None:
    """The truth where it is shown and known."""
    return truth if truth in shown and truth in known else None
