"""`Memory`: what a learner knows beside its weights."""

from dataclasses import dataclass, field
from typing import Any

from spacy_causal.learning.answers import Answer
from spacy_causal.learning.reliability import Trust
from spacy_causal.learning.replay import Lesson


@dataclass
class Memory:
    """What goes with the weights wherever they go: back, undone, into a checkpoint.

    lessons (dict[str, Lesson]): By the key of the text.
    best (dict[str, float]): The best F1 that each label has had on development data.
    trust (Trust): What the user has shown to know.
    """

    lessons: dict[str, Lesson] = field(default_factory=dict)
    best: dict[str, float] = field(default_factory=dict)
    trust: Trust = field(default_factory=Trust)

    def copy(self) -> "Memory":
        """One that later changes of this one leave alone."""
        return Memory(dict(self.lessons), dict(self.best), self.trust)

    def answers_about(self, key: str) -> tuple[Answer, ...]:
        """All that lessons were made of about a text."""
        return self.lessons[key].answers if key in self.lessons else ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values and arrays."""
        return {
            "lessons": [lesson.to_dict() for lesson in self.lessons.values()],
            "best": self.best,
            "trust": {name: list(both) for name, both in self.trust.counts.items()},
        }

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> "Memory":
        """The inverse of `to_dict`."""
        lessons = [Lesson.from_dict(lesson) for lesson in value["lessons"]]
        trust = {name: (e, c) for name, (e, c) in value["trust"].items()}
        by_text = {lesson.answers[0].doc: lesson for lesson in lessons}
        return cls(by_text, value["best"], Trust(trust))
