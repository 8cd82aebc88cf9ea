"""A page on a component's confidences: reliability, risk and coverage."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from spacy_causal.experiments.calibration_wording import (
    HEADER,
    MEANING,
    figure_rows,
    findings,
)
from spacy_causal.experiments.charts import COLORS, INK, svg_of
from spacy_causal.experiments.sections import (
    Figure,
    Section,
    Table,
    how_made,
    render_sections,
)
from spacy_causal.learning.calibration import Calibration, Judged, Scored
from spacy_causal.scorers.calibration import N_BINS, reliability, risk_coverage

ARMS = ("T = 1", "fitted T")
# A curve has no more points than can be seen.
POINTS = 400


def render_calibration(
    calibration: Calibration,
    scored: Scored,
    *,
    model: str,
    data: str,
    held_out: bool,
    made: Mapping[str, str],
) -> str:
    """Return the page; all text is escaped.

    scored (Scored): What was measured.
    model, data (str): What was measured, on what.
    held_out (bool): Whether that is other data than the temperature was fitted to.
    made (Mapping[str, str]): The command, versions and the like.
    """
    kinds = {"tokens": scored.judge_tokens}
    if scored.mentions is not None and len(scored.mentions):
        kinds["mentions"] = scored.judge_mentions
    figures = Table("Before and after", HEADER, figure_rows(calibration))
    sections = [Section(title="Figures", tables=[figures], remarks=MEANING)]
    for kind, judge in kinds.items():
        arms = dict(
            zip(ARMS, (judge(1.0), judge(calibration.temperature)), strict=True)
        )
        sections.append(_section(kind, arms))
    sections.append(how_made(made))
    return render_sections(
        "Can its confidences be used?",
        f"When {model} says 90 % on {data}, is it right 9 times in 10?",
        findings(calibration, data, held_out=held_out),
        sections,
    )


def _section(kind: str, arms: Mapping[str, Judged]) -> Section:
    svgs = [
        svg_of(
            lambda draw=draw: _drawing(arms, draw),  # type: ignore[misc]
            name=f"{kind}-{name}",
            alt=f"{said}, {kind}; the tables have the figures.",
        )
        for name, draw, said in (
            ("reliability", _draw_reliability, "Accuracy by confidence"),
            ("risk", _draw_risk, "Errors by coverage"),
        )
    ]
    captions = (
        "On the line, what is said with p % is right p times in 100. Bars at the foot: "
        f"the share of {kind} in each of {N_BINS} bins, at the fitted T.",
        f"Errors among the {kind} that are kept, the most confident first.",
    )
    figures = [Figure(svg, said) for svg, said in zip(svgs, captions, strict=True)]
    return Section(title=kind.capitalize(), figures=figures, tables=[_table(arms)])


def _table(arms: Mapping[str, Judged]) -> Table:
    rows = []
    for arm, judged in arms.items():
        bins = reliability(*judged)
        for k in np.flatnonzero(bins.count):
            edges = f"{arm}: {100 * k / N_BINS:.0f}–{100 * (k + 1) / N_BINS:.0f}"
            means = [f"{100 * x[k]:.1f}" for x in (bins.confidence, bins.accuracy)]
            rows.append([edges, f"{bins.count[k]:,}", *means])
    return Table("Bins", ["confidence (%)", "n", "mean", "right (%)"], rows)


def _drawing(arms: Mapping[str, Judged], draw: object) -> Drawing:
    drawing = Drawing(figsize=(7.6, 3.9), layout="constrained")
    axes = drawing.add_subplot()
    draw(axes, arms)  # type: ignore[operator]
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.15, color=INK)
    axes.set_axisbelow(True)
    drawing.legend(loc="outside upper left", ncols=len(arms), frameon=False)
    return drawing


def _draw_reliability(axes: Axes, arms: Mapping[str, Judged]) -> None:
    axes.plot([0, 100], [0, 100], color=INK, lw=1, alpha=0.5)
    for (arm, judged), color in zip(arms.items(), COLORS, strict=False):
        bins = reliability(*judged)
        some = bins.count > 0
        at, right = 100 * bins.confidence[some], 100 * bins.accuracy[some]
        axes.plot(at, right, "o-", ms=4, lw=1.4, color=color, label=arm)
    share = 100 * bins.count / bins.count.sum()
    centres = (np.arange(N_BINS) + 0.5) * 100 / N_BINS
    axes.bar(centres, share, 92 / N_BINS, color=color, alpha=0.2)
    axes.set(xlim=(0, 101), ylim=(0, 101), xlabel="confidence (%)", ylabel="right (%)")


def _draw_risk(axes: Axes, arms: Mapping[str, Judged]) -> None:
    for (arm, judged), color in zip(arms.items(), COLORS, strict=False):
        risk = risk_coverage(*judged)
        n = len(risk)
        at = np.unique(np.linspace(0, n - 1, min(n, POINTS)).astype(int))
        axes.plot(100 * (at + 1) / n, 100 * risk[at], lw=1.6, color=color, label=arm)
    axes.set(xlim=(0, 101), ylim=(0, None), xlabel="coverage (%)", ylabel="errors (%)")
