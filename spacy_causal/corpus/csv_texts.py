"""Unlabelled texts in a column of a CSV file."""

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from spacy_causal.corpus.lines import Line, flaw
from spacy_causal.corpus.records import Problem, TextRecord


def read_csv(
    path: Path, lines: Iterable[Line | Problem]
) -> Iterator[TextRecord | Problem]:
    """The column "text"; a single column may go without a header."""
    problems: list[Problem] = []
    start = 0

    def clean() -> Iterator[str]:
        nonlocal start
        for line in lines:
            if isinstance(line, Problem):
                problems.append(line)
            else:
                start = start or line[0]
                yield line[1] + "\n"

    rows = csv.reader(clean(), strict=True)
    column = None
    while True:
        start = 0
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield Problem(path, start, f"no CSV: {error}")
            continue
        yield from problems
        problems.clear()
        if row is None:
            return
        if column is None:
            names = [name.strip().lower() for name in row]
            if "text" not in names and len(names) != 1:
                yield Problem(path, 1, f'no column is named "text": {", ".join(row)}')
                return
            column = names.index("text") if "text" in names else 0
            parts = re.split(r"[;\t|]", names[0])
            if len(names) == 1 < len(parts) and "text" in parts:
                yield Problem(path, 1, f"columns must be split by commas: {names[0]}")
                return
            if "text" in names:
                continue
        if not row or not "".join(row).strip():
            continue
        text = row[column].removesuffix("\n") if column < len(row) else ""
        reason = flaw(text, allowed="\t\n\r") if text.strip() else "it is empty"
        if reason:
            yield Problem(path, start, f"no text: {reason}")
        else:
            yield TextRecord(path, start, text, None)
