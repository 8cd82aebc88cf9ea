"""What was learnt before, mixed into what is learnt now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.random import Generator
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab

from spacy_causal.corpus.bare import bare_copy
from spacy_causal.learning.answers import Answer
from spacy_causal.learning.journal import Answered
from spacy_causal.targets.token_targets import TokenTargets, set_targets


@dataclass(frozen=True)
class Lesson:
    """All that was answered about a text, and the targets made of it."""

    words: tuple[str, ...]
    spaces: tuple[bool, ...]
    answers: tuple[Answer, ...]
    targets: TokenTargets

    @property
    def refuses(self) -> bool:
        """Whether some answer was "none of these"."""
        return any(answer.chosen is None for answer in self.answers)

    def to_dict(self) -> dict[str, Any]:
        """Plain values and arrays."""
        said = Answered(self.words, self.spaces, self.answers).to_dict()
        return {**said, "targets": self.targets.to_dict()}

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> "Lesson":
        """The inverse of `to_dict`."""
        said = Answered.from_dict(value)
        targets = TokenTargets.from_dict(value["targets"])
        return cls(said.words, said.spaces, said.answers, targets)


def draw(pool: Sequence[Any], n: int, rng: Generator) -> list[Any]:
    """`n` of a pool at random, each once at most."""
    chosen = rng.choice(len(pool), size=min(n, len(pool)), replace=False)
    return [pool[int(i)] for i in chosen]


def draw_replay(
    gold: Sequence[Any],
    lessons: Sequence[Any],
    n: int,
    gold_share: float,
    rng: Generator,
) -> list[Any]:
    """Draw `n` of gold and lessons, each at most once: `gold_share` of them from gold,
    as far as there is enough, and the others from all that is left."""
    n_gold = min(round(gold_share * n), len(gold))
    if not n_gold:
        return draw([*gold, *lessons], n, rng)
    order = rng.permutation(len(gold))
    first, left = ([gold[int(i)] for i in x] for x in (order[:n_gold], order[n_gold:]))
    return [*first, *draw([*left, *lessons], n - n_gold, rng)]


def example_of(source: Lesson | Doc, vocab: Vocab, layer: str) -> Example:
    """A lesson, or an annotated Doc, beside a bare Doc of the same tokens."""
    if isinstance(source, Doc):
        return Example(bare_copy(source), source)
    words, spaces = list(source.words), list(source.spaces)
    reference = Doc(vocab, words=words, spaces=spaces)
    set_targets(reference, layer, source.targets)
    return Example(bare_copy(reference), reference)
