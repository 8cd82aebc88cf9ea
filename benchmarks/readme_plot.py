"""The plot of the README's first screen, from committed rows.

python benchmarks/readme_plot.py benchmarks/results/combined.jsonl docs/words.png
"""

import io
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from combined_methods import PLAIN, WHOLE
from combined_report import whole_runs
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spacy_causal.experiments.active_curves import curves_of, score_at
from spacy_causal.experiments.results import Results
from spacy_causal.files import write_whole

PANELS = {"conll2003": "CoNLL-2003, entities", "atis": "ATIS, slots"}
CELLS = {"encoder": "frozen", "split": "test", "batch": 0.03, "steps": 300}
LINES = {
    PLAIN: ("random sentences", "#7a869a", "--"),
    "wbadge": ("chosen by W-BADGE", "#d55e00", "-"),
    WHOLE: ("all methods, asking where unsure", "#0072b2", "-"),
}


def main(
    rows: Annotated[Path, typer.Argument(help="What combined.py wrote.", exists=True)],
    output: Annotated[Path, typer.Argument(help="The PNG to write.")],
) -> None:
    """Draw F1 by words labelled or asked about: means of the seeds that were run with
    all three."""
    found = Results(rows).rows()
    figure = Figure(figsize=(7.2, 3.1), dpi=150, layout="constrained")
    both = figure.subplots(1, 2)
    for axes, (data, title) in zip(both, PANELS.items(), strict=True):
        own = {**CELLS, "data": data}
        draw(axes, [r for r in found if all(r[k] == own[k] for k in own)])
        axes.set_title(title, fontsize=10)
    both[0].set_ylabel("F1 (%)")
    figure.supxlabel(
        "words labelled or asked about (% of those of 2,500 sentences)", fontsize=10
    )
    lines, names = both[0].get_legend_handles_labels()
    figure.legend(lines, names, frameon=False, fontsize=9, loc="outside upper center",
                  ncols=3)  # fmt: skip
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    write_whole(output, file.getvalue())


def draw(axes: Axes, rows: list[dict[str, Any]]) -> None:
    """The curves of one corpus, and how high the plain one ends."""
    whole = whole_runs(rows)
    curves = curves_of([r | {"strategy": r["arm"], "words": r["share"]} for r in whole])
    shared = sorted(set.intersection(*(set(curves[name]) for name in LINES)))
    for name, (label, color, dashes) in LINES.items():
        own = [curves[name][seed] for seed in shared]
        shares = np.linspace(
            max(curve.words[0] for curve in own), min(curve.words[-1] for curve in own)
        )
        means = [np.mean([score_at(curve, x) for curve in own]) for x in shares]
        percent, scores = 100 * shares, 100 * np.array(means)
        axes.plot(percent, scores, dashes, color=color, lw=2, label=label)
        if name == PLAIN:
            axes.axhline(scores[-1], color=color, lw=0.8, ls=":")
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    typer.run(main)
