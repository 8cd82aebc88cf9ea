"""A text to annotate in a line of JSON, of any of the shapes that tools give it."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from spacy_causal.corpus.records import Problem, TextRecord, TokenRecord
from spacy_causal.corpus.shapes import Context, read_shape

# Whatever else stands there, as earlier answers do, is of no interest.
NAMES = ("text", "tokens", "str_words", "tags", "data", "annotations")


def load_text(
    path: Path, number: int, line: str
) -> tuple[dict[str, Any], TextRecord | TokenRecord] | Problem:
    """The object, and its text without annotation, with the object's tokens if it has
    any."""
    try:
        value = json.loads(line)
        known = value
        if isinstance(value, dict):
            known = {name: value[name] for name in NAMES if name in value}
            # Prodigy's tokens, which are read beside spans only; others' say nothing of
            # where they stand.
            if _are_objects(known.get("tokens")):
                known["spans"] = []
            else:
                known.pop("tokens", None)
        record = read_shape(path, number, known, Context({}, Counter()))
    except (ValueError, RecursionError) as error:
        return Problem(path, number, f"no text: {error}"[:200])
    if isinstance(record, TokenRecord):
        return value, replace(record, entities=None, tags=None, pos=None)
    if record is None or not record.text.strip():
        return Problem(path, number, "no text: it is empty")
    return value, replace(record, spans=None)


def _are_objects(tokens: Any) -> bool:
    return isinstance(tokens, list) and bool(tokens) and isinstance(tokens[0], dict)
