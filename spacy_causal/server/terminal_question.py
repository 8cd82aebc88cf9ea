"""One question in a terminal, from key to key until one answers it."""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from spacy_causal.server.answering import Given
from spacy_causal.server.feed import Task

Pick = Callable[[], str | None]


class Question:
    """A question of the view `choice`, its follow-up after "none of these" included.

    prompt (str): What is asked now; "" at first.
    following (list[str] | None): The labels of the follow-up, none where all are
        searched; None before it.
    """

    def __init__(self, task: Task, config: dict[str, Any]):
        self.task, self.config = task, config
        self.prompt = ""
        self.following: list[str] | None = None

    @property
    def choices(self) -> dict[str, dict[str, Any]]:
        """The options that are listed, by their keys: labels have numbers from 1, and
        that it is outside of all mentions is 0 wherever it stands."""
        numbers, outside = count(1), self.config.get("outside")
        return {
            "0" if option["id"] == outside else str(next(numbers)): option
            for option in self._listed
        }

    @property
    def keys(self) -> list[str]:
        """What can be pressed beside the keys of choices."""
        outside = self._options.get(self.config.get("outside"))
        beside = outside is not None and "0" not in self.choices
        return [
            "x none of these",
            *([f"0 {outside['text']}"] if outside and beside else ()),
            *(["/ another label"] if self.config.get("labels") else ()),
            "space skip",
        ]

    def press(self, key: str, pick: Pick) -> Given | None:
        """The answer that a key gives; None for a key that gives none.

        pick (Callable): Has one of all labels searched for; None if nobody takes one.
        """
        if key == " ":
            return self._give("ignore")
        if key == "x":
            if self.following is None and self._follow_up():
                return None if self.following else self._picked(pick)
            return self._give("reject")
        if key == "/" and self.config.get("labels"):
            return self._picked(pick)
        if key == "0" and self.config.get("outside") in self._options:
            return self._give("accept", [self.config["outside"]])
        number = "1" if key == "a" else str(int(key)) if key.isdecimal() else ""
        chosen = self.choices.get(number)
        return None if chosen is None else self._give("accept", [chosen["id"]])

    def text_of(self, label: str) -> str:
        """What people read for an answer."""
        return str(self._options.get(label, {"text": label})["text"])

    def back(self) -> bool:
        """From the follow-up to the question. RETURNS (bool): Whether it was there."""
        followed = self.following is not None
        self.following, self.prompt = None, ""
        return followed

    @property
    def _options(self) -> dict[str | None, dict[str, Any]]:
        return {option["id"]: option for option in self.task["options"]}

    @property
    def _listed(self) -> list[dict[str, Any]]:
        if self.following is not None:
            return [{"id": x, "text": self.text_of(x)} for x in self.following]
        special = self.config.get("none"), self.config.get("outside")
        shown = self.task.get("shown", ())
        options = self.task["options"]
        return [x for x in options if x["id"] in shown or x["id"] not in special]

    def _follow_up(self) -> bool:
        mode, after = self.config.get("follow_up"), list(self.task.get("next", ()))
        if mode == "next" and after:
            self.following, self.prompt = after, "None of those. One of these?"
        elif mode == "list":
            self.following, self.prompt = [], "None of those. Which, then?"
        return self.following is not None

    def _picked(self, pick: Pick) -> Given | None:
        label = pick()
        return None if label is None else self._give("accept", [label])

    def _give(self, answer: str, accept: Sequence[str] = ()) -> Given:
        asked = () if answer == "ignore" else self.following or ()
        return Given(self.task["_task_hash"], answer, accept, asked)


def search(labels: Sequence[str], wanted: str) -> list[str]:
    """The labels that have it in their name, first those that begin with it."""
    wanted = wanted.strip().lower()
    found = [label for label in labels if wanted in label.lower()]
    return sorted(found, key=lambda label: not label.lower().startswith(wanted))
