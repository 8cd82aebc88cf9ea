"""How long answers take and how good they are, by mode."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_causal.corpus.files import read_spacy
from spacy_causal.learning.answers import OUTSIDE
from spacy_causal.server.manual import VIEW
from spacy_causal.server.teaching import answer_of
from spacy_causal.server.texts import ENTITIES
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


def truths_of_gold(path: Path, layer: str = ENTITIES) -> Truth:
    """What is true of just the tokens asked about, "O" if they are no entity, from
    annotated Docs with the same texts; None where no such Doc says.

    layer (str): What was asked about, see `layer_of`.
    Raises ValueError where no Doc is annotated with it.
    """
    found: dict[int, Known] = {}
    for doc in read_spacy(path, Vocab()):
        found.setdefault(input_hash(doc.text), Known()).add(doc, layer)
    if not any(known.labels or known.outside for known in found.values()):
        raise ValueError(f"No document of {path} is annotated with {layer}.")

    def truth(task: Task) -> str | None:
        known = found.get(input_hash(task["text"]), Known())
        (span,) = task["spans"]
        whole = layer != ENTITIES or task["unit"] == "mention"
        label = known.label(span["start"], span["end"], whole=whole)
        if label is None and known.nothing(span["start"], span["end"]):
            return OUTSIDE
        return label

    return truth


@dataclass
class Known:
    """What is known of a text, by first and last character.

    labels (dict[tuple[int, int], str]): Of entities, or of single tokens.
    outside (set[int]): Where a token begins that is known to be in no entity.
    starts (list[int]): Where the tokens begin, of entities.
    """

    labels: dict[tuple[int, int], str] = field(default_factory=dict)
    outside: set[int] = field(default_factory=set)
    starts: list[int] = field(default_factory=list)

    def add(self, doc: Doc, layer: str) -> None:
        """Take over what a Doc is annotated with."""
        if layer == ENTITIES:
            self.starts += [token.idx for token in doc]
            ents = {(e.start_char, e.end_char): e.label_ for e in doc.ents}
            self.labels |= ents
            self.outside |= {token.idx for token in doc if token.ent_iob_ == "O"}
            return
        tags = [(token, getattr(token, f"{layer}_")) for token in doc]
        self.labels |= {(t.idx, t.idx + len(t)): tag for t, tag in tags if tag}

    def label(self, start: int, end: int, *, whole: bool) -> str | None:
        """The label of a stretch of text.

        whole (bool): Only a label of exactly this stretch; otherwise also one of a
            longer stretch around it.
        """
        if whole:
            return self.labels.get((start, end))
        inside = (x for (a, b), x in self.labels.items() if a <= start and end <= b)
        return next(inside, None)

    def nothing(self, start: int, end: int) -> bool:
        """Whether each token of a stretch is known to be outside of entities or part of
        one, which is then not exactly this stretch."""
        tokens = [at for at in self.starts if start <= at < end]
        inside = {at for at in tokens for a, b in self.labels if a <= at < b}
        return bool(tokens) and set(tokens) <= inside | self.outside


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
