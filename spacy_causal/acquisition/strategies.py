"""The strategies: what each reads of a view, and how it chooses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, get_args

import numpy as np
from numpy.random import Generator
from thinc.types import Floats1d

from spacy_causal.acquisition import uncertainty
from spacy_causal.acquisition.basket import Basket
from spacy_causal.acquisition.covering import cover
from spacy_causal.acquisition.duplicates import check_similarity, near_duplicates
from spacy_causal.acquisition.seeding import length_weights, seed_centres
from spacy_causal.types import Acquire, Budget, Engine, Needs, View

# A config writes "1" without quotes.
Weight = Literal["l2", "1", 1, "1/l", "1/l2"]
Ids = Sequence[str]
Score = Callable[[View, Ids], Floats1d]
Fill = Callable[[View, Ids, Ids, Basket, Generator], None]
DEFAULT_WEIGHT: Weight = "1/l2"


@dataclass(frozen=True)
class Strategy:
    """A way of filling a basket, as an `Acquire`.

    fill (Fill): From view, labelled and unlabelled ids.
    near_duplicates (float | None): A text that shares at least this part of its word
        pairs with a picked or labelled one is not picked; None for no such check.
    """

    fill: Fill
    needs: Needs
    near_duplicates: float | None = None

    def __call__(
        self,
        view: View,
        labelled: Ids,
        unlabelled: Ids,
        budget: Budget,
        rng: Generator,
    ) -> list[str]:
        """The ids chosen, the first choice first.

        Raises ValueError for an id that is given twice.
        """
        known = set(labelled)
        if len(set(unlabelled)) < len(unlabelled) or not known.isdisjoint(unlabelled):
            raise ValueError("An id is given twice, or both labelled and unlabelled.")
        if not unlabelled:
            return []
        similar = None
        if self.near_duplicates is not None:
            words = (view.words(id) for id in (*unlabelled, *labelled))
            similar = near_duplicates(words, self.near_duplicates)
        basket = Basket(view.lengths(unlabelled), budget, similar)
        basket.leave_out_like(range(len(unlabelled), len(unlabelled) + len(labelled)))
        if basket.open.any():
            self.fill(view, labelled, unlabelled, basket, rng)
        return [unlabelled[row] for row in basket.chosen]


def strategy(fill: Fill, needs: Needs, near_duplicates: float | None) -> Acquire:
    """A strategy that reads words too where near-duplicates are to be left out."""
    if near_duplicates is not None:
        check_similarity(near_duplicates)
        needs = replace(needs, words=True)
    return Strategy(fill, needs, near_duplicates)


def fill_at_random(
    view: View, labelled: Ids, unlabelled: Ids, basket: Basket, rng: Generator
) -> None:
    """Any document is as likely as another."""
    _take_in_order(rng.permutation(len(unlabelled)), basket)


def fill_by_score(
    view: View,
    labelled: Ids,
    unlabelled: Ids,
    basket: Basket,
    rng: Generator,
    *,
    score: Score,
) -> None:
    """The highest scores first, equal ones in random order."""
    scores = np.asarray(score(view, unlabelled), dtype=np.float64)
    if np.isnan(scores).any():
        raise ValueError("A score is not a number: the model gives NaN or infinity.")
    _take_in_order(np.lexsort((rng.permutation(len(scores)), -scores)), basket)


def fill_by_cover(
    view: View, labelled: Ids, unlabelled: Ids, basket: Basket, rng: Generator
) -> None:
    """What is farthest from all that is labelled or picked."""
    labelled = [id for id, n in zip(labelled, view.lengths(labelled), strict=True) if n]
    cover(view.embeddings(unlabelled), view.embeddings(labelled), basket, rng)


def fill_by_gradients(
    view: View,
    labelled: Ids,
    unlabelled: Ids,
    basket: Basket,
    rng: Generator,
    *,
    weight: Weight,
) -> None:
    """Weighted k-means++ seeding on gradient embeddings."""
    weights = length_weights(view.lengths(unlabelled), weight)
    seed_centres(view.gradients(unlabelled), weights, basket, rng)


def create_random(near_duplicates: float | None = None) -> Acquire:
    """Choose at random."""
    return strategy(fill_at_random, Needs(), near_duplicates)


def create_least_confidence(
    sum_tokens: bool = False, near_duplicates: float | None = None
) -> Acquire:
    """LC: the least probable best sequences first.

    sum_tokens (bool): LC' instead, the sum of each token's 1 − max P.
    """
    if not isinstance(sum_tokens, bool):
        raise ValueError(f"sum_tokens must be true or false, not {sum_tokens!r}.")
    if sum_tokens:
        score, needs = _by_token(uncertainty.token_least_confidence)
        return _ranked(score, needs, near_duplicates)
    return _ranked(_minus_best, Needs(best=True), near_duplicates)


def create_mnlp(near_duplicates: float | None = None) -> Acquire:
    """MNLP: the lowest log-probability per token first."""
    return _ranked(_mnlp, Needs(best=True), near_duplicates)


def create_token_entropy(near_duplicates: float | None = None) -> Acquire:
    """NTE: the highest mean entropy of a token first."""
    score, needs = _by_token(uncertainty.normalised_token_entropy)
    return _ranked(score, needs, near_duplicates)


def create_vote_entropy(
    committee: int = 3, near_duplicates: float | None = None
) -> Acquire:
    """Query by committee: what the pipelines disagree on most first.

    committee (int): How many pipelines there have to be.
    """
    if not _is_count(committee, 2):
        raise ValueError(f"A committee needs two members or more, not {committee}.")
    return _ranked(_vote_entropy, Needs(votes=committee), near_duplicates)


def create_bald(
    samples: int = 100,
    dropout: float = 0.1,
    measure: Literal["sequence", "token", "information"] = "sequence",
    near_duplicates: float | None = None,
) -> Acquire:
    """BALD: what passes with dropout disagree on most first.

    samples (int): Passes. dropout (float): Their rate, as in training.
    measure (str): "sequence" is the share of passes that do not give the commonest
        sequence of tags (the paper's), "token" the same a token, "information" the mean
        mutual information of a token's tag and the weights.
    """
    if not _is_count(samples, 2) or not 0 < dropout < 1:
        raise ValueError("BALD needs at least two passes and a dropout in (0, 1).")
    measures: dict[str, Score] = {
        "sequence": partial(_sampled, measure=uncertainty.sequence_disagreement),
        "token": partial(_sampled, measure=uncertainty.token_disagreement),
        "information": _information,
    }
    if measure not in measures:
        known = ", ".join(measures)
        raise ValueError(f"BALD's measure is one of {known}, not {measure!r}.")
    needs = Needs(samples=samples, dropout=dropout)
    return _ranked(measures[measure], needs, near_duplicates)


def create_coreset(near_duplicates: float | None = None) -> Acquire:
    """Core-set: what is farthest from all that is labelled or chosen."""
    return strategy(fill_by_cover, Needs(embeddings=True), near_duplicates)


def create_badge(
    engine: Engine = "auto",
    sketch_width: int = 1024,
    near_duplicates: float | None = None,
) -> Acquire:
    """BADGE: k-means++ seeding on gradient embeddings, every sentence weighing 1."""
    return create_wbadge("1", engine, sketch_width, near_duplicates)


def create_wbadge(
    weight: Weight = DEFAULT_WEIGHT,
    engine: Engine = "auto",
    sketch_width: int = 1024,
    near_duplicates: float | None = None,
) -> Acquire:
    """W-BADGE: k-means++ seeding on gradient embeddings, weighted by length.

    weight (Weight): w(x): "l2" is the paper's, which buys long sentences; "1/l2"
        measures distances per word.
    engine (Engine): How gradients are held: "exact" rows, a "sketch" of them,
        "factors", or "auto", see `Needs`. What reads the pool is not said here.
    sketch_width (int): Columns of the sketch, where there is one.
    """
    length_weights(np.ones(1), weight)
    if engine not in get_args(Engine):
        known = ", ".join(get_args(Engine))
        raise ValueError(
            f"A strategy's engine, how gradients are held, is one of {known}, "
            f"not {engine!r}."
        )
    if not _is_count(sketch_width, 1):
        raise ValueError(f"A sketch needs at least one column, not {sketch_width}.")
    needs = Needs(gradients=engine, sketch_width=sketch_width)
    fill = partial(fill_by_gradients, weight=weight)
    return strategy(fill, needs, near_duplicates)


def _is_count(number: Any, least: int) -> bool:
    # A command line may pass any JSON value or text here.
    return isinstance(number, int) and number >= least


def _ranked(score: Score, needs: Needs, near_duplicates: float | None) -> Acquire:
    return strategy(partial(fill_by_score, score=score), needs, near_duplicates)


def _take_in_order(order: np.ndarray, basket: Basket) -> None:
    for row in order:
        if basket.open[row]:
            basket.take(row)
            if not basket.open.any():
                return


def _by_token(measure: Callable[..., float]) -> tuple[Score, Needs]:
    return partial(_probable, measure=measure), Needs(probabilities=True)


def _probable(view: View, ids: Ids, *, measure: Callable[..., float]) -> Floats1d:
    return np.array([measure(view.probabilities(id)) for id in ids])


def _sampled(view: View, ids: Ids, *, measure: Callable[..., float]) -> Floats1d:
    return np.array([measure(view.samples(id)) for id in ids])


def _minus_best(view: View, ids: Ids) -> Floats1d:
    # The order of 1 − P, which is 1 to the last bit for long sequences.
    return -view.best(ids)


def _mnlp(view: View, ids: Ids) -> Floats1d:
    return uncertainty.normalised_log_probability(view.best(ids), view.lengths(ids))


def _vote_entropy(view: View, ids: Ids) -> Floats1d:
    return np.array([uncertainty.vote_entropy(view.votes(id)) for id in ids])


def _information(view: View, ids: Ids) -> Floats1d:
    each = [view.information(id) for id in ids]
    return np.array([x.mean() if len(x) else 0.0 for x in each])
