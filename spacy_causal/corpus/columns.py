"""What the columns of a CoNLL file hold, seen from their values."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from spacy.parts_of_speech import IDS as UNIVERSAL_POS

from spacy_causal.corpus.records import Options
from spacy_causal.tags.detect import is_tag, label_of

CHUNKS = {"NP", "VP", "PP", "ADVP", "ADJP", "SBAR", "PRT", "CONJP", "INTJ", "LST"}
UPOS = frozenset(UNIVERSAL_POS) - {""}
MAX_TAGS = 200
DOCSTART = "-DOCSTART-"
# In the place of a tag or part of speech: nobody said.
MISSING = "-"
BEGINS = re.compile(r"# new(doc|par)\b")


@dataclass(frozen=True)
class Columns:
    """Positions in a row, from 0; None for a layer that the file does not have.

    universal (bool): Whether all of the tag column's values are UPOS names.
    """

    separator: str
    width: int
    word: int
    entity: int | None
    tag: int | None
    universal: bool


def find_columns(lines: Sequence[str], options: Options) -> Columns:
    """Find what the columns hold; options decide before the content does.

    Raises ValueError when there is no table, or nothing in it beside the words.
    """
    # A comment need not be cut as the table is.
    sure = [line for line in lines if not line.startswith("#")] or lines
    n_tabs = sum("\t" in line for line in sure)
    separator = "\t" if 2 * n_tabs > len(sure) else " "
    rows = [split_row(line, separator) for line in lines]
    width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
    if width < 2:
        raise ValueError("no columns: a token and a tag a line are expected")
    values = [
        Counter(row[i] for row in rows if len(row) == width) for i in range(width)
    ]
    given = (options.word_column, options.entity_column, options.tag_column)
    named = [i for i in given if i is not None]
    if len(set(named)) < len(named):
        raise ValueError(f"a column is named for two things: {named}")
    free = [i for i in range(width) if i not in named and not _are_numbers(values[i])]
    word = _choose(options.word_column, width, _word_column(values, free))
    others = [i for i in range(width) if i != word]
    untaken = [i for i in others if i != options.tag_column]
    entity = _choose(options.entity_column, width, _entity_column(values, untaken))
    tag = _tag_column(values, [i for i in others if i != entity])
    tag = _choose(options.tag_column, width, tag)
    if entity is None and tag is None:
        raise ValueError("no column holds entity or part-of-speech tags: name one")
    tags = set() if tag is None else values[tag].keys() - {MISSING}
    universal = bool(tags) and tags <= UPOS
    return Columns(separator, width, word or 0, entity, tag, universal)


def is_token_line(line: str) -> bool:
    """Whether a line is neither empty, nor "-DOCSTART-", nor a comment that might be
    read as a row: one with tabs, or with which CoNLL-U begins a text."""
    comment = line.startswith("# ") and ("\t" in line or bool(BEGINS.match(line)))
    return bool(line.strip()) and not comment and not line.startswith(DOCSTART)


def split_row(line: str, separator: str) -> list[str]:
    """Cut a line at tabs, or at runs of spaces."""
    if separator == "\t":
        return line.split("\t")
    return re.split(" +", line.replace("\t", " ").strip(" "))


def _choose(given: int | None, width: int, detected: int | None) -> int | None:
    if given is None:
        return detected
    if not 0 <= given < width:
        raise ValueError(f"no column {given}: there are {width}, counted from 0")
    return given


def _are_numbers(values: Counter[str]) -> bool:
    return "1" in values and all(value.isdecimal() for value in values)


def _word_column(values: Sequence[Counter[str]], columns: list[int]) -> int:
    """The first column that does not hold entity tags, which may stand before it."""
    words = (i for i in columns if not _are_entity_tags(values[i]))
    return next(words, columns[0] if columns else 0)


def _entity_column(values: Sequence[Counter[str]], columns: list[int]) -> int | None:
    """The first column of entity tags; of chunks only when there is nothing else."""
    marked = [i for i in columns if _are_entity_tags(values[i])]
    for i in marked:
        labels = {label_of(tag) for tag in values[i]} - {""}
        if not labels or not labels <= CHUNKS:
            return i
    return next(iter(marked), None)


def _are_entity_tags(values: Counter[str]) -> bool:
    """Whether most are: a bad line must not hide the column from its report."""
    return 2 * sum(n for tag, n in values.items() if is_tag(tag)) > values.total()


def _tag_column(values: Sequence[Counter[str]], columns: list[int]) -> int | None:
    """The first column that looks like parts of speech: few values, in capitals."""
    for i in columns:
        total = values[i].total()
        capital = sum(
            n
            for tag, n in values[i].items()
            if tag == tag.upper() and not tag.isdecimal()
        )
        few = 1 < len(values[i]) <= MAX_TAGS
        if few and capital >= 0.9 * total and not _are_entity_tags(values[i]):
            return i
    return None
