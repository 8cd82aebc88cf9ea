"""CFGen's tables on the terminal, beside the paper's numbers."""

from pathlib import Path
from typing import Any

from cfgen_methods import METHODS
from citisl_table import show

from spacy_causal.experiments.cfgen import (
    ENDS,
    Arms,
    Setting,
    arms_of,
    read_paper,
)
from spacy_causal.experiments.cfgen_tables import (
    effects_table,
    f1_table,
    forms_table,
    gain_table,
    swap_table,
    type_table,
)
from spacy_causal.experiments.sections import Table

PAPER_NUMBERS = Path(__file__).parents[1] / "assets" / "papers" / "cfgen.json"


def print_tables(rows: list[dict[str, Any]]) -> None:
    """All tables, a block a split."""
    for split in sorted({row["split"] for row in rows}):
        print(f"\n=== {split} ===")
        found = arms_of([row for row in rows if row["split"] == split])
        for setting, arms in found.items():
            for tables in (scores(setting, arms), details(setting, arms)):
                for table in tables:
                    show(table)


def scores(setting: Setting, arms: Arms) -> list[Table]:
    """Table 2, and the differences between arms."""
    paper, order = read_paper(PAPER_NUMBERS), list(METHODS)
    tables = [f1_table(setting, arms, paper, order, end) for end in ENDS]
    for end in ENDS:
        for metric in ("relaxed", "strict"):
            tables.append(gain_table(setting, arms, paper, order, end, metric))
    return [table for table in tables if table.rows]


def details(setting: Setting, arms: Arms) -> list[Table]:
    """Seen and unseen forms, types, effects, and what became of swaps."""
    paper, order = read_paper(PAPER_NUMBERS), list(METHODS)
    tables = [
        forms_table(setting, arms, order),
        type_table(setting, arms, order),
        *(effects_table(setting, arms, paper, order, end) for end in ENDS),
        swap_table(setting, arms, order),
    ]
    return [table for table in tables if table.rows]
