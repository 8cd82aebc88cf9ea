"""What is asked and how much chance there is in it."""

from dataclasses import dataclass
from math import inf
from typing import Literal

from spacy_causal.display.noise import Modulation
from spacy_causal.tags.scheme import TagSet

Unit = Literal["mention", "token"]


@dataclass(frozen=True)
class Display:
    """What a question is about, and how its K labels are chosen.

    k (int): Labels shown at a token or mention.
    unit (str | None): "token", every token; "mention", predicted mentions and
        near-misses; None is "mention" where labels mark spans and `sure` is 1, else
        "token".
    modulation (str): What the noise is scaled by: "none", "printed" (I(Z; E) as in the
        paper), "positive" (max(I, 0)), "rescaled" (I with a mean absolute value of
        `size`), "fixed" (`size`) or "spread" (`size` standard deviations of the labels'
        log-probabilities there). "printed" and "positive" need attention.
    size (float): In nats for "rescaled" and "fixed", in deviations for "spread".
    explore (float): The share of the questions whose last label is drawn from all that
        are not among the first K − 1, see `explored`. What a model has never seen it
        does not ask about by itself.
    near_miss (float): The P(not "O") from which a token outside predicted mentions is
        asked about too, in units of mentions; above 1 none is.
    sure (float): In units of tokens, a token is not asked about if the model finds some
        label more probable than this there; with 1 every token is.
    propensities (bool): Whether to say how probable it was that a label was shown.
    samples (int): Draws of the noise to estimate that from.
    beyond (int): So many more labels after the K, the most probable of the others: what
        is shown after "none of these". What is drawn by chance is among the K.
    """

    k: int = 3
    unit: Unit | None = None
    modulation: Modulation = "none"
    size: float = 1.0
    explore: float = 0.0
    near_miss: float = 0.1
    sure: float = 1.0
    propensities: bool = False
    samples: int = 256
    beyond: int = 0

    def __post_init__(self) -> None:
        for name in ("k", "samples"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is at least 1, not {getattr(self, name)}.")
        if not 0 <= self.size < inf:
            raise ValueError(f"size is at least 0 and finite, not {self.size}.")
        if not 0 <= self.explore <= 1:
            raise ValueError(f"explore lies between 0 and 1, not {self.explore}.")
        if not self.near_miss > 0:
            raise ValueError(f"near_miss is greater than 0, not {self.near_miss}.")
        if not 0 < self.sure <= 1:
            raise ValueError(f"sure lies above 0, and at most at 1, not {self.sure}.")

    def unit_of(self, tag_set: TagSet) -> Unit:
        """The unit of questions about labels of this scheme."""
        if self.unit == "mention" and tag_set.scheme == "token":
            raise ValueError(
                "Labels of single tokens mark no mentions to ask about: "
                'use the unit "token".'
            )
        if self.unit == "mention" and self.sure < 1:
            raise ValueError("sure is about tokens, and mentions are asked about.")
        if self.unit is None:
            tokens = tag_set.scheme == "token" or self.sure < 1
            return "token" if tokens else "mention"
        return self.unit
