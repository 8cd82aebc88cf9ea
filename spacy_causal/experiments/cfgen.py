"""Rows of CFGen's protocol by arm, and the paper's numbers."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

Row = dict[str, Any]
# By method, then by training sentences, then by seed.
Arms = dict[str, dict[int, dict[int, Row]]]

BASE, PAPERS, CONTROL = "NoAug", "Aug", "NoAug, as many steps"
CORPORA = {
    "cluener": "CLUENER",
    "cner": "CNER",
    "idiag": "IDiag",
    "conll2003": "CoNLL-2003",
    "fewnerd_inter": "Few-NERD INTER",
}
ENDS = {"fixed": "after the fixed passes", "best": "at the best checkpoint"}
METRICS = {
    "relaxed": "relaxed F1",
    "strict": "strict F1",
    "seen": "seen forms",
    "unseen": "unseen forms",
}
EFFECTS = ("ace_c", "ace_e", "ri")
LEVELS = ("entity", "token")


class Setting(NamedTuple):
    """What cells have in common that may be compared."""

    data: str
    split: str
    encoder: str

    @property
    def name(self) -> str:
        """The setting in words."""
        return f"{CORPORA.get(self.data, self.data)}, {self.encoder}"

    @property
    def model(self) -> str:
        """The paper's model that it stands beside: one that learns its encoder from
        nothing, or a pretrained one."""
        return "LSTM" if self.encoder in ("bilstm", "cnn") else "BERT"


class Paper(NamedTuple):
    """The paper's numbers.

    f1 (dict): Table 2 in percent, by corpus, model, arm and training sentences.
    effects (dict): Table 3, by corpus, model, level and name of the effect.
    """

    f1: dict[tuple[str, str, str, int], float]
    effects: dict[tuple[str, str, str, str], float]

    def gain(self, setting: Setting, n: int | None = None) -> float | None:
        """Aug − NoAug in points; without N the mean over the paper's five."""
        data = CORPORA.get(setting.data, setting.data)
        cells = [
            value - self.f1[data, setting.model, BASE, size]
            for (name, model, arm, size), value in self.f1.items()
            if (name, model, arm) == (data, setting.model, PAPERS) and n in (None, size)
        ]
        return mean(cells) if cells else None


def read_paper(path: Path) -> Paper:
    """Read the file that holds the paper's numbers."""
    value = json.loads(path.read_text(encoding="utf8"))
    f1 = {
        (r["data"], r["model"], r["arm"], r["sentences"]): r["f1"]
        for r in value["table2"]
    }
    effects = {
        (r["data"], r["model"], r["level"], name): r[name]
        for r in value["table3"]
        for name in EFFECTS
    }
    return Paper(f1, effects)


def arms_of(rows: Iterable[Row]) -> dict[Setting, Arms]:
    """Rows by setting, method, training sentences and seed, settings in the paper's
    order. Of cells that ran with several settings only the last are taken."""
    found: dict[Setting, Arms] = {}
    last = {(*_setting(row), row["method"]): _how(row) for row in rows}
    for row in rows:
        setting, method = _setting(row), row["method"]
        if _how(row) == last[(*setting, method)]:
            sizes = found.setdefault(setting, {}).setdefault(method, {})
            sizes.setdefault(row["sentences"], {})[row["seed"]] = row
    order = list(CORPORA)

    def place(setting: Setting) -> tuple:
        known = setting.data in order
        return not known, order.index(setting.data) if known else 0, setting

    return {setting: found[setting] for setting in sorted(found, key=place)}


def _setting(row: Row) -> Setting:
    return Setting(*(row[name] for name in Setting._fields))


def _how(row: Row) -> tuple[Any, Any]:
    return row["settings"], row["training"]


def by_seed(arms: Arms, method: str, n: int, end: str, metric: str) -> dict[int, float]:
    """A method's values by seed, without those that were not measured.

    end (str): "fixed" or "best".
    """
    rows = arms.get(method, {}).get(n, {})
    found = {seed: (row.get(end) or {}).get(metric) for seed, row in rows.items()}
    return {seed: value for seed, value in found.items() if value is not None}


def mean_gains(
    arms: Arms, method: str, base: str, end: str, metric: str
) -> list[float]:
    """By seed, the mean over training sizes of a method less another. Only sizes that
    every seed of the method has are taken, so that seeds differ in nothing else."""
    by_size: list[dict[int, float]] = []
    for n in sorted(arms.get(method, {})):
        ours, theirs = (by_seed(arms, m, n, end, metric) for m in (method, base))
        found = {seed: ours[seed] - theirs[seed] for seed in ours if seed in theirs}
        if found:
            by_size.append(found)
    seeds = sorted({seed for found in by_size for seed in found})
    whole = [found for found in by_size if len(found) == len(seeds)]
    return [mean(found[seed] for found in whole) for seed in seeds] if whole else []


def relative_importance(
    arms: Arms, methods: Sequence[str], end: str
) -> dict[str, dict[str, list[float]]]:
    """Figure 4: RI at the entity level by training sentences, then by arm."""
    return {
        f"N = {n}": {
            m: [*by_seed(arms, m, n, end, "ri_entity").values()]
            for m in methods
            if m in arms
        }
        for n in sizes_of(arms)
    }


def sizes_of(arms: Arms) -> list[int]:
    """The numbers of training sentences that any arm ran with."""
    return sorted({n for sizes in arms.values() for n in sizes})


def labels_of(arms: Arms) -> list[str]:
    rows = [
        row for n in arms.values() for seeds in n.values() for row in seeds.values()
    ]
    return sorted({label for row in rows for label in _by_type(row)})


def _by_type(row: Row) -> dict[str, dict[str, float | None]]:
    best = row.get("best") or {}
    return best.get("per_type", {})


def of_type(arms: Arms, label: str) -> Arms:
    """Rows that say of a type what others say of all."""
    return {
        method: {
            n: {
                seed: {"best": _by_type(row).get(label, {})}
                for seed, row in rows.items()
            }
            for n, rows in sizes.items()
        }
        for method, sizes in arms.items()
    }
