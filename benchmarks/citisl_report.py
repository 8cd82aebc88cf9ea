r"""CITISL's results as a page beside the paper's numbers, and on the terminal.

python benchmarks/citisl_report.py benchmarks/results/citisl.jsonl report/citisl.html
python benchmarks/citisl_report.py A.jsonl B.jsonl report/citisl.html
"""

import json
from pathlib import Path
from statistics import mean
from typing import Annotated, Any

import typer
from citisl_methods import METHODS
from citisl_notes import DIFFERENT, ENCODERS
from citisl_table import PAPER_NUMBERS, print_table

from spacy_causal.experiments.charts import draw_bars
from spacy_causal.experiments.citisl import (
    Methods,
    Setting,
    answers,
    difference_table,
    f1_tables,
    fullest,
    question_tables,
    read_paper,
    sessions_of,
    user_tables,
    values,
)
from spacy_causal.experiments.curves import draw_curves
from spacy_causal.experiments.page import write_page
from spacy_causal.experiments.results import Results
from spacy_causal.experiments.sections import Figure, Section, render_sections

TITLE = "Can K labels teach unseen classes?"
QUESTION = (
    "A model that was never taught some of the classes shows a user K labels a token "
    "and learns from “it is X” and “none of these”. How near does it come to one that "
    "is told every label?"
)
SAID = {
    "CITISL": "the paper's form with a σ that knows every class",
    "CITISL blind": "the same with a σ as blind as the model",
    "ours": "our way of learning from refusals, with no σ and the plain head,",
    "ours exploring": "the soft form of it with one label by chance",
    "ours exploring CBA": "the same on the deconfounded head, as a session begins,",
}
# Okabe and Ito's, for those who see few colours; references are drawn in ink.
COLORS = {
    "BERT": "#7a869a",
    "CBA": "#0072b2",
    "IS": "#8a7f00",
    "CITISL": "#d55e00",
    "-EM": "#cc79a7",
    "-EM-CBA": "#e69f00",
    "CITISL blind": "#d55e00",
    "-EM blind": "#cc79a7",
    "-EM-CBA blind": "#e69f00",
    "ours": "#009e73",
    "ours soft": "#8a7f00",
    "ours exploring": "#0072b2",
    "ours exploring CBA": "#000000",
    "ours CBA": "#56b4e9",
    "ours printed noise": "#7353ba",
}
REFERENCES = ("GroundTruth", "TotalData")
CURVES = {
    "the paper's methods": (
        *("BERT", "CBA", "IS", "CITISL", "-EM", "-EM-CBA"),
        *REFERENCES,
    ),
    "with a σ that has not seen the unseen classes, and ours": (
        *("BERT", "CITISL blind", "-EM blind", "-EM-CBA blind"),
        *("ours", "ours soft", "ours exploring", "ours exploring CBA"),
        *("ours CBA", "ours printed noise"),
        *REFERENCES,
    ),
}


def main(
    rows: Annotated[
        list[Path], typer.Argument(help="What citisl.py wrote.", exists=True)
    ],
    output: Annotated[Path, typer.Argument(help="The HTML page to write.")],
    *,
    cases: Annotated[
        Path | None, typer.Option(help="What citisl_cases.py wrote.")
    ] = None,
    split: str = "test",
    quiet: Annotated[bool, typer.Option(help="No tables on the terminal.")] = False,
) -> None:
    """Write the page and print the tables."""
    own = [r for path in rows for r in Results(path).rows() if r["split"] == split]
    shown = json.loads(cases.read_text(encoding="utf8")) if cases else None
    write_page(output, render_page(own, shown))
    if not quiet:
        print_table(own)
    print(f"The report: {output}")


def render_page(rows: list[dict[str, Any]], cases: dict[str, Any] | None) -> str:
    """The page for one split's rows; sections without rows are left out."""
    found = sessions_of(rows)
    usual = {s: methods for s, methods in found.items() if s.user == "perfect"}
    main_ones = fullest(usual, SAID)
    said = [line for s, m in main_ones.items() for line in answers(s, m, SAID)]
    sections = [
        *comparison(usual),
        *curves(usual),
        *users(found),
        *(case_studies(cases) if cases else []),
        how_it_was_made(rows, sum(len(s) for m in found.values() for s in m.values())),
    ]
    unknown = "No cells that can be compared have been run yet."
    note = (
        "Points of token F1: mean ± half the 95 % interval of paired differences. What "
        "else was run is below."
    )
    return render_sections(
        TITLE, QUESTION, [*said, note] if said else [unknown], sections
    )


def comparison(found: dict[Setting, Methods]) -> list[Section]:
    """Tables 1 and 2, the differences, the questions, and what is not the same."""
    paper, order = read_paper(PAPER_NUMBERS), list(METHODS)
    encoders = dict.fromkeys(setting.encoder for setting in found)
    data = ["", *dict.fromkeys(setting.data for setting in found)]
    different = [
        *(ENCODERS[name] for name in encoders),
        *(line for name in data for line in DIFFERENT.get(name, [])),
    ]
    return [
        Section(
            title="All classes, and those unseen at first",
            text=[
                "The percentage is the share of the sentences that is labelled at "
                "first; the rest is streamed once past the user."
            ],
            tables=[t for n in (1, 2) for t in f1_tables(found, paper, n, order)],
        ),
        Section(
            title="What differs from the paper",
            remarks=different,
        ),
        Section(
            title="How far from being told every label",
            text=[
                "Differences in points, ± half the 95 % interval (Student's t). The "
                "gap closed is the way from BERT to GroundTruth on all classes: at "
                "0 % a method ends where BERT does, at 100 % where GroundTruth does."
            ],
            tables=[difference_table(s, m, paper, order) for s, m in found.items()],
        ),
        Section(
            title="Questions answered from the K labels shown",
            text=[
                "Questions about tokens that bear a class; an entity task's “O” tokens "
                "are not counted."
            ],
            tables=question_tables(found, order),
            remarks=[
                "The paper reports no such share for its simulated users. In its human "
                "evaluation on Few-NERD the true type was among the K "
                "in 68.3 %, 70.0 % and 70.5 % of sentences (K = 3, 5, 7)."
            ],
        ),
    ]


def curves(found: dict[Setting, Methods]) -> list[Section]:
    """Figures 8 to 11, all classes beside unseen ones."""
    figures = []
    for number, (setting, methods) in enumerate(found.items()):
        for i, (title, names) in enumerate(CURVES.items()):
            panels = {
                "all classes": lines(methods, names, "curve", "all"),
                "classes unseen at first": lines(
                    methods, names, "curve_unseen", "unseen"
                ),
            }
            if any(len(c) > 1 for p in panels.values() for s in p.values() for c in s):
                svg = draw_curves(
                    panels,
                    name=f"curves-{number}-{i}",
                    alt=f"Learning curves, {setting.name}, {title}",
                    colors=COLORS,
                )
                figures.append(Figure(svg, f"{setting.name}: {title}."))
    text = (
        "Token F1 on a fixed fifth of the test while the stream goes by; the dot at "
        "its end is all of the test. Bands are one standard deviation over seeds. The "
        "paper's figures 8 to 11 are images without values: figure only."
    )
    return [Section(title="Learning curves", text=[text], figures=figures)] * bool(
        figures
    )


def lines(
    methods: Methods, names: tuple[str, ...], curve: str, end: str
) -> dict[str, list[list[float]]]:
    """Each method's curves, a seed each, with the score at the end."""
    return {
        name: [[*(row.get(curve) or []), row[end]] for row in methods[name].values()]
        for name in names
        if values(methods, name, end)
    }


def users(found: dict[Setting, Methods]) -> list[Section]:
    """Users who are not perfect, where some were run."""
    text = (
        "Users who give wrong answers at a rate, or know half of the labels and say "
        "“none of these” to the others. Differences to the perfect user in points, ± "
        "half the 95 % interval; the last column is the share of questions answered "
        "from the K shown."
    )
    tables = user_tables(found, list(METHODS))
    return [Section(title="Other users", text=[text], tables=tables)] if tables else []


def case_studies(cases: dict[str, Any]) -> list[Section]:
    """The two plots of the paper's figure 4, on the embedded corpus."""
    said, display = cases["likelihood"], cases["display"]
    plain, causal = (100 * sum(v) / len(v) for v in said["right"].values())
    seeds, steps = len(cases["seeds"]), cases["steps"]
    return [
        Section(
            title="Case study: likelihood before and after the adjustment",
            text=[
                "Two heads on the same convolutional encoder, trained on the embedded "
                f"corpus ({steps} steps, seeds: {seeds}); nothing else differs. Of all "
                f"{said['tokens']} tokens of mentions in its dev file, one is shown "
                "where the adjustment gains most for the true type, and one where it "
                "loses most: chosen for being extreme, they show what it does, not "
                "whether it helps.",
                f"Over all of these tokens the true type gets {plain:.1f} % from the "
                f"plain head and {causal:.1f} % from the deconfounded one, which gives "
                f"it more at {100 * said['better']:.0f} % of them.",
            ],
            figures=[case_figure(said, name) for name in said["cases"]],
            remarks=["The paper's figure 4 is an image without values: figure only."],
        ),
        Section(
            title="Case study: which labels are displayed",
            text=[
                f"The deconfounded head, trained without {join(display['unseen'])} "
                f"(marked *), over the {display['tokens']} tokens of mentions in dev. "
                f"Labels it has not seen are each among the {display['k']} shown in "
                f"{'; '.join(shown_unseen(display))}.",
            ],
            figures=[
                display_figure(display, "probability", "mean P(D|do(E)) in %"),
                display_figure(
                    display,
                    "shown",
                    f"among the {display['k']} shown, in % of questions",
                ),
            ],
        ),
    ]


def shown_unseen(display: dict[str, Any]) -> list[str]:
    """How often a label that was unseen is shown, by modulation."""
    at = [i for i, label in enumerate(display["labels"]) if label in display["unseen"]]
    return [
        f"{100 * mean(seed[i] for seed in seeds for i in at):.1f} % of questions "
        f"(modulation {name})"
        for name, seeds in display["shown"].items()
    ]


def case_figure(said: dict[str, Any], name: str) -> Figure:
    """P(label) of both heads at one token."""
    case = said["cases"][name]
    bars = {
        label: {
            arm: [seed[i] for seed in seeds]
            for arm, seeds in case["probabilities"].items()
        }
        for i, label in enumerate(said["labels"])
    }
    caption = (
        f"“{case['before']}[{case['token']}]{case['after']}” The token in brackets is "
        f"annotated {case['truth']}; here the adjustment {name} most. Bars are means "
        "over seeds, dots single ones."
    )
    alt = f"Probability of each label at {case['token']}, by head"
    svg = draw_bars(
        bars, name=f"case-{name}", alt=alt, axis="P(label) (%)", horizontal=True
    )
    return Figure(svg, caption)


def display_figure(display: dict[str, Any], key: str, axis: str) -> Figure:
    """A measure of display by label, a bar a modulation."""
    bars = {
        label + "*" * (label in display["unseen"]): {
            modulation: [seed[i] for seed in seeds]
            for modulation, seeds in display[key].items()
        }
        for i, label in enumerate(display["labels"])
    }
    svg = draw_bars(bars, name=f"display-{key}", alt=axis, axis=axis, horizontal=True)
    caption = (
        f"{axis[0].upper()}{axis[1:]}, by label and modulation; * unseen at first."
    )
    return Figure(svg, caption)


def join(words: list[str]) -> str:
    """Words as a list in a sentence."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def how_it_was_made(rows: list[dict[str, Any]], used: int) -> Section:
    """Versions, and rows that are not in the tables."""
    versions = dict.fromkeys(
        ", ".join(f"{name} {number}" for name, number in row["versions"].items())
        for row in rows
    )
    remarks = [f"{used} cells. Versions: {'; '.join(versions)}."]
    if len(rows) > used:
        remarks.append(
            f"{len(rows) - used} rows are of methods that have since been run with "
            "other settings, and are left out."
        )
    return Section(title="How it was made", remarks=remarks)


if __name__ == "__main__":
    typer.run(main)
