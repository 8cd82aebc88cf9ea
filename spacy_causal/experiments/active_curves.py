"""Learning curves of strategies: areas paired by seed, words needed, in sentences."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import mean
from typing import Any, NamedTuple

from spacy_causal.experiments.paired import (
    Interval,
    differences,
    format_interval,
    interval,
)
from spacy_causal.experiments.wording import format_spread

ALL = "all"
BASELINE = "random"
LEVELS = (0.95, 0.98, 0.99)
MORE = "more words than were bought"
Rows = Sequence[Mapping[str, Any]]


class Curve(NamedTuple):
    """One run: words labelled and the score, round by round."""

    words: list[int]
    scores: list[float]


Curves = dict[str, dict[int, Curve]]


def curves_of(rows: Rows) -> Curves:
    """The runs by strategy and seed; rounds in their order.

    rows (Rows): One a round, with "strategy", "seed", "round", "words" and "score".
    """
    found: Curves = {}
    for row in sorted(rows, key=lambda row: row["round"]):
        if row["strategy"] != ALL:
            seeds = found.setdefault(row["strategy"], {})
            curve = seeds.setdefault(row["seed"], Curve([], []))
            curve.words.append(row["words"])
            curve.scores.append(row["score"])
    order = dict.fromkeys(row["strategy"] for row in rows)
    return {name: found[name] for name in order if name in found}


def full_scores(rows: Rows) -> dict[int, float]:
    """What a model trained on everything scores, by seed."""
    return {row["seed"]: row["score"] for row in rows if row["strategy"] == ALL}


def score_at(curve: Curve, words: float) -> float:
    """The score at a number of words, on the line between two rounds."""
    points = list(zip(curve.words, curve.scores, strict=True))
    if words <= points[0][0]:
        return points[0][1]
    for (left, low), (right, high) in pairwise(points):
        if words <= right:
            return low + (high - low) * (words - left) / (right - left)
    return points[-1][1]


def area(curve: Curve, until: float) -> float:
    """The mean score over the words from the first round to `until`."""
    start = curve.words[0]
    if until <= start:
        return curve.scores[0]
    at = [start, *(w for w in curve.words if start < w < until), until]
    heights = [score_at(curve, words) for words in at]
    total = sum(
        (right - left) * (low + high) / 2
        for (left, low), (right, high) in pairwise(zip(at, heights, strict=True))
    )
    return total / (until - start)


def areas(curves: Curves) -> dict[str, dict[int, float]]:
    """Each run's area, up to the words that all strategies of its seed have come to."""
    ends = _ends(curves)
    return {
        name: {seed: area(curve, ends[seed]) for seed, curve in seeds.items()}
        for name, seeds in curves.items()
    }


def words_needed(curve: Curve, score: float) -> float | None:
    """The words at which a curve first comes to a score; None if it does not."""
    points = list(zip(curve.words, curve.scores, strict=True))
    if points[0][1] >= score:
        return points[0][0]
    for (left, low), (right, high) in pairwise(points):
        if high >= score:
            return left + (right - left) * (score - low) / (high - low)
    return None


def needed(seeds: Mapping[int, Curve], full: Mapping[int, float], level: float) -> str:
    """Words needed for a level of the full score, the mean over the seeds that come to
    it, with their number where it is not all."""
    asked = [seed for seed in seeds if seed in full]
    found = [words_needed(seeds[seed], level * full[seed]) for seed in asked]
    reached = [words for words in found if words is not None]
    if not reached:
        return "not reached" if asked else "–"
    text = f"{mean(reached):,.0f}"
    if len(reached) < len(found):
        text += f" ({len(reached)} of {len(found)} seeds)"
    return text


def gain(areas: Mapping[str, Mapping[int, float]], arm: str, base: str) -> Interval:
    """By how much an arm's area is larger, paired by seed."""
    found = interval(differences(areas[arm], areas[base]))
    if found is None:
        raise ValueError(f"{arm} and {base} have no seed in common.")
    return found


HEADER = [
    *("strategy", "mean F1", f"to {BASELINE}", "last F1", "words", "sentences"),
    *("words a sentence", "seconds to pick"),
]
NEEDED = ["strategy", *(f"{100 * level:.0f} %" for level in LEVELS)]


def table(rows: Rows) -> list[list[str]]:
    """A line a strategy, the largest area first; columns are those of `HEADER`."""
    curves, full = curves_of(rows), full_scores(rows)
    found = areas(curves)
    lines = []
    for name in _best_first(found):
        own = [r for r in rows if r["strategy"] == name]
        # A pool that is used up ends a seed's curve before the others'.
        last = {r["seed"]: r for r in sorted(own, key=lambda r: r["round"])}.values()
        bought = [r for r in own if r["round"]] or own
        paired = BASELINE in found and name != BASELINE
        lines.append(
            [
                name,
                format_spread(found[name].values()),
                format_interval(gain(found, name, BASELINE)) if paired else "",
                format_spread(row["score"] for row in last),
                f"{mean(row['words'] for row in last):,.0f}",
                f"{mean(row['sentences'] for row in last):,.0f}",
                f"{mean(row['mean_length'] for row in bought):.1f}",
                f"{mean(row['pick_seconds'] for row in bought):.1f}",
            ]
        )
    if full:
        everything = [row for row in rows if row["strategy"] == ALL]
        words, sentences = (
            f"{mean(row[key] for row in everything):,.0f}"
            for key in ("words", "sentences")
        )
        score = format_spread(full.values())
        lines.append(["everything", "", "", score, words, sentences, "", ""])
    return lines


def needed_table(rows: Rows) -> list[list[str]]:
    """The words each strategy needs for a share of what everything scores; columns are
    those of `NEEDED`. No lines where nobody trained on everything."""
    curves, full = curves_of(rows), full_scores(rows)
    if not full:
        return []
    return [
        [name, *(needed(curves[name], full, level) for level in LEVELS)]
        for name in _best_first(areas(curves))
    ]


def findings(rows: Rows) -> list[str]:
    """What the strategies brought, in sentences; the first one is the answer."""
    curves, full = curves_of(rows), full_scores(rows)
    found = areas(curves)
    best = max(found, key=lambda name: mean(found[name].values()))
    others = [name for name in found if name != best]
    start = mean(curve.words[0] for curve in curves[best].values())
    end = mean(_ends(curves).values())
    over = f"from {start:,.0f} to {end:,.0f} words labelled"
    scored = format_spread(found[best].values())
    if not others:
        return [f"With {best}, mean F1 {over} is {scored}."]
    base = BASELINE if BASELINE in others else others[0]
    difference = gain(found, best, base)
    ahead = format_interval(difference)
    said = [
        f"{best} does best {over}: mean F1 {scored}, {ahead} points to {base} "
        f"({_sure(difference)})."
    ]
    if best == BASELINE:
        said[0] = f"Random picks do best {over}, mean F1 {scored}: " + (
            f"{format_interval(difference)} points to {base} ({_sure(difference)})."
        )
    return [*said, *_levels(curves[best], curves[base], full, (best, base))]


def _best_first(areas: Mapping[str, Mapping[int, float]]) -> list[str]:
    return sorted(areas, key=lambda name: -mean(areas[name].values()))


def _levels(
    best: Mapping[int, Curve],
    base: Mapping[int, Curve],
    full: Mapping[int, float],
    names: tuple[str, str],
) -> list[str]:
    """What the words for each level are; levels that neither reached, in one go."""
    if not full:
        return []
    said, missed = [], []
    for level in LEVELS:
        words = [_words(curves, full, level) for curves in (best, base)]
        if words == [MORE, MORE]:
            missed.append(f"{100 * level:.0f} %")
        else:
            said.append(
                f"{100 * level:.0f} % of the F1 that all words give takes {words[0]} "
                f"with {names[0]} and {words[1]} with {names[1]}."
            )
    if missed:
        said.append(
            f"{', '.join(missed)} of the F1 that all words give "
            f"({format_spread(full.values())}) takes {MORE}."
        )
    return said


def _words(seeds: Mapping[int, Curve], full: Mapping[int, float], level: float) -> str:
    text = needed(seeds, full, level)
    if text == "not reached":
        return MORE
    return text.replace(" (", " words (") if "(" in text else f"{text} words"


def _ends(curves: Curves) -> dict[int, int]:
    """The words that all strategies of a seed have come to, where areas end."""
    ends: dict[int, int] = {}
    for seeds in curves.values():
        for seed, curve in seeds.items():
            ends[seed] = min(ends.get(seed, curve.words[-1]), curve.words[-1])
    return ends


def _sure(difference: Interval) -> str:
    if difference.half is None:
        return "one seed: no interval"
    if abs(difference.mean) > difference.half:
        return f"95 % interval, {difference.n} seeds"
    return f"95 % interval, {difference.n} seeds: not beyond chance"
