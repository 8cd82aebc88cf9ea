"""How long answers take and how good they are, by mode."""

from collections.abc import Callable, Iterable, Sequence
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
Entities = frozenset[tuple[int, int, str]]
Truth = Callable[[Task], str | Entities | None]
WHOLE = "whole sentences"

# CITISL (Findings of EMNLP 2022), section 6.2: one figure of seconds for all K.
PAPER = (
    ("all labels", 23.96, "41.5 %"),
    ("K = 3, 5, 7", 16.99, "44.5, 43.8, 43.0 %"),
)


@dataclass(frozen=True)
class ModeStats:
    """What was answered in one mode. `WHOLE` is that of sentences annotated whole, of
    which each is one answer, and only counted as a sentence.

    none (int | None): Answers "none of these", where there are such.
    seconds_a_sentence, seconds_an_answer (float | None): Means, of answers timed by the
        page; None where there is none. A sentence is what one annotator answered of a
        text.
    answers_right, sentences_right (float | None): Shares, where the truth is known.
        "None of these" is right if none is; a sentence, if all its answers are, or if
        just the true entities are in it.
    """

    mode: str
    annotators: int
    sentences: int
    answers: int
    skipped: int
    none: int | None
    seconds_a_sentence: float | None
    seconds_an_answer: float | None
    answers_right: float | None
    sentences_right: float | None


def mode_stats(tasks: Sequence[Task], truth: Truth | None = None) -> list[ModeStats]:
    """One row a mode, by name."""
    modes: dict[str, list[Task]] = {}
    for task in tasks:
        mode = WHOLE if _is_whole(task) else task.get("mode", "")
        modes.setdefault(mode, []).append(task)
    return [
        (_whole_row if mode == WHOLE else _row)(mode, modes[mode], truth)
        for mode in sorted(modes)
    ]


def paper_beside(modes: Iterable[str]) -> list[tuple[str, float, str]]:
    """The paper's figures of modes like these: of all labels, of any K."""
    kinds = {mode.partition(" ")[0] for mode in modes}
    return [row for row in PAPER if row[0].partition(" ")[0] in kinds]


def truths_of_gold(path: Path, layer: str = ENTITIES) -> Truth:
    """What is true of just the tokens asked about, "O" if they are no entity, or all
    entities of a whole sentence, from annotated Docs with the same texts; None where no
    such Doc says.

    layer (str): What was asked about, see `layer_of`.
    Raises ValueError where no Doc is annotated with it.
    """
    found: dict[int, Known] = {}
    for doc in read_spacy(path, Vocab()):
        found.setdefault(input_hash(doc.text), Known()).add(doc, layer)
    if not any(known.labels or known.outside for known in found.values()):
        raise ValueError(f"No document of {path} is annotated with {layer}.")

    def truth(task: Task) -> str | Entities | None:
        known = found.get(input_hash(task["text"]), Known())
        if _is_whole(task):
            return known.all()
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

    def all(self) -> Entities | None:
        """All entities of the text; None where it is not annotated throughout."""
        inside = {at for at in self.starts for a, b in self.labels if a <= at < b}
        if not self.starts or set(self.starts) - inside - self.outside:
            return None
        return frozenset((*place, label) for place, label in self.labels.items())

    def nothing(self, start: int, end: int) -> bool:
        """Whether each token of a stretch is known to be outside of entities or part of
        one, which is then not exactly this stretch."""
        tokens = [at for at in self.starts if start <= at < end]
        inside = {at for at in tokens for a, b in self.labels if a <= at < b}
        return bool(tokens) and set(tokens) <= inside | self.outside


def is_right(task: Task, truth: str | Entities) -> bool:
    """Whether an answer that was given agrees with the truth."""
    if isinstance(truth, frozenset):
        return {(x["start"], x["end"], x["label"]) for x in task["spans"]} == truth
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


def _whole_row(mode: str, tasks: Sequence[Task], truth: Truth | None) -> ModeStats:
    answers = [task for task in tasks if task["answer"] != "ignore"]
    timed = [task["seconds"] for task in tasks if task.get("seconds") is not None]
    # A rejected one says nothing of its entities.
    accepted = [task for task in answers if task["answer"] == "accept"]
    known = [(task, truth(task) if truth else None) for task in accepted]
    right = [is_right(task, true) for task, true in known if true is not None]
    return ModeStats(
        mode,
        len({task["_session_id"] for task in tasks} - {AGREED}),
        len({_sentence(task) for task in tasks}),
        len(answers),
        len(tasks) - len(answers),
        None,
        _ratio(sum(timed), len(timed)),
        None,
        None,
        _ratio(sum(right), len(right)),
    )


def _is_whole(task: Task) -> bool:
    return task.get("_view_id") == VIEW


def _sentence(task: Task) -> tuple[int, str]:
    return task["_input_hash"], task["_session_id"]


def _ratio(part: float, whole: int) -> float | None:
    return part / whole if whole else None
