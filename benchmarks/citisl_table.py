"""CITISL's tables 1 and 2 on the terminal, beside the paper's numbers."""

from pathlib import Path
from typing import Any

from citisl_methods import METHODS
from wasabi import table

from spacy_causal.experiments.citisl import (
    difference_table,
    f1_tables,
    question_tables,
    read_paper,
    sessions_of,
    user_tables,
)
from spacy_causal.experiments.sections import Table

PAPER_NUMBERS = Path(__file__).parents[1] / "assets" / "papers" / "citisl.json"


def print_table(rows: list[dict[str, Any]]) -> None:
    """F1 of all and of unseen classes, differences to GroundTruth, questions; a block
    a split."""
    for split in sorted({row["split"] for row in rows}):
        print(f"\n=== {split} ===")
        for each in tables([row for row in rows if row["split"] == split]):
            show(each)


def tables(rows: list[dict[str, Any]]) -> list[Table]:
    """All tables of one split's rows."""
    found, paper, order = sessions_of(rows), read_paper(PAPER_NUMBERS), list(METHODS)
    usual = {s: methods for s, methods in found.items() if s.user == "perfect"}
    return [
        *(each for n in (1, 2) for each in f1_tables(usual, paper, n, order)),
        *(difference_table(s, m, paper, order) for s, m in usual.items()),
        *question_tables(usual, order),
        *user_tables(found, order),
    ]


def show(each: Table) -> None:
    """Print a table, the names of its groups of columns in a line above it."""
    print(f"\n{each.caption}")
    if each.groups:
        print("columns:", " | ".join(name for name, _ in each.groups if name))
    aligns = ("l", *("r" for _ in each.header[1:]))
    print(table(each.rows, header=each.header, divider=True, aligns=aligns))
