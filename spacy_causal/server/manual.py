"""Whole sentences as tasks, in Prodigy's view `ner_manual`: all their mentions."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from spacy.tokens import Doc

from spacy_causal.corpus.bare import tokens_of
from spacy_causal.learning.answers import OUTSIDE, Answer
from spacy_causal.store.hashing import set_hashes

VIEW = "ner_manual"
Task = dict[str, Any]
Span = dict[str, Any]


def sentence_task(doc: Doc) -> Task:
    """A task about a whole Doc, its entities suggested.

    One text is one question, whatever is suggested.
    """
    tokens = tokens_of(doc)
    task = set_hashes({"text": doc.text, "tokens": tokens}, VIEW)
    spans = [_span(tokens, x.start, x.end - 1, x.label_) for x in doc.ents]
    return {**task, "spans": spans, "_view_id": VIEW}


def checked_spans(
    task: Task, given: Iterable[Span], labels: Collection[str]
) -> list[Span]:
    """Spans as Prodigy has them, in order, of `token_start`, `token_end` (the last
    token, not the one after it) and `label`.

    They neither begin nor end with white space.
    Raises ValueError for one that is not in the text or nothing but white space, has no
    known label, or overlaps.
    """
    tokens, spans, free = task["tokens"], [], 0
    for span in sorted(given, key=lambda span: span["token_start"]):
        start, end = span["token_start"], span["token_end"]
        if not 0 <= start <= end < len(tokens):
            raise ValueError(f"A span from token {start} to {end} is not in the text.")
        start, end = _trimmed(tokens, start, end)
        if start < free:
            raise ValueError(f"Two spans have token {start}.")
        if span["label"] not in labels:
            raise ValueError("A span has one of the session's labels.")
        spans.append(_span(tokens, start, end, span["label"]))
        free = end + 1
    return spans


def sentence_answers(task: Task, key: str) -> tuple[Answer, ...]:
    """What an accepted sentence says of each of its tokens: to a learner it is gold.

    Rejected and skipped sentences say nothing.

    key (str): Of the text.
    """
    if task["answer"] != "accept":
        return ()
    spans = [(x["token_start"], x["token_end"] + 1, x["label"]) for x in task["spans"]]
    inside = {i for start, end, _ in spans for i in range(start, end)}
    outside = [i for i in range(len(task["tokens"])) if i not in inside]
    return (
        *(Answer(key, *span[:2], (), span[2], unit="mention") for span in spans),
        *(Answer(key, i, i + 1, (), OUTSIDE) for i in outside),
    )


def _trimmed(tokens: Sequence[Task], start: int, end: int) -> tuple[int, int]:
    words = [i for i in range(start, end + 1) if not tokens[i]["text"].isspace()]
    if not words:
        raise ValueError(f"There is only white space from token {start} to {end}.")
    return words[0], words[-1]


def _span(tokens: Sequence[Task], first: int, last: int, label: str) -> Span:
    return {
        "start": tokens[first]["start"],
        "end": tokens[last]["end"],
        "token_start": first,
        "token_end": last,
        "label": label,
    }
