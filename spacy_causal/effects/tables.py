"""Estimates with their intervals, overall and by type, out of counts by document."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from spacy_causal.effects.ace import (
    Floats,
    average_causal_effects,
    f1,
    interval,
    resample,
)
from spacy_causal.effects.counts import TypeCounts, stack_counts
from spacy_causal.effects.reading import INTERVENTIONS

LEVELS = ("entity", "token")
SEEN, UNSEEN, SWAPPED = "seen", "unseen", "swapped"
CELLS = (
    *(f"{level}.{name}" for level in LEVELS for name in INTERVENTIONS),
    *(SEEN, UNSEEN, SWAPPED),
)
# F1 in every cell, shape (..., C, M + 1), to a value by type, shape (..., M + 1).
Quantity = Callable[[Floats], Floats]


class Estimate(NamedTuple):
    """A value in [−1, 1] with its 95 % interval over documents.

    value, low, high (float | None): None where there was nothing to measure, or no
        samples were drawn.
    n (int): Of what: annotated entities or tokens, or swaps tried.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int


class Table(NamedTuple):
    """Quantities by name, over all types together and for each that is annotated."""

    overall: dict[str, Estimate]
    per_type: dict[str, dict[str, Estimate]]


def tabulate(
    rows: Sequence[Mapping[str, TypeCounts]], samples: int, rng: Generator
) -> dict[str, Table]:
    """Estimate everything from the same resampled documents; one alone has no
    intervals, as no other could have been drawn.

    rows (Sequence[Mapping[str, TypeCounts]]): One a document, its counts by cell.
    RETURNS (dict[str, Table]): "entity" and "token" (F1, F1 under both interventions,
        ACE_C, ACE_E, RI), "forms" (F1 on seen and unseen ones), "swaps" (the share
        that survived).
    """
    counts, labels = stack_counts(rows, CELLS)
    totals = counts.sum(axis=0)
    samples = samples if len(rows) > 1 else 0
    point, drawn = f1(totals), f1(resample(counts, samples, rng))
    tables: dict[str, dict[str, tuple[Quantity, str]]] = {
        **{level: _effects_at(level) for level in LEVELS},
        "forms": {f"f1_{name}": (_cell(name), name) for name in (SEEN, UNSEEN)},
        "swaps": {"survived": (_cell(SWAPPED), SWAPPED)},
    }
    return {
        name: _table(quantities, point, drawn, totals[..., 2], labels)
        for name, quantities in tables.items()
    }


def _table(
    quantities: Mapping[str, tuple[Quantity, str]],
    point: Floats,
    drawn: Floats,
    n_gold: NDArray[np.int64],
    labels: Sequence[str],
) -> Table:
    columns = {
        name: _estimates(quantity(point), quantity(drawn), n_gold[CELLS.index(cell)])
        for name, (quantity, cell) in quantities.items()
    }
    rows = [
        {name: column[i] for name, column in columns.items()}
        for i in range(len(labels) + 1)
    ]
    pairs = zip(labels, rows[:-1], strict=True)
    per_type = {
        label: row for label, row in pairs if any(value.n for value in row.values())
    }
    return Table(rows[-1], per_type)


def _estimates(
    values: Floats, drawn: Floats, counts: NDArray[np.int64]
) -> list[Estimate]:
    low, high = interval(drawn)
    return [
        Estimate(_number(value), _number(lowest), _number(highest), int(n))
        for value, lowest, highest, n in zip(values, low, high, counts, strict=True)
    ]


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _effects_at(level: str) -> dict[str, tuple[Quantity, str]]:
    cells = [f"{level}.{name}" for name in INTERVENTIONS]
    plain, do_c0, do_e0 = (_cell(cell) for cell in cells)

    def ace(part: int) -> Quantity:
        return lambda f: average_causal_effects(plain(f), do_c0(f), do_e0(f))[part]

    quantities = {
        "f1": plain,
        "f1_do_c0": do_c0,
        "f1_do_e0": do_e0,
        "ace_c": ace(0),
        "ace_e": ace(1),
        "ri": ace(2),
    }
    return {name: (quantity, cells[0]) for name, quantity in quantities.items()}


def _cell(name: str) -> Quantity:
    return lambda f: f[..., CELLS.index(name), :]
