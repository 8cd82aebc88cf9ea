"""How long answers take and how good they are, by mode."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy.vocab import Vocab

from spacy_causal.corpus.files import read_spacy
from spacy_causal.learning.answers import OUTSIDE
from spacy_causal.server.manual import VIEW
from spacy_causal.server.teaching import answer_of
from spacy_causal.store.hashing import input_hash
from spacy_causal.store.records import AGREED

Task = dict[str, Any]
Truth = Callable[[Task], str | None]

# CITISL (Findings of EMNLP 2022), section 6.2: one figure of seconds for all K.
PAPER = (
    ("all labels", 23.96, "41.5 %"),
    ("K = 3, 5, 7", 16.99, "44.5, 43.8, 43.0 %"),
)


@dataclass(frozen=True)
class ModeStats:
    """What was answered in one mode.

    none (int): Answers "none of these".
    seconds_a_sentence, seconds_an_answer (float | None): Means, of answers timed by the
        page; None where there is none. A sentence is what one annotator answered of a
        text.
    answers_right, sentences_right (float | None): Shares, where the truth is known.
        "None of these" is right if none is; a sentence, if all its answers are.
    """

    mode: str
    annotators: int
    sentences: int
    answers: int
    skipped: int
    none: int
    seconds_a_sentence: float | None
    seconds_an_answer: float | None
    answers_right: float | None
    sentences_right: float | None


def mode_stats(tasks: Sequence[Task], truth: Truth | None = None) -> list[ModeStats]:
    """One row a mode, by name; sentences annotated whole were in none."""
    modes: dict[str, list[Task]] = {}
    for task in (task for task in tasks if task.get("_view_id") != VIEW):
        modes.setdefault(task.get("mode", ""), []).append(task)
    return [_row(mode, modes[mode], truth) for mode in sorted(modes)]


def truths_of_gold(path: Path) -> Truth:
    """The type of just the tokens asked about, "O" if they are none, from annotated
    Docs with the same texts; None where a text is not among them."""
    spans: dict[int, dict[tuple[int, int], str]] = {}
    for doc in read_spacy(path, Vocab()):
        of_text = spans.setdefault(input_hash(doc.text), {})
        of_text.update({(e.start_char, e.end_char): e.label_ for e in doc.ents})

    def truth(task: Task) -> str | None:
        known = spans.get(input_hash(task["text"]))
        if known is None:
            return None
        (span,) = task["spans"]
        at = span["start"], span["end"]
        if task["unit"] == "mention":
            return known.get(at, OUTSIDE)
        inside = [x for (s, e), x in known.items() if s <= at[0] and at[1] <= e]
        return inside[0] if inside else OUTSIDE

    return truth


def is_right(task: Task, truth: str) -> bool:
    """Whether an answer that was given agrees with the truth."""
    answer = answer_of(task)
    assert answer is not None
    if answer.chosen is None:
        return truth not in answer.shown
    return answer.chosen == truth


def _row(mode: str, tasks: Sequence[Task], truth: Truth | None) -> ModeStats:
    given = [(task, answer_of(task)) for task in tasks]
    answers = [(task, answer) for task, answer in given if answer is not None]
    timed = [task for task in tasks if task.get("seconds") is not None]
    seconds = sum(task["seconds"] for task in timed)
    right: dict[tuple[int, str], list[bool]] = {}
    for task, _ in answers:
        known = truth(task) if truth else None
        if known is not None:
            right.setdefault(_sentence(task), []).append(is_right(task, known))
    every = [each for answers_right in right.values() for each in answers_right]
    return ModeStats(
        mode,
        len({task["_session_id"] for task in tasks} - {AGREED}),
        len({_sentence(task) for task in tasks}),
        len(answers),
        len(tasks) - len(answers),
        sum(answer.chosen is None for _, answer in answers),
        _ratio(seconds, len({_sentence(task) for task in timed})),
        _ratio(seconds, len(timed)),
        _ratio(sum(every), len(every)),
        _ratio(sum(all(each) for each in right.values()), len(right)),
    )


def _sentence(task: Task) -> tuple[int, str]:
    return task["_input_hash"], task["_session_id"]


def _ratio(part: float, whole: int) -> float | None:
    return part / whole if whole else None
