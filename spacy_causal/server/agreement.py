"""How far the annotators of a dataset agree, two by two and all together."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from spacy_causal.scorers.agreement import cohen_kappa, fleiss_kappa, span_agreement
from spacy_causal.scorers.relaxed import count_relaxed_matches
from spacy_causal.scorers.spans import Span, paint
from spacy_causal.server.asking import VIEW as CHOICE
from spacy_causal.server.manual import VIEW as MANUAL
from spacy_causal.server.teaching import answer_of
from spacy_causal.store.records import AGREED
from spacy_causal.types import NONE_OF_THESE

Task = dict[str, Any]
Said = str | tuple[Span, ...]
REJECTED = "rejected"


@dataclass(frozen=True)
class Agreement:
    """Of some annotators, on what at least two of them answered.

    questions (int): How many that is.
    same (float): The share of them that all who answered answered alike.
    exact, tolerant (float | None): F1 of spans, over all pairs of annotators; of whole
        sentences only. Tolerant of other boundaries: any overlap counts.
    kappa (float | None): Cohen's of two, Fleiss' of more: of labels chosen, or of the
        labels of tokens where sentences are annotated whole.
    """

    annotators: tuple[str, ...]
    questions: int
    same: float
    exact: float | None
    tolerant: float | None
    kappa: float | None


def said_of(task: Task) -> Said | None:
    """What an answer says: the chosen label, or all spans of a sentence in order; a
    sentence may be `REJECTED`. None where it was skipped."""
    if task["answer"] == "ignore":
        return None
    if view_of(task) != MANUAL:
        answer = answer_of(task)
        assert answer is not None
        return NONE_OF_THESE if answer.chosen is None else str(answer.chosen)
    if task["answer"] == "reject":
        return REJECTED
    spans = task["spans"]
    return tuple(
        sorted((x["label"], x["token_start"], x["token_end"] + 1) for x in spans)
    )


def view_of(task: Task) -> str:
    """The view in which a task was answered."""
    return MANUAL if task.get("_view_id") == MANUAL else CHOICE


def by_question(tasks: Sequence[Task]) -> list[list[Task]]:
    """Answers by what was asked, in the order in which that was first answered; without
    those that were skipped."""
    groups: dict[int, list[Task]] = {}
    for task in tasks:
        if task["answer"] != "ignore":
            groups.setdefault(task["_task_hash"], []).append(task)
    return list(groups.values())


def is_disputed(group: Sequence[Task]) -> bool:
    """Whether a question was answered in several ways."""
    return len({said_of(task) for task in group}) > 1


def agreements(tasks: Sequence[Task]) -> list[Agreement]:
    """A row for each two annotators with questions in common, by name; of more than two
    another, of all. What they agreed on before is nobody's answer.

    tasks (Sequence[Task]): Answers of one view.
    """
    tasks = [task for task in tasks if task["_session_id"] != AGREED]
    questions = by_question(tasks)
    names = sorted({task["_session_id"] for group in questions for task in group})
    groups = list(combinations(names, 2))
    if len(names) > 2:
        groups.append(tuple(names))
    rows = [_agreement(annotators, questions) for annotators in groups]
    return [row for row in rows if row is not None]


def _agreement(
    annotators: tuple[str, ...], questions: Sequence[Sequence[Task]]
) -> Agreement | None:
    theirs = [
        [task for task in group if task["_session_id"] in annotators]
        for group in questions
    ]
    shared = [group for group in theirs if len(group) > 1]
    if not shared:
        return None
    alike = [not is_disputed(group) for group in shared]
    pairs = [
        (_spans(first), _spans(second))
        for group in shared
        for first, second in combinations(_accepted(group), 2)
    ]
    items = [item for group in shared for item in _items(group)]
    return Agreement(
        annotators,
        len(shared),
        sum(alike) / len(alike),
        span_agreement(pairs),
        span_agreement(pairs, count_relaxed_matches),
        _kappa(items, annotators),
    )


def _items(group: Sequence[Task]) -> list[dict[str, str]]:
    """The labels by annotator: of the question, or of each token of the sentence."""
    if view_of(group[0]) != MANUAL:
        return [{task["_session_id"]: str(said_of(task)) for task in group}]
    n_tokens = len(group[0]["tokens"])
    painted = {
        task["_session_id"]: paint(_spans(task), n_tokens) for task in _accepted(group)
    }
    return [{name: row[i] for name, row in painted.items()} for i in range(n_tokens)]


def _kappa(
    items: Sequence[dict[str, str]], annotators: tuple[str, ...]
) -> float | None:
    if len(annotators) > 2:
        labels = sorted({label for item in items for label in item.values()})
        given = [list(item.values()) for item in items]
        return fleiss_kappa([[x.count(label) for label in labels] for x in given])
    first, second = annotators
    both = [item for item in items if len(item) == 2]
    return cohen_kappa([x[first] for x in both], [x[second] for x in both])


def _accepted(group: Sequence[Task]) -> list[Task]:
    """Those with spans: sentences that were not rejected."""
    manual = [task for task in group if view_of(task) == MANUAL]
    return [task for task in manual if task["answer"] == "accept"]


def _spans(task: Task) -> list[Span]:
    said = said_of(task)
    return list(said) if isinstance(said, tuple) else []
