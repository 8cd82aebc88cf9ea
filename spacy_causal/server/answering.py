"""What an answer may say of a question, and the two as one task."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from spacy_causal.server.feed import Task
from spacy_causal.server.manual import VIEW as MANUAL
from spacy_causal.server.manual import checked_spans
from spacy_causal.store.records import Record
from spacy_causal.types import NONE_OF_THESE

ANSWERS = ("accept", "reject", "ignore")
SAID = ("answer", "accept", "also_shown", "seconds", "_session_id", "suggested")


@dataclass(frozen=True)
class Given:
    """An answer as it comes in.

    answer (str): "accept", "reject" or "ignore".
    accept (Sequence[str]): What was chosen.
    also_shown (Sequence[str]): Labels shown after a first "none of these", all of them
        refused unless one was chosen.
    seconds (float | None): From when the question was seen to when it was answered.
    spans (Sequence[dict] | None): All mentions of a sentence (view `ner_manual`).
    """

    task_hash: int
    answer: str
    accept: Sequence[str] = ()
    also_shown: Sequence[str] = ()
    seconds: float | None = None
    spans: Sequence[dict[str, Any]] | None = None


def answered(
    task: Task, given: Given, labels: Collection[str], *, view_id: str
) -> Task:
    """A question with its answer; a sentence keeps the spans it was shown with as
    "suggested".

    labels (Collection[str]): What may be chosen beside the question's own options.
    Raises ValueError for an answer that the question does not have.
    """
    _check(task, given, labels, view_id)
    said: Task = {"answer": given.answer, "accept": list(given.accept)}
    said |= {"also_shown": _also_shown(task, given), "seconds": given.seconds}
    if given.spans is not None:
        spans = checked_spans(task, given.spans, labels)
        said |= {"spans": spans, "suggested": task["spans"]}
    return {**task, **said}


def is_same(task: Task, given: Given) -> bool:
    """Whether an answered task says what is given now."""
    said = task["answer"], task.get("accept", []), task.get("also_shown", [])
    if said != (given.answer, list(given.accept), _also_shown(task, given)):
        return False
    if given.spans is None:
        return True
    return sorted(map(_place, task["spans"])) == sorted(map(_place, given.spans))


def unanswered(task: Task) -> Task:
    """The question, as it was before somebody answered it."""
    spans = task.get("suggested", task.get("spans", []))
    return {k: v for k, v in {**task, "spans": spans}.items() if k not in SAID}


def whole_task(record: Record, inputs: dict[int, dict[str, Any]]) -> Task:
    """An answer and its text as one task, as Prodigy would keep it."""
    return {
        **inputs.get(record.input_hash, {}),
        **(record.content or {}),
        "_input_hash": record.input_hash,
        "_task_hash": record.task_hash,
        "_session_id": record.session,
    }


def _also_shown(task: Task, given: Given) -> list[str]:
    """What came after the question's own labels, each once."""
    before = {NONE_OF_THESE, *task.get("shown", ())}
    return [x for x in dict.fromkeys(given.also_shown) if x not in before]


def _place(span: dict[str, Any]) -> tuple[int, int, str]:
    return span["token_start"], span["token_end"], span["label"]


def _check(task: Task, given: Given, labels: Collection[str], view_id: str) -> None:
    if given.answer not in ANSWERS:
        raise ValueError(f"An answer is one of {', '.join(ANSWERS)}.")
    allowed = {option["id"] for option in task.get("options", ())} | set(labels)
    unknown = [x for x in (*given.accept, *given.also_shown) if x not in allowed]
    if unknown or len(given.accept) > 1:
        raise ValueError("An answer chooses one of the question's options.")
    has_spans = view_id == MANUAL and given.answer == "accept"
    if (given.spans is not None) != has_spans:
        raise ValueError("An accepted sentence has spans, and no other answer has.")
    if given.seconds is not None and not 0 <= given.seconds < 1e6:
        raise ValueError("That cannot be a number of seconds.")
