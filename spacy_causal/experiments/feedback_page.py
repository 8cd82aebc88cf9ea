"""A simulated feedback session as one HTML page that needs nothing beside itself."""

from functools import partial

import numpy as np
from matplotlib.figure import Figure as Drawing

from spacy_causal.experiments.charts import COLORS, INK, svg_of
from spacy_causal.experiments.feedback_setup import SESSION
from spacy_causal.experiments.learning_curve import (
    NAMES,
    Moment,
    Rows,
    findings,
    header,
    learning_curve,
    table,
)
from spacy_causal.experiments.scores import spread
from spacy_causal.experiments.sections import Figure, Section, Table, render_sections

TITLE = "What would feedback bring?"
SETTINGS = (
    *("train", "dev", "model", "config", "lang", "component", "initial", "unseen"),
    *("max_texts", "steps", "k", "unit", "batch_size"),
    *("explore", "sure", "user", "mistakes", "known", "doubt", "mode", "imputer"),
)


def render_feedback(rows: Rows) -> str:
    """Return the page; all text from corpora and file names is escaped.

    rows (Rows): Of one setup, any arms and seeds.
    """
    sessions = [row for row in rows if row["arm"] == SESSION]
    first, said = sessions[0], findings(rows)
    question = (
        "A model trained on a few labelled texts shows a simulated user the "
        f"{first['k']} labels it finds most likely, learns from “it is this one” and "
        "“none of these”, and is scored on other texts along the way."
    )
    seeds = [row["seed"] for row in sessions]
    unit = "entities" if first["layer"] == "ner" else "tokens"
    over = ", mean ± standard deviation over seeds" if len(seeds) > 1 else ""
    alt = f"F1 by texts asked about. {said[0]}"
    svg = svg_of(partial(_draw, learning_curve(rows)), name="curve", alt=alt)
    caption = (
        f"{first['n_initial']:,} texts were labelled beforehand; F1 is on "
        f"{first['n_dev']:,} others."
    )
    columns = header(rows)
    curve = Section(
        title="Learning curve",
        figures=[Figure(svg, caption)],
        tables=[Table("On the way", columns, table(rows))],
        remarks=[
            f"F1 of {unit}, in percent{over}.",
            f"“{columns[3]}”: of the questions about a class since the line above, the "
            "percentage that had it among those shown.",
            "The user is simulated: people err, tire and hesitate in their own ways.",
        ],
    )
    # What the learner assumes wrong is kept among its settings.
    values = {"sure": None, **first, "doubt": first["learner"]["mistakes"] or None}
    settings = [[name, _text(values[name])] for name in SETTINGS if _text(values[name])]
    settings.append(["seeds", _text(seeds)])
    versions = [[name, number] for name, number in first["versions"].items()]
    made = Section(
        title="How it was made",
        tables=[
            Table("Settings", ["setting", "value"], settings),
            Table("Versions", ["package", "version"], versions),
        ],
    )
    return render_sections(TITLE, question, said, [curve, made])


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _draw(curve: list[Moment]) -> Drawing:
    """Means as lines, one standard deviation as a band."""
    names = NAMES | {SESSION: "session"}
    lines = {names[arm]: [moment.f1[arm] for moment in curve] for arm in curve[0].f1}
    if curve[0].unseen_f1:
        unseen = [moment.unseen_f1[SESSION] for moment in curve]
        lines["session, unseen classes"] = unseen
    drawing = Drawing(figsize=(7.6, 3.9), layout="constrained")
    axes = drawing.add_subplot()
    at = [moment.texts for moment in curve]
    for (name, values), color in zip(lines.items(), COLORS, strict=False):
        spreads = [s for seeds in values if (s := spread(seeds))]
        means = 100 * np.array([s.mean for s in spreads])
        sds = 100 * np.array([s.sd or 0.0 for s in spreads])
        axes.plot(at, means, "o-", ms=4, color=color, label=name)
        axes.fill_between(at, means - sds, means + sds, color=color, alpha=0.15, lw=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set(xlim=(0, None), ylim=(0, 100), xlabel="texts asked about", ylabel="F1 (%)")
    axes.grid(alpha=0.15, color=INK)
    axes.set_axisbelow(True)
    drawing.legend(loc="outside upper left", ncols=len(lines), frameon=False)
    return drawing
