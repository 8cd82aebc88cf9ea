"""The scores that `spacy evaluate` wrote, by arm, test and seed."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any, NamedTuple

import srsly

BASELINE = "plain"
SHIFTED = "test_repaired"
METRICS = {
    "ents_f": "strict F1",
    "ents_p": "strict P",
    "ents_r": "strict R",
    "ents_relaxed_f": "relaxed F1",
    "ents_token_micro_f": "token micro F1",
    "ents_token_macro_f": "token macro F1",
}


class Spread(NamedTuple):
    """A mean over seeds, with the sample standard deviation where there are two."""

    mean: float
    sd: float | None


class Score(NamedTuple):
    """What one trained pipeline scored on one test."""

    arm: str
    seed: str
    test: str
    values: dict[str, float]
    types: dict[str, float]


def spread(values: Iterable[float]) -> Spread | None:
    """Return mean and standard deviation, None of nothing."""
    values = list(values)
    if not values:
        return None
    return Spread(mean(values), stdev(values) if len(values) > 1 else None)


@dataclass(frozen=True)
class ScoreTable:
    """Scores of several arms, seeds and tests."""

    rows: list[Score]

    @property
    def arms(self) -> list[str]:
        """The arms, the baseline first."""
        return list(dict.fromkeys(row.arm for row in self.rows))

    @property
    def seeds(self) -> list[str]:
        """The seeds of any arm."""
        return list(dict.fromkeys(row.seed for row in self.rows))

    @property
    def tests(self) -> list[str]:
        """The tests, the one with shifted contexts last."""
        names = sorted({row.test for row in self.rows})
        return sorted(names, key=lambda name: name == SHIFTED)

    def values(self, arm: str, test: str, metric: str = "ents_f") -> dict[str, float]:
        """Return an arm's score on a test by seed."""
        rows = (row for row in self.rows if (row.arm, row.test) == (arm, test))
        return {row.seed: row.values[metric] for row in rows if metric in row.values}

    def type_values(self, arm: str, test: str, label: str) -> dict[str, float]:
        """Return an arm's strict F1 of one type on a test by seed."""
        rows = (row for row in self.rows if (row.arm, row.test) == (arm, test))
        return {row.seed: row.types.get(label, 0.0) for row in rows}

    def gains(self, arm: str, test: str, metric: str = "ents_f") -> dict[str, float]:
        """Return an arm's score minus the baseline's at the same seed."""
        base = self.values(BASELINE, test, metric)
        ours = self.values(arm, test, metric)
        return {seed: ours[seed] - base[seed] for seed in ours if seed in base}


def read_scores(folder: Path) -> ScoreTable:
    """Read `ARM/SEED/TEST.json` files, the baseline first.

    Raises ValueError where there are none, or one without entity scores.
    """
    paths = sorted(folder.glob("*/*/*.json"), key=_order)
    if not paths:
        raise ValueError(f"{folder}: no ARM/SEED/TEST.json in it")
    return ScoreTable([_read_score(path) for path in paths])


def _order(path: Path) -> tuple[bool, str, int, str, str]:
    arm, seed = path.parts[-3:-1]
    return arm != BASELINE, arm, len(seed), seed, path.stem


def _read_score(path: Path) -> Score:
    # `evaluate --per-component` writes one block a component, plain `evaluate` one
    # block and only the scores that spaCy knows.
    try:
        read: dict[str, Any] = srsly.read_json(path)
    except ValueError as error:
        raise ValueError(f"{path}: no JSON: {error}") from error
    blocks = [read, *(block for block in read.values() if isinstance(block, dict))]
    found = next((b for b in blocks if isinstance(b.get("ents_f"), float)), None)
    if found is None:
        raise ValueError(f"{path}: no ents_f in it")
    arm, seed = path.parts[-3:-1]
    values = {key: found[key] for key in METRICS if found.get(key) is not None}
    types = {label: prf["f"] for label, prf in found["ents_per_type"].items()}
    return Score(arm, seed, path.stem, values, types)
