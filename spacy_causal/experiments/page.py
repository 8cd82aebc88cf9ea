"""A report as one HTML page that needs nothing beside itself."""

from collections.abc import Iterable
from itertools import cycle
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from spacy import displacy
from spacy.displacy.render import escape_html

from spacy_causal.experiments.comparison import Reading, Span
from spacy_causal.experiments.report import Report
from spacy_causal.experiments.scores import BASELINE, METRICS
from spacy_causal.experiments.wording import (
    answer,
    format_gain,
    format_spread,
    name_test,
)
from spacy_causal.files import write_whole

LABEL_COLORS = (
    *("#a8d5ba", "#f6c28b", "#a9c9f5", "#e6b3d8", "#d9d48f", "#9fdfe0"),
    *("#f4a9a0", "#c9bdf0", "#d6c4ae", "#b7e07f", "#f0a6c4", "#bccad6"),
)


def render_page(report: Report) -> str:
    """Return the page; all text from corpora and file names is escaped."""
    environment = page_environment()
    environment.filters.update(spread=format_spread, gain=format_gain, test=name_test)
    return environment.get_template("report.html.jinja").render(
        report=report,
        scores=report.scores,
        comparison=report.comparison,
        metrics=_metrics(report),
        baseline=BASELINE,
        answers=[answer(report.scores, test) for test in reversed(report.scores.tests)],
        charts=_charts(report),
        readings=_readings(report),
    )


def page_environment() -> Environment:
    """Where pages find their templates and style."""
    return Environment(
        loader=PackageLoader("spacy_causal.experiments", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def write_page(path: Path, html: str) -> None:
    """Write a page whole or not at all."""
    write_whole(path, html)


def _metrics(report: Report) -> dict[str, str]:
    found = {key for row in report.scores.rows for key in row.values}
    return {key: name for key, name in METRICS.items() if key in found}


def _charts(report: Report) -> dict[str, Markup]:
    # Loads matplotlib, which pages without charts do without.
    from spacy_causal.experiments.charts import draw_bars

    scores, last = report.scores, report.scores.tests[-1]
    tests = {
        name_test(test): {
            arm: [*scores.values(arm, test).values()] for arm in scores.arms
        }
        for test in scores.tests
    }
    types = {
        label: {
            arm: [*scores.type_values(arm, last, label).values()] for arm in scores.arms
        }
        for label in report.support[last]
    }
    said = " ".join(answer(report.scores, test) for test in scores.tests)
    charts = {"tests": draw_bars(tests, name="tests", alt=f"Strict F1. {said}")}
    if types:
        alt = f"Strict F1 by type, test {name_test(last)}; the table has the figures."
        charts["types"] = draw_bars(types, name="types", alt=alt, horizontal=True)
    return {name: Markup(svg) for name, svg in charts.items()}


def _readings(report: Report) -> list[list[tuple[str, bool, Markup]]]:
    shown = report.comparison.shown
    labels = {label for counts in report.support.values() for label in counts}
    colors = dict(zip(sorted(labels), cycle(LABEL_COLORS), strict=False))
    return [
        [("gold", True, _render(reading, reading.gold, colors))]
        + [
            (arm, set(spans) == set(reading.gold), _render(reading, spans, colors))
            for arm, spans in reading.found.items()
        ]
        for reading in shown
    ]


def _render(reading: Reading, spans: Iterable[Span], colors: dict[str, str]) -> Markup:
    # displaCy escapes texts but not labels.
    ents: list[dict[str, Any]] = [
        {"start": start, "end": end, "label": escape_html(label)}
        for start, end, label in spans
    ]
    options = {"colors": {escape_html(label): color for label, color in colors.items()}}
    html = displacy.render(
        {"text": reading.text, "ents": ents},
        style="ent",
        manual=True,
        jupyter=False,
        options=options,
    )
    return Markup(html)
