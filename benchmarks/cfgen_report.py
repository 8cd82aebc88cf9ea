"""CFGen's results as a page beside the paper's numbers, and on the terminal.

python benchmarks/cfgen_report.py benchmarks/results/cfgen.jsonl report/cfgen.html
"""

from pathlib import Path
from typing import Annotated, Any

import typer
from cfgen_methods import METHODS
from cfgen_notes import DIFFERENT, NOT_RUN
from cfgen_table import PAPER_NUMBERS, details, print_tables, scores

from spacy_causal.experiments.cfgen import (
    BASE,
    PAPERS,
    Arms,
    Setting,
    arms_of,
    read_paper,
    relative_importance,
)
from spacy_causal.experiments.cfgen_tables import (
    answers,
)
from spacy_causal.experiments.charts import draw_bars
from spacy_causal.experiments.page import write_page
from spacy_causal.experiments.results import Results
from spacy_causal.experiments.sections import Figure, Section, Table, render_sections

TITLE = "Do entity swaps help a tagger with few sentences?"
QUESTION = (
    "A tagger that was trained on N sentences vouches for copies of them in which an "
    "entity is swapped for another of its type. Does training on both beat training on "
    "the sentences alone, for as long?"
)
OURS = "ours"


def main(
    rows: Annotated[Path, typer.Argument(help="What cfgen.py wrote.", exists=True)],
    output: Annotated[Path, typer.Argument(help="The HTML page to write.")],
    *,
    split: str = "test",
    quiet: Annotated[bool, typer.Option(help="No tables on the terminal.")] = False,
) -> None:
    """Write the page and print the tables."""
    own = Results(rows).rows()
    write_page(output, render_page(own, split))
    if not quiet:
        print_tables([row for row in own if row["split"] == split])
    print(f"The report: {output}")


def render_page(rows: list[dict[str, Any]], split: str) -> str:
    """The page: a split's rows, and what was tried on dev."""
    paper = read_paper(PAPER_NUMBERS)
    found = arms_of([row for row in rows if row["split"] == split])
    said = [line for s, a in found.items() for line in answers(s, a, paper, OURS)]
    sections = [section for s, a in found.items() for section in of_setting(s, a)]
    if split != "dev":
        sections += tried([row for row in rows if row["split"] == "dev"])
    unknown = "No cells that can be compared have been run yet."
    note = "Points: mean ± half the 95 % interval of differences paired by seed."
    made = [*sections, missing(found), Section(title="What differs", remarks=DIFFERENT)]
    answered = [*said, note] if said else [unknown]
    return render_sections(TITLE, QUESTION, answered, [*made, how_it_was_made(rows)])


def of_setting(setting: Setting, arms: Arms) -> list[Section]:
    """A corpus with an encoder."""
    shown = [name for name in (BASE, PAPERS, OURS) if name in arms]
    bars = relative_importance(arms, shown, "fixed")
    drawn = [v for n in bars.values() for seeds in n.values() for v in seeds]
    figures = []
    if drawn and min(drawn) >= 0:
        svg = draw_bars(
            bars,
            name=f"ri-{setting.data}-{setting.encoder}".replace("/", "-"),
            alt=f"RI by training sentences and arm, {setting.name}",
            axis="RI (points of relaxed F1)",
        )
        caption = "RI at the entity level after the fixed passes; dots are seeds."
        figures.append(Figure(svg, caption))
    return [
        Section(
            title=f"{setting.name}: F1 with and without swaps",
            text=["Beside the paper's table 2; in brackets the number of seeds."],
            tables=scores(setting, arms),
        ),
        Section(
            title=f"{setting.name}: where gains lie, and what is read",
            text=[
                "The higher RI, the more the tagger reads entities rather than "
                "contexts. The figure stands beside the paper's figure 4."
            ],
            figures=figures,
            tables=details(setting, arms),
        ),
    ]


def tried(rows: list[dict[str, Any]]) -> list[Section]:
    """The variants that were compared on dev."""
    tables = [t for s, arms in arms_of(rows).items() for t in scores(s, arms)]
    text = "Two thirds of dev; checkpoints were chosen on the other third."
    section = Section(title="What was tried on dev", text=[text], tables=tables)
    return [section] if tables else []


def missing(found: dict[Setting, Arms]) -> Section:
    """The paper's corpora without rows, and why."""
    ran = {setting.data for setting in found}
    rows = [[*line.split(": ", 1)] for d, line in NOT_RUN.items() if d not in ran]
    table = Table("The paper's other corpora", ["corpus", "why not"], rows)
    return Section(title="What could not be run", tables=[table] if rows else [])


def how_it_was_made(rows: list[dict[str, Any]]) -> Section:
    """Cells, methods and versions."""
    versions = dict.fromkeys(
        ", ".join(f"{name} {number}" for name, number in row["versions"].items())
        for row in rows
    )
    known = sum(row["method"] in METHODS for row in rows)
    remarks = [f"{known} cells. Versions: {'; '.join(versions)}."]
    return Section(title="How it was made", remarks=remarks)


if __name__ == "__main__":
    typer.run(main)
