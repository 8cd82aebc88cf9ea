"""Checkpoints of learners, there whole or not at all."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

import srsly

from spacy_causal.files import write_whole

FORMAT = 2


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Save plain values, bytes and arrays, and by what damage to them shows."""
    data = srsly.msgpack_dumps(state)
    whole = {"format": FORMAT, "sha256": sha256(data).hexdigest(), "state": data}
    write_whole(path, srsly.msgpack_dumps(whole))


def load_checkpoint(path: Path) -> dict[str, Any]:
    """The inverse of `save_checkpoint`; reading executes nothing.

    Raises ValueError when the file is no checkpoint, or a damaged one.
    """
    try:
        whole = srsly.msgpack_loads(path.read_bytes())
        version = whole["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is not a checkpoint: {error}") from error
    if version != FORMAT:
        raise ValueError(f"{path} is a checkpoint of format {version}, not {FORMAT}.")
    data = whole.get("state")
    if not data or sha256(data).hexdigest() != whole.get("sha256"):
        raise ValueError(
            f"{path} is damaged: leave it out, and the journal is learnt again."
        )
    return srsly.msgpack_loads(data)


def digest(records: Iterable[dict[str, Any]]) -> str:
    """What tells one journal from another."""
    total = sha256()
    for record in records:
        total.update(srsly.json_dumps(record, sort_keys=True).encode("utf8"))
    return total.hexdigest()
