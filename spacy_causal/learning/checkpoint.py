"""Checkpoints of learners, there whole or not at all."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

import srsly

from spacy_causal.files import write_whole

FORMAT = 1


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Save plain values, bytes and arrays."""
    write_whole(path, srsly.msgpack_dumps({"format": FORMAT, **state}))


def load_checkpoint(path: Path) -> dict[str, Any]:
    """The inverse of `save_checkpoint`; reading executes nothing.

    Raises ValueError when the file is no checkpoint.
    """
    try:
        state = srsly.msgpack_loads(path.read_bytes())
        version = state["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no checkpoint: {error}") from error
    if version != FORMAT:
        raise ValueError(f"{path} is a checkpoint of format {version}, not {FORMAT}.")
    return state


def digest(records: Iterable[dict[str, Any]]) -> str:
    """What tells one journal from another."""
    total = sha256()
    for record in records:
        total.update(srsly.json_dumps(record, sort_keys=True).encode("utf8"))
    return total.hexdigest()
