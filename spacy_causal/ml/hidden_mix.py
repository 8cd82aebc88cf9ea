"""`spacy-causal.HiddenMix.v1`: a head that also learns from mixed tokens."""

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.random import Generator, default_rng
from spacy.tokens import Doc
from thinc.api import Ops
from thinc.types import Floats1d, Floats2d, Ints1d
from thinc.util import get_array_module
from torch import nn

from spacy_causal.ml.head import module_of
from spacy_causal.ml.tagger import TaggerModel, own_positions
from spacy_causal.numeric import mix, softmax
from spacy_causal.tags.scheme import TagSet
from spacy_causal.types import TokenScores

Which = Literal["entities", "all"]
TAUGHT = "taught"


class Mixture(NamedTuple):
    """Which tokens of a batch are mixed.

    first, second (Ints1d): Positions of the two parents, shape (m,).
    weights (Floats1d): λ, the first one's share, shape (m,).
    """

    first: Ints1d
    second: Ints1d
    weights: Floats1d


def build_hidden_mix(
    labeller: TaggerModel,
    weight: float = 1.0,
    alpha: float = 8.0,
    which: Which = "all",
    seed: int = 0,
) -> TaggerModel:
    """Let a token labeller, in training only, also learn from what the encoder says of
    two tokens, mixed, with their labels mixed alike.

    SeqMix (EMNLP 2020), eqs. (5), (6) and (8), on the encoder's output rather than on
    words: no word has to be found again, and no text is made. A head with confounders
    reads a mixed row as a token whose sentence has none. The loss that is reported is
    that of the tokens alone.

    labeller (Model[list[Doc], TokenScores]): Is returned, its forward pass wrapped. Its
        head reads each token by itself: linear or deconfounding.
    weight (float): How much a mixed row counts beside a token. With 0 training is left
        as it was.
    alpha (float): λ ~ Beta(α, α), one draw a row.
    which (str): What is mixed: "all" tokens that have a target, or of these only
        "entities" (the likeliest target is not "O"). Each is once a first and once a
        second parent.
    seed (int): Of the draws.
    Raises ValueError for settings that are none, and for a head that reads sequences.
    """
    if which not in get_args(Which):
        known = ", ".join(get_args(Which))
        raise ValueError(f"Unknown tokens {which!r}: one of {known}.")
    if not weight >= 0 or not alpha > 0:
        raise ValueError(
            f"weight is {weight} and has to be ≥ 0, alpha {alpha} and > 0."
        )
    head = module_of(labeller.get_ref("output_layer"))
    if any(isinstance(module, nn.RNNBase) for module in head.modules()):
        raise ValueError(
            "A mixed token stands in no sentence, and this labeller's head reads "
            "sentences: HiddenMix goes with a linear or a deconfounding head."
        )
    if not weight or "teach" in labeller.attrs:
        return labeller
    labeller.attrs["teach"] = teach
    labeller._func = partial(
        forward,
        plain=labeller._func,
        weight=weight,
        alpha=alpha,
        which=which,
        rng=default_rng(seed),
    )
    return labeller


def teach(model: TaggerModel, rows: Floats2d, tag_set: TagSet) -> None:
    """Say beforehand what the next batch is trained towards, shape (N, M)."""
    model.attrs[TAUGHT] = rows, tag_set


def forward(
    model: TaggerModel,
    docs: list[Doc],
    is_train: bool,
    *,
    plain: Callable[..., tuple[TokenScores, Callable[[Floats2d], list[Doc]]]],
    weight: float,
    alpha: float,
    which: Which,
    rng: Generator,
) -> tuple[TokenScores, Callable[[Floats2d], list[Doc]]]:
    """Score the tokens of a batch. In training the head reads mixed rows as well, and
    the callback sends their gradient back with that of the tokens."""
    taught = model.attrs.pop(TAUGHT, None) if is_train else None
    if taught is None:
        return plain(model, docs, is_train)
    rows, tag_set = taught
    drawn = draw(rows, tag_set, alpha, which, rng)
    if drawn is None:
        return plain(model, docs, is_train)
    mixture = on_device(model.ops, drawn)
    tok2vec, dropout, head = model.layers
    vectors, backprop_vectors = tok2vec(docs, is_train)
    xp, lengths = model.ops.xp, [len(doc) for doc in docs]
    stacked = xp.vstack([part for part in vectors if len(part)])
    n, m = len(stacked), len(mixture.weights)
    both = xp.vstack([stacked, mix_rows(stacked, mixture)])
    X, backprop_dropout = dropout(both, is_train)
    own = xp.concatenate([own_positions(model, docs), xp.full(m, -1, dtype="int32")])
    read, backprop_head = head((X, own, [*lengths, *[1] * m]), is_train)
    targets = mix_rows(model.ops.asarray2f(rows), mixture)
    # What soft cross-entropy's gradient is where every row sums to 1.
    d_mixed = weight * (softmax(read.logits[n:]) - targets)

    def backprop(d_logits: Floats2d) -> list[Doc]:
        d_both = backprop_dropout(backprop_head(xp.vstack([d_logits, d_mixed])))
        dX = d_both[:n] + unmix_rows(d_both[n:], mixture, n)
        return backprop_vectors(model.ops.unflatten(dX, model.ops.asarray1i(lengths)))

    return first_rows(read, n, lengths), backprop


def draw(
    rows: Floats2d, tag_set: TagSet, alpha: float, which: Which, rng: Generator
) -> Mixture | None:
    """Put the tokens that may be mixed in a random circle, each beside the next; None
    where there are fewer than two.

    rows (Floats2d): Targets of the batch, shape (N, M).
    """
    outside = np.array([name == "O" for name in tag_set.names], dtype=bool)
    chosen = rows.any(axis=1)
    if which == "entities" and len(outside):
        chosen &= ~outside[rows.argmax(axis=1)]
    first = rng.permutation(np.flatnonzero(chosen))
    if len(first) < 2:
        return None
    weights = rng.beta(alpha, alpha, size=len(first))
    return Mixture(first, np.roll(first, -1), weights)


def on_device(ops: Ops, mixture: Mixture) -> Mixture:
    """The same, in the arrays of a model."""
    first, second = ops.asarray1i(mixture.first), ops.asarray1i(mixture.second)
    return Mixture(first, second, ops.asarray1f(mixture.weights))


def mix_rows(rows: Floats2d, mixture: Mixture) -> Floats2d:
    """λ x_i + (1 − λ) x_j of a batch's rows, shapes (N, D) → (m, D)."""
    return mix(rows[mixture.first], rows[mixture.second], mixture.weights)


def unmix_rows(d_mixed: Floats2d, mixture: Mixture, n: int) -> Floats2d:
    """The gradient of `mix_rows` by its rows: each mixed row's goes to both parents by
    their shares, shapes (m, D) → (n, D)."""
    xp = get_array_module(d_mixed)
    share = xp.asarray(mixture.weights, dtype="float32")[:, None]
    d_rows = xp.zeros((n, d_mixed.shape[1]), dtype=d_mixed.dtype)
    xp.add.at(d_rows, mixture.first, share * d_mixed)
    xp.add.at(d_rows, mixture.second, (1 - share) * d_mixed)
    return d_rows


def first_rows(scores: TokenScores, n: int, lengths: list[int]) -> TokenScores:
    """What is said of the tokens, without the mixed rows."""
    attention = None if scores.attention is None else scores.attention[:n]
    return TokenScores(scores.logits[:n], scores.hidden[:n], attention, lengths)
