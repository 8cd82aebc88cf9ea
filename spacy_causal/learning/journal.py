"""What was answered, learnt and undone, in the order in which it happened."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy_causal.files import append_line
from spacy_causal.learning.answers import Answer

BEGUN, ANSWERED, UPDATED, UNDONE = "begun", "answered", "updated", "undone"
BEGINNING = ("component", "labels", "weights", "seed", "settings")


@dataclass(frozen=True)
class Answered:
    """The answers given at once about one Doc, and its words, so that it can be built
    again exactly."""

    words: tuple[str, ...]
    spaces: tuple[bool, ...]
    answers: tuple[Answer, ...]

    def __post_init__(self) -> None:
        keys = {answer.doc for answer in self.answers}
        if len(keys) != 1:
            raise ValueError(f"Answers about one Doc, not about {len(keys)}.")
        for answer in self.answers:
            if answer.end > len(self.words):
                raise ValueError(
                    f"An answer about tokens {answer.start}:{answer.end} of "
                    f"{answer.doc[:60]!r}, which has {len(self.words)}."
                )

    @property
    def doc(self) -> str:
        """The key of the text."""
        return self.answers[0].doc

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "words": list(self.words),
            "spaces": list(self.spaces),
            "answers": [answer.to_dict() for answer in self.answers],
        }

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> "Answered":
        """The inverse of `to_dict`."""
        answers = tuple(Answer.from_dict(answer) for answer in value["answers"])
        return cls(tuple(value["words"]), tuple(value["spaces"]), answers)


class Journal:
    """Records, one JSON line each, that are only ever added to.

    path (Path | None): Where they are kept. Without it they live in memory, and
        nothing of a session is written anywhere: an ephemeral session. A last line
        that was cut off while it was written is dropped.
    """

    def __init__(self, path: str | Path | None = None):
        self.path = Path(path) if path is not None else None
        self._records: list[dict[str, Any]] = []
        self._ends = [0]
        if self.path is not None and self.path.exists():
            self._read(self.path)

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._records)

    def append(self, record: dict[str, Any]) -> None:
        """Add a record; when this returns it is on the disk. Interrupted, or without
        room for it, the journal is as it was."""
        line = json.dumps(record, ensure_ascii=False).encode("utf8") + b"\n"
        n_records, end = len(self), self._ends[-1]
        if self.path is not None:
            self._drop_cut_line(self.path)
        try:
            if self.path is not None:
                append_line(self.path, line)
            self._ends.append(end + len(line))
            # What is in this list has happened: nothing after this can fail.
            self._records.append(record)
        except BaseException:
            if len(self) == n_records:
                del self._ends[n_records + 1 :]
                if self.path is not None and self.path.exists():
                    os.truncate(self.path, end)
            raise

    def _drop_cut_line(self, path: Path) -> None:
        if not path.exists():
            return
        with path.open("r+b") as file:
            file.seek(self._ends[-1])
            cut = file.read()
            if b"\n" in cut:
                raise ValueError(f"{path} is being written by somebody else, too.")
            if cut:
                file.truncate(self._ends[-1])

    def _read(self, path: Path) -> None:
        whole, newline, _ = path.read_bytes().rpartition(b"\n")
        for number, line in enumerate(whole.split(b"\n") if newline else (), start=1):
            try:
                record = json.loads(line)
                _check(record)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ValueError(f"{path}:{number}: no record: {error}") from error
            self._records.append(record)
            self._ends.append(self._ends[-1] + len(line) + 1)


def answered_record(batch: int, answered: Answered) -> dict[str, Any]:
    """The record of answers that wait for batch number `batch`."""
    return {"event": ANSWERED, "batch": batch, **answered.to_dict()}


def surviving(
    records: Iterable[dict[str, Any]],
) -> tuple[list[list[Answered]], list[Answered]]:
    """The batches that were learnt and not undone, and the answers that still wait."""
    batches: list[list[Answered]] = []
    waiting: list[Answered] = []
    for record in records:
        if record["event"] == ANSWERED:
            waiting.append(Answered.from_dict(record))
        elif record["event"] == UPDATED:
            batches.append(waiting)
            waiting = []
        elif record["event"] == UNDONE:
            del batches[record["batch"] :]
    return batches, waiting


def _check(record: dict[str, Any]) -> None:
    if record["event"] == ANSWERED:
        Answered.from_dict(record)
    elif record["event"] == BEGUN:
        missing = [name for name in BEGINNING if name not in record]
        if missing:
            raise ValueError(f"what was begun lacks {', '.join(missing)}")
    elif record["event"] not in (UPDATED, UNDONE) or record["batch"] < 0:
        raise ValueError(f"an unknown event: {record}")
