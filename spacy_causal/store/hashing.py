"""What tells one text, and one question, from another."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import srsly

# The most bits that JavaScript's numbers hold exactly; the chance that any two of 10
# million texts collide is 0.6 %.
N_BITS = 53


def input_hash(text: str) -> int:
    """A number for a text: a positive one of 53 bits."""
    return _hash(text)


def task_hash(input_hash: int, view_id: str, spans: Sequence[dict[str, Any]]) -> int:
    """A number for a question: what is asked about which characters of a text. The
    labels shown do not count, so that a model that learns asks nothing twice."""
    places = sorted([span["start"], span["end"]] for span in spans)
    return _hash(srsly.json_dumps([input_hash, view_id, places]))


def set_hashes(task: dict[str, Any], view_id: str) -> dict[str, Any]:
    """A task with its `_input_hash` and `_task_hash`; those it has are kept."""
    of_input = task.get("_input_hash", input_hash(task["text"]))
    of_task = task.get("_task_hash")
    if of_task is None:
        of_task = task_hash(of_input, view_id, task.get("spans", ()))
    return {**task, "_input_hash": of_input, "_task_hash": of_task}


def _hash(text: str) -> int:
    # Half a surrogate pair has no UTF-8, and a text may hold one.
    data = text.encode("utf8", "surrogatepass")
    number = int.from_bytes(blake2b(data, digest_size=8).digest(), "big")
    return number >> (64 - N_BITS)
