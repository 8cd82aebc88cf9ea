"""Our light markup: a sentence a line, mentions as `[surface text](type)`."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from spacy_causal.corpus.lines import read_lines
from spacy_causal.corpus.records import CharSpan, Item, Options, Problem, TextRecord

PIECE = re.compile(
    r"\\(?P<escaped>[\[\]])"
    r"|\[(?P<surface>(?:\\[\[\]]|[^\[\]])*+)\]\((?P<label>[^()\[\]]*)\)"
    r"|(?P<bracket>[\[\]])"
)
ESCAPED = re.compile(r"\\([\[\]])")


def read_markup(path: Path, options: Options, counts: Counter[str]) -> Iterator[Item]:
    """Yield a record a line; empty lines and lines that begin with "# " are skipped."""
    for line in read_lines(path):
        if isinstance(line, Problem):
            yield line
        elif line[1].strip() and not line[1].startswith("# "):
            try:
                text, spans = parse_markup(line[1])
            except ValueError as error:
                yield Problem(path, line[0], str(error))
            else:
                yield TextRecord(path, line[0], text, spans)


def parse_markup(line: str) -> tuple[str, list[CharSpan]]:
    r"""Read one line as its text and spans; `\[` and `\]` are literal brackets.

    Raises ValueError for a bracket that is neither escaped nor part of a mention.
    """
    text, spans, end = "", [], 0
    for match in PIECE.finditer(line):
        text += line[end : match.start()]
        end = match.end()
        if match["bracket"]:
            raise ValueError(
                f"the bracket at character {match.start()} belongs to no "
                r"[text](type): write \[ or \] for a bracket"
            )
        if match["escaped"]:
            text += match["escaped"]
            continue
        surface = ESCAPED.sub(r"\1", match["surface"])
        spans.append((len(text), len(text) + len(surface), match["label"]))
        text += surface
    return text + line[end:], spans
