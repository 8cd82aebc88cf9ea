"""Simulated active learning as one HTML page that needs nothing beside itself."""

from collections.abc import Mapping
from functools import partial
from itertools import cycle
from statistics import mean
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from spacy_causal.experiments.active_curves import (
    ALL,
    HEADER,
    NEEDED,
    Curves,
    Rows,
    curves_of,
    findings,
    full_scores,
    needed_table,
    table,
)
from spacy_causal.experiments.charts import INK, svg_of
from spacy_causal.experiments.sections import Figure, Section, Table, render_sections

TITLE = "Would active learning pay here?"
QUESTION = (
    "A model is trained on a few labelled texts, a strategy chooses what to label "
    "next, and the model is trained again. How good does it get for the words spent?"
)
# Okabe and Ito's, for those who see few colours.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a869a")
MARKS = ("o", "s", "^", "D", "v", "P", "X")
EVERYTHING = "everything labelled"
# Characters in a row of the legend, and how many a line's mark and spaces take up.
CHARACTERS, HANDLE = 90, 9
SETTINGS = (
    *("train", "dev", "config", "lang", "component", "initial", "budget", "fresh"),
    *("augment", "steps"),
)
CHOSEN = (
    "Texts and budget are counted in words. The mean F1 is the area under the curve, "
    "divided by its width, over the range of words that every strategy reached. "
    "Differences are paired by seed, ± half the 95 % interval (Student's t)."
)


def render_active(rows: Rows) -> str:
    """Return the page; all text from corpora and file names is escaped.

    rows (Rows): Of one setup, one a round, any strategies and seeds.
    """
    said = findings(rows)
    bought = next(row for row in rows if row["strategy"] != ALL)
    unit = "entities" if bought["layer"] == "ner" else "tokens"
    figure = draw_active(rows, name="active", alt=f"F1 by words labelled. {said[0]}")
    seeds = sorted({row["seed"] for row in rows})
    caption = (
        f"F1 of {unit} on {bought['n_dev']:,} other texts. The pool has "
        f"{bought['n_pool']:,} texts, {bought['n_pool_words']:,} words."
    )
    curve = Section(
        title="Learning curves",
        figures=[Figure(figure, caption)],
        tables=tables_of(rows),
        remarks=[
            CHOSEN,
            "Who labels is simulated: a text that is chosen gets the labels it has in "
            "the file. People take longer for some texts than for others.",
        ],
    )
    settings = [[name, _text(bought[name])] for name in SETTINGS]
    settings = [[name, value] for name, value in settings if value]
    settings.append(["seeds", ", ".join(map(str, seeds))])
    versions = [[n, v] for n, v in bought.get("versions", {}).items()]
    made = Section(
        title="How it was made",
        tables=[
            Table("Settings", ["setting", "value"], settings),
            Table("Versions", ["package", "version"], versions),
        ],
    )
    return render_sections(TITLE, QUESTION, said, [curve, made])


def tables_of(rows: Rows) -> list[Table]:
    """The strategies, and the words they need."""
    words = needed_table(rows)
    tables = [Table("Strategies", HEADER, table(rows))]
    caption = "Words needed for a share of the F1 that all words give"
    return [*tables, Table(caption, NEEDED, words)] if words else tables


def draw_active(rows: Rows, *, name: str, alt: str) -> str:
    """Curves over words, means as lines, one standard deviation as a band; what a model
    trained on everything scores as a level line."""
    draw = partial(_draw, curves_of(rows), full_scores(rows))
    return svg_of(draw, name=name, alt=alt)


def _draw(curves: Curves, full: Mapping[int, float]) -> Drawing:
    drawing = Drawing(figsize=(7.6, 4.4), layout="constrained")
    axes = drawing.add_subplot()
    looks = zip(cycle(COLORS), cycle(MARKS), strict=False)
    for (arm, seeds), (color, mark) in zip(curves.items(), looks, strict=False):
        rounds = min(len(curve.words) for curve in seeds.values())
        at = np.mean([curve.words[:rounds] for curve in seeds.values()], axis=0)
        values = 100 * np.array([curve.scores[:rounds] for curve in seeds.values()])
        _draw_arm(axes, at, values, label=arm, color=color, marker=mark)
    if full:
        level = 100 * mean(full.values())
        axes.axhline(level, color=INK, ls="--", lw=1, label=EVERYTHING)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set(xlabel="words labelled", ylabel="F1 (%)")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(alpha=0.15, color=INK)
    axes.set_axisbelow(True)
    longest = max(map(len, (*curves, EVERYTHING)))
    columns = max(1, min(4, CHARACTERS // (longest + HANDLE)))
    drawing.legend(loc="outside upper left", ncols=columns, frameon=False)
    return drawing


def _draw_arm(axes: Axes, at: Any, values: Any, *, color: str, **look: Any) -> None:
    middle = values.mean(axis=0)
    axes.plot(at, middle, ms=4, lw=1.6, color=color, **look)
    if len(values) > 1:
        sd = values.std(axis=0, ddof=1)
        axes.fill_between(at, middle - sd, middle + sd, color=color, alpha=0.12, lw=0)


def _text(value: object) -> str:
    return "" if value is None else str(value)
