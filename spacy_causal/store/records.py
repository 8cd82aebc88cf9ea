"""What a journal is made of."""

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["begun", "answer", "undo", "update", "ended"]
# The author of answers that annotators agreed on; no person can have this name.
AGREED = "(agreed)"


@dataclass(frozen=True)
class Record:
    """One line of the journal of a dataset.

    id (int): By which the records of a dataset are in order.
    kind (Kind): "answer" to a question; "undo", content {"answer": id}; "update",
        content {"answers": [ids]}: the model was given these to learn from, together;
        "begun" and "ended": settings and counts of a run of the server.
    session (str): Whose it is; "" where the annotators have no names.
    input_hash, task_hash (int): Of the question, 0 where there is none.
    content (dict): Of an answer: the answered task without its text.
    at (float): When, in seconds since 1970.
    """

    kind: Kind
    session: str = ""
    input_hash: int = 0
    task_hash: int = 0
    content: dict[str, Any] | None = None
    at: float = 0.0
    id: int = 0
