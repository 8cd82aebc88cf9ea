"""F1 on classes that were never labelled, as a plot, from committed rows.

python benchmarks/unseen_plot.py benchmarks/results/citisl.jsonl docs/unseen.png
"""

import io
from pathlib import Path
from statistics import mean
from typing import Annotated

import typer
from matplotlib.figure import Figure

from spacy_causal.experiments.citisl import Setting, sessions_of
from spacy_causal.experiments.results import Results
from spacy_causal.files import write_whole

SETTING = Setting("conll_pos", "test", 5000, 0.1, 3, "perfect")
LINES = {
    "GroundTruth": ("told every label", "#7a869a", "--"),
    "ours exploring": ('"which of 3, or none?", by this package', "#0072b2", "-"),
    "CITISL blind": ("the same as the paper has it", "#d55e00", "-"),
}


def main(
    rows: Annotated[Path, typer.Argument(help="What citisl.py wrote.", exists=True)],
    output: Annotated[Path, typer.Argument(help="The PNG to write.")],
) -> None:
    """Draw F1 on the classes that were unseen at first, by texts read: means of seeds,
    on a fifth of test on the way and on the whole of it at the end."""
    methods = sessions_of(Results(rows).rows())[SETTING]
    figure = Figure(figsize=(7.2, 3.0), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    n_streamed = SETTING.sentences * (1 - SETTING.share)
    for method, (name, color, dashes) in LINES.items():
        found = methods[method].values()
        curves = [[*row["curve_unseen"], row["unseen"]] for row in found]
        means = [100 * mean(values) for values in zip(*curves, strict=True)]
        texts = [n_streamed * i / (len(means) - 1) for i in range(len(means))]
        axes.plot(texts, means, dashes, color=color, lw=2, label=name)
    axes.set_xlabel("sentences asked about (CoNLL-2003, parts of speech)")
    axes.set_ylabel("F1 on classes that\nwere never labelled (%)")
    axes.set_ylim(-3, 100)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="center right")
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    write_whole(output, file.getvalue())


if __name__ == "__main__":
    typer.run(main)
