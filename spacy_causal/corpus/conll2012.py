"""CoNLL-2012's columns, the form in which OntoNotes is mostly had."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from spacy_causal.corpus.lines import Line, read_blocks
from spacy_causal.corpus.records import Item, Options, Problem, TokenRecord

BEGIN = "#begin document"
WORD, TAG, ENTITY = 3, 4, 10
# Not at other white space, which stands within words.
SPACES = re.compile("[ \t]+")
BRACKETS = re.compile(r"(?:\((?P<label>[^()*\s]+))?(?P<star>\*?)(?P<close>\)?)")


def read_conll2012(
    path: Path, options: Options, counts: Counter[str]
) -> Iterator[Item]:
    """Yield a record a sentence: words, Penn tags, and entities from their brackets,
    "(ORG*" to "*)". Lines that begin or end a document are counted and left out."""
    for block in read_blocks(path):
        lines = [line for line in block if not isinstance(line, Problem)]
        if not lines:
            yield from (line for line in block if isinstance(line, Problem))
            continue
        rows = [(number, text) for number, text in lines if text[0] != "#"]
        counts["document lines"] += len(lines) - len(rows)
        if rows:
            yield _read_sentence(path, rows)


def _read_sentence(path: Path, lines: list[Line]) -> Item:
    rows, tags, inside = [], [], None
    for number, text in lines:
        row = SPACES.split(text.strip(" \t"))
        if len(row) <= ENTITY:
            return Problem(path, number, f"{len(row)} columns, and no entities")
        found = BRACKETS.fullmatch(row[ENTITY])
        if found is None or not row[ENTITY]:
            return Problem(path, number, f"{row[ENTITY]!r} are no entity brackets")
        label, ends = found["label"], bool(found["close"])
        if label and inside:
            return Problem(path, number, f"{label!r} begins inside {inside!r}")
        if ends and not (label or inside):
            return Problem(path, number, "an entity ends that has not begun")
        inside = label or inside
        tags.append(f"{'B' if label else 'I'}-{inside}" if inside else "O")
        rows.append(row)
        inside = None if ends else inside
    if inside:
        return Problem(path, lines[-1][0], f"{inside!r} does not end")
    return TokenRecord(
        path,
        lines[0][0],
        words=[row[WORD] for row in rows],
        entities=tags,
        tags=[row[TAG] for row in rows],
        lines=[number for number, _ in lines],
    )
