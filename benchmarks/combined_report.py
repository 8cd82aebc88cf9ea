"""The combined protocol as a page and on the terminal: how much less annotation for the
same F1.

    python benchmarks/combined_report.py benchmarks/results/combined.jsonl \\
        report/combined.html
"""

from pathlib import Path
from typing import Annotated, Any

import typer
from combined_methods import (
    COMBINED,
    FEEDBACK,
    LESS,
    LINEAR,
    PARTS,
    PLAIN,
    SINGLE,
    WHOLE,
    WITHOUT,
)

from spacy_causal.experiments.active_curves import ALL
from spacy_causal.experiments.active_page import CHOSEN, draw_active
from spacy_causal.experiments.page import write_page
from spacy_causal.experiments.results import Results
from spacy_causal.experiments.savings import (
    ABLATION,
    SAVINGS,
    Costs,
    ablation_table,
    answer,
    savings_table,
    without_all,
)
from spacy_causal.experiments.sections import Figure, Section, Table, render_sections

TITLE = "How much less annotation for the same F1?"
QUESTION = (
    "From the same few annotated sentences, words are bought and a model is trained "
    "anew, round by round. What does each method save, and what do all of them "
    "together, against random sentences annotated whole and a plain head?"
)
ENCODERS = {
    "frozen": "frozen MiniLM vectors with a trained layer; plain is a linear head",
    "bilstm": "a BiLSTM on these vectors and hashed words; plain is a linear head",
    "cnn": "a CNN from nothing; plain is spaCy's ner, linear a linear head",
}
GROUP = ("data", "encoder", "split", "pool", "initial", "batch", "steps")
SINGLES = [*PARTS, FEEDBACK]
# Seven at most, as there are colours.
SHOWN = {
    WHOLE: (PLAIN, LINEAR, *SINGLE.values(), WHOLE),
    COMBINED: (PLAIN, LINEAR, *PARTS, COMBINED),
}
Row = dict[str, Any]


def main(
    rows: Annotated[Path, typer.Argument(help="What combined.py wrote.", exists=True)],
    output: Annotated[Path, typer.Argument(help="The HTML page to write.")],
    whole_seconds: Annotated[
        float, typer.Option(help="For a sentence annotated whole.")
    ] = Costs().whole,
    asked_seconds: Annotated[
        float, typer.Option(help="For a sentence with K candidates.")
    ] = Costs().asked,
) -> None:
    """Write the page and print the tables."""
    found = Results(rows).rows()
    costs = Costs(whole_seconds, asked_seconds)
    write_page(output, render_page(found, costs))
    for name, own in groups_of(found).items():
        said = answer(own, PLAIN, whole_of(own), SINGLES, costs)
        print(f"\n## {name}\n\n{said}")
        for table in tables_of(own, costs):
            print(f"\n{table.caption}\n")
            for line in (table.header, ["---"] * len(table.header), *table.rows):
                print("|", " | ".join(line), "|")
    print(f"\nThe report: {output}")


def groups_of(rows: list[Row]) -> dict[str, list[Row]]:
    """Comparable rows, under a name for what they have in common; the functions that
    draw and count know arms as strategies. If an arm was run with several settings,
    only rows of the latest are taken; an unfinished run is left out."""
    groups: dict[tuple, list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in GROUP), []).append(row)
    found: dict[str, list[Row]] = {}
    for own in groups.values():
        parts = {row["arm"]: row["parts"] for row in own}
        kept = whole_runs([row for row in own if row["parts"] == parts[row["arm"]]])
        name = name_of(own[0], found)
        found[name] = [row | {"strategy": row["arm"]} for row in kept]
    return found


def name_of(row: Row, found: dict[str, list[Row]]) -> str:
    """What a group has in common; beside others of the same corpus, split and encoder
    also in what it differs from the first of them."""
    name = f"{row['data']}, {row['split']}: {ENCODERS[row['encoder']]}"
    if name not in found:
        return name
    told = {
        "pool": f"a pool of {row['pool']:,}",
        "initial": f"{100 * row['initial']:g} % to begin with",
        "batch": f"rounds of {words_of(row['batch'])}",
        "steps": f"{row['steps']:,} updates",
    }
    first = found[name][0]
    return f"{name} ({', '.join(told[x] for x in told if row[x] != first[x])})"


def whole_runs(rows: list[Row]) -> list[Row]:
    """The rows of arms and seeds that were run to the end, or of the pool."""
    last = max(row["round"] for row in rows)
    ended = {
        run_of(row) for row in rows if row["round"] == last or row.get("left") == 0
    }
    return [row for row in rows if row["arm"] == ALL or run_of(row) in ended]


def run_of(row: Row) -> tuple[str, int]:
    """What a row is a round of."""
    return row["arm"], row["seed"]


def whole_of(rows: list[Row]) -> str:
    """The arm that has all parts: asking about unsure tokens, where it was run."""
    return WHOLE if any(row["arm"] == WHOLE for row in rows) else COMBINED


def tables_of(rows: list[Row], costs: Costs) -> list[Table]:
    """What each arm saves; what each part brings among the others."""
    bought = without_all(rows)
    tables = [
        Table(
            f"To the F1 that {PLAIN} has at its end; ± is the 95 % interval of "
            "a difference or part, and one standard deviation elsewhere",
            SAVINGS,
            savings_table(bought, PLAIN, costs),
        )
    ]
    less = {part: f"{LESS}{part}" for part in PARTS}
    for whole, others in ((WHOLE, WITHOUT), (COMBINED, less)):
        lines = ablation_table(bought, whole, others)
        if lines:
            caption = f"{whole}, with a part and without it, paired by seed"
            tables.append(Table(caption, ABLATION, lines))
    return tables


def render_page(rows: list[Row], costs: Costs) -> str:
    """A section for each corpus and encoder; the answer is that of test, if there is
    one."""
    said, sections = [], []
    best = "test" if any(row["split"] == "test" for row in rows) else "dev"
    for number, (name, own) in enumerate(groups_of(rows).items()):
        line = answer(own, PLAIN, whole_of(own), SINGLES, costs)
        if own[0]["split"] == best:
            said.append(f"{name}: {line}")
        shown = (*SHOWN[whole_of(own)], ALL)
        drawn = [row for row in own if row["strategy"] in shown]
        svg = draw_active(drawn, name=f"combined-{number}", alt=line)
        seeds = len({row["seed"] for row in own})
        caption = (
            "Strict F1 by words annotated or asked about; "
            f"{seeds} seeds, each with its pool."
        )
        sections.append(
            Section(
                title=name,
                figures=[Figure(svg, caption)],
                tables=tables_of(own, costs),
            )
        )
    return render_sections(TITLE, QUESTION, said, [*sections, how(rows, costs)])


def how(rows: list[Row], costs: Costs) -> Section:
    """What the figures rest on, and what made them."""
    made = sorted({f"{n} {v}" for row in rows for n, v in row["versions"].items()})
    commits = sorted({str(row["commit"]) for row in rows})
    sizes = dict.fromkeys(map(size_of, rows))
    return Section(
        title="How it was made",
        tables=[
            Table(
                "Commands",
                ["command"],
                [
                    ["python -m spacy project run combined"],
                    ["python benchmarks/combined.py"],
                    ["python benchmarks/combined_report.py"],
                ],
            ),
            Table(
                "Versions",
                ["package"],
                [*([x] for x in made), *([f"commit {commit}"] for commit in commits)],
            ),
        ],
        remarks=[
            *sizes,
            f"Time is estimated: {costs.whole:g} s for a sentence that is annotated "
            f"whole, {costs.asked:g} s for one with K candidates, whatever its length. "
            "24.0 and 17.0 are CITISL's figures, measured on Few-NERD's 66 types; with "
            "few types, and with short sentences, both are surely too high.",
            "A sentence that is asked about costs its words like any other, but where "
            "only tokens are asked about of which the model is not sure (unsure "
            "tokens), each of these costs a word; words read are all those of their "
            "sentences. Answers are simulated, and always right; K = 3.",
            "feedback asks about every token. on mentions: about predicted mentions "
            "and near-misses, where the rest of the sentence stays unknown. unsure "
            "tokens: the rest is learnt as the model finds it.",
            "combined: W-BADGE chooses, K = 3 are asked about, SeqMix and swaps are "
            "added, the deconfounded head learns. all: plain, on the whole pool.",
            CHOSEN,
        ],
    )


def size_of(row: Row) -> str:
    """What was bought from, and how much."""
    share, batch = 100 * row["initial"], words_of(row["batch"])
    return (
        f"{row['data']}, {row['encoder']}, {row['split']}: {row['pool'] or 'all'} "
        f"sentences in a pool, {share:g} % of the words first, then {batch} each "
        f"round; {row['steps']} updates of 32 sentences in every arm and round."
    )


def words_of(batch: float) -> str:
    """What is bought in a round."""
    return f"{100 * batch:g} % of the words" if batch < 1 else f"{batch} words"


if __name__ == "__main__":
    typer.run(main)
