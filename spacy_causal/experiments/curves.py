"""Learning curves as SVG text, with the spread over seeds."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spacy_causal.experiments.charts import INK, svg_of

# panels -> arms -> one curve a seed, of equal steps from 0 to 1
Curves = Mapping[str, Mapping[str, Sequence[Sequence[float]]]]
DASHES = ("--", ":", "-.")


def draw_curves(
    panels: Curves,
    *,
    name: str,
    alt: str,
    colors: Mapping[str, str],
) -> str:
    """Return panels side by side, in percent, as an `<svg>` element: means as lines,
    one standard deviation as a band. A curve of one value is a level line.

    name (str): Tells its ids from those of other charts in the page.
    alt (str): What it shows, for those who do not see it.
    colors (Mapping[str, str]): By arm; those that are not in it are dashed, in ink.
    """

    def draw() -> Figure:
        figure = Figure(figsize=(7.6, 4.2), layout="constrained")
        arms = list(dict.fromkeys(arm for panel in panels.values() for arm in panel))
        looks = _looks(arms, colors)
        row = figure.subplots(1, len(panels), squeeze=False)[0]
        for axes, (title, curves) in zip(row, panels.items(), strict=True):
            for arm, seeds in curves.items():
                _draw_arm(axes, arm, seeds, looks[arm])
            _dress(axes, title)
        row[0].set_ylabel("token F1 (%)")
        lines = {line.get_label(): line for axes in row for line in axes.get_lines()}
        shown = [arm for arm in arms if arm in lines]
        figure.legend(
            [lines[arm] for arm in shown],
            shown,
            loc="outside upper left",
            ncols=4,
            frameon=False,
        )
        return figure

    return svg_of(draw, name=name, alt=alt)


def _looks(arms: Sequence[str], colors: Mapping[str, str]) -> dict[str, dict]:
    dashes = cycle(DASHES)
    return {
        arm: {"color": colors[arm], "ls": "-"}
        if arm in colors
        else {"color": INK, "ls": next(dashes)}
        for arm in arms
    }


def _draw_arm(
    axes: Axes, arm: str, seeds: Sequence[Sequence[float]], look: dict
) -> None:
    length = min(len(curve) for curve in seeds)
    values = 100 * np.array([curve[:length] for curve in seeds], dtype=float)
    if length == 1:
        values = np.repeat(values, 2, axis=1)
    x = np.linspace(0, 1, values.shape[1])
    middle = values.mean(axis=0)
    axes.plot(x, middle, label=arm, lw=1.6, **look)
    if length > 1:
        axes.plot(x[-1:], middle[-1:], "o", ms=4, color=look["color"])
    if len(values) > 1:
        sd = values.std(axis=0, ddof=1)
        axes.fill_between(
            x, middle - sd, middle + sd, color=look["color"], alpha=0.15, lw=0
        )


def _dress(axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=11, loc="left")
    axes.set(xlim=(0, 1.02), xlabel="share of the stream")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.15, color=INK)
    axes.set_axisbelow(True)
