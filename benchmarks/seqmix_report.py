"""SeqMix's protocol as a page of tables beside the paper's, and on the terminal.

python benchmarks/seqmix_report.py benchmarks/results/seqmix.jsonl report/seqmix.html
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from seqmix_table import PAPER, claims, groups_of, print_tables, tables_of

from spacy_causal.experiments.page import write_page
from spacy_causal.experiments.results import Results
from spacy_causal.experiments.sections import Section, render_sections

TITLE = "Do mixed sequences help a tagger that has few sentences?"
QUESTION = (
    "A tagger learns from a few hundred sentences. Does it learn more with sequences "
    "mixed of two of them, or with two tokens' vectors mixed, than by training longer?"
)
ARMS = (
    "none: the labelled sentences alone. updates: the same for as many updates as with "
    "mixed sequences. whole, sub, constrained: the paper's variants. screened: sub "
    "with an n-gram screen in percentiles of words; ours: of texts, which refused next "
    "to nothing. hard: the same sequences, annotated with the larger label. hidden W: "
    "entity tokens' vectors mixed in the encoder's output, weight W (0.2 where none is "
    "given), for as many updates as none."
)


def main(
    rows: Annotated[Path, typer.Argument(help="What seqmix.py wrote.", exists=True)],
    output: Annotated[Path, typer.Argument(help="The HTML page to write.")],
) -> None:
    """Write the page and print the tables."""
    found = Results(rows).rows()
    write_page(output, render_page(found))
    print_tables(found)
    print(f"\nThe report: {output}")


def render_page(rows: list[dict[str, Any]]) -> str:
    """A section for each corpus and encoder."""
    said, sections = [], []
    for name, own in groups_of(rows).items():
        lines = claims(own[0]["data"], own)
        said += [f"{name}: {line}" for line in lines]
        sections.append(Section(title=name, text=lines, tables=tables_of(name, own)))
    paper = json.loads(PAPER.read_text(encoding="utf8"))
    remarks = [
        ARMS,
        "Differences in points, with Wilcoxon's two-sided signed-rank test over (seed, "
        "usage) pairs; ± is the standard deviation over seeds.",
        f"The paper's measure: {paper['measure']}. Figures {paper['figures']}.",
    ]
    beside = Section(title="How to read this", remarks=remarks)
    return render_sections(TITLE, QUESTION, said, [*sections, beside])


if __name__ == "__main__":
    typer.run(main)
