"""JSON lines, or one JSON list, of annotated texts in any of the known shapes."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spacy_causal.corpus.lines import BOM, read_lines
from spacy_causal.corpus.records import Item, Options, Problem
from spacy_causal.corpus.shapes import Context, read_shape

TAG_NAMES = "tag_to_id.json"
Value = tuple[int, Any] | Problem


def read_json(path: Path, options: Options, counts: Counter[str]) -> Iterator[Item]:
    """Yield a record for each JSON object; what was rejected is counted, not read."""
    context = Context(read_tag_names(path.parent / TAG_NAMES), counts)
    values = _list_values(path) if is_list(path) else _line_values(path)
    for item, value in enumerate(values, start=1):
        if isinstance(value, Problem):
            yield value
            continue
        try:
            record = read_shape(path, value[0], value[1], context)
        except ValueError as error:
            yield Problem(path, value[0], f"item {item}: {error}")
        else:
            if record is not None:
                yield record


def is_list(path: Path) -> bool:
    """Whether a file is one JSON list rather than an object a line."""
    with path.open("rb") as file:
        start = file.read(4096).removeprefix(BOM).lstrip()
    return start.startswith(b"[")


def read_tag_names(path: Path) -> dict[int, str]:
    """The tags by number that `tag_to_id.json` lists; none where it is not readable."""
    try:
        names = json.loads(path.read_bytes())
        return {int(i): str(name) for name, i in names.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _line_values(path: Path) -> Iterator[Value]:
    for line in read_lines(path):
        if isinstance(line, Problem):
            yield line
        elif line[1].strip():
            try:
                yield line[0], json.loads(line[1])
            except (ValueError, RecursionError) as error:
                yield Problem(path, line[0], f"no JSON: {error}"[:200])


def _list_values(path: Path) -> Iterator[Value]:
    """Decode a list item by item, so that each knows its line."""
    lines = list(read_lines(path))
    problems = [line for line in lines if isinstance(line, Problem)]
    if problems:
        yield from problems
        return
    text = "\n".join(line[1] for line in lines if not isinstance(line, Problem))
    yield from _decode_list(path, text)


def _decode_list(path: Path, text: str) -> Iterator[Value]:
    decoder, number, seen = json.JSONDecoder(), 1, 0
    position = _skip_space(text, text.index("[") + 1)
    more = text[position : position + 1] != "]"
    while more:
        number, seen = number + text.count("\n", seen, position), position
        try:
            value, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            yield Problem(path, number, f"no JSON: {error}"[:200])
            return
        yield number, value
        position = _skip_space(text, end)
        more = text[position : position + 1] == ","
        position = _skip_space(text, position + 1) if more else position
    rest = text[position:].strip()
    if rest != "]":
        number += text.count("\n", seen, position)
        yield Problem(path, number, f"no JSON list: ']' is expected at {rest[:20]!r}")


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\n\r":
        position += 1
    return position
