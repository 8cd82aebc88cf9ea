"""Bar charts as SVG text, with the spread over seeds."""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spacy_causal.experiments.scores import spread

COLORS = ("#7a869a", "#0f8b8d", "#e07a1f", "#7353ba")
# Becomes the page's own text colour, light or dark.
INK = "#010203"
STYLE: Any = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
# groups -> arms -> one value a seed
Bars = Mapping[str, Mapping[str, Sequence[float]]]


def draw_bars(
    bars: Bars,
    *,
    name: str,
    alt: str,
    horizontal: bool = False,
    axis: str = "strict F1 (%)",
) -> str:
    """Return a grouped bar chart of percentages as an `<svg>` element.

    name (str): Tells its ids from those of other charts in the page.
    alt (str): What it shows, for those who do not see it.
    axis (str): What is measured.
    """

    def draw() -> Figure:
        return _figure(bars, horizontal=horizontal, axis=axis)

    return svg_of(draw, name=name, alt=alt)


def svg_of(draw: Callable[[], Figure], *, name: str, alt: str) -> str:
    """Return a figure in the page's style as an `<svg>` element, the same each time.

    draw (Callable): Makes the figure; what is coloured INK takes the page's ink.
    """
    with matplotlib.rc_context(STYLE | {"svg.hashsalt": name}):
        figure = draw()
        file = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    return _inline(file.getvalue(), name, alt)


def _figure(bars: Bars, *, horizontal: bool, axis: str) -> Figure:
    size = (7.6, 0.9 + 0.5 * len(bars)) if horizontal else (7.6, 3.6)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()
    arms = list(dict.fromkeys(arm for group in bars.values() for arm in group))
    width = 0.8 / len(arms)
    for i, arm in enumerate(arms):
        offset = (i - (len(arms) - 1) / 2) * width
        values = {
            at + offset: group.get(arm, ()) for at, group in enumerate(bars.values())
        }
        color = COLORS[i % len(COLORS)]
        _draw_arm(axes, values, horizontal, width * 0.92, color=color, label=arm)
    _dress(axes, list(bars), axis, horizontal=horizontal)
    figure.legend(loc="outside upper left", ncols=len(arms), frameon=False)
    return figure


def _draw_arm(
    axes: Axes,
    values: Mapping[float, Sequence[float]],
    horizontal: bool,
    width: float,
    **look: Any,
) -> None:
    spreads = [spread(100 * value for value in seeds) for seeds in values.values()]
    means = [s.mean if s else 0.0 for s in spreads]
    sds = [(s.sd or 0.0) if s else 0.0 for s in spreads]
    look["error_kw"] = {"ecolor": INK, "elinewidth": 1, "capsize": 3}
    at = [position for position, seeds in values.items() for _ in seeds]
    dots = [100 * value for seeds in values.values() for value in seeds]
    if horizontal:
        axes.barh(list(values), means, width, xerr=sds, **look)
        axes.scatter(dots, at, s=9, color=INK, alpha=0.55, zorder=3)
    else:
        axes.bar(list(values), means, width, yerr=sds, **look)
        axes.scatter(at, dots, s=12, color=INK, alpha=0.55, zorder=3)


def _dress(axes: Axes, names: Sequence[str], axis: str, *, horizontal: bool) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    if horizontal:
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.set(xlim=(0, 100), xlabel=axis)
        axes.grid(axis="x", alpha=0.15, color=INK)
    else:
        axes.set_xticks(range(len(names)), names)
        axes.set(ylim=(0, 100), ylabel=axis)
        axes.grid(axis="y", alpha=0.15, color=INK)
    axes.set_axisbelow(True)


def _inline(svg: str, name: str, alt: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\1{name}-", svg)
    svg = re.sub(r'(<svg\b[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg\b[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = svg.replace("<svg ", f'<svg role="img" aria-label={quoteattr(alt)} ', 1)
    return svg.replace(INK, "currentColor")
