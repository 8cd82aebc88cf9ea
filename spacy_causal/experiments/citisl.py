"""CITISL's tables from the rows of simulated sessions, beside what the paper prints."""

import json
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from spacy_causal.experiments.paired import (
    Interval,
    differences,
    format_interval,
    gap_closed,
    gap_closed_by,
    interval,
)
from spacy_causal.experiments.sections import Table
from spacy_causal.experiments.wording import format_spread

Row = dict[str, Any]
# By method, then by seed.
Methods = dict[str, dict[int, Row]]

LOW, HIGH = "BERT", "GroundTruth"
CORPORA = {
    "conll_pos": "CoNLL-2003-POS",
    "ewt": "UD-ENG",
    "fewnerd": "Few-NERD",
    "fewnerd_inter": "Few-NERD",
    "ontonotes": "OntoNote",
}
# Which part of a corpus was used, where it is not the paper's.
PIECES = {"fewnerd_inter": " INTER"}
METRICS = {1: "all", 2: "unseen"}
PER_TABLE = 3


class Setting(NamedTuple):
    """What a cell has in common with those it may be compared with.

    sentences (int): How many were trained on; 0 is all.
    share (float): Of them, labelled at first.
    encoder (str): "frozen", or what was trained along.
    """

    data: str
    split: str
    sentences: int
    share: float
    k: int
    user: str
    encoder: str = "frozen"

    @property
    def name(self) -> str:
        """The setting in words, as far as it is not the usual."""
        corpus = CORPORA.get(self.data, self.data) + PIECES.get(self.data, "")
        said = [corpus, f"{100 * self.share:g} %"]
        if self.sentences:
            said.append(f"{self.sentences:,} sentences")
        if self.k != 3:
            said.append(f"K = {self.k}")
        if self.user != "perfect":
            said.append(f"user: {self.user}")
        if self.encoder != "frozen":
            said.append(f"{self.encoder} trained along")
        return ", ".join(said)


class Printed(NamedTuple):
    """An F1 in percent and its standard error, as the paper prints them."""

    f1: float
    error: float

    def __str__(self) -> str:
        digits = "g" if 0 < self.error < 0.01 else ".2f"
        return f"{self.f1:.2f} ± {self.error:{digits}}"


class Paper:
    """The paper's tables.

    printed (dict): By table, corpus as the paper names it, share and method.
    """

    def __init__(self, printed: dict[tuple[int, str, float | None, str], Printed]):
        self.printed = printed

    def value(self, table: int, setting: Setting, method: str) -> Printed | None:
        """What the paper has for a cell, all of them at K = 3; with everything labelled
        there is no share."""
        if setting.k != 3:
            return None
        data = CORPORA.get(setting.data, setting.data)
        keys = ((table, data, share, method) for share in (setting.share, None))
        return next((self.printed[key] for key in keys if key in self.printed), None)


def read_paper(path: Path) -> Paper:
    """Read the file that holds the paper's numbers."""
    rows = json.loads(path.read_text(encoding="utf8"))["rows"]
    return Paper(
        {
            (r["table"], r["data"], r["share"], r["method"]): Printed(
                r["f1"], r["error"]
            )
            for r in rows
        }
    )


def sessions_of(rows: Iterable[Row]) -> dict[Setting, Methods]:
    """Rows by setting, method and seed, settings in the paper's order. Of a method that
    ran with several settings of its own only the last are taken."""
    found: dict[Setting, Methods] = {}
    for row in rows:
        setting = Setting(**{n: row[n] for n in Setting._fields if n in row})
        seeds = found.setdefault(setting, {}).setdefault(row["method"], {})
        if any(other["settings"] != row["settings"] for other in seeds.values()):
            seeds.clear()
        seeds[row["seed"]] = row
    order = list(CORPORA)

    def place(setting: Setting) -> tuple:
        known = setting.data in order
        return not known, order.index(setting.data) if known else 0, setting

    return {setting: found[setting] for setting in sorted(found, key=place)}


def values(methods: Methods, method: str, metric: str) -> dict[int, float]:
    """A method's values by seed, without those that were not measured."""
    rows = methods.get(method, {})
    return {seed: r[metric] for seed, r in rows.items() if r.get(metric) is not None}


def f1_tables(
    found: dict[Setting, Methods], paper: Paper, number: int, order: Sequence[str]
) -> list[Table]:
    """Table 1 (all classes) or 2 (unseen ones), ours beside the paper's, a few settings
    a table."""
    return [_f1_table(some, paper, number, order) for some in _chunks(found)]


def _f1_table(
    found: dict[Setting, Methods], paper: Paper, number: int, order: Sequence[str]
) -> Table:
    rows = []
    for method in order:
        cells = [method]
        for setting, methods in found.items():
            ours = values(methods, method, METRICS[number])
            printed = paper.value(number, setting, method)
            cells += [_counted(ours), str(printed or "–")]
        if set(cells[1:]) != {"–"}:
            rows.append(cells)
    return Table(
        f"Table {number}: token F1 in percent, "
        + ("all classes" if number == 1 else "only classes unseen at first"),
        ["method", *("ours (seeds)", "paper") * len(found)],
        rows,
        [(setting.name, 2) for setting in found],
    )


def difference_table(
    setting: Setting, methods: Methods, paper: Paper, order: Sequence[str]
) -> Table:
    """Each method less GroundTruth, seed by seed, and the share of the way from BERT to
    GroundTruth that it goes, beside what the paper's numbers give."""
    rows = []
    for method in order:
        said = _less(methods, methods, method, HIGH)
        printed = [_printed_difference(paper, setting, method, n) for n in METRICS]
        cells = [
            *map(format_interval, said),
            _percent(gap_closed_by(*_way(methods, method))),
            *printed,
            _percent(_printed_gap(paper, setting, method)),
        ]
        if method != HIGH and set(cells) != {"–"}:
            n = said[0].n if said[0] else 0
            rows.append([method, str(n or "–"), *cells])
    columns = ("all", "unseen", "gap closed")
    return Table(
        f"Less {HIGH}: {setting.name}",
        ["method", "pairs", *columns, *columns],
        rows,
        [("", 1), ("ours, paired by seed", 3), ("the paper's means", 3)],
    )


def _less(
    methods: Methods, others: Methods, method: str, base: str
) -> list[Interval | None]:
    """A method less another, on all classes and on unseen ones."""
    return [
        interval(differences(values(methods, method, name), values(others, base, name)))
        for name in METRICS.values()
    ]


def _way(methods: Methods, method: str) -> list[dict[int, float]]:
    return [values(methods, name, "all") for name in (method, LOW, HIGH)]


def _printed_difference(
    paper: Paper, setting: Setting, method: str, number: int
) -> str:
    ours, base = (paper.value(number, setting, name) for name in (method, HIGH))
    if ours is None or base is None:
        return "–"
    return f"{ours.f1 - base.f1:+z.2f}".replace("-", "−")


def _printed_gap(paper: Paper, setting: Setting, method: str) -> float | None:
    cells = [paper.value(1, setting, name) for name in (method, LOW, HIGH)]
    known = [cell.f1 for cell in cells if cell is not None]
    return gap_closed(*known) if len(known) == len(cells) else None


def question_tables(found: dict[Setting, Methods], order: Sequence[str]) -> list[Table]:
    """How often the class was among the K: over the first tenth of a session, and over
    all of it; then what showing the same or random labels would have given."""
    return [_question_table(some, order) for some in _chunks(found)]


def _question_table(found: dict[Setting, Methods], order: Sequence[str]) -> Table:
    rows = []
    for method in order:
        cells = [method]
        for methods in found.values():
            cells += [_mean(methods, method, name) for name in ("first", "session")]
        if set(cells[1:]) != {"–"}:
            rows.append(cells)
    for name, metric in (
        ("the K most frequent", "frequent"),
        ("K at random", "random"),
    ):
        cells = [name]
        for methods in found.values():
            cells += ["–", format_spread(_of_any(methods, metric))]
        rows.append(cells)
    return Table(
        "Questions answered from the K shown, in percent",
        ["shown", *("first tenth", "session") * len(found)],
        rows,
        [(setting.name, 2) for setting in found],
    )


def _chunks(found: dict[Setting, Methods]) -> list[dict[Setting, Methods]]:
    entries = list(found.items())
    return [
        dict(entries[start : start + PER_TABLE])
        for start in range(0, len(entries), PER_TABLE)
    ]


def _mean(methods: Methods, method: str, metric: str) -> str:
    return format_spread(values(methods, method, metric))


def _of_any(methods: Methods, metric: str) -> dict[int, float]:
    """By seed, from whatever method has it: it does not depend on the method."""
    found: dict[int, float] = {}
    for method in methods:
        found |= values(methods, method, metric)
    return found


def user_tables(found: dict[Setting, Methods], order: Sequence[str]) -> list[Table]:
    """What users who are not perfect cost, seed by seed, a table a user."""
    tables = []
    for setting, methods in found.items():
        perfect = found.get(setting._replace(user="perfect"), {})
        rows = [
            [
                method,
                _counted(values(methods, method, "all")),
                *map(format_interval, _less(methods, perfect, method, method)),
                _mean(methods, method, "session"),
            ]
            for method in order
            if method in methods
        ]
        if setting.user != "perfect" and rows:
            columns = ["F1 (seeds)", "less perfect: all", "unseen", "from the K"]
            tables.append(Table(setting.name, ["method", *columns], rows))
    return tables


def fullest(
    found: dict[Setting, Methods], wanted: Collection[str]
) -> dict[Setting, Methods]:
    """A setting a corpus: where most of the wanted methods ran, then on most text."""

    def place(setting: Setting) -> tuple[int, float]:
        ran = sum(method in found[setting] for method in wanted)
        return ran, setting.sentences or float("inf")

    best: dict[str, Setting] = {}
    for setting in found:
        other = best.setdefault(setting.data, setting)
        best[setting.data] = max(other, setting, key=place)
    return {setting: found[setting] for setting in best.values()}


def answers(setting: Setting, methods: Methods, said: dict[str, str]) -> list[str]:
    """How far from GroundTruth some methods end, in a sentence; none where none ran.

    said (dict[str, str]): The methods, and what they are called in it.
    """
    found = []
    for method, name in said.items():
        whole, unseen = _less(methods, methods, method, HIGH)
        if whole and unseen:
            way = _percent(gap_closed_by(*_way(methods, method)))
            found.append(
                f"{name} ends {format_interval(whole)} and {format_interval(unseen)} "
                f"from it (gap to {LOW} closed: {way}, seeds: {whole.n})"
            )
    if not found:
        return []
    return [
        f"{setting.name}, on all classes and on those unseen at first, beside {HIGH}: "
        f"{'; '.join(found)}."
    ]


def _counted(found: dict[int, float]) -> str:
    return f"{format_spread(found)} ({len(found)})" if found else "–"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:z.0f} %".replace("-", "−")
