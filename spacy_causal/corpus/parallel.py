"""Parallel files: utterances in `seq.in`, their tags in `seq.out`, line by line."""

from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from spacy_causal.corpus.lines import Line, read_lines
from spacy_causal.corpus.records import Item, Options, Problem, TokenRecord


def read_parallel(path: Path, options: Options, counts: Counter[str]) -> Iterator[Item]:
    """Yield a record a line of the folder's `seq.in` and `seq.out`."""
    words_path, tags_path = path / "seq.in", path / "seq.out"
    pairs = zip_longest(read_lines(words_path), read_lines(tags_path))
    for number, (words, tags) in enumerate(pairs, start=1):
        if isinstance(words, Problem) or isinstance(tags, Problem):
            yield from (x for x in (words, tags) if isinstance(x, Problem))
        elif words is None or tags is None:
            shorter = words_path if words is None else tags_path
            yield Problem(shorter, number, "ends before its parallel file does")
            return
        else:
            yield from _read_pair(words_path, words, tags)


def _read_pair(path: Path, words_line: Line, tags_line: Line) -> Iterator[Item]:
    number, words, tags = words_line[0], words_line[1].split(), tags_line[1].split()
    if len(words) != len(tags):
        yield Problem(path, number, f"{len(words)} tokens but {len(tags)} tags")
    elif words:
        yield TokenRecord(path, number, words=words, entities=tags)
