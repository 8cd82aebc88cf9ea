"""What was answered, text by text."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from spacy_causal.learning.answers import OUTSIDE, Answer
from spacy_causal.learning.settling import Held, settle
from spacy_causal.server.teaching import answers_of, doc_key, words_of_task

UNKNOWN = "-"
ENTITIES = "ner"


class Said(NamedTuple):
    """Tokens that were said to bear a label, half-open, and what was asked about: a
    "mention", all of it, or each "token"."""

    start: int
    end: int
    label: str
    unit: str


@dataclass
class Text:
    """All that was answered about a text.

    offsets (list[tuple[int, int]]): Where each token begins and ends.
    layer (str): "ner", or "tag" or "pos", where each token bears a label by itself.
    sure (float): Below 1, tokens of which the model was surer were not asked about.
    """

    text: str
    words: tuple[str, ...]
    spaces: tuple[bool, ...]
    offsets: list[tuple[int, int]]
    layer: str = ENTITIES
    sure: float = 1.0
    answers: list[Answer] = field(default_factory=list)

    @property
    def outside(self) -> str | None:
        """What says of a token that it is in no mention; a tagger's "O" is a label."""
        return OUTSIDE if self.layer == ENTITIES else None

    @property
    def held(self) -> list[Held]:
        """What holds of each token, where several answers touch it."""
        return settle(self.answers, len(self.words))

    def said(self) -> list[Said]:
        """What was confirmed, in tokens; of entities, tokens of one type that stand
        side by side and were asked about one by one are one."""
        found: list[tuple[Said, Answer]] = []
        for i, given in enumerate(self.held):
            if not isinstance(given, Answer) or given.chosen in (None, self.outside):
                continue
            this = Said(i, i + 1, str(given.chosen), given.unit)
            if found and found[-1][0].end == i:
                before, answer = found[-1]
                one_by_one = given.unit == answer.unit == "token"
                joins = one_by_one and before.label == this.label
                if answer is given or (joins and self.layer == ENTITIES):
                    this = before._replace(end=i + 1)
                    found.pop()
            found.append((this, given))
        return [this for this, _ in found]

    def spans(self) -> list[tuple[int, int, str]]:
        """The same, in characters."""
        return [
            (self.offsets[start][0], self.offsets[end - 1][1], label)
            for start, end, label, _ in self.said()
        ]

    def tags(self) -> list[str]:
        """One tag a token, of entities in BIO; "-" where nothing was confirmed."""
        outside = [
            isinstance(given, Answer) and given.chosen == OUTSIDE for given in self.held
        ]
        tags = [OUTSIDE if said else UNKNOWN for said in outside]
        for start, end, label, _ in self.said():
            marks = [f"{'I' if i else 'B'}-{label}" for i in range(end - start)]
            entity = self.layer == ENTITIES
            tags[start:end] = marks if entity else [label] * (end - start)
        return tags


def layer_of(config: dict[str, Any]) -> str:
    """Which annotation a session asked about, by its config. Sessions used to say of a
    tagger only that there is no label "O"."""
    other = "tag" if config.get("outside", OUTSIDE) is None else ENTITIES
    return str(config.get("layer", other))


def texts_of(tasks: Sequence[dict[str, Any]], layer: str = ENTITIES) -> list[Text]:
    """Answers by text, in the order in which texts were first answered."""
    texts: dict[str, Text] = {}
    for task in tasks:
        key = doc_key(task)
        if key not in texts:
            words, spaces = words_of_task(task)
            offsets = [(token["start"], token["end"]) for token in task["tokens"]]
            texts[key] = Text(task["text"], words, spaces, offsets, layer)
        texts[key].answers += answers_of(task)
        texts[key].sure = min(texts[key].sure, task.get("sure", 1.0))
    return [text for text in texts.values() if text.answers]
