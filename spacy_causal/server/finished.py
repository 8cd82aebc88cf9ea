"""Texts that nothing is left to ask about, as a journal of answers tells."""

from collections.abc import Iterable
from functools import reduce
from operator import xor

from spacy_causal.store.records import Record


def reading_of(task_hashes: Iterable[int]) -> int:
    """One number for the questions that one reading of a text led to, in any order."""
    return reduce(xor, task_hashes, 0)


def finished_texts(answers: Iterable[Record], unit: str, sure: float = 1.0) -> set[int]:
    """The input hashes of texts that a session taken up again need not read.

    A model that has learnt since might ask about other places of a text. The text
    counts as finished all the same if the questions answered are exactly those of one
    reading of it (the "reading" of a task). A text in which a reading found nothing to
    ask is finished too; the next question to be answered names it (its "quiet"). A text
    with a question that was handed out and not answered is not finished.

    unit (str): Answers about other units say nothing of what is left.
    sure (float): See `Display`; neither do those of a reading that left out more.
    """
    answered: dict[int, set[int]] = {}
    readings: dict[int, set[int]] = {}
    finished: set[int] = set()
    for record in answers:
        content = record.content or {}
        if content.get("unit") != unit or "reading" not in content:
            continue
        if content.get("sure", 1.0) < sure:
            continue
        answered.setdefault(record.input_hash, set()).add(record.task_hash)
        readings.setdefault(record.input_hash, set()).add(content["reading"])
        finished.update(content.get("quiet", ()))
    return finished | {
        text for text in answered if reading_of(answered[text]) in readings[text]
    }
