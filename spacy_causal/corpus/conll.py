"""CoNLL columns: one token a line, an empty line after each sentence."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from spacy_causal.corpus.columns import (
    DOCSTART,
    MISSING,
    UPOS,
    Columns,
    find_columns,
    is_token_line,
    split_row,
)
from spacy_causal.corpus.lines import Line, read_blocks, read_lines
from spacy_causal.corpus.records import Item, Options, Problem, TokenRecord

SAMPLE = 20_000


def read_conll(path: Path, options: Options, counts: Counter[str]) -> Iterator[Item]:
    """Yield a record a sentence; "-DOCSTART-" lines and comments are counted and left
    out."""
    sample = list(islice(_token_lines(path), SAMPLE))
    try:
        columns = find_columns(sample, options)
    except ValueError as error:
        unreadable = [] if sample else _problems(path)
        yield from unreadable or [Problem(path, 1, str(error))]
        return
    for block in read_blocks(path, DOCSTART):
        lines = [line for line in block if not isinstance(line, Problem)]
        if not lines:
            yield from (line for line in block if isinstance(line, Problem))
            continue
        starts = [line for line in lines if line[1].startswith(DOCSTART)]
        rows = [line for line in lines if is_token_line(line[1])]
        tokens = [line for line in rows if not _is_comment(line[1], columns)]
        counts["-DOCSTART- lines"] += len(starts)
        counts["comment lines"] += len(lines) - len(starts) - len(tokens)
        if tokens:
            yield from _read_sentence(path, tokens, columns, counts)


def _problems(path: Path) -> list[Problem]:
    return [line for line in read_lines(path) if isinstance(line, Problem)]


def _token_lines(path: Path) -> Iterator[str]:
    for line in read_lines(path):
        if not isinstance(line, Problem) and is_token_line(line[1]):
            yield line[1]


def _read_sentence(
    path: Path, lines: list[Line], columns: Columns, counts: Counter[str]
) -> Iterator[Item]:
    rows = [split_row(line, columns.separator) for _, line in lines]
    problems = [
        Problem(path, number, reason)
        for (number, _), row in zip(lines, rows, strict=True)
        if (reason := _row_flaw(row, columns))
    ]
    if problems:
        yield from problems
        return
    tags = _column(rows, columns.tag, missing=MISSING)
    counts["tokens without a tag"] += (tags or []).count("")
    yield TokenRecord(
        path,
        lines[0][0],
        words=[row[columns.word] for row in rows],
        entities=_column(rows, columns.entity),
        tags=tags,
        pos=tags if columns.universal else None,
        lines=[number for number, _ in lines],
    )


def _is_comment(line: str, columns: Columns) -> bool:
    """A line that begins as comments do and is no row of the table: "# id 7", or with a
    tab, as in GermEval."""
    is_row = len(split_row(line, columns.separator)) == columns.width
    return line.startswith(("# ", "#\t")) and not is_row


def _row_flaw(row: list[str], columns: Columns) -> str | None:
    if len(row) != columns.width:
        return f"{len(row)} columns where the file has {columns.width}"
    word = row[columns.word]
    if not word.strip() or word != word.strip():
        return f"the token {word!r} is empty or has white space at its edge"
    for i in (columns.entity, columns.tag):
        if i is not None and not row[i].strip():
            return f"column {i} is empty"
    if columns.universal and row[columns.tag or 0] not in UPOS | {MISSING}:
        return f"{row[columns.tag or 0]!r} is not a universal part of speech"
    return None


def _column(
    rows: list[list[str]], i: int | None, missing: str | None = None
) -> list[str] | None:
    if i is None:
        return None
    values = [row[i].strip() for row in rows]
    return ["" if value == missing else value for value in values]
