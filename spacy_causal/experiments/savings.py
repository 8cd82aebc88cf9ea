"""How much less annotation comes to the same F1: in words, and in a person's time."""

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any, NamedTuple

from spacy_causal.experiments.active_curves import (
    ALL,
    Curve,
    Curves,
    Rows,
    areas,
    curves_of,
    gain,
    score_at,
    words_needed,
)
from spacy_causal.experiments.paired import (
    Interval,
    differences,
    format_interval,
    interval,
)
from spacy_causal.experiments.wording import format_spread

SAVINGS = [
    *("arm", "seeds", "words needed", "of the baseline's", "words read"),
    *(
        "of the baseline's",
        "minutes needed",
        "of the baseline's",
        "last F1",
        "to the baseline",
        "mean F1",
        "to the baseline",
    ),
    *("questions", "minutes in all"),
]
ABLATION = ["without", "pairs", "last F1", "with it", "mean F1", "with it"]


class Costs(NamedTuple):
    """Seconds of a person's time for a sentence that is annotated whole with all labels
    at hand, and for one with K candidates: CITISL (Findings of EMNLP 2022), section
    6.2, measured on Few-NERD, which has 66 types. A sentence in which the list of all
    labels is opened after "none of these" costs both."""

    whole: float = 24.0
    asked: float = 17.0


class Reached(NamedTuple):
    """How an arm came to what the baseline has at its end.

    spent (dict[int, float]): By seed, of those that came to it.
    ratios (dict[int, float]): The same as a part of all that the baseline spent.
    seeds (int): How many there were.
    """

    spent: dict[int, float]
    ratios: dict[int, float]
    seeds: int

    @property
    def interval(self) -> Interval | None:
        """Of the ratios; None where a seed did not come to it."""
        return (
            interval(self.ratios.values()) if len(self.ratios) == self.seeds else None
        )


def in_time(rows: Rows, costs: Costs) -> list[dict[str, Any]]:
    """The rows with a person's seconds in the place of words.

    rows (Rows): With "sentences" labelled until then, how many of them were only
        "asked" about, and in how many of those the list was opened ("listed").
    """
    return [
        {
            **row,
            "words": costs.whole * (row["sentences"] - row["asked"])
            + costs.asked * row["asked"]
            + costs.whole * row.get("listed", 0),
        }
        for row in rows
    ]


def in_reading(rows: Rows) -> list[dict[str, Any]]:
    """The rows with all words of the sentences in the place of those that were
    annotated or asked about, where they say how many there are ("words_read")."""
    return [{**row, "words": row.get("words_read", row["words"])} for row in rows]


def reached(curves: Curves, arm: str, base: str) -> Reached:
    """What an arm spends until it first has the F1 that the baseline has at its end,
    seed by seed, on the line between two rounds."""
    spent, ratios = {}, {}
    shared = [seed for seed in curves[arm] if seed in curves[base]]
    for seed in shared:
        end = _end(curves[base][seed])
        found = words_needed(curves[arm][seed], end[1])
        if found is not None:
            spent[seed], ratios[seed] = found, found / end[0]
    return Reached(spent, ratios, len(shared))


def savings_table(rows: Rows, base: str, costs: Costs) -> list[list[str]]:
    """A line an arm, in the order of the rows; columns are those of `SAVINGS`."""
    words, times = curves_of(rows), curves_of(in_time(rows, costs))
    read, found, lines = curves_of(in_reading(rows)), areas(words), []
    for arm in words:
        last = _last(words[arm])
        own = [r for r in rows if r["strategy"] == arm]
        line = [arm, str(len(last)), *_say(reached(words, arm, base), "{:,.0f}")]
        line += _say(reached(read, arm, base), "{:,.0f}")
        line += _say(reached(times, arm, base), "{:,.0f}", unit=60)
        ends = _shared_ends(words, arm, base)
        for values, both in ((last, ends), (found[arm], (found[arm], found[base]))):
            line += [format_spread(values), "" if arm == base else _less(*both)]
        asked = sum(r["questions"] for r in own) / len(last)
        minutes = mean(_end(curve)[0] for curve in times[arm].values()) / 60
        lines.append([*line, f"{asked:,.0f}" if asked else "–", f"{minutes:,.0f}"])
    return lines


def ablation_table(rows: Rows, whole: str, less: Mapping[str, str]) -> list[list[str]]:
    """What each part brings: the arm that has all of them less the one without it,
    paired by seed; columns are those of `ABLATION`.

    less (Mapping[str, str]): The arms, by the part that they lack.
    """
    curves = curves_of(rows)
    found, lines = areas(curves), []
    for part, arm in less.items():
        if arm not in curves or whole not in curves:
            continue
        line = [part, str(len(set(curves[arm]) & set(curves[whole])))]
        ends = _shared_ends(curves, whole, arm)
        line += [format_spread(_last(curves[arm])), _less(*ends)]
        line += [format_spread(found[arm]), _less(found[whole], found[arm])]
        lines.append(line)
    return lines


def answer(
    rows: Rows, base: str, whole: str, singles: Sequence[str], costs: Costs
) -> str:
    """One sentence: the part of the baseline's words, and of its time, that the whole
    system needs, and by how much it is ahead of the single method that is best on
    average."""
    words, times = curves_of(rows), curves_of(in_time(rows, costs))
    read = curves_of(in_reading(rows))
    if base not in words or whole not in words:
        return f"There are no rows of both {base} and {whole} yet."
    share = mean(row["share"] for row in rows if row["strategy"] == base
                 and row["words"] == words[base][row["seed"]].words[-1])  # fmt: skip
    said = (
        f"The F1 that {base} has with {100 * share:.0f} % of the words takes {whole} "
        f"{_part(reached(words, whole, base))} of those words"
    )
    if read[whole] != words[whole]:
        said += (
            f" ({_part(reached(read, whole, base))} if all words of the sentences "
            "count in which it asks)"
        )
    said += f" and {_part(reached(times, whole, base))} of the estimated time"
    tried = [name for name in singles if name in words]
    if not tried:
        return said + "."
    found = areas(words)
    best = max(tried, key=lambda name: mean(found[name].values()))
    difference = gain(found, whole, best)
    last = _less(*_shared_ends(words, whole, best))
    return (
        f"{said}; its mean F1 is {format_interval(difference)} points to that of the "
        f"best single method, {best}, its last F1 {last} (95 % intervals, seeds: "
        f"{difference.n})."
    )


def without_all(rows: Rows) -> Rows:
    """The rows but for those of models that were trained on everything."""
    return [row for row in rows if row["strategy"] != ALL]


def _end(curve: Curve) -> tuple[float, float]:
    return curve.words[-1], curve.scores[-1]


def _last(seeds: Mapping[int, Curve]) -> dict[int, float]:
    return {seed: curve.scores[-1] for seed, curve in seeds.items()}


def _shared_ends(curves: Curves, arm: str, other: str) -> tuple[dict[int, float], ...]:
    """The scores of two arms, by seed, at the words that both have come to: one that
    asks may end earlier, where the pool does."""
    pairs = {s: (curves[arm][s], curves[other][s]) for s in curves[arm]
             if s in curves[other]}  # fmt: skip
    at = {s: min(_end(one)[0], _end(two)[0]) for s, (one, two) in pairs.items()}
    return tuple({s: score_at(pairs[s][i], at[s]) for s in pairs} for i in (0, 1))


def _less(values: Mapping[int, float], others: Mapping[int, float]) -> str:
    return format_interval(interval(differences(values, others)))


def _say(found: Reached, pattern: str, *, unit: float = 1) -> list[str]:
    """What was spent, and which part of the baseline's that is."""
    if not found.spent:
        return ["not reached", "–"]
    text = pattern.format(mean(found.spent.values()) / unit)
    return [text + _some(found), _percent(found)]


def _part(found: Reached) -> str:
    return _percent(found) + _some(found) if found.spent else "more than all"


def _percent(found: Reached) -> str:
    whole = found.interval
    if whole is None or whole.half is None:
        return f"{100 * mean(found.ratios.values()):.0f} %"
    return f"{100 * whole.mean:.0f} ± {100 * whole.half:.0f} %"


def _some(found: Reached) -> str:
    n = len(found.spent)
    return f" ({n} of {found.seeds} seeds)" if n < found.seeds else ""
