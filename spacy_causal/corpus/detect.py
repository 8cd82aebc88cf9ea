"""Which format a corpus is in, seen from its content first, then from its name."""

import re
from itertools import islice
from pathlib import Path

from spacy_causal.corpus.columns import find_columns, is_token_line
from spacy_causal.corpus.conll import read_conll
from spacy_causal.corpus.conll2012 import BEGIN, read_conll2012
from spacy_causal.corpus.conllu import ROW_ID, read_conllu
from spacy_causal.corpus.fmtod import find_span_columns, read_fmtod
from spacy_causal.corpus.jsonl import read_json
from spacy_causal.corpus.lines import read_lines
from spacy_causal.corpus.markup import read_markup
from spacy_causal.corpus.parallel import read_parallel
from spacy_causal.corpus.records import Options, Problem, ReadFormat

FORMATS: dict[str, ReadFormat] = {
    "conll": read_conll,
    "conll2012": read_conll2012,
    "conllu": read_conllu,
    "json": read_json,
    "parallel": read_parallel,
    "fmtod": read_fmtod,
    "markup": read_markup,
}
EXTENSIONS = {
    ".conll": "conll",
    ".iob": "conll",
    ".bio": "conll",
    ".conllu": "conllu",
    ".json": "json",
    ".jsonl": "json",
}
MENTION = re.compile(r"\[[^\[\]]+\]\([^()\[\]]+\)")
SAMPLE = 500


def detect_format(path: Path, options: Options) -> str:
    """Name the format of a file or folder; `options.format` decides when it is given.

    Raises ValueError when the format is unknown or cannot be told, or the file cannot
    be read.
    """
    if not path.is_dir():
        try:
            path.open("rb").close()
        except OSError as error:
            raise ValueError(f"cannot be read: {error.strerror}") from error
    if options.format is not None:
        if options.format not in FORMATS:
            formats = ", ".join(FORMATS)
            raise ValueError(f"unknown format {options.format!r}: one of {formats}")
        if path.is_dir() and options.format != "parallel":
            raise ValueError(f"a folder, where {options.format!r} is one file")
        return options.format
    if path.is_dir():
        if (path / "seq.in").exists():
            return "parallel"
        raise ValueError("the folder holds no seq.in and seq.out")
    found = _from_content(_sample(path), options) or EXTENSIONS.get(path.suffix)
    if found is None:
        raise ValueError(
            f"cannot tell the format: say which of {', '.join(FORMATS)}; columns are "
            "cut at tabs or spaces"
        )
    return found


def _sample(path: Path) -> list[str]:
    lines = (line[1] for line in read_lines(path) if not isinstance(line, Problem))
    return [line for line in islice(lines, SAMPLE) if line.strip()]


def _from_content(lines: list[str], options: Options) -> str | None:
    start = "\n".join(lines[:2]).lstrip()
    if re.match(r'\{\s*"|\{\s*$|\[\s*\{', start):
        return "json"
    if any(line.startswith(BEGIN) for line in lines):
        return "conll2012"
    if any(_is_conllu_row(line) for line in lines):
        return "conllu"
    if any("\t" in line for line in lines) and find_span_columns(lines):
        return "fmtod"
    mentions = sum(bool(MENTION.search(line)) for line in lines)
    if mentions and not any("\t" in line for line in lines):
        return "markup"
    return "conll" if _names_a_column(options) or _is_table(lines, options) else None


def _is_conllu_row(line: str) -> bool:
    row = line.split("\t")
    return len(row) == 10 and bool(ROW_ID.fullmatch(row[0]))


def _names_a_column(options: Options) -> bool:
    """Whether a column is named: what is wrong with that, the reader says."""
    given = (options.word_column, options.entity_column, options.tag_column)
    return any(i is not None for i in given)


def _is_table(lines: list[str], options: Options) -> bool:
    try:
        find_columns(list(filter(is_token_line, lines)), options)
    except ValueError:
        return False
    return True
