"""A page on what a pipeline reads: ACE and RI by type, names seen and unseen, swaps."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spacy_causal.effects.measure import Effects
from spacy_causal.effects.tables import Estimate, Table
from spacy_causal.experiments import sections
from spacy_causal.experiments.charts import COLORS, INK, svg_of
from spacy_causal.experiments.effects_wording import (
    ALL,
    LEVELS,
    findings,
    name_header,
    name_rows,
    overall_rows,
    substitution,
    type_rows,
)

ARMS = {"ace_c": "ACE of context", "ace_e": "ACE of entities", "ri": "RI"}
MEANING = [
    "do(c0) empties every token outside the annotated entities, do(e0) every token in "
    "them; an empty token's embedding is zero.",
    "ACE is what F1 gains or loses by that. RI = ACE of context − ACE of entities: "
    "above 0 the pipeline leans on entities, below 0 on contexts.",
    "Points of F1, with 95 % intervals over documents; predicted on the annotation's "
    "own tokens.",
    "Few pipelines were trained on emptied text: part of a loss may only be that such "
    "text is unfamiliar.",
]


def render_effects(
    effects: Effects, *, model: str, data: str, made: Mapping[str, str]
) -> str:
    """Return the page; all text is escaped.

    model, data (str): What was measured, on what.
    made (Mapping[str, str]): The command, versions and the like.
    """
    warning = substitution(effects)
    answers = [*findings(effects), *([warning] if warning else [])]
    return sections.render_sections(
        "What does it read?",
        f"{model} on {effects.n_docs:,} documents of {data}: does it find entities by "
        "what they are called, or by what stands around them?",
        answers,
        [
            _overall(effects),
            *(_by_type(effects.tables[level], level) for level in LEVELS),
            _names(effects),
            sections.how_made(made),
        ],
    )


def _overall(effects: Effects) -> sections.Section:
    header = ["(%)", *LEVELS.values()]
    table = sections.Table("All types together", header, overall_rows(effects))
    return sections.Section(title="Effects", tables=[table], remarks=MEANING)


def _by_type(table: Table, level: str) -> sections.Section:
    rows = {**table.per_type, ALL: table.overall}
    svg = svg_of(
        lambda: _figure(rows),
        name=level,
        alt=f"ACE and RI by type, {LEVELS[level]}; the table has the figures.",
    )
    header = ["type", "n", "F1", "ACE of context", "ACE of entities", "RI"]
    return sections.Section(
        title=f"By type, {LEVELS[level]}",
        figures=[sections.Figure(svg, "Points of F1; lines are 95 % intervals.")],
        tables=[sections.Table(LEVELS[level], header, type_rows(table))],
    )


def _names(effects: Effects) -> sections.Section:
    table = sections.Table("Strict matches", name_header(effects), name_rows(effects))
    remarks = [
        "A swap puts another surface form of the same type in the place of an entity "
        "that was found; it survives if all of the new one is found."
    ]
    return sections.Section(
        title="Names seen in training, and swaps", tables=[table], remarks=remarks
    )


def _figure(rows: dict[str, dict[str, Estimate]]) -> Figure:
    figure = Figure(figsize=(7.6, 1.1 + 0.5 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    for i, (name, said) in enumerate(ARMS.items()):
        estimates = [row[name] for row in rows.values()]
        _draw_arm(axes, estimates, (i - 1) * 0.2, color=COLORS[i], label=said)
    axes.axvline(0, color=INK, linewidth=1)
    axes.set_yticks(range(len(rows)), [label.replace("$", r"\$") for label in rows])
    axes.invert_yaxis()
    axes.set(xlim=(-105, 105), xlabel="points of F1")
    axes.grid(axis="x", alpha=0.15, color=INK)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper left", ncols=len(ARMS), frameon=False)
    return figure


def _draw_arm(
    axes: Axes, estimates: list[Estimate], offset: float, *, color: str, label: str
) -> None:
    for at, estimate in enumerate(estimates):
        if estimate.low is not None and estimate.high is not None:
            ends = [100 * estimate.low, 100 * estimate.high]
            axes.plot(ends, [at + offset] * 2, color=color, linewidth=2)
    known = [(e.value, at) for at, e in enumerate(estimates) if e.value is not None]
    values = [100 * value for value, _ in known]
    heights = [at + offset for _, at in known]
    axes.scatter(values, heights, s=28, color=color, label=label)
