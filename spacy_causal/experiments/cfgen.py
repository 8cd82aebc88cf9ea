"""CFGen's tables from the rows of its protocol, beside what the paper prints."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

from spacy_causal.experiments.citisl import format_interval
from spacy_causal.experiments.paired import BySeed, differences, interval
from spacy_causal.experiments.scores import spread
from spacy_causal.experiments.sections import Table
from spacy_causal.experiments.wording import format_spread

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


def f1_table(
    setting: Setting, arms: Arms, paper: Paper, order: Sequence[str], end: str
) -> Table:
    """Table 2: relaxed F1 by training sentences, ours beside the paper's."""
    sizes = sizes_of(arms)
    rows = []
    for method in order:
        cells = [_counted(by_seed(arms, method, n, end, "relaxed")) for n in sizes]
        if set(cells) != {"–"}:
            rows.append([method, *cells])
    data = CORPORA.get(setting.data, setting.data)
    for arm in (BASE, PAPERS):
        printed = [paper.f1.get((data, setting.model, arm, n)) for n in sizes]
        if any(printed):
            said = ["–" if v is None else f"{v:.1f}" for v in printed]
            rows.append([f"paper, {setting.model}: {arm}", *said])
    header = ["N", *map(str, sizes)]
    return Table(f"{setting.name}: relaxed F1 in percent {ENDS[end]}", header, rows)


def gain_table(
    setting: Setting,
    arms: Arms,
    paper: Paper,
    order: Sequence[str],
    end: str,
    metric: str = "relaxed",
) -> Table:
    """Each method less NoAug by training sentences, and the mean over them."""
    sizes, rows = sizes_of(arms), []
    for method in order:
        cells = []
        for n in sizes:
            values = (by_seed(arms, m, n, end, metric) for m in (method, BASE))
            cells.append(format_interval(interval(differences(*values))))
        gains = mean_gains(arms, method, BASE, end, metric)
        if method != BASE and gains:
            rows.append([method, *cells, format_interval(interval(gains))])
    if metric == "relaxed" and paper.gain(setting) is not None:
        said = [_points(paper.gain(setting, n)) for n in (*sizes, None)]
        rows.append([f"paper, {setting.model}: {PAPERS}", *said])
    return Table(
        f"{setting.name}: less {BASE}, {METRICS[metric]} {ENDS[end]}",
        ["N", *map(str, sizes), "mean"],
        rows,
    )


def forms_table(setting: Setting, arms: Arms, order: Sequence[str]) -> Table:
    """Strict F1, and on mentions whose form training has or has not: NoAug's means,
    and each method less NoAug, over all sizes, at the best checkpoint."""
    base = [
        [v for n in sizes_of(arms) for v in by_seed(arms, BASE, n, "best", m).values()]
        for m in METRICS
    ]
    rows = [[BASE, *map(format_spread, base)]]
    for method in order:
        gains = [mean_gains(arms, method, BASE, "best", m) for m in METRICS]
        if method != BASE and any(gains):
            rows.append([method, *(format_interval(interval(g)) for g in gains)])
    return Table(
        f"{setting.name}: by what training has seen, {ENDS['best']}",
        ["", *METRICS.values()],
        rows,
    )


def type_table(setting: Setting, arms: Arms, order: Sequence[str]) -> Table:
    """Relaxed F1 by type at the best checkpoint: NoAug's mean and the differences."""
    shown = [m for m in order if m in arms and m not in (BASE, CONTROL)]
    rows = []
    for label in _labels(arms):
        typed = _of_type(arms, label)
        base = [
            value
            for n in sizes_of(arms)
            for value in by_seed(typed, BASE, n, "best", "relaxed").values()
        ]
        gains = [mean_gains(typed, m, BASE, "best", "relaxed") for m in shown]
        cells = [format_interval(interval(g)) for g in gains]
        rows.append([label, format_spread(base), *cells])
    return Table(
        f"{setting.name}: relaxed F1 by type {ENDS['best']}, and less {BASE}",
        ["type", BASE, *shown],
        rows,
    )


def effects_table(
    setting: Setting, arms: Arms, paper: Paper, order: Sequence[str], end: str
) -> Table:
    """Table 3 for each arm: ACE of context and entity, and RI, over all sizes."""
    names = [f"{effect}_{level}" for level in LEVELS for effect in EFFECTS]
    rows = []
    for method in order:
        cells = [
            _share(
                value
                for n in sizes_of(arms)
                for value in by_seed(arms, method, n, end, name).values()
            )
            for name in names
        ]
        if set(cells) != {"–"}:
            rows.append([method, *cells])
    data = CORPORA.get(setting.data, setting.data)
    keys = [(data, setting.model, lev, name) for lev in LEVELS for name in EFFECTS]
    if any(key in paper.effects for key in keys):
        printed = [f"{paper.effects[key]:.2f}".replace("-", "−") for key in keys]
        rows.append([f"paper, {setting.model}: {BASE}", *printed])
    return Table(
        f"{setting.name}: average causal effects on F1 {ENDS[end]}",
        ["", *("ACE_C", "ACE_E", "RI") * 2],
        rows,
        [("", 1), ("entity level", 3), ("token level", 3)],
    )


def swap_table(setting: Setting, arms: Arms, order: Sequence[str]) -> Table:
    """What became of the swaps that were drawn, a row a method, in percent."""
    counts: dict[str, Counter[str]] = {}
    for method in order:
        for sizes in arms.get(method, {}).values():
            for row in sizes.values():
                said = {k: v for k, v in row["swaps"].items() if k not in _NO_VERDICT}
                counts.setdefault(method, Counter()).update(said)
    drawn = {method: c for method, c in counts.items() if c.total()}
    reasons = sorted({r for c in drawn.values() for r in c}, key=lambda r: r != "kept")
    rows = [
        [m, f"{c.total():,}", *(f"{100 * c[r] / c.total():.1f}" for r in reasons)]
        for m, c in drawn.items()
    ]
    caption = f"{setting.name}: swaps drawn, and what became of them in percent"
    return Table(caption, ["", "drawn", *reasons], rows)


_NO_VERDICT = ("donors", "seconds")


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


def answers(setting: Setting, arms: Arms, paper: Paper, ours: str) -> list[str]:
    """What came out, in sentences; none where no arm can be compared."""

    def gain(method: str, end: str) -> str:
        found = interval(mean_gains(arms, method, BASE, end, "relaxed"))
        sizes = ", ".join(map(str, sizes_of({method: arms.get(method, {})})))
        if found is None:
            return "not run yet"
        return f"{format_interval(found)} (N = {sizes}; seeds: {found.n})"

    if not mean_gains(arms, PAPERS, BASE, "fixed", "relaxed"):
        return []
    printed = paper.gain(setting)
    beside = "" if printed is None else f", the paper's {_points(printed)} over its N"
    return [
        f"{setting.name}, points of relaxed F1 over {BASE}. After the fixed passes: "
        f"the paper's recipe {gain(PAPERS, 'fixed')}{beside}; the same sentences "
        f"without swaps, trained for as many steps, {gain(CONTROL, 'fixed')}.",
        f"Each at its best checkpoint: the paper's recipe {gain(PAPERS, 'best')}, our "
        f"form {gain(ours, 'best')}.",
    ]


def sizes_of(arms: Arms) -> list[int]:
    """The numbers of training sentences that any arm ran with."""
    return sorted({n for sizes in arms.values() for n in sizes})


def _labels(arms: Arms) -> list[str]:
    rows = [
        row for n in arms.values() for seeds in n.values() for row in seeds.values()
    ]
    return sorted({label for row in rows for label in _by_type(row)})


def _by_type(row: Row) -> dict[str, dict[str, float | None]]:
    best = row.get("best") or {}
    return best.get("per_type", {})


def _of_type(arms: Arms, label: str) -> Arms:
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


def _counted(found: BySeed) -> str:
    return f"{format_spread(dict(found))} ({len(found)})" if found else "–"


def _points(value: float | None) -> str:
    return "–" if value is None else f"{value:+z.1f}".replace("-", "−")


def _share(values: Iterable[float]) -> str:
    found = spread(values)
    if found is None:
        return "–"
    text = f"{found.mean:z.2f}".replace("-", "−")
    return text if found.sd is None else f"{text} ± {found.sd:.2f}"
