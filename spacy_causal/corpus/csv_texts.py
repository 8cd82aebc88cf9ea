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
    """The column "text"; a single column may go without a header. A text that goes over
    several lines is left out, and named, where one of them is bad."""
    problems: list[Problem] = []
    start, is_whole = 0, True

    def clean() -> Iterator[str]:
        nonlocal start, is_whole
        for line in lines:
            if isinstance(line, Problem):
                problems.append(line)
                is_whole = not start
            else:
                start = start or line[0]
                yield line[1] + "\n"

    rows = csv.reader(clean(), strict=True)
    column = None
    while True:
        start, is_whole = 0, True
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield Problem(path, start, f"no CSV: {error}")
            continue
        yield from problems
        problems.clear()
        if row is None:
            return
        if not is_whole:
            yield Problem(path, start, "no text: a line of it is bad")
            continue
        if not "".join(row).strip():
            continue
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
        text = row[column].removesuffix("\n") if column < len(row) else ""
        reason = flaw(text, allowed="\t\n\r") if text.strip() else "it is empty"
        if reason:
            yield Problem(path, start, f"no text: {reason}")
        else:
            yield TextRecord(path, start, text, None)
