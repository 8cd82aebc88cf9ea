"""CFGen's tables from the rows of its protocol, beside what the paper prints."""

from collections import Counter
from collections.abc import Iterable, Sequence

from spacy_causal.experiments.cfgen import (
    BASE,
    CONTROL,
    CORPORA,
    EFFECTS,
    ENDS,
    LEVELS,
    METRICS,
    PAPERS,
    Arms,
    Paper,
    Setting,
    by_seed,
    labels_of,
    mean_gains,
    of_type,
    sizes_of,
)
from spacy_causal.experiments.paired import (
    BySeed,
    differences,
    format_interval,
    interval,
)
from spacy_causal.experiments.scores import spread
from spacy_causal.experiments.sections import Table
from spacy_causal.experiments.wording import format_spread

_NO_VERDICT = ("donors", "seconds")


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
    for label in labels_of(arms):
        typed = of_type(arms, label)
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
