"""Tab-separated utterances with spans `start:end:label,...`, as in Facebook's FMTOD."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from spacy_causal.corpus.lines import read_lines
from spacy_causal.corpus.records import CharSpan, Item, Options, Problem, TextRecord

SPAN = r"-?[0-9]{1,9}:-?[0-9]{1,9}:[^,]*"
SPANS = re.compile(rf"\s*({SPAN}(,\s*{SPAN})*)?\s*")
SAMPLE = 1_000


def read_fmtod(path: Path, options: Options, counts: Counter[str]) -> Iterator[Item]:
    """Yield a record a line; which columns hold spans and text is detected."""
    lines = (line[1] for line in read_lines(path) if not isinstance(line, Problem))
    columns = find_span_columns(list(islice(lines, SAMPLE)))
    if columns is None:
        yield Problem(path, 1, "no column holds spans as start:end:label")
        return
    for line in read_lines(path):
        if isinstance(line, Problem):
            yield line
        elif line[1].strip():
            yield _read_row(path, line[0], line[1].split("\t"), *columns)


def find_span_columns(lines: Sequence[str]) -> tuple[int, int] | None:
    """The columns of the spans and of the utterance, or None."""
    rows = [line.split("\t") for line in lines]
    rows = [row for row in rows if len(row) > 1]
    for i in range(max(map(len, rows), default=0)):
        cells = [row[i] for row in rows if len(row) > i]
        spans = sum(bool(cell.strip() and SPANS.fullmatch(cell)) for cell in cells)
        odd = sum(not SPANS.fullmatch(cell) for cell in cells)
        if spans > odd:
            text = _text_column(rows, i)
            return None if text is None else (i, text)
    return None


def _text_column(rows: Sequence[Sequence[str]], spans: int) -> int | None:
    """The column of the longest cells that is neither the spans nor JSON."""
    length: Counter[int] = Counter()
    for row in rows:
        for i, cell in enumerate(row):
            if i != spans and not cell.lstrip().startswith(("{", "[")):
                length[i] += len(cell) * (1 + (" " in cell))
    return length.most_common(1)[0][0] if length else None


def _read_row(path: Path, number: int, row: list[str], spans: int, text: int) -> Item:
    if len(row) <= max(spans, text):
        return Problem(path, number, f"{len(row)} columns: the utterance is missing")
    if not SPANS.fullmatch(row[spans]):
        return Problem(path, number, f"{row[spans][:60]!r} are no start:end:label")
    parts = [part for part in row[spans].strip().split(",") if part]
    return TextRecord(path, number, row[text], [_span(part) for part in parts])


def _span(part: str) -> CharSpan:
    start, end, label = part.strip().split(":", 2)
    return int(start), int(end), label.strip()
