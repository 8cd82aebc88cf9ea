"""Arms that ran with the same seeds: their differences, and how sure those are."""

from collections.abc import Iterable, Mapping
from statistics import mean, stdev
from typing import NamedTuple

from scipy.stats import t

BySeed = Mapping[int, float]


class Interval(NamedTuple):
    """A mean of n differences and half of its 95 % interval (None where n is 1)."""

    mean: float
    half: float | None
    n: int


def interval(differences: Iterable[float]) -> Interval | None:
    """Student's t over paired differences; None of nothing."""
    values = list(differences)
    if not values:
        return None
    n = len(values)
    half = float(t.ppf(0.975, n - 1)) * stdev(values) / n**0.5 if n > 1 else None
    return Interval(mean(values), half, n)


def format_interval(found: Interval | None) -> str:
    """Points ± half the 95 % interval, signed: "+1.9 ± 0.5"; "–" of nothing."""
    if found is None:
        return "–"
    text = f"{100 * found.mean:+z.1f}".replace("-", "−")
    return text if found.half is None else f"{text} ± {100 * found.half:.1f}"


def differences(arm: BySeed, base: BySeed) -> list[float]:
    """The arm's value minus the base's at each seed that both have."""
    return [arm[seed] - base[seed] for seed in arm if seed in base]


def gap_closed(value: float, low: float, high: float) -> float | None:
    """How far a value lies on the way from low (0) to high (1); None where there is no
    way up."""
    return (value - low) / (high - low) if high > low else None


def gap_closed_by(arm: BySeed, low: BySeed, high: BySeed) -> float | None:
    """`gap_closed` of the means over the seeds that all three have."""
    seeds = [seed for seed in arm if seed in low and seed in high]
    if not seeds:
        return None
    means = (mean(values[seed] for seed in seeds) for values in (arm, low, high))
    return gap_closed(*means)
