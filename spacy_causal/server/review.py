"""What annotators disagree on, asked once more; what they agree on, taken over."""

from collections.abc import Iterator, Sequence
from typing import Any

from spacy_causal.learning.answers import OUTSIDE
from spacy_causal.server.agreement import is_disputed, said_of, view_of
from spacy_causal.server.manual import VIEW as MANUAL
from spacy_causal.store.records import AGREED
from spacy_causal.types import NONE_OF_THESE

Task = dict[str, Any]
KEPT = ("text", "tokens", "_input_hash", "_task_hash", "_view_id", "unit", "seed",
        "round")  # fmt: skip


class ReviewStream:
    """Questions that were answered, in the order in which they first were.

    questions (Sequence[Sequence[Task]]): The answers to each, see `by_question`.
    everything (bool): Whether what all agree on is asked too.
    asked, agreed (list[Task]): The questions, and what is taken over as it is: also
        what a single annotator has answered.
    n_single (int): How many of those there are.
    """

    def __init__(
        self, questions: Sequence[Sequence[Task]], *, everything: bool = False
    ):
        alike = [not is_disputed(group) for group in questions]
        both = list(zip(questions, alike, strict=True))
        self.asked = [review_task(x) for x, same in both if everything or not same]
        self.agreed = [agreed_task(x) for x, same in both if same and not everything]
        self.n_single = sum(len(group) == 1 for group in questions)
        self._controller: Any = None

    def __iter__(self) -> Iterator[Task]:
        yield from self.asked

    def begin(self, controller: Any) -> None:
        """Hand over what is agreed on, once a session has begun.

        Raises ValueError where that cannot be handed over.
        """
        if hasattr(controller, "take_over"):
            controller.take_over(self.agreed)
        elif self.agreed:
            raise ValueError("What all agree on cannot be kept here: give --all.")
        self._controller = controller

    @property
    def fraction(self) -> float | None:
        """How much of what is asked was answered."""
        ledger = getattr(self._controller, "ledger", None)
        if ledger is None or not self.asked:
            return None
        done = [bool(ledger.who_answered(x["_task_hash"])) for x in self.asked]
        return sum(done) / len(done)


def versions_of(group: Sequence[Task]) -> list[dict[str, Any]]:
    """What was said, and who said it: what most said first."""
    versions: dict[Any, dict[str, Any]] = {}
    for task in group:
        said: Task = {"answer": task["answer"]}
        if view_of(task) != MANUAL:
            said["accept"] = task.get("accept") or []
        elif task["answer"] == "accept":
            said["spans"] = task["spans"]
        version = versions.setdefault(said_of(task), {**said, "sessions": []})
        version["sessions"].append(task["_session_id"])
    return sorted(versions.values(), key=lambda version: -len(version["sessions"]))


def review_task(group: Sequence[Task]) -> Task:
    """The question of some answers, anew: what most said is suggested, or stands first.

    RETURNS (dict): With "versions": what was said, and by whom. Shown is what was shown
        to any of them.
    """
    task = {name: group[0][name] for name in KEPT if name in group[0]}
    task["versions"] = versions_of(group)
    if view_of(task) == MANUAL:
        accepted = [x["spans"] for x in task["versions"] if x["answer"] == "accept"]
        return {**task, "spans": accepted[0] if accepted else group[0]["spans"]}
    shown = _labels(group, task["versions"])
    special = [
        option["id"]
        for option in group[0]["options"]
        if option["id"] not in group[0]["shown"] and "score" not in option
    ]
    options = list(dict.fromkeys([*shown, NONE_OF_THESE, *special]))
    texts = {option["id"]: option["text"] for x in group for option in x["options"]}
    return {
        **task,
        "spans": group[0]["spans"],
        "options": [{"id": x, "text": texts.get(x, x)} for x in options],
        "shown": shown,
        "next": [],
        "mode": "review",
    }


def agreed_task(group: Sequence[Task]) -> Task:
    """An answer that all gave, as that of nobody in particular."""
    first = group[0]
    task = {**review_task(group), "answer": first["answer"], "spans": first["spans"]}
    task.update(accept=first.get("accept") or [], also_shown=[], seconds=None)
    if "mode" in task:
        task["mode"] = "agreed"
    return {**task, "_session_id": AGREED}


def labels_of(tasks: Sequence[Task], config: dict[str, Any]) -> list[str]:
    """The labels in a session's config, then others that somebody gave, sorted."""
    labels = config.get("labels", ())
    given = {
        span["label"] for x in tasks if view_of(x) == MANUAL for span in x["spans"]
    }
    given |= {label for x in tasks for label in x.get("accept") or ()}
    outside = config.get("outside", OUTSIDE)
    return [*labels, *sorted(given - {*labels, NONE_OF_THESE, outside})]


def _labels(group: Sequence[Task], versions: Sequence[Task]) -> list[str]:
    """All that somebody chose, then all that somebody was shown."""
    shown = [
        label
        for task in group
        for label in (*task["shown"], *(task.get("also_shown") or ()))
    ]
    options = {option["id"] for task in group for option in task["options"]}
    chosen = [x for version in versions for x in version.get("accept") or ()]
    # "None of these" and "not a mention" are options, but not labels that were shown.
    chosen = [x for x in chosen if x in shown or x not in options]
    names = dict.fromkeys([*chosen, *shown])
    return [name for name in names if name != NONE_OF_THESE]
