"""What crosses the borders between packages: values and callable types."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

from spacy.tokens import Doc
from thinc.types import Floats1d, Floats2d

NONE_OF_THESE = "none of these"


@dataclass(frozen=True)
class TokenScores:
    """What a component says about the tokens of a batch, from one forward pass.

    logits (Floats2d): Scores, shape (N, M). *Shape:* N tokens, M tags.
    hidden (Floats2d): The last layer's input, shape (N, D).
    attention (Floats2d | None): α_i(z_j), shape (N, Z), where the head has it.
    lengths (list[int]): Tokens per document; they sum to N.
    """

    logits: Floats2d
    hidden: Floats2d
    attention: Floats2d | None
    lengths: list[int]

    def split(self, array: Floats2d) -> list[Floats2d]:
        """Cut an (N, ...) array of this batch into one array a document."""
        edges = list(accumulate(self.lengths, initial=0))
        return [array[start:end] for start, end in pairwise(edges)]


class Candidates(NamedTuple):
    """The K labels that a user is asked about at a token or mention.

    start, end (int): The span of tokens, half-open.
    labels (tuple[str, ...]): The most probable under P(D|do(E)) first.
    scores (Floats1d): The model's own P(label), among all that could be shown.
    display (Floats1d): P(D|do(E)).
    propensities (Floats1d | None): How probable it was that each would be shown.
    """

    start: int
    end: int
    labels: tuple[str, ...]
    scores: Floats1d
    display: Floats1d
    propensities: Floats1d | None

    @property
    def options(self) -> tuple[str, ...]:
        """What stands to choose from."""
        return (*self.labels, NONE_OF_THESE)


class Confounder(NamedTuple):
    """A context word that goes with labels.

    word (str): Its lower-case form.
    probability (float): P(z), normalised over the dictionary.
    strength (float): In [0, 1]; scales how often training intervenes on it.
    """

    word: str
    probability: float
    strength: float


@dataclass(frozen=True)
class TypedSentence:
    """The words of a document and the type each token bears.

    words (Sequence[str]): Lower-case forms.
    types (Sequence[str | None]): "" outside every type, None where unknown.
    """

    words: Sequence[str]
    types: Sequence[str | None]


class Verdict(NamedTuple):
    """What a screen says of a generated Doc.

    reason (str): "kept", or why not, in words for a table.
    score (float | None): What the screen went by, where it has a number.
    """

    kept: bool
    reason: str
    score: float | None = None


ChooseConfounders = Callable[[Iterable[TypedSentence]], list[Confounder]]
Screen = Callable[[Sequence[Doc]], list[Verdict]]
Loss = tuple[float, Floats2d]
