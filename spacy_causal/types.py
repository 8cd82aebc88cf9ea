"""What crosses the borders between packages: values and callable types."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Literal, NamedTuple, Protocol, get_args

from numpy.random import Generator
from spacy.tokens import Doc
from thinc.types import Floats1d, Floats2d, Ints1d, Ints2d

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


BudgetUnit = Literal["sentences", "words"]
# How gradients are held. Who reads a pool, this process or Ray's workers, is another
# choice, the `--engine` of `select`.
Engine = Literal["auto", "exact", "sketch", "factors"]
Precision = Literal["float32", "bfloat16"]


def require_precision(precision: str) -> None:
    """Raise ValueError for an unknown precision."""
    if precision not in get_args(Precision):
        known = ", ".join(get_args(Precision))
        raise ValueError(f"Unknown precision {precision!r}: one of {known}.")


@dataclass(frozen=True)
class Budget:
    """How much may be annotated next, at least 1."""

    size: int
    unit: BudgetUnit = "sentences"

    def __post_init__(self) -> None:
        if self.size < 1 or self.unit not in ("sentences", "words"):
            raise ValueError(f"{self.size} {self.unit} is not a budget.")

    @classmethod
    def parse(cls, text: str) -> "Budget":
        """Read "20" or "20s" (sentences) or "500w" (words)."""
        found = re.fullmatch(r"\s*0*([1-9][0-9]*)([sw]?)\s*", text)
        if found is None:
            raise ValueError(f"Write a budget as 20 (sentences) or 500w, not {text!r}.")
        unit: BudgetUnit = "words" if found[2] == "w" else "sentences"
        return cls(int(found[1]), unit)

    def __str__(self) -> str:
        return f"{self.size:,} {self.unit}"


@dataclass(frozen=True)
class Needs:
    """What a strategy reads of a pool: nothing else is computed or kept.

    words (bool): Lower-case forms of the tokens.
    probabilities, hidden (bool): Rows of each token.
    embeddings (bool): Each document's mean of `hidden`.
    best (bool): How probable the best sequence of tags is.
    votes (int): How many pipelines there have to be in the committee; 0 for none.
    samples (int): Passes with dropout.
    dropout (float): Its rate in them.
    gradients (Engine | None): "exact" rows, a "sketch" of them, "factors", or "auto":
        exact rows where they fit, else a sketch.
    sketch_width (int): Columns of the sketch.
    """

    words: bool = False
    probabilities: bool = False
    hidden: bool = False
    embeddings: bool = False
    best: bool = False
    votes: int = 0
    samples: int = 0
    dropout: float = 0.1
    gradients: Engine | None = None
    sketch_width: int = 1024

    @property
    def labelled(self) -> bool:
        """Whether labelled documents are looked at too: the others are compared with
        them."""
        return self.embeddings or self.words


class Gradients(Protocol):
    """The gradient embeddings g_x of N documents, by place, however they are held."""

    def squared_norms(self) -> Floats1d:
        """‖g_x‖², shape (N,)."""

    def products(self, row: int) -> Floats1d:
        """⟨g_x, g_row⟩ for every x, shape (N,)."""


class View(Protocol):
    """What a model says of a pool, by id; what was not asked for beforehand raises
    ValueError. *Shape:* T tokens of a document, M tags, D columns of `hidden`."""

    @property
    def ids(self) -> Sequence[str]:
        """Of all documents, in the pool's order."""

    def lengths(self, ids: Sequence[str]) -> Ints1d:
        """Tokens of each document."""

    def words(self, id: str) -> Sequence[str]:
        """A document's lower-case forms."""

    def probabilities(self, id: str) -> Floats2d:
        """P(tag) at each token, shape (T, M)."""

    def hidden(self, id: str) -> Floats2d:
        """The last layer's input, shape (T, D)."""

    def embeddings(self, ids: Sequence[str]) -> Floats2d:
        """Means of `hidden` over tokens, shape (n, D); zeros for no tokens."""

    def best(self, ids: Sequence[str]) -> Floats1d:
        """log P of the best valid sequence of tags, shape (n,), in nats."""

    def votes(self, id: str) -> Ints2d:
        """The committee's tags, shape (C, T)."""

    def samples(self, id: str) -> Ints2d:
        """The most probable tags of each pass with dropout, shape (S, T)."""

    def information(self, id: str) -> Floats1d:
        """I(tag; weights) at each token over the passes with dropout, shape (T,)."""

    def gradients(self, ids: Sequence[str]) -> Gradients:
        """The gradient embeddings of these documents."""


class Acquire(Protocol):
    """Which documents to annotate next: distinct ones out of the unlabelled, never
    one without tokens, within the budget (where none fits, one may exceed it alone)."""

    @property
    def needs(self) -> Needs:
        """What the view has to hold."""

    def __call__(
        self,
        view: View,
        labelled: Sequence[str],
        unlabelled: Sequence[str],
        budget: Budget,
        rng: Generator,
    ) -> list[str]:
        """The ids chosen, the first choice first."""


ChooseConfounders = Callable[[Iterable[TypedSentence]], list[Confounder]]
Screen = Callable[[Sequence[Doc]], list[Verdict]]
Loss = tuple[float, Floats2d]
