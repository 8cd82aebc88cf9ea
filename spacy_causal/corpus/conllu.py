"""CoNLL-U: ten columns; words are syntactic words, spaces those of the surface."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from spacy_causal.corpus.columns import UPOS
from spacy_causal.corpus.lines import Line, read_blocks
from spacy_causal.corpus.records import Item, Options, Problem, TokenRecord

ID, FORM, UPOS_COLUMN, XPOS_COLUMN, MISC = 0, 1, 3, 4, 9
ROW_ID = re.compile(r"([0-9]{1,9})(?:([-.])([0-9]{1,9}))?")
Row = list[str]
Range = tuple[int, int, Row]


def read_conllu(path: Path, options: Options, counts: Counter[str]) -> Iterator[Item]:
    """Yield a record a sentence; ranges give spaces, empty nodes are left out."""
    for block in read_blocks(path):
        lines = [line for line in block if not isinstance(line, Problem)]
        if not lines:
            yield from (line for line in block if isinstance(line, Problem))
            continue
        rows = [line for line in lines if not line[1].startswith("#")]
        if rows:
            yield _read_sentence(path, rows, counts)


def _read_sentence(path: Path, lines: list[Line], counts: Counter[str]) -> Item:
    words: list[Row] = []
    ranges: list[Range] = []
    for number, line in lines:
        row = line.split("\t")
        reason = _add_row(row, words, ranges, counts)
        if reason:
            return Problem(path, number, reason)
    if not words or (ranges and ranges[-1][1] > len(words)):
        return Problem(path, lines[-1][0], "the sentence ends before its words do")
    counts["multiword ranges"] += len(ranges)
    return TokenRecord(
        path,
        lines[0][0],
        words=[row[FORM] for row in words],
        spaces=_spaces(words, ranges),
        tags=_values(words, XPOS_COLUMN),
        pos=_values(words, UPOS_COLUMN),
    )


def _add_row(
    row: Row, words: list[Row], ranges: list[Range], counts: Counter[str]
) -> str | None:
    """Put a row where it belongs, or say what is wrong with it."""
    if len(row) != 10:
        return f"{len(row)} columns where CoNLL-U has 10"
    match = ROW_ID.fullmatch(row[ID])
    if not match:
        return f"{row[ID]!r} is no id"
    start, kind, end = int(match[1]), match[2], int(match[3] or 0)
    if kind == ".":
        counts["empty nodes"] += 1
        return None if start == len(words) else f"the empty node {row[ID]} is misplaced"
    if not row[FORM].strip() or row[FORM] != row[FORM].strip():
        return f"the form {row[FORM]!r} is empty or has white space at its edge"
    if start != len(words) + 1:
        return f"the id {row[ID]} comes after {len(words)} words"
    if kind == "-":
        if end <= start or (ranges and ranges[-1][1] >= start):
            return f"the range {row[ID]} is empty or overlaps another"
        ranges.append((start, end, row))
        return None
    if row[UPOS_COLUMN] not in UPOS | {"_"}:
        return f"{row[UPOS_COLUMN]!r} is not a universal part of speech"
    words.append(row)
    return None


def _spaces(words: list[Row], ranges: list[Range]) -> list[bool]:
    spaces = [_space_after(row) for row in words]
    for start, end, row in ranges:
        surface = "".join(word[FORM] for word in words[start - 1 : end])
        # "au" is "à le": spaces part the words that do not spell the surface.
        spaces[start - 1 : end - 1] = [surface != row[FORM]] * (end - start)
        spaces[end - 1] = _space_after(row)
    return spaces


def _space_after(row: Row) -> bool:
    return "SpaceAfter=No" not in row[MISC].split("|")


def _values(words: list[Row], i: int) -> list[str] | None:
    values = ["" if row[i] == "_" else row[i] for row in words]
    return values if any(values) else None
