"""W-BADGE's protocol as a page of learning curves, and tables on the terminal.

python benchmarks/wbadge_report.py benchmarks/results/wbadge.jsonl report/wbadge.html
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from wbadge import print_tables

from spacy_causal.experiments.active_curves import findings
from spacy_causal.experiments.active_page import CHOSEN, draw_active, tables_of
from spacy_causal.experiments.page import write_page
from spacy_causal.experiments.results import Results
from spacy_causal.experiments.sections import Figure, Section, render_sections

PAPER = Path(__file__).parents[1] / "assets" / "papers" / "wbadge.json"
TITLE = "Which sentences to annotate next?"
QUESTION = (
    "A model is trained on a small share of the words of a corpus; a strategy chooses "
    "as many again, round by round. Which one has the best model for the words?"
)
MODELS = {
    "frozen": "frozen MiniLM vectors with a trained layer",
    "bilstm": "the paper's BiLSTM tagger on hashed words",
    "seq2seq": "the paper's BiLSTM encoder-decoder on hashed words",
    "bilstm-pretrained": "the paper's BiLSTM tagger on hashed words and MiniLM",
    "seq2seq-pretrained": (
        "the paper's BiLSTM encoder-decoder on hashed words and MiniLM"
    ),
}


def main(
    rows: Annotated[Path, typer.Argument(help="What wbadge.py wrote.", exists=True)],
    output: Annotated[Path, typer.Argument(help="The HTML page to write.")],
) -> None:
    """Write the page and print the tables."""
    found = Results(rows).rows()
    write_page(output, render_page(found))
    print_tables(found)
    print(f"The report: {output}")


def render_page(rows: list[dict[str, Any]]) -> str:
    """A section for each corpus, model and split that has strategies to compare."""
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        group = row["data"], row["model"], row["split"]
        groups.setdefault(group, []).append(row)
    said, sections = [], []
    for (data, model, split), own in groups.items():
        name = f"{data}, {split}: {MODELS[model]}"
        if all(row["strategy"] == "all" for row in own):
            continue
        lines = findings(own)
        said.append(f"{name}: {lines[0]}")
        svg = draw_active(own, name=f"{data}-{model}-{split}", alt=lines[0])
        seeds = len({row["seed"] for row in own})
        sections.append(
            Section(
                title=name,
                text=lines,
                figures=[Figure(svg, f"Strict F1 on {split}; seeds: {seeds}.")],
                tables=tables_of(own),
            )
        )
    return render_sections(TITLE, QUESTION, said, [*sections, beside_the_paper()])


def beside_the_paper() -> Section:
    """What the paper says in words, and what differs here."""
    paper = json.loads(PAPER.read_text(encoding="utf8"))
    claim = paper["claims"][0]
    low, high = claim["share_of_full_f1"]
    share = claim["share_of_samples"]
    return Section(
        title="Beside the paper",
        remarks=[
            f"Figures {paper['figures']}: figure only.",
            f"The paper reports {100 * low:.0f} to {100 * high:.0f} % of the full "
            f"data's F1 on {claim['data']} with {100 * share:.0f} % of the samples "
            f"({claim['where']}).",
            f"Words: {paper['models']}.",
            "W-BADGE as printed is wbadge:weight=l2; badge is the weight 1.",
            CHOSEN,
        ],
    )


if __name__ == "__main__":
    typer.run(main)
