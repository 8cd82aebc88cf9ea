"""How far a user's refusals are to be believed, type by type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from thinc.types import Floats1d, Floats2d

from spacy_causal.display.candidates import type_log_probabilities, type_names
from spacy_causal.learning.answers import Answer
from spacy_causal.numeric import softmax
from spacy_causal.tags.scheme import TagSet

Counts = tuple[float, float]


def question_probabilities(
    own: Floats2d, spans: Sequence[tuple[int, int]], tag_set: TagSet
) -> Floats2d:
    """P(type) of tokens and mentions by what the model says of one text's tags; a
    mention's is the geometric mean over its tokens, renormalised.

    own (Floats2d): Shape (n, M).
    spans (Sequence[tuple[int, int]]): Half-open, Q of them.
    RETURNS (Floats2d): Shape (Q, T), one column a name of `type_names`.
    """
    log_own = np.log(np.maximum(np.asarray(own, dtype=np.float64), 1e-30))
    log_p = type_log_probabilities(log_own, tag_set)
    means = [log_p[start:end].mean(axis=0) for start, end in spans]
    return softmax(np.array(means).reshape(len(means), log_p.shape[1]))


def expected_and_confirmed(
    probabilities: Floats2d, shown: np.ndarray, confirmed: np.ndarray
) -> tuple[Floats1d, Floats1d]:
    """How often each type should have been confirmed, if the model is right and the
    user knows it, and how often it was: E_y = Σ P(y) and C_y, over the questions among
    whose K it stood.

    probabilities (Floats2d): Shape (Q, T).
    shown, confirmed (ndarray[bool]): Shape (Q, T).
    RETURNS (tuple[Floats1d, Floats1d]): Both of shape (T,).
    """
    expected = np.where(shown, probabilities, 0.0).sum(axis=0)
    return expected, (shown & confirmed).sum(axis=0).astype(np.float64)


def confirmed_ratios(expected: Floats1d, confirmed: Floats1d, prior: float) -> Floats1d:
    """How much oftener than the model expects each type is confirmed:
    r_y = (C_y + a) / (E_y + a).

    prior (float): a, above 0.
    RETURNS (Floats1d): Shape (T,).
    """
    return (confirmed + prior) / (expected + prior)


def kept_shares(ratios: Floats1d) -> Floats1d:
    """What a type keeps of its mass where it is refused: u_y = 1 − min(1, r_y).

    It is 0, so that a refusal rules the type out, where it is confirmed as often as
    expected, and nears 1 where it never is: the user may not know it.

    ratios (Floats1d): r, see `confirmed_ratios`, shape (T,).
    RETURNS (Floats1d): Shape (T,).
    """
    return 1 - np.minimum(ratios, 1)


@dataclass(frozen=True)
class Trust:
    """What a user has shown to know.

    counts (Mapping[str, Counts]): E and C of each type, older batches weighing less.
    """

    counts: Mapping[str, Counts] = field(default_factory=dict)

    def after(
        self,
        said: Sequence[tuple[Sequence[Answer], Floats2d]],
        tag_set: TagSet,
        *,
        decay: float,
    ) -> "Trust":
        """With a batch of answers added.

        said (Sequence[tuple[Sequence[Answer], Floats2d]]): The answers about each text,
            and what the model said of its tags, shape (n, M), when it was asked.
        decay (float): What older batches are multiplied by.
        """
        names = type_names(tag_set)
        sums = decay * self._arrays(names)
        for answers, own in said:
            spans = [(answer.start, answer.end) for answer in answers]
            probabilities = question_probabilities(own, spans, tag_set)
            shown = [name in answer.shown for answer in answers for name in names]
            chosen = [name == answer.chosen for answer in answers for name in names]
            sums += expected_and_confirmed(
                probabilities,
                np.reshape(shown, probabilities.shape).astype(bool),
                np.reshape(chosen, probabilities.shape).astype(bool),
            )
        pairs = [(float(expected), float(n)) for expected, n in sums.T]
        return Trust(dict(zip(names, pairs, strict=True)))

    def ratios_of_tags(self, tag_set: TagSet, prior: float | None) -> Floats1d:
        """How much oftener than the model expects each tag's type is confirmed, shape
        (M,).

        prior (float | None): See `confirmed_ratios`; None: 1 each, whatever was
            counted.
        """
        if prior is None or not len(tag_set):
            return np.ones(len(tag_set))
        expected, confirmed = self._arrays(type_names(tag_set))
        ratios = confirmed_ratios(expected, confirmed, prior)
        return ratios[tag_set.types + (tag_set.scheme != "token")]

    def kept_of_tags(self, tag_set: TagSet, prior: float | None) -> Floats1d:
        """What each tag keeps of its mass where its type is refused, shape (M,).

        prior (float | None): See `confirmed_ratios`; None: nothing, whatever was
            counted.
        """
        return kept_shares(self.ratios_of_tags(tag_set, prior))

    def _arrays(self, names: Sequence[str]) -> Floats2d:
        """E and C in the order of some names, shape (2, T)."""
        return np.array([self.counts.get(name, (0.0, 0.0)) for name in names]).T
